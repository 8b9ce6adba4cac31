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
    "veeam-aiops": ("veeam-aiops==0.19.0",),
    "veeam-az": ("veeam-az==0.2.0", "attrs", "python-dateutil"),
    "veeam-365": ("veeam-365==0.4.1", "attrs", "python-dateutil"),
    "veeam-spc": ("veeam-spc==0.4.2", "attrs", "python-dateutil"),
    "veeam-one": ("veeam-one==0.2.0", "attrs", "python-dateutil"),
}
# GETs that a client cannot read, and why that is its own fault.
STUMBLES = {
    ("spc", "3.6.2"): {"get_vb_365_organizations"},  # it wants a password in each answer, which is for requests alone
}

pytestmark = [
    pytest.mark.contract,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform == "win32", reason="makes environments as POSIX has them"),
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


@pytest.mark.parametrize("revision", ["1.2-rev1", "1.3-rev0", "1.3-rev1", "1.3-rev2"])
async def test_veeam_br_reads_everything_and_writes_rules_back(revision: str) -> None:
    """Over verified HTTPS: every GET of veeam-br that needs no id is 2xx; what it read can be written back."""
    async with SimulatedAppliance("vbr", revision, tls=True) as appliance:
        own = (appliance.url, appliance.username, appliance.password, appliance.ca_file, revision)
        found: dict[str, Any] = await answers("veeam-br", "veeam_br_client.py", *own)
        world = appliance.world
        gets = found["gets"]
        assert not {name: answer for name, answer in gets.items() if not 200 <= answer[0] < 300}
        assert len(gets) > 45
        assert 200 <= found["written"] < 300
        assert gets["get_all_jobs"][1:] == ["JobsResult", [job.name for job in world.jobs]]
        assert gets["get_all_jobs_states"][2] == gets["get_all_jobs"][2]
        assert gets["get_all_repositories"][2] == [repository.name for repository in world.repositories]
        assert gets["get_all_repositories_states"][2] == gets["get_all_repositories"][2]
        assert len(gets["get_all_sessions"][2]) == len(world.sessions)
        assert not appliance.errors
        assert not appliance.departures


async def test_veeam_aiops_commands(tmp_path: Path) -> None:
    """The command line veeam-aiops checks, lists, diagnoses, and starts a job."""
    async with SimulatedAppliance("vbr") as appliance:
        host, port = appliance.url.removeprefix("http://").split(":")
        (tmp_path / "config.yaml").write_text(
            f"targets:\n- {{name: lab, host: {host}, port: {port}, scheme: http, username: {appliance.username}}}\n"
        )
        python = await asyncio.to_thread(interpreter, "veeam-aiops")
        job = appliance.world.jobs[0]
        for command in (
            "overview", "job list", "repository list", "repository state", "session list", "backup list",
            "backup ranking", "infra servers", "infra proxies", "diagnose job-failures", "diagnose repo-capacity",
            f"job get {job.id}", f"job start {job.id}",
        ):  # fmt: skip
            process = await asyncio.create_subprocess_exec(
                str(python.parent / "veeam-aiops"), *command.split(),
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                env={
                    "PATH": os.environ.get("PATH", ""), "HOME": str(tmp_path), "VEEAM_AIOPS_HOME": str(tmp_path),
                    "VEEAM_LAB_PASSWORD": appliance.password, "COLUMNS": "400",
                },
            )  # fmt: skip
            output, errors = await asyncio.wait_for(process.communicate(), 60)
            assert process.returncode == 0, f"{command}: {errors.decode()[-2000:]}"
            if command == "job list":
                assert job.name in output.decode()
        assert not appliance.departures
        assert not appliance.errors
        assert {one.status for one in appliance.requests} <= {200, 201}


async def test_veeam_az_reads_everything_and_writes_settings_back() -> None:
    """Every GET of veeam-az that needs no id is 2xx, and settings that it read can be written back."""
    async with SimulatedAppliance("azure", "v8.1") as appliance:
        own = (appliance.url, appliance.username, appliance.password)
        found: dict[str, Any] = await answers("veeam-az", "veeam_az_client.py", *own)
        assert not {name: answer for name, answer in found["gets"].items() if not 200 <= answer[0] < 300}
        assert len(found["gets"]) > 80 and found["written"] == 200
        assert {departure.where for departure in appliance.departures} == {"body _links"}
        assert not appliance.errors


@pytest.mark.parametrize(
    ("client", "product", "revision", "gets"),
    [
        ("veeam-365", "m365", "v7", 41),
        ("veeam-365", "m365", "v8", 49),
        ("veeam-spc", "spc", "3.6.2", 216),
        ("veeam-spc", "spc", "3.7", 222),
        ("veeam-one", "one", "2.3", 136),
    ],
)
async def test_clients_of_further_products_log_in_and_read(client: str, product: str, revision: str, gets: int) -> None:
    """They log in, and every GET that needs no id is answered, and read by them."""
    async with SimulatedAppliance(product, revision) as appliance:
        library = client.replace("-", "_")
        own = (library, appliance.url, appliance.username, appliance.password, revision)
        found: dict[str, list[Any]] = await answers(client, "veeam_further_client.py", *own)
        failed = {name for name, answer in found.items() if not 200 <= answer[0] < 300}
        assert failed == STUMBLES.get((product, revision), set())
        assert len(found) == gets
        assert not appliance.errors
        assert not appliance.departures
