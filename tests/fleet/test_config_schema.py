"""The JSON Schema of fleet files takes what the reader takes, and refuses what it refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest

from veeam_async.fleet import config
from veeam_async.fleet.config import FleetConfigError
from veeam_async.fleet.config_schema import fleet_schema
from veeam_async.testing import SimulatedFleet

SCHEMA = jsonschema.Draft202012Validator(fleet_schema())
ENVIRON = {"P": "x", "PROXY": "http://proxy:1"}
ACCEPTED = [
    '[[appliance]]\nhost = "a"\nusername = "u"\npassword_env = "P"',
    '[[appliance]]\nhost = "a"\nport = "auto"\nusername = "u"\npassword_env = "P"\nlabels = { customer = "x" }',
    '[defaults]\nusername = "u"\npassword_env = "P"\n[defaults.azure]\ntimeout = 5\n[[appliance]]\nhost = "a"',
    '[[appliance]]\nhost = "a"\nusername = "u"\npassword_command = ["true"]\ntags = ["x"]\nretry = { attempts = 2 }',
    '[[appliance]]\nhost = "a"\nusername = "u"\npassword_env = "P"\ntls = { strict = true }\nproxy = { env = "PROXY" }',
]
REFUSED = [
    "fleet = 1",
    '[defaults]\nhost = "a"',
    '[defaults.vbr]\nproduct = "vbr"',
    '[[appliance]]\nname = "x"',
    '[[appliance]]\nhost = "a"\npassword = "secret"',
    '[[appliance]]\nhost = "a"\nproduct = "tape"',
    '[[appliance]]\nhost = "a"\nport = 70000',
    '[[appliance]]\nhost = "a"\nport = "some"',
    '[[appliance]]\nhost = "a"\ntags = [1]',
    '[[appliance]]\nhost = "a"\nlabels = { a = 1 }',
    '[[appliance]]\nhost = "a"\ntimeout = 0',
    '[[appliance]]\nhost = "a"\nmax_body = 0',
    '[[appliance]]\nhost = "a"\nallow_http = 1',
    '[[appliance]]\nhost = "a"\ntls = { ca = "x" }',
    '[[appliance]]\nhost = "a"\ntimeouts = { total = "x" }',
    '[[appliance]]\nhost = "a"\nusername = "u"\npassword_env = "P"\npassword_file = "f"',
]


def test_it_is_a_schema() -> None:
    """The schema itself is one, and `python -m` prints it."""
    jsonschema.Draft202012Validator.check_schema(fleet_schema())
    command = [sys.executable, "-m", "veeam_async.fleet.config_schema"]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    assert json.loads(printed) == fleet_schema()


@pytest.mark.parametrize("text", ACCEPTED)
def test_accepted(text: str) -> None:
    """Files that the reader takes are valid."""
    if "command" not in text:
        config.parse(text, environ=ENVIRON)
    SCHEMA.validate(tomllib.loads(text))


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    """Files that the reader refuses for their form are not valid."""
    with pytest.raises(FleetConfigError):
        config.parse(text, environ=ENVIRON)
    assert not SCHEMA.is_valid(tomllib.loads(text))


def test_the_documented_file() -> None:
    """The file that the documentation of the reader shows is valid."""
    assert config.__doc__ is not None
    shown = "\n".join(line[4:] for line in config.__doc__.splitlines() if line.startswith("    "))
    data = tomllib.loads(re.sub(r"9f86d0\.\.\.", "9f86d0", shown))
    assert len(data["appliance"]) == 4
    SCHEMA.validate(data)


async def test_files_of_simulated_fleets(tmp_path: Path) -> None:
    """So is what `simulate` writes."""
    async with SimulatedFleet(6, faulty=0.5, tls=True) as simulated:
        path = simulated.write_toml(tmp_path / "fleet.toml")
        SCHEMA.validate(tomllib.loads(path.read_text()))
