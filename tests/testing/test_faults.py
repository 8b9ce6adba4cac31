from __future__ import annotations

import asyncio
import re
import time
from typing import Any

import aiohttp
import pytest

from tests.testing.caller import NEWEST, calling
from veeam_async.testing import Fault, SimulatedAppliance, UnfiredFaultWarning
from veeam_async.testing.faults import UNKNOWN

JOBS = "/api/v1/jobs"
STATES = "/api/v1/jobs/states"


async def test_a_status_with_retry_after_comes_after_so_many_for_so_often() -> None:
    """after=2, times=1: the third request fails with the header, the fourth is well again."""
    async with calling() as caller:
        fault = caller.appliance.faults.add(operation="GetAllJobs", after=2, times=1, status=503, retry_after=7)
        replies = [await caller("GET", JOBS) for _ in range(4)]
        assert [reply.status for reply in replies] == [200, 200, 503, 200]
        assert replies[2].headers["Retry-After"] == "7"
        assert replies[2].json["errorCode"] == "ServiceUnavailable"
        assert fault.hits == 1 and fault.over


async def test_every_nth_request_fails() -> None:
    """every=3 meets the first, the fourth, the seventh."""
    async with calling() as caller:
        caller.appliance.faults.add(operation="GetAllJobs", every=3, status=500)
        assert [(await caller("GET", JOBS)).status for _ in range(6)] == [500, 200, 200, 500, 200, 200]


@pytest.mark.parametrize(("product", "revision"), NEWEST)
async def test_the_login_can_fail_too(product: str, revision: str) -> None:
    """operation="login" meets the product's token endpoint, whatever its operationId."""
    async with calling(product, revision) as caller:
        caller.appliance.faults.add(operation="login", times=1, status=429, retry_after=1)
        reply = await caller.grant(grant_type="password", username="x", password="y")
        assert (reply.status, reply.headers["Retry-After"]) == (429, "1")
        assert not caller.appliance.tokens.failures


async def test_all_but_the_login_can_fail() -> None:
    """login=False leaves the token endpoint alone; operation and path are patterns."""
    async with calling() as caller:
        caller.appliance.faults.add(login=False, status=500)
        await caller.login()
        assert (await caller("GET", JOBS)).status == 500
        caller.appliance.faults.clear()
        caller.appliance.faults.add(operation="GetAll*", method="GET", path="/api/v1/j*", status=502)
        assert (await caller("GET", JOBS)).status == 502
        assert (await caller("GET", "/api/v1/sessions")).status == 200


async def test_a_refused_request_is_not_carried_out_unless_said() -> None:
    """A status alone does nothing; with carried_out the job runs and the answer is the error all the same."""
    async with calling() as caller:
        world = caller.appliance.world
        job = world.jobs[0]
        before = len(world.sessions)
        caller.appliance.faults.add(operation="StartJob", times=1, status=503)
        caller.appliance.faults.add(operation="StartJob", after=1, status=504, carried_out=True)
        assert (await caller("POST", f"{JOBS}/{job.id}/start")).status == 503
        assert len(world.sessions) == before
        assert (await caller("POST", f"{JOBS}/{job.id}/start")).status == 504
        assert len(world.sessions) == before + 1


@pytest.mark.parametrize(("cut", "started"), [("before", 0), ("after", 1)])
async def test_a_connection_is_cut_before_or_after_the_request_is_carried_out(cut: Any, started: int) -> None:
    """Both look alike to the client; only one of them started the job."""
    async with calling() as caller:
        world = caller.appliance.world
        before = len(world.sessions)
        caller.appliance.faults.add(operation="StartJob", times=1, cut=cut)
        with pytest.raises(aiohttp.ClientConnectionError):
            await caller("POST", f"{JOBS}/{world.jobs[0].id}/start")
        assert len(world.sessions) == before + started
        assert caller.appliance.requests[-1].status == 0


async def test_a_connection_is_cut_inside_the_body() -> None:
    """cut="body" gives the head, half of the body, and nothing more."""
    async with calling() as caller:
        caller.appliance.faults.add(operation="GetAllJobs", times=1, cut="body")
        with pytest.raises(aiohttp.ClientPayloadError):
            await caller("GET", JOBS)
        assert (await caller("GET", JOBS)).status == 200


async def test_a_truncated_body_has_a_fitting_length() -> None:
    """A truncation cuts the JSON short and HTTP sees nothing wrong."""
    async with calling() as caller:
        caller.appliance.faults.add(operation="GetAllJobs", truncate=40)
        reply = await caller("GET", JOBS)
        assert reply.status == 200 and len(reply.body) == 40


async def test_other_bodies_in_place_of_the_right_one() -> None:
    """HTML, bytes, text, JSON values and nothing at all can stand in for the answer, with any content type."""
    async with calling() as caller:
        faults = caller.appliance.faults
        faults.add(operation="GetAllJobs", times=1, html=True)
        reply = await caller("GET", JOBS)
        assert reply.headers["Content-Type"].startswith("text/html") and b"<html>" in reply.body
        for body, expected in ((b"\xff\xfe", b"\xff\xfe"), ("plain", b"plain"), ({"a": 1}, b'{"a":1}'), ([1], b"[1]")):
            faults.add(operation="GetAllJobs", times=1, body=body)
            assert (await caller("GET", JOBS)).body == expected
        faults.add(operation="GetAllJobs", times=1, empty=True)
        assert (await caller("GET", JOBS)).body == b""
        faults.add(operation="GetAllJobs", times=1, body="x", content_type="text/plain", headers={"X-Proxy": "1"})
        reply = await caller("GET", JOBS)
        assert reply.headers["Content-Type"].startswith("text/plain") and reply.headers["X-Proxy"] == "1"


async def test_delays_come_before_the_answer_and_drips_in_it() -> None:
    """A delay holds back the head, a drip spreads the body over time."""
    async with calling() as caller:
        caller.appliance.faults.add(operation="GetAllJobs", times=1, delay=0.3)
        started = time.monotonic()
        await caller("GET", JOBS)
        assert time.monotonic() - started >= 0.3
        caller.appliance.faults.add(operation="GetAllJobs", times=1, drip=0.3)
        started = time.monotonic()
        async with caller.session.get(caller.appliance.url + JOBS, headers=caller.headers()) as answer:
            head = time.monotonic() - started
            await answer.json()
            assert time.monotonic() - started >= 0.25 > head


async def test_enum_values_that_nobody_knows() -> None:
    """change="unknown_enum" replaces the named enum fields, nested ones too, and no others."""
    async with calling() as caller:
        caller.appliance.faults.add(operation="GetAllSessions", change="unknown_enum", fields=["state", "result"])
        rows = (await caller.get("/api/v1/sessions"))["data"]
        assert {row["state"] for row in rows} == {UNKNOWN}
        assert {row["result"]["result"] for row in rows} == {UNKNOWN}
        assert UNKNOWN not in {row["sessionType"] for row in rows}


async def test_enum_values_in_another_letter_case() -> None:
    """change="letter_case" turns the first letter of every enum value over."""
    async with calling() as caller:
        right = (await caller.get(STATES))["data"][0]
        caller.appliance.faults.add(operation="GetAllJobsStates", change="letter_case")
        wrong = (await caller.get(STATES))["data"][0]
        assert wrong["status"] == right["status"].swapcase()[:1] + right["status"][1:]
        assert wrong["name"] == right["name"]


async def test_nulls_and_missing_and_extra_fields() -> None:
    """Required fields become null or go away, and fields that no document lists turn up."""
    async with calling() as caller:
        faults = caller.appliance.faults
        faults.add(operation="GetAllJobsStates", times=1, change="null", fields=["status"])
        assert {row["status"] for row in (await caller.get(STATES))["data"]} == {None}
        faults.add(operation="GetAllJobsStates", times=1, change="missing", fields=["status", "type"])
        assert all("status" not in row and "type" not in row for row in (await caller.get(STATES))["data"])
        faults.add(operation="GetAllJobsStates", times=1, change="extra")
        assert all("unheardOf" in row for row in (await caller.get(STATES))["data"])
        right = (await caller.get(STATES))["data"]
        assert all("unheardOf" not in row and row["status"] for row in right)


async def test_a_function_may_change_the_answer() -> None:
    """A `mutate` gets the JSON value and gives what is sent; the appliance's own state stays as it is."""
    async with calling() as caller:

        def cut_short(value: Any) -> Any:
            value["data"] = value["data"][:1]
            value["data"][0]["name"] = "other"
            return value

        caller.appliance.faults.add(operation="GetAllJobsStates", times=1, mutate=cut_short)
        assert [row["name"] for row in (await caller.get(STATES))["data"]] == ["other"]
        assert len((await caller.get(STATES))["data"]) == 20


async def test_a_good_token_can_be_rejected() -> None:
    """reject_token answers 401 to a token that is good again at the next call."""
    async with calling() as caller:
        caller.appliance.faults.add(operation="GetAllJobs", times=1, reject_token=True)
        assert [(await caller("GET", JOBS)).status for _ in range(2)] == [401, 200]


async def test_a_renewed_token_can_be_dead_on_arrival() -> None:
    """dead_token gives tokens that are 403 everywhere until a login without the fault."""
    async with calling() as caller:
        tokens = await caller.login()
        caller.appliance.faults.add(operation="login", times=1, dead_token=True)
        renewed = await caller.grant(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        caller.token = renewed.json["access_token"]
        assert [(await caller("GET", path)).status for path in (JOBS, "/api/v1/sessions")] == [403, 403]
        await caller.login()
        assert (await caller("GET", JOBS)).status == 200


async def test_the_certificate_changes_meanwhile() -> None:
    """A TLS fault serves a new certificate to connections that are made after the request."""
    async with calling(tls=True) as caller:
        before = caller.appliance.fingerprint
        caller.appliance.faults.add(operation="GetAllJobs", times=1, tls="replace")
        assert (await caller("GET", JOBS)).status == 200
        assert caller.appliance.fingerprint != before


async def test_faults_add_up_and_can_be_taken_away() -> None:
    """Several faults meet one request; a fault that is removed meets none; a Fault object can be shared."""
    async with calling() as caller:
        fault = Fault(operation="GetAllJobs", headers={"X-One": "1"})
        caller.appliance.faults.add(fault)
        caller.appliance.faults.add(operation="GetAllJobs", headers={"X-Two": "2"})
        reply = await caller("GET", JOBS)
        assert {"X-One", "X-Two"} <= set(reply.headers)
        caller.appliance.faults.remove(fault)
        reply = await caller("GET", JOBS)
        assert "X-One" not in reply.headers and "X-Two" in reply.headers
        assert len(caller.appliance.faults) == 1 and len(list(caller.appliance.faults)) == 1


async def test_a_hanging_request_does_not_hold_up_the_end() -> None:
    """An appliance ends at once even while a request hangs in a fault."""
    async with calling() as caller:
        caller.appliance.faults.add(operation="GetAllJobs", delay=3600)
        hanging = asyncio.create_task(caller("GET", JOBS))
        await asyncio.sleep(0.1)
        started = time.monotonic()
        await caller.appliance.stop()
        with pytest.raises(aiohttp.ClientConnectionError):
            await hanging
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"operation": "GetAllJobz", "status": 500}, "did you mean GetAllJobs?"),
        ({"operation": "GetAllJobs", "change": "zzz"}, "change='zzz': there are unknown_enum"),
        ({"operation": "GetAllJobs", "change": "nul"}, "did you mean null?"),
        ({"operation": "GetAllJobs"}, "this fault does nothing"),
        ({"operation": "GetAllJobsStates", "change": "null", "fields": ["statuz"]}, "did you mean status?"),
        ({"fields": ["status"], "status": 500}, "fields= is for change="),
        ({"method": "GETT", "status": 500}, "did you mean GET?"),
        ({"delay": -1}, "at least 0"),
        ({"times": 0, "status": 500}, "at least 1"),
        ({"delay": float("nan")}, "at least 0"),
    ],
)
async def test_a_fault_that_fits_nothing_is_refused(options: dict[str, Any], text: str) -> None:
    """A name that the appliance does not have, a word that no fault knows, a number out of range: ValueError."""
    appliance = SimulatedAppliance("vbr", "1.3-rev0")
    with pytest.raises(ValueError, match=re.escape(text)):
        appliance.faults.add(**options)
    assert not len(appliance.faults)


async def test_an_operation_of_an_older_revision_can_fail() -> None:
    """The operations of every revision that the appliance serves may be named."""
    appliance = SimulatedAppliance("vbr", "1.3-rev1")
    appliance.faults.add(operation="GetBackupObjectRestorePoints", status=500)
    appliance.faults.add(operation="GetBackup*", status=500)
    appliance.faults.add(operation="login", change="null", fields=["expires_in"])


async def test_a_fault_that_met_no_request_is_reported() -> None:
    """Leaving the block warns of faults that never fired, but for the optional ones."""
    appliance = await SimulatedAppliance().__aenter__()
    appliance.faults.add(operation="GetAllJobs", status=500)
    appliance.faults.add(operation="GetAllSessions", status=500, optional=True)
    assert [fault.operation for fault in appliance.faults.unfired] == ["GetAllJobs"]
    with pytest.warns(UnfiredFaultWarning, match=r"Fault\(operation='GetAllJobs', status=500\)"):
        await appliance.__aexit__(None, None, None)
