"""Waiting for long work in the dialects of vbr, aws and azure."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from tests.long_work import FAST, ID, LOG, OTHER, SESSION, begin, play, records, session
from tests.scripted import Scripted, tasks
from veeam_async import Accepted, BearerToken, _work
from veeam_async.client import ApplianceClient
from veeam_async.errors import (
    DecodeError,
    NotFoundError,
    RequestTimeout,
    ServerError,
    SessionFailed,
    UnsafeOriginError,
    VeeamError,
)
from veeam_async.retry import RetryPolicy
from veeam_async.testing import Behaviour, SimulatedAppliance
from veeam_async.timeouts import Timeouts
from veeam_async.vbr.v1_3_rev0 import Client
from veeam_async.vbr.v1_3_rev0.models import EJobStatus
from veeam_async.waiting import Progress


@pytest.fixture
async def vbr(server: Scripted) -> AsyncIterator[Client]:
    async with Client(server.url, BearerToken("token"), retry=RetryPolicy(attempts=1)) as client:
        yield client


@pytest.fixture
async def azure(server: Scripted) -> AsyncIterator[ApplianceClient]:
    async with import_module("veeam_async.azure.v8_1").Client(server.url, BearerToken("token")) as client:
        yield client


@pytest.fixture
async def aws(server: Scripted) -> AsyncIterator[ApplianceClient]:
    async with import_module("veeam_async.aws.v1_7_rev0").Client(server.url, BearerToken("token")) as client:
        yield client


# ---------------------------------------------------------------------------------------------- Backup & Replication


@pytest.mark.parametrize("result", ["Success", "Warning", "None"])
async def test_a_session_that_ends_well(server: Scripted, vbr: Client, result: str) -> None:
    """A session is polled until its state is Stopped; Success, Warning and None are no failures."""
    from veeam_async.vbr.v1_3_rev0.models import SessionModel

    play(server, SESSION, session("Starting"), session("Working"), session("Stopped", result))
    ended = await vbr.wait(SessionModel.from_dict(session("Starting")), interval=FAST)
    assert type(ended) is SessionModel
    assert ended.result
    assert ended.result.result == result
    assert len(server.to(SESSION)) == 3


@pytest.mark.parametrize("id", [ID, UUID(ID)])
async def test_waiting_by_id(server: Scripted, vbr: Client, id: str | UUID) -> None:
    """A session's id is enough, as text or UUID."""
    play(server, SESSION, session("Stopped", "Success"))
    assert (await vbr.wait(id, interval=FAST)).id == ID


async def test_a_failed_session(server: Scripted, vbr: Client) -> None:
    """A failed session is `SessionFailed` with its message, its result and its log."""
    play(server, SESSION, session("Working"), session("Stopped", "Failed"))
    log = records("Job started", "Cannot connect")
    log["records"][1] |= {"status": "Failed", "description": "host is down"}
    server.on("GET", LOG, log)
    with pytest.raises(SessionFailed) as caught:
        await vbr.wait(ID, interval=FAST)
    error = caught.value
    assert "it is Failed" in str(error)
    assert (error.session_id, error.result, error.session.state) == (ID, "Failed", "Stopped")
    assert error.log == ("Job started", "Failed: Cannot connect - host is down")
    assert error.appliance == vbr.name


async def test_a_cancelled_session(server: Scripted, vbr: Client) -> None:
    """A session that somebody cancelled is a failure even if its result is None."""
    canceled = {"result": "None", "message": "stopped by admin", "isCanceled": True}
    play(server, SESSION, session("Stopped", canceled))
    with pytest.raises(SessionFailed, match="Canceled: stopped by admin"):
        await vbr.wait(ID, interval=FAST)


async def test_failure_without_a_log(server: Scripted, vbr: Client) -> None:
    """A log that cannot be read does not hide the failure."""
    play(server, SESSION, session("Stopped", "Failed"))
    play(server, LOG, 403)
    with pytest.raises(SessionFailed) as caught:
        await vbr.wait(ID, interval=FAST)
    assert caught.value.log == ()


@pytest.mark.parametrize("result", ["Failed", "failed", {"result": "FAILED"}, {"Result": "Failed"}])
async def test_results_in_all_shapes(server: Scripted, vbr: Client, result: Any) -> None:
    """A result is an object or a text, in any letter case."""
    raw = session("stopped")
    raw["result"] = result
    play(server, SESSION, raw)
    with pytest.raises(SessionFailed):
        await vbr.wait(ID, interval=FAST)


@pytest.mark.parametrize("result", [None, [], 7, {}, {"result": None}])
async def test_results_that_say_nothing(server: Scripted, vbr: Client, result: Any) -> None:
    """A stopped session without a readable result has not failed."""
    play(server, SESSION, {**session("Stopped"), "result": result})
    assert (await vbr.wait(ID, interval=FAST)).id == ID


async def test_an_answer_that_names_its_session(server: Scripted, vbr: Client) -> None:
    """An answer with a `sessionId` is waited for by it, whatever else it is."""
    from veeam_async.vbr.v1_3_rev0.models import InstantViVMRecoveryMount

    play(server, SESSION, session("Stopped", "Success"))
    mount = InstantViVMRecoveryMount.from_dict({"id": OTHER, "sessionId": ID, "state": "Mounting"})
    assert (await vbr.wait(mount, interval=FAST)).id == ID
    assert (await vbr.wait({"sessionId": ID}, interval=FAST)).id == ID


async def test_a_task(server: Scripted, vbr: Client) -> None:
    """Tasks are polled at /tasks/{id}; their result is a text."""
    from veeam_async.vbr.v1_3_rev0.models import TaskModel

    task = {"id": ID, "type": "Common", "name": "t", "state": "Working", "progressPercent": 5, "result": "None"}
    play(server, f"/api/v1/tasks/{ID}", task, {**task, "state": "Stopped", "result": "Success"})
    ended = await vbr.wait(TaskModel.from_dict(task), interval=FAST)
    assert isinstance(ended, TaskModel)
    assert ended.result == "Success"


async def test_the_id_of_a_task(server: Scripted, vbr: Client) -> None:
    """An id that no session has is looked for among the tasks."""
    task = {"id": ID, "type": "Common", "name": "t", "state": "Stopped", "progressPercent": 5, "result": "Failed"}
    play(server, f"/api/v1/tasks/{ID}", task)
    with pytest.raises(SessionFailed, match="task"):
        await vbr.wait(ID, interval=FAST)


async def test_a_restore_session_of_entra_id(server: Scripted, vbr: Client) -> None:
    """A restore session of Entra ID is polled under its mount session."""
    path = f"/api/v1/backupBrowser/entraIdTenant/{OTHER}/restoreSessions/{ID}"
    raw = {"id": ID, "name": "r", "state": "Running", "parentSessionId": OTHER}
    play(server, path, raw, {**raw, "state": "Failed"})
    server.on("GET", f"{path}/logs", records("no such user"))
    with pytest.raises(SessionFailed) as caught:
        await vbr.wait(raw, interval=FAST)
    assert caught.value.log == ("no such user",)


async def test_a_page_of_sessions(server: Scripted, vbr: Client) -> None:
    """Several sessions in one answer are waited for together; a list of them comes back."""
    from veeam_async.vbr.v1_3_rev0.models import SessionsResult

    play(server, SESSION, session("Working"), session("Stopped", "Success"))
    play(server, f"/api/v1/sessions/{OTHER}", session("Stopped", "Success", id=OTHER))
    page = {"data": [session("Starting"), session("Starting", id=OTHER)], "pagination": {"total": 2, "count": 2}}
    ended = await vbr.wait(SessionsResult.from_dict(page), interval=FAST)
    assert [one.id for one in ended] == [ID, OTHER]
    assert await vbr.wait([]) == []


async def test_one_failure_of_several(server: Scripted, vbr: Client) -> None:
    """Where one of several fails, the error comes after all have ended."""
    play(server, SESSION, session("Stopped", "Failed"))
    play(server, f"/api/v1/sessions/{OTHER}", session("Working", id=OTHER), session("Stopped", "Success", id=OTHER))
    with pytest.raises(SessionFailed):
        await vbr.wait([ID, OTHER], interval=FAST)
    assert len(server.to(f"/api/v1/sessions/{OTHER}")) == 2


async def test_work_that_has_ended_already(server: Scripted, vbr: Client) -> None:
    """An answer that says itself that the work has ended costs no request."""
    ended = await vbr.wait(session("Stopped", "Success"))
    assert ended.state == "Stopped"
    assert server.requests == []


@pytest.mark.parametrize(
    "answer",
    [None, "", str(UUID(int=0)), {}, {"id": ID, "name": "a job"}, {"sessionId": None}, 7, object()],
)
async def test_nothing_to_wait_for(server: Scripted, vbr: Client, answer: Any) -> None:
    """An answer that names no work is an error that says so, and nothing is sent."""
    with pytest.raises(VeeamError, match="nothing to wait for"):
        await vbr.wait(answer)
    assert server.requests == []


@pytest.mark.parametrize("arguments", [{"interval": 0}, {"interval": (2, 1)}, {"on_cancel": "kill"}])
async def test_bad_arguments(vbr: Client, arguments: dict[str, Any]) -> None:
    """Arguments that mean nothing are refused."""
    with pytest.raises(ValueError):
        await vbr.wait(ID, **arguments)


# ------------------------------------------------------------------------------------------------- odd states


async def test_letter_case_of_states(server: Scripted, vbr: Client) -> None:
    """`stopped` is Stopped, `WORKING` is Working."""
    play(server, SESSION, session("WORKING"), session("stopped", "success"))
    assert (await vbr.wait(ID, interval=FAST)).id == ID


async def test_unknown_states(server: Scripted, vbr: Client, caplog: pytest.LogCaptureFixture) -> None:
    """A state that no document lists is taken for running and logged once."""
    play(server, SESSION, *[session("Pondering")] * 4, session("Stopped", "Success"))
    with caplog.at_level(logging.WARNING, "veeam_async.waiting"):
        await vbr.wait(ID, interval=FAST)
    assert len([r for r in caplog.records if "Pondering" in r.getMessage()]) == 1


async def test_unknown_states_end_at_the_timeout(server: Scripted, vbr: Client) -> None:
    """A state that never becomes a known one ends with the timeout."""
    play(server, SESSION, session("Pondering"))
    with pytest.raises(RequestTimeout):
        await vbr.wait(ID, interval=FAST, timeout=0.2)


async def test_unknown_states_with_an_end(server: Scripted, vbr: Client) -> None:
    """An unknown state beside a time of the end has ended; the zero of times is none."""
    play(
        server,
        SESSION,
        session("Done", "Success", endTime="0001-01-01T00:00:00"),
        session("Done", "Success", endTime="2026-01-01T00:00:00Z"),
    )
    await vbr.wait(ID, interval=FAST)
    assert len(server.to(SESSION)) == 2


@pytest.mark.parametrize("state", [None, 7, {}])
async def test_states_that_are_no_text(server: Scripted, vbr: Client, state: Any) -> None:
    """A state that is no text neither ends the wait nor breaks it."""
    play(server, SESSION, {**session(""), "state": state}, session("Stopped", "Success"))
    await vbr.wait(ID, interval=FAST)


async def test_a_session_that_is_not_there_yet(server: Scripted, vbr: Client) -> None:
    """A session that answers 404 at first is looked for again, but not for ever."""
    play(server, SESSION, 404, 404, session("Stopped", "Success"))
    await vbr.wait(ID, interval=FAST)
    play(server, SESSION, 404)
    server.requests.clear()
    with pytest.raises(NotFoundError):
        await vbr.wait(ID, interval=FAST)
    assert len(server.to(SESSION)) == 4


async def test_a_session_that_vanishes(server: Scripted, vbr: Client) -> None:
    """A session that was seen and is not there any more is an error."""
    play(server, SESSION, session("Working"), 404)
    with pytest.raises(NotFoundError):
        await vbr.wait(ID, interval=FAST)
    assert len(server.to(SESSION)) == 2


async def test_an_appliance_that_restarts_meanwhile(server: Scripted, vbr: Client) -> None:
    """A few looks in a row may fail; more are an error."""
    play(server, SESSION, session("Working"), 503, 500, 502, session("Working"), 500, session("Stopped", "Success"))
    await vbr.wait(ID, interval=FAST)
    play(server, SESSION, *[500, session("Working")] * 8, session("Stopped", "Success"))
    await vbr.wait(ID, interval=FAST)
    play(server, SESSION, 500)
    with pytest.raises(ServerError):
        await vbr.wait(ID, interval=FAST)


async def test_an_answer_that_is_no_session(server: Scripted, vbr: Client) -> None:
    """Something else than an object is a `DecodeError`."""
    play(server, SESSION, [1, 2])
    with pytest.raises(DecodeError):
        await vbr.wait(ID, interval=FAST)


async def test_known_states_are_no_news(server: Scripted, vbr: Client, caplog: pytest.LogCaptureFixture) -> None:
    """A known state that runs is not logged, and a time of an end beside it ends nothing."""
    play(server, SESSION, session("Working", endTime="2026-01-01T00:00:00Z"), session("Stopped", "Success"))
    with caplog.at_level(logging.INFO, "veeam_async.waiting"):
        await vbr.wait(ID, interval=FAST)
    assert len(server.to(SESSION)) == 2
    assert not [r for r in caplog.records if r.name == "veeam_async.waiting"]


# --------------------------------------------------------------------------------------------- timeout, progress


async def test_timeout_says_that_the_work_goes_on(server: Scripted, vbr: Client) -> None:
    """After `timeout` the error says what was waited for, in which state it is, and that it goes on."""
    play(server, SESSION, session("Working"))
    with pytest.raises(RequestTimeout, match=r"Working.*goes on") as caught:
        await vbr.wait(ID, interval=FAST, timeout=0.1)
    assert (caught.value.limit, caught.value.seconds) == ("wait", 0.1)
    assert server.to(f"{SESSION}/stop", "POST") == []


async def test_timeout_ends_a_look_that_hangs(server: Scripted, vbr: Client) -> None:
    """`timeout` bounds a request that gets no answer, too."""

    async def hang(request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.json_response({})

    server.on("GET", SESSION, hang)
    begun = asyncio.get_running_loop().time()
    with pytest.raises(RequestTimeout):
        await vbr.wait(ID, timeout=0.1)
    assert asyncio.get_running_loop().time() - begun < 2


async def test_time_limits_of_a_look_are_not_those_of_the_wait(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looks that take too long for the client's own limits end as such, not as the wait's `timeout`."""
    monkeypatch.setattr(_work, "_MOST_FAILURES", 0)

    async def hang(request: web.Request) -> web.Response:
        await asyncio.sleep(2)
        return web.json_response({})

    server.on("GET", SESSION, hang)
    async with Client(server.url, BearerToken("token"), timeouts=Timeouts(read=0.05)) as client:
        with pytest.raises(RequestTimeout) as caught:
            await client.wait(ID, timeout=30)
    assert caught.value.limit == "read"


async def test_progress(server: Scripted, vbr: Client) -> None:
    """Progress has percent, state, the newest line of the log and the session, after each look."""
    play(server, SESSION, session("Working", progressPercent=40), session("Stopped", "Success", progressPercent=100))
    play(server, LOG, records("started"), records("started", "done"))
    reported: list[Progress] = []
    await vbr.wait(ID, interval=FAST, progress=reported.append)
    assert [(p.percent, p.state) for p in reported] == [(40, "Working"), (100, "Stopped")]
    assert [p.last_log_line for p in reported] == ["started", "done"]
    assert reported[0].session.id == ID


async def test_progress_by_coroutine(server: Scripted, vbr: Client) -> None:
    """The callback may be a coroutine function."""
    play(server, SESSION, session("Stopped", "Success"))
    reported = []

    async def progress(now: Progress) -> None:
        await asyncio.sleep(0)
        reported.append(now.percent)

    await vbr.wait(ID, interval=FAST, progress=progress)
    assert reported == [None]


async def test_no_log_is_asked_for_without_progress(server: Scripted, vbr: Client) -> None:
    """Without `progress` a look is one request."""
    play(server, SESSION, session("Working"), session("Stopped", "Success"))
    await vbr.wait(ID, interval=FAST)
    assert len(server.requests) == 2


async def test_pauses_grow_up_to_their_bound(server: Scripted, vbr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each pause is half as long again as the one before, up to the second number."""
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def record(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    play(server, SESSION, *[session("Working")] * 5, session("Stopped", "Success"))
    monkeypatch.setattr(asyncio, "sleep", record)
    await vbr.wait(ID, interval=(1.0, 3.0))
    assert [pause for pause in pauses if pause] == [1.0, 1.5, 2.25, 3.0, 3.0]


# ------------------------------------------------------------------------------------------------------ cancellation


async def test_cancelling_leaves_the_work(server: Scripted, vbr: Client) -> None:
    """A cancelled wait ends at once and sends nothing."""
    play(server, SESSION, session("Working"))
    before = tasks()
    task = await begin(server, vbr, SESSION, ID)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [seen.method for seen in server.requests] == ["GET"]
    assert tasks() <= before


async def test_cancelling_stops_the_work_if_asked(server: Scripted, vbr: Client) -> None:
    """With `on_cancel="stop"` the appliance is asked to stop it, then the cancellation goes on."""
    play(server, SESSION, session("Working"))
    server.on("POST", f"{SESSION}/stop", {})
    task = await begin(server, vbr, SESSION, ID, on_cancel="stop")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(server.to(f"{SESSION}/stop", "POST")) == 1


async def test_only_what_runs_is_stopped(server: Scripted, vbr: Client) -> None:
    """Of several works those that have ended are not stopped, nor named when the time is up."""
    other = f"/api/v1/sessions/{OTHER}"
    play(server, SESSION, session("Stopped", "Success"))
    play(server, other, session("Working", id=OTHER))
    server.on("POST", f"{other}/stop", {})
    task = await begin(server, vbr, other, [ID, OTHER], on_cancel="stop")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [seen.path for seen in server.requests if seen.method == "POST"] == [f"{other}/stop"]
    with pytest.raises(RequestTimeout) as caught:
        await vbr.wait([ID, OTHER], interval=FAST, timeout=0.2)
    assert OTHER in str(caught.value)
    assert ID not in str(caught.value)


async def test_a_stop_that_fails(server: Scripted, vbr: Client, caplog: pytest.LogCaptureFixture) -> None:
    """A stop that the appliance refuses is logged; the cancellation goes on all the same."""
    play(server, SESSION, session("Working"))
    server.on("POST", f"{SESSION}/stop", {"errorCode": "AccessDenied", "message": "no"}, 403)
    task = await begin(server, vbr, SESSION, ID, on_cancel="stop")
    with caplog.at_level(logging.WARNING, "veeam_async.waiting"):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert "could not be stopped" in caplog.text


async def test_a_stop_that_hangs(server: Scripted, vbr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop without an answer holds up the cancellation for a bounded time."""
    monkeypatch.setattr(_work, "_STOP_SECONDS", 0.1)
    play(server, SESSION, session("Working"))

    async def hang(request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.json_response({})

    server.on("POST", f"{SESSION}/stop", hang)
    task = await begin(server, vbr, SESSION, ID, on_cancel="stop")
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=2)
    assert done
    assert task.cancelled()


async def test_stopping_what_cannot_be_stopped(azure: ApplianceClient) -> None:
    """`stop` for work that no call stops is refused before the wait begins."""
    with pytest.raises(ValueError, match="cannot be stopped"):
        await azure.wait({"id": ID, "status": "Running", "startTime": "2026-01-01T00:00:00Z"}, on_cancel="stop")


# -------------------------------------------------------------------------------------------------------------- Azure

OPERATION = f"/api/v8.1/operations/{ID}"
JOB_SESSION = f"/api/v8.1/jobSessions/{ID}"


def operation(status: str, **fields: Any) -> dict[str, Any]:
    return {"id": ID, "startTime": "2026-01-01T00:00:00Z", "status": status, **fields}


async def test_azure_operation_keeps_its_type(server: Scripted, azure: ApplianceClient) -> None:
    """An operation is polled at /operations/{id}; its result has the type that the call announced."""
    models = import_module("veeam_async.azure.v8_1.models")
    play(server, OPERATION, operation("Running"), operation("Success", result={"id": OTHER, "name": "vm"}))
    ended = await azure.wait(models.AsyncOperationOfVirtualMachine.from_dict(operation("Pending")), interval=FAST)
    assert type(ended) is models.AsyncOperationOfVirtualMachine
    assert type(ended.result) is models.VirtualMachine
    assert ended.result.name == "vm"


async def test_azure_operation_that_fails(server: Scripted, azure: ApplianceClient) -> None:
    """A failed operation carries the problem's own words."""
    play(server, OPERATION, operation("Error", error={"title": "Forbidden", "detail": "no permission"}))
    with pytest.raises(SessionFailed, match="Error: no permission"):
        await azure.wait(operation("Running"), interval=FAST)


@pytest.mark.parametrize("status", ["Success", "Warning"])
async def test_azure_job_session(server: Scripted, azure: ApplianceClient, status: str) -> None:
    """A job session is polled at /jobSessions/{id}."""
    models = import_module("veeam_async.azure.v8_1.models")
    running = {"id": ID, "type": "Backup", "status": "Running", "executionStartTime": None}
    play(server, JOB_SESSION, {**running, "status": "RunningWithWarning"}, {**running, "status": status})
    ended = await azure.wait(models.JobSession.from_dict(running), interval=FAST)
    assert type(ended) is models.JobSession
    assert ended.status == status


@pytest.mark.parametrize("status", ["Error", "Canceled"])
async def test_azure_job_session_that_fails(server: Scripted, azure: ApplianceClient, status: str) -> None:
    """Error and Canceled are failures, with the lines of the session's log."""
    play(server, JOB_SESSION, {"id": ID, "type": "Backup", "status": status})
    log = [{"message": "Creating snapshot", "status": "Success"}, {"message": "Quota", "status": "Error"}]
    server.on("GET", f"{JOB_SESSION}/log", {"jobSessionId": ID, "log": log})
    with pytest.raises(SessionFailed) as caught:
        await azure.wait({"id": ID, "type": "Backup", "status": "Pending"}, interval=FAST)
    assert caught.value.result == status
    assert caught.value.log == ("Creating snapshot", "Error: Quota")


async def test_azure_lists_and_pages_of_job_sessions(server: Scripted, azure: ApplianceClient) -> None:
    """A list or a page of job sessions is waited for as a whole."""
    models = import_module("veeam_async.azure.v8_1.models")
    ended = {"id": ID, "type": "Backup", "status": "Success"}
    play(server, JOB_SESSION, ended)
    assert [one.id for one in await azure.wait([models.JobSession.from_dict(ended)], interval=FAST)] == [ID]
    page = models.PageOfJobSession.from_dict({"offset": 0, "limit": 1, "totalCount": 1, "results": [ended]})
    assert [one.id for one in await azure.wait(page, interval=FAST)] == [ID]


async def test_azure_answers_without_a_body(azure: ApplianceClient) -> None:
    """A 202 without a body names no work, and the error says so."""
    with pytest.raises(VeeamError, match="without naming any work"):
        await azure.wait(None)


async def test_what_location_names(server: Scripted, vbr: ApplianceClient) -> None:
    """A 202 without a body gives the place of its `Location`, which can be waited for at this origin alone."""
    places = [SESSION, f"{server.url}{SESSION}", f"https://elsewhere.example{SESSION}"]
    for place in places:

        async def begun(request: web.Request, place: str = place) -> web.Response:
            return web.Response(status=202, headers={"Location": place})

        server.on("POST", "/api/v1/backupInfrastructure/repositories", begun)
        accepted = await vbr.call("CreateRepository", body={"name": "r", "type": "WinLocal"})
        assert accepted == Accepted(place, "CreateRepository")
        play(server, SESSION, session("Stopped", "Success"))
        if place is places[-1]:
            with pytest.raises(UnsafeOriginError):
                await vbr.wait(accepted, interval=FAST)
        else:
            assert (await vbr.wait(accepted, interval=FAST)).state == "Stopped"


async def test_azure_bare_ids(server: Scripted, azure: ApplianceClient) -> None:
    """A bare id is looked for among the job sessions, then among the operations."""
    play(server, OPERATION, operation("Success"))
    assert type(await azure.wait(ID, interval=FAST)).__name__ == "AsyncOperationOfObject"
    assert len(server.to(JOB_SESSION)) == 1


async def test_azure_status_unknown(server: Scripted, azure: ApplianceClient) -> None:
    """Azure's own status `Unknown` is not an end."""
    play(server, OPERATION, operation("Unknown"), operation("Success"))
    await azure.wait(operation("Running"), interval=FAST)
    assert len(server.to(OPERATION)) == 2


async def test_azure_stop(server: Scripted, azure: ApplianceClient) -> None:
    """A cancelled wait can stop an Azure job session."""
    play(server, JOB_SESSION, {"id": ID, "type": "Backup", "status": "Running"})

    async def stopped(request: web.Request) -> web.Response:
        return web.Response(status=204)

    server.on("POST", f"{JOB_SESSION}/stop", stopped)
    what = {"id": ID, "type": "Backup", "status": "Running"}
    task = await begin(server, azure, JOB_SESSION, what, on_cancel="stop")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(server.to(f"{JOB_SESSION}/stop", "POST")) == 1


# ---------------------------------------------------------------------------------------------------------------- AWS


@pytest.mark.parametrize("status", ["Succeeded", "Warning", "succeeded"])
async def test_aws_session(server: Scripted, aws: ApplianceClient, status: str) -> None:
    """AWS answers `{sessionId}`, polled until its status leaves Running."""
    models = import_module("veeam_async.aws.v1_7_rev0.models")
    running = {"id": ID, "type": "Policy", "status": "Running"}
    play(server, SESSION, running, {**running, "status": status, "result": "Success"})
    ended = await aws.wait(models.SessionLink.from_dict({"sessionId": ID}), interval=FAST)
    assert type(ended) is models.Session
    assert len(server.to(SESSION)) == 2


@pytest.mark.parametrize("status", ["Failed", "Canceled", "Cancelled"])
async def test_aws_session_that_fails(server: Scripted, aws: ApplianceClient, status: str) -> None:
    """Failed and Canceled, in both spellings, are failures, with the session's reason and log."""
    play(server, SESSION, {"id": ID, "type": "Policy", "status": status, "reason": "no volume"})
    server.on("GET", f"{SESSION}/log", {"sessionId": ID, "log": [{"message": "m", "status": "Error"}]})
    with pytest.raises(SessionFailed, match=f"{status}: no volume") as caught:
        await aws.wait({"sessionId": ID}, interval=FAST)
    assert caught.value.log == ("Error: m",)


# ----------------------------------------------------------------------------------------- against whole appliances


async def test_a_job_is_started_and_waited_for() -> None:
    """Backup & Replication: what starting a job answers is waited for to its end, with progress meanwhile."""
    async with SimulatedAppliance("vbr", "1.3-rev0", time_scale=1000) as appliance:
        async with Client(appliance.url, appliance.credentials) as client:
            inactive = client.jobs.get_all_jobs_states(status_filter=EJobStatus.INACTIVE)
            job = await anext(aiter(inactive))
            reported: list[Progress] = []
            begun = await client.jobs.start_job(job.id)
            ended = await client.wait(begun, interval=0.02, timeout=30, progress=reported.append)
    assert (ended.id, ended.state) == (begun.id, "Stopped")
    assert reported[-1].percent == 100
    assert reported[-1].last_log_line
    assert appliance.count("GetSession") == len(reported)


async def test_an_azure_policy_is_started_and_waited_for() -> None:
    """Azure: starting a policy answers a list of job sessions."""
    azure_client = import_module("veeam_async.azure.v8_1").Client
    async with SimulatedAppliance("azure", "v8.1", time_scale=1000) as appliance:
        async with azure_client(appliance.url, appliance.credentials) as client:
            policies = [row async for row in client.policy.get_policies().options(max_items=1)]
            begun = await client.policy.start_policy(policies[0].id)
            ended = await client.wait(begun, interval=0.02, timeout=30)
    assert [type(one).__name__ for one in ended] == ["JobSession"]
    assert appliance.count("JobSessions_GetJobSessionById") >= 1


async def test_an_azure_list_is_waited_for() -> None:
    """Azure: an appliance that answers 202 to a list gives its rows all the same."""
    azure_client = import_module("veeam_async.azure.v8_1").Client
    behaviour = Behaviour(asynchronous=True)
    async with SimulatedAppliance("azure", "v8.1", time_scale=1000, behaviour=behaviour) as appliance:
        async with azure_client(appliance.url, appliance.credentials) as client:
            rows = [row async for row in client.key_vault.get_key_vaults_page()]
    assert rows
    assert appliance.count("AsyncOperation_GetOperation") >= 1


async def test_an_aws_policy_is_started_and_waited_for() -> None:
    """AWS: starting a policy answers the id of a session."""
    aws_client = import_module("veeam_async.aws.v1_7_rev0").Client
    async with SimulatedAppliance("aws", "1.7-rev0", time_scale=1000) as appliance:
        async with aws_client(appliance.url, appliance.credentials) as client:
            policies = [row async for row in client.ec2_backup_policies.policies_get_all().options(max_items=1)]
            begun = await client.ec2_backup_policies.start_policy(policies[0].id)
            ended = await client.wait(begun, interval=0.02, timeout=30)
    assert type(ended).__name__ == "Session"
    assert appliance.count("GetSessionById") >= 1
