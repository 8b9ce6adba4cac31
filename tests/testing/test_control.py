from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.testing.caller import calling
from veeam_async.testing import Control, SimulatedAppliance


class Driver:
    """Calls a control endpoint."""

    def __init__(self, session: aiohttp.ClientSession, control: Control) -> None:
        self._session = session
        self._control = control

    async def __call__(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        async with self._session.request(method, self._control.url + path, **options) as answer:
            return answer.status, await answer.json()


async def test_faults_are_added_and_ended_over_http() -> None:
    """POST /faults takes a fault's attributes, GET shows how often each fired, DELETE ends all."""
    async with calling() as caller, Control([caller.appliance]) as control:
        drive = Driver(caller.session, control)
        status, fault = await drive("POST", "/faults", json={"operation": "GetAllJobs", "status": 503, "times": 1})
        assert (status, fault["status"]) == (200, 503)
        assert (await caller("GET", "/api/v1/jobs")).status == 503
        await drive("POST", "/faults", json={"operation": "GetAllSessions", "status": 500})
        _, faults = await drive("GET", "/faults")
        assert [one.get("hits") for one in faults] == [1, 0]
        _, ended = await drive("DELETE", "/faults")
        assert ended == {"unfired": ["Fault(operation='GetAllSessions', status=500)"]}
        assert (await caller("GET", "/api/v1/sessions")).status == 200


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"operation": "GetAllJobz", "status": 500}, "did you mean GetAllJobs?"),
        ({"mutate": "x", "status": 500}, "a fault has no mutate"),
        ([1], "JSON object"),
    ],
)
async def test_what_makes_no_sense_is_400(body: Any, text: str) -> None:
    """A fault that fits nothing is refused in one line."""
    async with calling() as caller, Control([caller.appliance]) as control:
        status, answer = await Driver(caller.session, control)("POST", "/faults", json=body)
        assert status == 400 and text in answer["error"]


async def test_requests_are_read_without_secrets_and_forgotten() -> None:
    """GET /requests has the requests of an operation, no token and no password; DELETE forgets them."""
    async with calling() as caller, Control([caller.appliance]) as control:
        drive = Driver(caller.session, control)
        await caller.get("/api/v1/jobs", limit=3)
        _, rows = await drive("GET", "/requests")
        assert [row["path"] for row in rows] == ["/api/oauth2/token", "/api/v1/jobs"]
        _, rows = await drive("GET", "/requests?operation=GetAllJobs")
        assert rows[0]["query"] == {"limit": ["3"]}
        text = json.dumps(rows)
        assert caller.token is not None and caller.token not in text and caller.appliance.password not in text
        await drive("DELETE", "/requests")
        assert (await drive("GET", "/requests"))[1] == []
        await caller.get("/api/v1/jobs", Limit=3)
        assert (await drive("GET", "/departures"))[1][0]["where"] == "query Limit"


async def test_the_world_is_read_changed_and_reset() -> None:
    """GET /world has the facts, PATCH changes them by name, a job starts, POST /reset makes the world anew."""
    async with calling() as caller, Control([caller.appliance]) as control:
        drive = Driver(caller.session, control)
        _, world = await drive("GET", "/world")
        name = world["jobs"][0]["name"]
        status, _ = await drive("PATCH", "/world", json={"jobs": {name: {"description": "mine", "outcome": "failed"}}})
        assert status == 200
        assert (await caller.get("/api/v1/jobs"))["data"][0]["description"] == "mine"
        status, session = await drive("POST", f"/world/jobs/{world['jobs'][0]['id']}/start", json={"seconds": 0})
        assert status == 200
        got = await caller.get(f"/api/v1/sessions/{session['id']}")
        assert got["result"]["result"] == "Failed"
        await drive("POST", "/reset")
        assert (await caller.get("/api/v1/jobs"))["data"][0]["description"] == world["jobs"][0]["description"]
        assert (await caller("GET", f"/api/v1/sessions/{session['id']}")).status == 404


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"jobz": {}}, 400, "the world has no jobz"),
        ({"jobs": {"Nobody": {}}}, 404, "jobs: Nobody"),
        ({"jobs": {"*": {"colour": "red"}}}, 400, "Job has no colour"),
        ({"jobs": {"*": {"id": "x"}}}, 400, "Job has no id"),
        ({"jobs": {"*": {"enabled": "yes"}}}, 400, "bool was expected"),
        ({"jobs": {"*": {"next_run": "2026-05-04T10:00:00"}}}, 400, "time zone"),
    ],
)
async def test_a_change_that_makes_no_sense_changes_nothing(body: Any, status: int, text: str) -> None:
    """An unknown kind, name or field and a value of the wrong type are refused before anything is changed."""
    async with calling() as caller, Control([caller.appliance]) as control:
        job = caller.appliance.world.jobs[0]
        sent = {kind: {job.name if key == "*" else key: values for key, values in facts.items()}
                for kind, facts in body.items()}  # fmt: skip
        got, answer = await Driver(caller.session, control)("PATCH", "/world", json=sent)
        assert got == status and text in answer["error"]


async def test_one_endpoint_drives_several_appliances() -> None:
    """With several appliances each call says which one."""
    async with (
        SimulatedAppliance(name="one") as one,
        SimulatedAppliance("aws", name="two") as two,
        Control([one, two]) as control,
        aiohttp.ClientSession() as session,
    ):
        drive = Driver(session, control)
        _, listed = await drive("GET", "/")
        assert [(row["name"], row["product"], row["url"]) for row in listed] == [
            ("one", "vbr", one.url), ("two", "aws", two.url),
        ]  # fmt: skip
        assert (await drive("GET", "/faults"))[0] == 400
        assert (await drive("GET", "/faults?appliance=three"))[0] == 404
        await drive("POST", "/faults?appliance=two", json={"status": 500})
        assert len(two.faults) == 1 and not len(one.faults)
        two.faults.clear()


async def test_the_command_plays_one_release(tmp_path: Path) -> None:
    """`veeam-async simulate --version` listens, records, serves the control endpoint and ends at SIGTERM."""
    import asyncio

    record = tmp_path / "requests.jsonl"
    world = tmp_path / "world.toml"
    world.write_text('[[server]]\nname = "srv"\n\n[[repository]]\nname = "repo"\n\n[[job]]\nname = "Nightly mail"\n')
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "veeam_async.cli", "simulate", "--version", "13.0.1", "--tls", "--port", "0",
        "--control-port", "0", "--record", str(record), "--world", str(world),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None and process.stderr is not None
        async with asyncio.timeout(60):
            reported = json.loads(await process.stdout.readline())
            import ssl

            context = ssl.create_default_context(cafile=reported["ca_file"])
            form = {"grant_type": "password", "username": reported["username"], "password": reported["password"]}
            headers = {"x-api-version": "1.2-rev0"}
            async with aiohttp.ClientSession(headers=headers) as session:
                async with session.post(reported["url"] + "/api/oauth2/token", data=form, ssl=context) as answer:
                    token = (await answer.json())["access_token"]
                bearer = {"Authorization": f"Bearer {token}"}
                async with session.get(reported["url"] + "/api/v1/jobs", headers=bearer, ssl=context) as answer:
                    assert [row["name"] for row in (await answer.json())["data"]] == ["Nightly mail"]
                async with session.get(reported["control"] + "/requests") as answer:
                    assert len(await answer.json()) == 2
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0, (await process.stderr.read()).decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert [line["operation"] for line in lines] == ["CreateToken", "GetAllJobs"]
    assert reported["password"] not in record.read_text() and token not in record.read_text()
