"""The edges of waiting: how often it looks, what it takes for work, and what it says when it gives up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from importlib import import_module
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from aiohttp import web

from tests.long_work import FAST, ID, LOG, OTHER, SESSION, begin, play, records, session
from tests.scripted import Scripted
from veeam_async import Accepted, BearerToken
from veeam_async._model import UNSET
from veeam_async.client import ApplianceClient
from veeam_async.errors import ApiError, NotFoundError, RequestTimeout, ServerError, SessionFailed, VeeamError
from veeam_async.listing import Listing
from veeam_async.retry import RetryPolicy
from veeam_async.timeouts import Timeouts, deadline
from veeam_async.vbr.v1_3_rev0 import Client
from veeam_async.vbr.v1_3_rev0.models import JobModel, SessionModel
from veeam_async.waiting import Progress

TASK = f"/api/v1/tasks/{ID}"
RESTORE = f"/api/v1/backupBrowser/entraIdTenant/{OTHER}/restoreSessions/{ID}"
OPERATION = f"/api/v8.1/operations/{ID}"
JOB_SESSION = f"/api/v8.1/jobSessions/{ID}"
KEY_VAULTS = "/api/v8.1/cloudInfrastructure/keyVaults"
ENDED = session("Stopped", "Success")
ONCE = RetryPolicy(attempts=1)


@pytest.fixture
async def vbr(server: Scripted) -> AsyncIterator[Client]:
    async with Client(server.url, BearerToken("token"), retry=ONCE) as client:
        yield client


@pytest.fixture
async def azure(server: Scripted) -> AsyncIterator[ApplianceClient]:
    kind = import_module("veeam_async.azure.v8_1").Client
    async with kind(server.url, BearerToken("token"), retry=ONCE) as client:
        yield client


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, none of which takes any time."""
    made: list[float] = []
    sleep = asyncio.sleep

    async def record(seconds: float) -> None:
        if seconds:
            made.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", record)
    return made


@pytest.fixture
async def turn(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Turns the loop's clock ahead by some seconds."""
    loop = asyncio.get_running_loop()
    ahead = 0.0
    time = loop.time

    def turned(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds

    monkeypatch.setattr(loop, "time", lambda: time() + ahead)
    return turned


async def hang(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.json_response({})


# -------------------------------------------------------------------------------------------------------- how it looks


async def test_pauses_by_default(server: Scripted, vbr: Client, pauses: list[float]) -> None:
    """A second at first, half as long again each time, a quarter of a minute at most."""
    play(server, SESSION, *[session("Working")] * 9, ENDED)
    await vbr.wait(ID)
    assert pauses == [1.0, 1.5, 2.25, 3.375, 5.0625, 7.59375, 11.390625, 15.0, 15.0]


async def test_pauses_of_a_list_that_is_put_together(
    server: Scripted, azure: ApplianceClient, pauses: list[float]
) -> None:
    """Who waits for a page of a listing looks sooner: after a quarter of a second, and every five at least."""
    running = {"id": ID, "startTime": "2026-01-01T00:00:00Z", "status": "Running"}
    server.on("GET", KEY_VAULTS, running, 202)
    page = {"totalCount": 1, "results": [{"id": "id-0", "name": "vault"}]}
    play(server, OPERATION, *[running] * 10, {**running, "status": "Success", "result": page})
    assert [row.name async for row in key_vaults(azure)] == ["vault"]
    assert pauses[:3] == [0.25, 0.375, 0.5625]
    assert pauses[-2:] == [5.0, 5.0]


def key_vaults(azure: ApplianceClient) -> Listing[Any, Any]:
    operation = next(op for op in azure.operations if op.operation_id == "KeyVault_GetKeyVaultsPage")
    return Listing(azure, operation, {})


async def test_a_list_that_is_never_put_together(
    server: Scripted, azure: ApplianceClient, turn: Callable[[float], None]
) -> None:
    """After ten minutes without a page the walk ends with an error that says so."""
    running = {"id": ID, "startTime": "2026-01-01T00:00:00Z", "status": "Running"}
    server.on("GET", KEY_VAULTS, running, 202)
    play(server, OPERATION, running)
    walk = asyncio.ensure_future(anext(aiter(key_vaults(azure))))
    await until(lambda: bool(server.to(OPERATION)))
    turn(590)
    await asyncio.sleep(0.1)
    assert not walk.done()
    turn(11)
    with pytest.raises(RequestTimeout, match=rf"operation {ID} \(Running\) gave no answer in 600 s") as caught:
        await walk
    assert (caught.value.limit, caught.value.seconds) == ("wait", 600)
    assert (caught.value.operation, caught.value.appliance) == ("KeyVault_GetKeyVaultsPage", azure.name)


async def test_a_list_that_fails_in_time(server: Scripted, azure: ApplianceClient) -> None:
    """A look's own time limit is no sign that ten minutes have passed."""
    running = {"id": ID, "startTime": "2026-01-01T00:00:00Z", "status": "Running"}
    server.on("GET", KEY_VAULTS, running, 202)
    server.on("GET", OPERATION, hang)
    with deadline(0.2), pytest.raises(RequestTimeout) as caught:
        await anext(aiter(key_vaults(azure)))
    assert caught.value.limit == "deadline"


async def test_several_works_in_place_of_a_page(server: Scripted, azure: ApplianceClient) -> None:
    """A list that is answered with more than one work is an error: which one would be the page?"""
    server.on("GET", KEY_VAULTS, {"data": [{"operationId": ID}, {"operationId": OTHER}]}, 202)
    with pytest.raises(VeeamError, match="several works instead of a page") as caught:
        await anext(aiter(key_vaults(azure)))
    assert caught.value.operation == "KeyVault_GetKeyVaultsPage"


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(4000):
        await asyncio.sleep(0.005)
        if condition():
            return
    raise AssertionError("it did not come to that")


# ------------------------------------------------------------------------------------------------------ looks that fail


async def test_how_many_looks_may_fail(server: Scripted, vbr: Client) -> None:
    """Five in a row, each time anew; the sixth is the error."""
    play(server, SESSION, *[500] * 5, session("Working"), *[500] * 5, ENDED)
    assert (await vbr.wait(ID, interval=FAST)).state == "Stopped"
    for before in ([], [session("Working")]):
        server.requests.clear()
        play(server, SESSION, *before, 500)
        with pytest.raises(ServerError):
            await vbr.wait(ID, interval=FAST)
        assert len(server.to(SESSION)) == len(before) + 6


@pytest.mark.parametrize("fault", ["hangup", "slow", 429])
async def test_which_failures_a_look_survives(
    server: Scripted, fault: str | int, caplog: pytest.LogCaptureFixture
) -> None:
    """A lost connection, an answer that is late and one that asks to come later are looked after again."""
    looks = 0

    async def look(request: web.Request) -> web.Response:
        nonlocal looks
        looks += 1
        if looks == 1 and fault == "hangup":
            assert request.transport is not None
            request.transport.abort()
        elif looks == 1 and fault == "slow":
            await asyncio.Event().wait()
        elif looks == 1:
            return web.json_response({}, status=429)
        return web.json_response(ENDED)

    server.on("GET", SESSION, look)
    async with Client(server.url, BearerToken("token"), retry=ONCE, timeouts=Timeouts(read=0.5)) as client:
        with caplog.at_level(logging.INFO, "veeam_async.waiting"):
            assert (await client.wait(ID, interval=FAST)).state == "Stopped"
    assert looks == 2
    assert [r.getMessage().split(" failed")[0] for r in caplog.records if r.name == "veeam_async.waiting"] == [
        f"{client.name}: look 1 at session {ID}"
    ]


async def test_a_work_that_never_appears(server: Scripted, vbr: Client) -> None:
    """The session that an answer names is looked for four times, with one request each."""
    with pytest.raises(NotFoundError):
        await vbr.wait({"sessionId": ID}, interval=FAST)
    assert [seen.path for seen in server.requests] == [SESSION] * 4
    play(server, SESSION, 404, 404, 404, ENDED)
    assert (await vbr.wait({"sessionId": ID}, interval=FAST)).id == ID


async def test_an_id_is_looked_for_in_one_place_once_it_was_found(server: Scripted, vbr: Client) -> None:
    """Who has found a task behind an id does not look among the sessions again."""
    task = {"id": ID, "type": "Common", "name": "t", "state": "Working", "progressPercent": 5, "result": "None"}
    play(server, TASK, task, task, {**task, "state": "Stopped", "result": "Success"})
    await vbr.wait(ID, interval=FAST)
    assert [seen.path for seen in server.requests] == [SESSION, TASK, TASK, TASK]


async def test_a_deadline_ends_the_wait(server: Scripted, vbr: Client) -> None:
    """A look that meets a deadline is not repeated, and no pause is longer than what is left of it."""
    play(server, SESSION, session("Working"))
    begun = asyncio.get_running_loop().time()
    with deadline(0.3), pytest.raises(RequestTimeout) as caught:
        await vbr.wait(ID, interval=(5, 30))
    assert caught.value.limit == "deadline"
    assert asyncio.get_running_loop().time() - begun < 3
    assert len(server.to(SESSION)) == 1


async def test_a_deadline_does_not_slow_it_down(server: Scripted, vbr: Client, pauses: list[float]) -> None:
    """A deadline that is far away changes no pause."""
    play(server, SESSION, *[session("Working")] * 3, ENDED)
    with deadline(60):
        await vbr.wait(ID, interval=(0.1, 0.2))
    assert pauses == pytest.approx([0.1, 0.15, 0.2])


async def test_time_is_up_before_anything_was_seen(server: Scripted, vbr: Client) -> None:
    """A bare id that nothing was heard of is called a session, without any state."""
    play(server, SESSION, 404)
    server.on("GET", TASK, hang)
    with pytest.raises(RequestTimeout, match=rf"waited 0.1 s for session {ID}: the work goes on") as caught:
        await vbr.wait(ID, interval=FAST, timeout=0.1)
    assert caught.value.appliance == vbr.name


async def test_a_time_limit_of_the_callers_own(server: Scripted, vbr: Client) -> None:
    """A TimeoutError out of the callback is the caller's, and comes through as it is."""
    play(server, SESSION, session("Working"))

    def progress(now: Progress) -> None:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        await vbr.wait(ID, interval=FAST, progress=progress, timeout=30)


# ------------------------------------------------------------------------------------------------------- what is work


@pytest.mark.parametrize("answer", [{"sessionId": 7}, {"sessionId": {"id": ID}}, {"id": 7, "sessionType": "x"}])
async def test_ids_that_are_none(server: Scripted, vbr: Client, answer: Any) -> None:
    """A number or an object is no id."""
    with pytest.raises(VeeamError, match="nothing to wait for"):
        await vbr.wait(answer)
    assert server.requests == []


async def test_the_least_that_names_a_session(server: Scripted, vbr: Client) -> None:
    """An id and one field that only sessions have is a session, and so is a model of one with nothing but an id."""
    play(server, SESSION, ENDED)
    for answer in (
        {"id": ID, "sessionType": "x"},
        SessionModel.from_dict({"id": ID}),
        {"id": UUID(ID), "usn": 1, "state": ""},
    ):
        assert (await vbr.wait(answer, interval=FAST)).id == ID
    assert [seen.path for seen in server.requests] == [SESSION] * 3


async def test_models_that_are_no_work(server: Scripted, vbr: Client, azure: ApplianceClient) -> None:
    """A model of something else is not taken for work because it has an id."""
    policy = import_module("veeam_async.azure.v8_1.models").VirtualMachine.from_dict({"id": ID})
    for client, answer in ((vbr, JobModel.from_dict({"id": ID})), (azure, policy)):
        with pytest.raises(VeeamError, match=f"{type(answer).__name__} with id names no"):
            await client.wait(answer)
    assert server.requests == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (UNSET, "the appliance answered without naming any work"),
        ("0000-00", "'0000-00' is no id"),
        (7, "int is no answer that names any work"),
        ({}, "dict with no fields names no session or restore session or task"),
        ({"id": ID, "name": "a job"}, "dict with id, name names no session"),
        (dict.fromkeys("abcdefghijkl"), "dict with a, b, c, d, e, f, g, h names no session"),
    ],
)
async def test_what_is_said_of_an_answer_that_names_no_work(vbr: Client, answer: Any, said: str) -> None:
    """The error says what was given, its first fields, and what would do."""
    with pytest.raises(VeeamError) as caught:
        await vbr.wait(answer)
    assert said in str(caught.value)
    assert "Give wait() a session's id, or what the call answered" in str(caught.value)
    assert caught.value.appliance == vbr.name


async def test_lists_within_lists(server: Scripted, vbr: Client) -> None:
    """Lists in lists are one list of works; a list that holds itself is an error."""
    play(server, SESSION, ENDED)
    assert [one.id for one in await vbr.wait([[ID], ({"sessionId": ID},)], interval=FAST)] == [ID, ID]
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(VeeamError, match="lists within lists"):
        await vbr.wait(endless)


@pytest.mark.parametrize("parent", [None, "", ".."])
async def test_work_whose_place_is_not_known(server: Scripted, vbr: Client, parent: str | None) -> None:
    """A restore session without its mount session cannot be looked at, and the error says why."""
    with pytest.raises(VeeamError, match="a restore session cannot be looked at: path parameter 'parentSessionId'"):
        await vbr.wait({"id": ID, "state": "Running", "parentSessionId": parent})
    assert server.requests == []


# ---------------------------------------------------------------------------------------------------- how it went


@pytest.mark.parametrize(("result", "reported"), [("Failed", "Failed"), ("Success", "Canceled"), ("None", "Canceled")])
async def test_results_of_cancelled_sessions(server: Scripted, vbr: Client, result: str, reported: str) -> None:
    """What failed and was cancelled has failed; what was cancelled otherwise was cancelled, whatever its result."""
    play(server, SESSION, session("Stopped", {"result": result, "isCanceled": True}))
    with pytest.raises(SessionFailed) as caught:
        await vbr.wait(ID, interval=FAST)
    assert caught.value.result == reported
    assert str(caught.value).endswith(f"session {ID} ended as {reported}")


async def test_lines_of_a_log(server: Scripted, vbr: Client) -> None:
    """A line is its texts, after its status where that says that something went wrong; what is no line is left out."""
    play(server, SESSION, session("Stopped", "Failed"))
    rows = [
        {"title": "one", "description": "more", "status": "Succeeded"},
        {"title": "two", "status": "Warning"},
        {"description": " three ", "status": "error"},
        {"title": "", "status": "Failed"},
        {"title": 7},
        "four",
        5,
        None,
    ]
    server.on("GET", LOG, {"records": rows})
    with pytest.raises(SessionFailed) as caught:
        await vbr.wait(ID, interval=FAST)
    assert caught.value.log == ("one - more", "Warning: two", "error: three", "four")


async def test_a_long_log(server: Scripted, vbr: Client) -> None:
    """Of a long log the last five hundred lines are kept."""
    play(server, SESSION, session("Stopped", "Failed"))
    server.on("GET", LOG, records(*(f"line {n}" for n in range(750))))
    with pytest.raises(SessionFailed) as caught:
        await vbr.wait(ID, interval=FAST)
    assert caught.value.log == tuple(f"line {n}" for n in range(250, 750))


@pytest.mark.parametrize("log", [{}, {"records": None}, {"records": {"title": "x"}}, [], "text"])
async def test_what_is_no_log(server: Scripted, vbr: Client, log: Any) -> None:
    """A log that is none does not hide what happened."""
    play(server, SESSION, session("Stopped", "Failed"))
    server.on("GET", LOG, log)
    with pytest.raises(SessionFailed) as caught:
        await vbr.wait(ID, interval=FAST)
    assert caught.value.log == ()


@pytest.mark.parametrize(("percent", "reported"), [(0, 0.0), (12.5, 12.5), ("40", None), (None, None)])
async def test_percents(server: Scripted, vbr: Client, percent: Any, reported: float | None) -> None:
    """A percentage is a number; anything else is none."""
    play(server, SESSION, session("Stopped", "Success", progressPercent=percent))
    seen: list[Progress] = []
    await vbr.wait(ID, interval=FAST, progress=seen.append)
    assert [one.percent for one in seen] == [reported]


async def test_progress_is_short(server: Scripted, vbr: Client) -> None:
    """Progress prints as one short line, without the session."""
    play(server, SESSION, session("Stopped", "Success", progressPercent=100))
    server.on("GET", LOG, records("done"))
    seen: list[Progress] = []
    await vbr.wait(ID, interval=FAST, progress=seen.append)
    assert repr(seen[0]) == "Progress(percent=100.0, state='Stopped', last_log_line='done')"


async def test_a_state_that_is_a_number(server: Scripted, vbr: Client, caplog: pytest.LogCaptureFixture) -> None:
    """A number in place of a state is shown as it came."""
    play(server, SESSION, {**session(""), "state": 7}, ENDED)
    with caplog.at_level(logging.WARNING, "veeam_async.waiting"):
        await vbr.wait(ID, interval=FAST)
    assert f"session {ID} (7) is in a state that is not known" in caplog.text


# ----------------------------------------------------------------------------------------------------------- stopping


async def test_stopping_what_may_turn_out_to_be_an_operation(server: Scripted, azure: ApplianceClient) -> None:
    """A bare id may be stopped; where it is that of an operation, which no call stops, nothing is sent."""
    play(server, OPERATION, {"id": ID, "status": "Running", "startTime": "2026-01-01T00:00:00Z"})
    task = await begin(server, azure, OPERATION, ID, on_cancel="stop")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [(seen.method, seen.path) for seen in server.requests] == [("GET", JOB_SESSION), ("GET", OPERATION)]


async def test_what_cannot_be_stopped_is_named(azure: ApplianceClient) -> None:
    """The error says what cannot be stopped."""
    with pytest.raises(ValueError, match=r"operation\b.* cannot be stopped"):
        await azure.wait({"operationId": ID}, on_cancel="stop")


async def test_how_long_a_stop_may_take(server: Scripted, vbr: Client, turn: Callable[[float], None]) -> None:
    """A stop without an answer holds up the cancellation for ten seconds."""
    play(server, SESSION, session("Working"))
    server.on("POST", f"{SESSION}/stop", hang)
    task = await begin(server, vbr, SESSION, ID, on_cancel="stop")
    task.cancel()
    await until(lambda: bool(server.to(f"{SESSION}/stop", "POST")))
    turn(9.1)
    await asyncio.sleep(0.05)
    assert not task.done()
    turn(0.9)
    await asyncio.sleep(0.3)
    assert task.cancelled()


async def test_which_of_several_cannot_be_stopped(azure: ApplianceClient) -> None:
    """Of several pieces of work the error names the one that no call stops."""
    with pytest.raises(ValueError, match=f"operation {OTHER} cannot be stopped"):
        await azure.wait([{"jobSessionId": ID}, {"operationId": OTHER}], on_cancel="stop")


async def test_work_that_the_revision_has_no_model_of(server: Scripted) -> None:
    """Work that the revision's document does not describe comes as it was sent, to the caller and in progress."""
    task = {"id": ID, "name": "t", "state": "Stopped", "result": "Success", "progressPercent": 100}
    play(server, TASK, task)
    reported: list[Any] = []
    async with import_module("veeam_async.vbr.v1_1_rev0").Client(server.url, BearerToken("token")) as client:
        assert await client.wait(ID, interval=FAST, progress=reported.append) == task


# --------------------------------------------------------------------------------------------- until it is gone

JOB = f"/api/v1/jobs/{OTHER}"


async def test_pauses_until_it_is_gone(server: Scripted, vbr: Client, pauses: list[float]) -> None:
    """As of a wait: a second at first, half as long again each time, a quarter of a minute at most."""
    play(server, JOB, *[{"id": OTHER, "name": "n", "type": "VSphereBackup"}] * 9, 404)
    await vbr.wait_until_gone(vbr.jobs.get_job(OTHER))
    assert pauses == [1.0, 1.5, 2.25, 3.375, 5.0625, 7.59375, 11.390625, 15.0, 15.0]
    assert len(server.to(JOB)) == 10


async def test_what_does_not_go(server: Scripted, vbr: Client, turn: Callable[[float], None]) -> None:
    """At its time limit the error says what still answers; a limit of the request itself is the request's."""
    play(server, JOB, {"id": OTHER, "name": "n", "type": "VSphereBackup"})
    task = asyncio.ensure_future(vbr.wait_until_gone(vbr.jobs.get_job(OTHER), timeout=50, interval=0.01))
    await until(lambda: len(server.to(JOB)) > 1)
    turn(51)
    with pytest.raises(RequestTimeout, match="waited 50 s, and GetJob still answers") as caught:
        await task
    assert (caught.value.limit, caught.value.seconds, caught.value.appliance) == ("wait", 50, vbr.name)
    server.on("GET", JOB, hang)
    with deadline(0.05), pytest.raises(RequestTimeout) as caught:
        await vbr.wait_until_gone(vbr.jobs.get_job(OTHER), timeout=600)
    assert caught.value.limit == "deadline"


# --------------------------------------------------------------------------------------- Backup for Microsoft 365


@pytest.fixture
async def m365(server: Scripted) -> AsyncIterator[ApplianceClient]:
    kind = import_module("veeam_async.m365.v8").Client
    async with kind(server.url, BearerToken("token"), retry=ONCE) as client:
        yield client


@pytest.mark.parametrize(
    ("place", "raw", "model"),
    [
        ("JobSessions", {"status": "Success"}, "RESTJobSession"),
        ("RestoreSessions", {"state": "Stopped"}, "RESTRestoreSession"),
        ("DataRetrievalSessions", {"status": "Warning"}, "RESTDataRetrievalSession"),
        ("RepositorySynchronizeSessions", {"state": "None"}, "RESTRepositorySynchronizeSession"),
        ("RepositoryOwnerChangeSessions", {"status": "Succeeded"}, "RESTBackupRepositoryOwnerChangeSession"),
        ("backupRepositories/maintenanceSessions", {"status": "Finished"}, "RESTBackupRepositoryMaintenanceSession"),
    ],
)
async def test_every_kind_of_work_by_its_bare_id(
    server: Scripted, m365: ApplianceClient, place: str, raw: dict[str, Any], model: str
) -> None:
    """A bare id is looked for in one place after the other, until one of them has it."""
    play(server, f"/v8/{place}/{ID}", {"id": ID, **raw})
    assert type(await m365.wait(ID, interval=FAST)).__name__ == model
    assert server.requests[-1].path == f"/v8/{place}/{ID}"


async def test_stopping_work_by_its_bare_id(server: Scripted, m365: ApplianceClient) -> None:
    """What a stop needs besides the id, the work itself says once it was seen."""
    path = f"/v8/JobSessions/{ID}"
    play(server, path, {"id": ID, "status": "Running", "jobId": OTHER})
    server.on("POST", f"/v8/Jobs/{OTHER}/stop", {})
    task = asyncio.ensure_future(m365.wait(ID, interval=0.01, on_cancel="stop"))
    await until(lambda: len(server.to(path)) > 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(server.to(f"/v8/Jobs/{OTHER}/stop", "POST")) == 1


# ------------------------------------------------------------------------------------------- answers that come later

ACTION = f"/api/v3/asyncActions/{ID}"
RESULT = f"{ACTION}/result"


@pytest.fixture
async def spc(server: Scripted) -> AsyncIterator[ApplianceClient]:
    kind = import_module("veeam_async.spc.v3_7").Client
    async with kind(server.url, BearerToken("token"), retry=ONCE) as client:
        yield client


def answer_later(server: Scripted, *states: str, location: str = ACTION) -> None:
    """A call whose answer is at another place once the action has gone through these states."""

    async def later(request: web.Request) -> web.Response:
        return web.Response(status=202, headers={"Location": location})

    server.on("GET", "/api/v3/about", later)
    play(server, ACTION, *[{"data": {"id": ID, "actionName": "GetAbout", "status": state}} for state in states])


async def test_an_answer_at_another_place(server: Scripted, spc: ApplianceClient, pauses: list[float]) -> None:
    """The action is looked at until it ends, soon at first, and its result is what the call gives, with its token."""
    answer_later(server, *["running"] * 10, "Succeed", location=f"http://gateway.example{ACTION}")
    server.on("GET", RESULT, {"data": {"serverVersion": "9.1"}})
    answer = await spc.call("GetAboutInformation")
    assert answer.data.server_version == "9.1"
    assert (pauses[0], pauses[-1]) == (0.25, 5.0)
    assert [seen.headers.get("Authorization") for seen in server.to(RESULT)] == ["Bearer token"]


async def test_waiting_for_an_answer_at_another_place(server: Scripted, spc: ApplianceClient) -> None:
    """`wait` gives what the call would have answered, and a wait of no time is over before that."""
    answer_later(server, "succeed")
    server.on("GET", RESULT, {"data": {"serverVersion": "9.1"}})
    assert (await spc.call("GetAboutInformation").wait(timeout=30)).data.server_version == "9.1"
    with pytest.raises(RequestTimeout, match="waited 0 s for an answer") as caught:
        await spc.call("GetAboutInformation").wait(timeout=0)
    assert (caught.value.limit, caught.value.seconds) == ("wait", 0)


@pytest.mark.parametrize(("status", "error"), [(200, SessionFailed), (404, SessionFailed), (400, ApiError)])
async def test_an_action_that_fails(
    server: Scripted, spc: ApplianceClient, status: int, error: type[Exception]
) -> None:
    """What its result says counts; where it has none or a success, the action has failed all the same."""
    answer_later(server, "Failed")
    server.on("GET", RESULT, {"errors": [{"message": "no"}]} if status == 400 else {"data": {}}, status)
    with pytest.raises(VeeamError) as caught:
        await spc.call("GetAboutInformation")
    assert isinstance(caught.value, error)


async def test_an_action_that_is_cancelled(server: Scripted, spc: ApplianceClient) -> None:
    """There is no result to look for."""
    answer_later(server, "canceled")
    with pytest.raises(SessionFailed, match=f"asynchronous action {ID} ended as canceled") as caught:
        await spc.call("GetAboutInformation")
    assert caught.value.result == "canceled"
    assert server.to(RESULT) == []


async def test_an_answer_that_never_comes(
    server: Scripted, spc: ApplianceClient, turn: Callable[[float], None]
) -> None:
    """An action that runs for ten minutes is an error that names the call."""
    answer_later(server, "running")
    call = asyncio.ensure_future(spc.call("GetAboutInformation").reply())
    await until(lambda: bool(server.to(ACTION)))
    turn(601)
    with pytest.raises(
        RequestTimeout, match=rf"asynchronous action {ID} \(running\) gave no answer in 600 s"
    ) as caught:
        await call
    assert caught.value.operation == "GetAboutInformation"


@pytest.mark.parametrize("location", ["/api/v3/companies/1", "/", f"{ACTION}/more", "https://[::1"])
async def test_a_place_of_nothing_that_is_waited_for(server: Scripted, spc: ApplianceClient, location: str) -> None:
    """A place where no work lies is an error that says so, and nobody goes there."""
    answer_later(server, "succeed", location=location)
    with pytest.raises(VeeamError, match="nothing to wait for"):
        await spc.call("GetAboutInformation")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("location", "said"),
    [
        (f"//elsewhere.example{SESSION}", "is no place"),
        (f"http://127.0.0.1:99999{SESSION}", "is no place"),
        (f"http://[::1{SESSION}", "is no place"),
        (f"http://elsewhere.example{SESSION}", "is another origin"),
        (SESSION[1:], "is no work that is known"),
        ("http://[::1]x/", "is no work that is known"),
    ],
)
async def test_places_that_are_none(server: Scripted, vbr: Client, location: str, said: str) -> None:
    """A server may write anything into `Location`: what is no place of this appliance is an error of ours."""
    with pytest.raises(VeeamError, match=said):
        await vbr.wait(Accepted(location, "StartJob"), interval=FAST)
    assert server.requests == []


# ------------------------------------------------------------------------------------------------- sending and waiting

START = f"/api/v1/jobs/{OTHER}/start"


@pytest.mark.parametrize("arguments", [{"interval": 0}, {"interval": (2, 1)}, {"on_cancel": "ask"}])
async def test_a_wait_that_makes_no_sense_sends_nothing(
    server: Scripted, vbr: Client, arguments: dict[str, Any]
) -> None:
    """Arguments are looked at before anything is sent."""
    with pytest.raises(ValueError, match=next(iter(arguments))):
        await vbr.jobs.start_job(OTHER).wait(**arguments)
    assert server.requests == []


async def test_the_time_that_the_request_took_counts(
    server: Scripted, vbr: Client, turn: Callable[[float], None]
) -> None:
    """`timeout` bounds the request and the wait together; what is left for the wait is what the request left."""

    async def slow(request: web.Request) -> web.Response:
        turn(100)
        return web.json_response(session("Working"), status=201)

    server.on("POST", START, slow)
    play(server, SESSION, session("Working"))
    task = asyncio.ensure_future(vbr.jobs.start_job(OTHER).wait(timeout=150, interval=0.01))
    await until(lambda: bool(server.to(SESSION)))
    turn(30)
    await asyncio.sleep(0.1)
    assert not task.done()
    turn(30)
    with pytest.raises(RequestTimeout, match=r"waited .* s for session .* \(Working\): the work goes on"):
        await task


async def test_a_wait_that_ends_before_the_answer(server: Scripted, vbr: Client, turn: Callable[[float], None]) -> None:
    """Where the request alone takes all the time, that is said."""
    server.on("POST", START, hang)
    task = asyncio.ensure_future(vbr.jobs.start_job(OTHER).wait(timeout=20))
    await until(lambda: bool(server.to(START, "POST")))
    turn(21)
    with pytest.raises(RequestTimeout, match=r"^.*waited 20 s for an answer") as caught:
        await task
    assert (caught.value.limit, caught.value.seconds, caught.value.appliance) == ("wait", 20, vbr.name)


async def test_a_request_that_times_out_by_itself(server: Scripted, vbr: Client) -> None:
    """The request's own limit is not that of the wait."""
    server.on("POST", START, hang)
    with deadline(0.05), pytest.raises(RequestTimeout) as caught:
        await vbr.jobs.start_job(OTHER).wait(timeout=600)
    assert caught.value.limit == "deadline"


async def test_what_a_body_and_a_place_name(server: Scripted, vbr: Client) -> None:
    """Where an answer has a body, that names the work, whatever its place is."""

    async def both(request: web.Request) -> web.Response:
        return web.json_response(session("Working"), status=201, headers={"Location": f"/api/v1/tasks/{OTHER}"})

    server.on("POST", START, both)
    play(server, SESSION, ENDED)
    assert (await vbr.jobs.start_job(OTHER).wait(interval=FAST)).id == ID


@pytest.mark.parametrize("id", [ID, "a%20b%2Fc"])
async def test_places_are_unquoted_once(server: Scripted, vbr: Client, id: str) -> None:
    """The id in a place is the one that its URL means; the place itself is asked as it was sent."""
    place = f"/prefix/api/v1/sessions/{id}?x=1"

    async def begun(request: web.Request) -> web.Response:
        return web.Response(status=202, headers={"Location": place})

    server.on("POST", START, begun)
    asked: list[str] = []

    async def look(request: web.Request) -> web.Response:
        asked.append(request.raw_path)
        return web.json_response(session("Stopped", "Failed"))

    server.on("GET", f"/prefix/api/v1/sessions/{unquote(id)}", look)
    with pytest.raises(SessionFailed) as caught:
        await vbr.jobs.start_job(OTHER).wait(interval=FAST)
    assert caught.value.session_id == unquote(id)
    assert asked == [place]
