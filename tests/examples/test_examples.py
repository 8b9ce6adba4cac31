"""Each example runs, as a program of its own, against simulated appliances."""

from __future__ import annotations

import ast
import asyncio
import csv
import importlib
import importlib.util
import io
import json
import os
import re
import stat
import sys
import tomllib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from aiohttp.test_utils import TestClient, TestServer

from veeam_async import Fleet
from veeam_async.testing import SimulatedAppliance, SimulatedFleet

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
# Only an installed wheel has them inside the package.
INSTALLED = importlib.util.find_spec("veeam_async.examples") is not None


def command(name: str) -> list[str]:
    """What runs an example: as a module of the installed package, as a file of a clone."""
    what = ["-m", f"veeam_async.examples.{name.removesuffix('.py')}"] if INSTALLED else [str(EXAMPLES / name)]
    return [sys.executable, *what]


async def run(
    name: str, *arguments: str, folder: Path, appliance: SimulatedAppliance | None = None, status: int = 0
) -> tuple[str, str]:
    """Run an example in a folder; gives stdout and stderr."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("VEEAM_")}
    if appliance is not None:
        environment |= {
            "VEEAM_HOST": appliance.url,
            "VEEAM_USERNAME": appliance.username,
            "VEEAM_PASSWORD": appliance.password,
        }
    process = await asyncio.create_subprocess_exec(
        *command(name), *arguments,
        cwd=folder, env=environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == status, err.decode()
    return out.decode(), err.decode()


@pytest.fixture
async def vbr() -> AsyncIterator[SimulatedAppliance]:
    async with SimulatedAppliance("vbr", "1.3-rev0", time_scale=1000.0) as appliance:
        yield appliance


@pytest.fixture
async def aws() -> AsyncIterator[SimulatedAppliance]:
    async with SimulatedAppliance("aws", "1.7-rev0") as appliance:
        yield appliance


@pytest.fixture
async def fleet_file(tmp_path: Path) -> AsyncIterator[Path]:
    """A fleet of seven, one of which is down."""
    revisions = ["aws/1.7-rev0", "azure/v8.1", "vbr/1.3-rev0"]
    async with SimulatedFleet(7, revisions, faulty=1 / 7, troubles=["dead"]) as simulated:
        yield simulated.write_toml(tmp_path / "fleet.toml")


async def test_poll_fleet(fleet_file: Path) -> None:
    """A JSON line for each job of those that answer, and the one that is down on stderr."""
    out, err = await run("poll_fleet.py", "fleet.toml", folder=fleet_file.parent, status=1)
    assert len({json.loads(line)["appliance"] for line in out.splitlines()}) == 6
    assert "cannot connect" in err


async def test_poll_in_processes(fleet_file: Path) -> None:
    """The rows of all that answer in one file, whichever process read them, and the one that is down on stderr."""
    arguments = ("fleet.toml", "sessions.parquet")
    _, err = await run("poll_in_processes.py", *arguments, folder=fleet_file.parent, status=1)
    table = pq.read_table(fleet_file.parent / "sessions.parquet")
    async with Fleet.from_toml(fleet_file) as fleet:
        rows = await fleet.sessions(since=timedelta(days=7)).gather()
    assert set(table.column("appliance").to_pylist()) == {row.appliance.name for row in rows}
    assert len(set(table.column("appliance").to_pylist())) > 3
    assert sorted(table.column("id").to_pylist()) == sorted(row.id for row in rows)
    assert "cannot connect" in err


async def test_failed_jobs_alerts_once(fleet_file: Path) -> None:
    """The second run, after a restart, repeats no alert."""
    first, _ = await run("failed_jobs.py", "fleet.toml", "1", folder=fleet_file.parent)
    assert "failed" in first
    again, _ = await run("failed_jobs.py", "fleet.toml", "1", folder=fleet_file.parent)
    assert not again


async def test_license_report(fleet_file: Path) -> None:
    """CSV with the license that ends first on top."""
    out, err = await run("license_report.py", "fleet.toml", folder=fleet_file.parent, status=1)
    days = [int(row["days_left"]) for row in csv.DictReader(io.StringIO(out)) if row["days_left"]]
    assert days, err
    assert days == sorted(days)


async def test_wait_for_job(vbr: SimulatedAppliance, tmp_path: Path) -> None:
    """A job is started by its name, and how it ends is reported."""
    name = next(job["name"] for job in await jobs_of(vbr) if job["type"] == "VSphereBackup" and not job["isDisabled"])
    vbr.faults.clear()
    out, _ = await run("wait_for_job.py", name, folder=tmp_path, appliance=vbr)
    assert vbr.count("StartJob") == 1
    assert name in out.splitlines()[-1]


async def jobs_of(vbr: SimulatedAppliance) -> list[dict[str, Any]]:
    from veeam_async.vbr.v1_3_rev0 import Client

    async with Client(vbr.url, vbr.credentials) as client:
        return [job.to_dict() async for job in client.jobs.get_all_jobs()]


async def test_wait_for_job_that_is_not_there(vbr: SimulatedAppliance, tmp_path: Path) -> None:
    """No job of that name: nothing is started."""
    _, err = await run("wait_for_job.py", "no such job", folder=tmp_path, appliance=vbr, status=2)
    assert "0 jobs" in err
    assert vbr.count("StartJob") == 0


async def test_download_logs(vbr: SimulatedAppliance, tmp_path: Path) -> None:
    """The bundle is there whole, with nothing beside it."""
    out, _ = await run("download_logs.py", "logs.zip", folder=tmp_path, appliance=vbr)
    assert f"{(tmp_path / 'logs.zip').stat().st_size:,} bytes" in out
    assert [path.name for path in tmp_path.iterdir()] == ["logs.zip"]


async def test_authorization_code(aws: SimulatedAppliance, tmp_path: Path) -> None:
    """The second session logs in with the code of the first."""
    out, _ = await run("authorization_code.py", folder=tmp_path, appliance=aws)
    assert aws.url in out
    assert aws.count("login") == 2


async def test_mfa(aws: SimulatedAppliance, tmp_path: Path) -> None:
    """MFA goes on, the password alone is refused, the TOTP secret is let in, MFA goes off."""
    out, _ = await run("mfa.py", folder=tmp_path, appliance=aws)
    assert out.splitlines()[1:] == ["the password alone does not do any more", "off again"]


async def test_token_store(vbr: SimulatedAppliance, tmp_path: Path) -> None:
    """The second run takes the token from a file that only its owner can read, and does not log in."""
    first, _ = await run("token_store.py", "tokens", folder=tmp_path, appliance=vbr)
    second, _ = await run("token_store.py", "tokens", folder=tmp_path, appliance=vbr)
    assert first.startswith("token from login")
    assert second.startswith("token from store")
    assert vbr.count("login") == 1
    (kept,) = (tmp_path / "tokens").glob("*.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


async def test_tracing(vbr: SimulatedAppliance, tmp_path: Path) -> None:
    """Each request is a span of the one around it, and no secret is in any."""
    out, _ = await run("tracing.py", folder=tmp_path, appliance=vbr)
    assert '"name": "GET GetAllSessions"' in out
    assert '"http.response.status_code": 200' in out
    assert vbr.password not in out


async def test_migrating(vbr: SimulatedAppliance, tmp_path: Path) -> None:
    """The new lines do what the old ones did."""
    out, _ = await run("migrating.py", folder=tmp_path, appliance=vbr)
    assert "sessions since yesterday" in out
    assert "not found:" in out


async def test_aiohttp_backend(fleet_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend gives all repositories and names the appliance that is down; a tag leaves a part."""
    monkeypatch.setenv("VEEAM_FLEET", str(fleet_file))
    app = importlib.import_module("examples.aiohttp_backend").make_app()
    async with TestClient(TestServer(app)) as client:
        whole = await (await client.get("/repositories")).json()
        part = await (await client.get("/repositories?tag=aws")).json()
    assert len(whole["errors"]) == 1
    assert {row["appliance"] for row in part["repositories"]} < {row["appliance"] for row in whole["repositories"]}


async def test_fastapi_backend(fleet_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every route answers; an unknown appliance is 404, one that is down is 502."""
    import httpx

    monkeypatch.setenv("VEEAM_FLEET", str(fleet_file))
    backend = importlib.import_module("examples.fastapi_backend")
    async with (
        backend.lifespan(backend.app),
        httpx.AsyncClient(transport=httpx.ASGITransport(backend.app), base_url="http://backend", timeout=60) as client,
    ):
        names = [one["name"] for one in (await client.get("/appliances")).json()]
        assert len(names) == 7
        failures = (await client.get("/failures", params={"hours": 48})).json()
        (down,) = failures["errors"]
        assert failures["sessions"]
        assert (await client.get(f"/appliances/{down}/jobs")).status_code == 502
        assert (await client.get("/appliances/nobody/jobs")).status_code == 404
        up = next(name for name in names if name.startswith("vbr") and name != down)
        jobs = (await client.get(f"/appliances/{up}/jobs")).json()
        assert jobs
        job = next(one["id"] for one in jobs if one["state"] == "idle" and "Backup" in one["kind"])
        assert (await client.post(f"/appliances/{up}/jobs/{job}/start")).status_code in (202, 502)


class TestSaysHowItIsRun:
    """The package carries the examples, so that what they say about themselves is all that a user has."""

    @pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
    def test_first_lines(self, path: Path) -> None:
        """They name the module itself, or the command that prints it, and extras that there are."""
        lines = (ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()
        run = rf"(python -m|uvicorn) veeam_async\.examples\.{path.stem}\b|veeam-async example {path.stem} >"
        assert any(re.search(run, line) for line in lines)
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        for line in lines:
            if line.startswith("pip install "):
                assert re.search(r"veeam-async\b", line)
                assert all(name in extras for name in re.findall(r"veeam-async\[(\w+)\]", line))

    def test_what_the_guides_name(self) -> None:
        """Each program that a guide names is there."""
        text = "\n".join(page.read_text() for page in (ROOT / "docs").glob("*.md"))
        named = re.findall(r"veeam_async\.examples\.(\w+)|veeam-async example ([\w-]+(?:\.service)?)", text)
        assert len(named) > 8
        there = {path.name.removesuffix(".py") for path in EXAMPLES.rglob("*.*")}
        assert {module or name for module, name in named} - there == {"NAME"}  # what stands for any of them

    async def test_command(self, tmp_path: Path) -> None:
        """`veeam-async example` lists all of them, and prints one byte by byte."""
        listed = json.loads(await self.example(tmp_path, "-o", "json"))
        files = {
            path.name.removesuffix(".py"): path for path in [*EXAMPLES.glob("*.py"), *EXAMPLES.glob("*/*.service")]
        }
        assert {row["name"] for row in listed} == files.keys()
        assert all(row["what"].endswith(".") for row in listed)
        for name in ("notify", "notify.py", "veeam-async-exporter.service"):
            assert await self.example(tmp_path, name) == files[name.removesuffix(".py")].read_bytes()

    async def test_no_such_example(self, tmp_path: Path) -> None:
        """One line that names those there are, also for what is no example in that folder."""
        for name in ("nobody", "../pyproject.toml", "README.md"):
            said = await self.example(tmp_path, name, status=3)
            assert said.count(b"\n") == 1
            assert b"mcp_server" in said

    async def example(self, folder: Path, *arguments: str, status: int = 0) -> bytes:
        """What the command prints."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "veeam_async.cli", "example", *arguments,
            cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == status, err.decode()
        return err if status else out


def test_every_example_has_a_test() -> None:
    """No example is left out here and in the tests of the recipes."""
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for path in EXAMPLES.glob("*.py"):
        assert path.name in text or f"examples.{path.stem}" in text, path.name
