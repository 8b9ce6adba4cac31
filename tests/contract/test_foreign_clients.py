"""Clients that no one here wrote, each in an environment of its own below build/, against the simulated appliance."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from veeam_async.testing import SimulatedAppliance

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
# What is installed; veeam-az does not declare all that it imports.
CLIENTS = {
    "veeam-br": ("veeam-br==0.5.1",),
    "veeam-az": ("veeam-az==0.2.0", "attrs", "python-dateutil"),
}

pytestmark = [
    pytest.mark.contract,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform == "win32", reason="makes environments the POSIX way"),
]


def interpreter(client: str) -> Path:
    """The Python of an environment that has a client and nothing of ours; made once."""
    folder = ROOT / "build" / "clients" / client
    python = folder / "bin" / "python"
    done = folder / CLIENTS[client][0]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=200)
            command = [str(python), "-m", "pip", "install", "--quiet", *CLIENTS[client]]
            installed = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            if installed.returncode:
                pytest.skip(f"{CLIENTS[client][0]} cannot be installed here: {installed.stderr[-300:]}")
            done.touch()
    return python


async def answers(client: str, script: str, *arguments: str) -> Any:
    """What a script prints, as JSON, when the client's own interpreter runs it."""
    python = await asyncio.to_thread(interpreter, client)
    process = await asyncio.create_subprocess_exec(
        str(python), str(HERE / script), *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={"PATH": os.environ.get("PATH", "")},
    )  # fmt: skip
    output, errors = await asyncio.wait_for(process.communicate(), 200)
    assert process.returncode == 0, errors.decode()[-3000:]
    return json.loads(output)


async def test_veeam_br_lists_what_the_world_holds() -> None:
    """The client veeam-br logs in over verified HTTPS and lists jobs, sessions and repositories."""
    async with SimulatedAppliance("vbr", "1.3-rev0", tls=True) as appliance:
        own = (appliance.url, appliance.username, appliance.password, appliance.ca_file)
        found: dict[str, Any] = await answers("veeam-br", "veeam_br_client.py", *own)
        world = appliance.world
        assert found["jobs"] == ["JobsResult", len(world.jobs), [job.name for job in world.jobs]]
        assert found["states"][1:] == found["jobs"][1:]
        assert found["sessions"][1] == len(world.sessions)
        assert found["repositories"][2] == [repository.name for repository in world.repositories]
        assert found["repository_states"][2] == found["repositories"][2]
        assert not appliance.errors
        assert {one.status for one in appliance.requests} == {200}


async def test_veeam_az_reads_everything_and_writes_settings_back() -> None:
    """Every GET of veeam-az that needs no id is 2xx, and settings that it read can be written back."""
    async with SimulatedAppliance("azure", "v8.1") as appliance:
        own = (appliance.url, appliance.username, appliance.password)
        found: dict[str, Any] = await answers("veeam-az", "veeam_az_client.py", *own)
        assert not {name: answer for name, answer in found["gets"].items() if not 200 <= answer[0] < 300}
        assert len(found["gets"]) > 80 and found["written"] == 200
        assert {departure.where for departure in appliance.departures} == {"body _links"}
        assert not appliance.errors
