from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from tests.testing.caller import Caller
from veeam_async._spec import revisions
from veeam_async.fleet import config
from veeam_async.testing import SimulatedFleet
from veeam_async.testing.__main__ import main
from veeam_async.testing.fleet import TROUBLES

MIXED = ["vbr/1.3-rev0", "aws/1.7-rev0", "azure/v8.1"]


async def test_products_and_revisions_are_given_out_in_turn() -> None:
    """A fleet holds so many of each, named and tagged, and all that have a specification where none are named."""
    fleet = SimulatedFleet(7, MIXED)
    assert [appliance.product.name for appliance in fleet.appliances] == ["vbr", "aws", "azure"] * 2 + ["vbr"]
    assert [appliance.name for appliance in fleet.appliances][:2] == ["vbr-1", "aws-2"]
    assert len({(one.product.name, one.revision) for one in SimulatedFleet(18).appliances}) == len(revisions())


async def test_each_appliance_answers_on_its_own_port() -> None:
    """Every appliance can be logged in to and asked, and requests are counted for all."""
    async with SimulatedFleet(6, MIXED) as fleet, aiohttp.ClientSession() as session:
        for appliance in fleet.appliances:
            caller = Caller(session, appliance)
            await caller.login()
            path = {"vbr": "/api/v1/jobs", "aws": "/api/v1/sessions", "azure": "/api/v8.1/jobSessions"}
            await caller.get(path[appliance.product.name])
        assert len({appliance.port for appliance in fleet.appliances}) == 6
        assert fleet.requests == 12


async def test_appliances_share_a_world_until_one_is_changed() -> None:
    """Two appliances show the same jobs; a job that is started on one does not run on the other."""
    async with SimulatedFleet(2, MIXED[:1], worlds=1) as fleet, aiohttp.ClientSession() as session:
        one, two = (Caller(session, appliance) for appliance in fleet.appliances)
        await one.login()
        await two.login()
        path = "/api/v1/jobs/states"
        before = await one.get(path)
        assert before == await two.get(path)
        key = before["data"][0]["id"]
        assert (await one("POST", f"/api/v1/jobs/{key}/start")).status == 201
        assert (await one.get(path))["data"][0]["status"] in ("starting", "running")
        assert await two.get(path) == before
        fleet.appliances[1].world.jobs[0].name = "renamed"
        fleet.appliances[1].world.changed()
        assert (await two.get(path))["data"][0]["name"] == "renamed"
        assert (await one.get(path))["data"][0]["name"] != "renamed"


async def test_links_lead_to_the_appliance_that_was_asked() -> None:
    """Answers are shared, the links in them are not."""
    async with SimulatedFleet(2, ["azure/v8.1"], worlds=1) as fleet, aiohttp.ClientSession() as session:
        for appliance in fleet.appliances:
            caller = Caller(session, appliance)
            await caller.login()
            page = await caller.get("/api/v8.1/jobSessions", Limit=1)
            assert page["_links"]["self"]["href"] == f"{appliance.url}/api/v8.1/jobSessions"


async def test_the_fleet_file_is_what_the_fleet_reads(tmp_path: Path) -> None:
    """The written file is read by the package's own reader, with host, product, revision, tags and password."""
    async with SimulatedFleet(6, MIXED, faulty=0.5, troubles=["wrong-password"]) as fleet:
        path = fleet.write_toml(tmp_path / "deep" / "fleet.toml")
        read = config.load(path)
        assert [(one.name, one.product) for one in read] == [(a.name, a.product.name) for a in fleet.appliances]
        assert Counter(tag for one in read for tag in one.tags)["faulty"] == 3
        assert {one.revision for one in read} == {"1.3-rev0", "1.7-rev0", "v8.1"}
        assert fleet.password not in path.read_text()
        assert (tmp_path / "deep" / "password").stat().st_mode & 0o077 == 0


async def test_a_tenth_is_faulty_by_every_fault() -> None:
    """The troubles are given out in turn, spread over the fleet, and each is what it is called."""
    async with SimulatedFleet(70, MIXED, faulty=0.1, tls=True, access_lifetime=60) as fleet:
        troubles = [member.trouble for member in fleet.members if member.trouble]
        assert troubles == list(TROUBLES)
        import ssl

        context = ssl.create_default_context(cafile=fleet.ca_file)
        async with aiohttp.ClientSession() as session:
            for member in fleet.members:
                if member.trouble is None:
                    continue
                caller = Caller(session, member.appliance)
                caller.ssl = context
                if member.trouble in ("dead", "untrusted"):
                    with pytest.raises(aiohttp.ClientConnectorError):
                        await caller.login()
                elif member.trouble == "hangs":
                    with pytest.raises(TimeoutError):
                        await asyncio.wait_for(caller.login(), 0.3)
                elif member.trouble == "web-page":
                    reply = await caller.grant(grant_type="password")
                    assert reply.headers["Content-Type"].startswith("text/html")
                elif member.trouble in ("errors", "expired"):
                    await caller.login()
                    path = {"vbr": "/api/v1/jobs", "aws": "/api/v1/sessions", "azure": "/api/v8.1/jobSessions"}
                    reply = await caller("GET", path[member.appliance.product.name])
                    assert reply.status == (500 if member.trouble == "errors" else 401)


async def test_a_fleet_plays_in_a_process_of_its_own(tmp_path: Path) -> None:
    """`python -m veeam_async.testing` writes the file, says so, serves, and ends at SIGTERM."""
    path = tmp_path / "fleet.toml"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "veeam_async.testing", "--count", "5", "--toml", str(path), "--seconds", "60",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            line = (await process.stdout.readline()).decode()
            assert line.startswith("5 simulated appliances listen") and str(path) in line
            first = config.load(path)[0]
            async with aiohttp.ClientSession() as session, session.get(f"{first.host}/nothing") as answer:
                assert answer.status == 404
            process.send_signal(signal.SIGTERM)
            assert (await process.stdout.readline()).decode() == "1 requests\n"
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_an_unknown_revision_ends_the_command_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command says in one line which revisions there are."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert main(["--revision", "vbr/0.0-rev0", "--toml", str(tmp_path / "fleet.toml")]) == 2
    assert "no specification of vbr 0.0-rev0" in capsys.readouterr().err
    assert not (tmp_path / "fleet.toml").exists()
