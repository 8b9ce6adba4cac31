"""Endpoint functions, bound and alone, and the requests that they make."""

from __future__ import annotations

import asyncio
import gc
import inspect
import pydoc
import sys
import types
import warnings
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest

from tests.scripted import Scripted
from veeam_async import BearerToken, Download, Listing, Reply, Request, RetryPolicy
from veeam_async.errors import ApiError, DecodeError, NotFoundError, RequestTimeout, ServerError, VeeamError
from veeam_async.vbr.v1_3_rev0 import Client
from veeam_async.vbr.v1_3_rev0.api import deployment, jobs
from veeam_async.vbr.v1_3_rev0.api.jobs import JobsApi
from veeam_async.vbr.v1_3_rev0.models import JobModel, SessionModel

JOB = {"id": "7", "name": "daily", "type": "VSphereBackup"}
ID = "6745a759-2205-4cd2-b172-8ec8f7e60ef8"


@pytest.fixture
async def vbr(server: Scripted) -> AsyncIterator[Client]:
    server.on("GET", "/api/v1/jobs/7", JOB)
    async with Client(server.url, BearerToken("token")) as client:
        yield client


# ----------------------------------------------------------------------------------------------------- bound and alone


async def test_a_method_is_the_function_bound(vbr: Client) -> None:
    """A bound operation is a bound method of the endpoint function."""
    bound = vbr.jobs.get_job
    assert isinstance(bound, types.MethodType)
    assert bound.__func__ is jobs.get_job
    assert JobsApi.get_all_jobs is jobs.get_all_jobs
    assert deployment.DeploymentApi.download_deployment_kit is deployment.download_deployment_kit


async def test_bound_and_function_send_the_same(server: Scripted, vbr: Client) -> None:
    """`client.jobs.get_job(id)` and `api.jobs.get_job(client, id)` send the same request."""
    assert await vbr.jobs.get_job("7") == await jobs.get_job(vbr, "7")
    assert server.requests[0].path == server.requests[1].path == "/api/v1/jobs/7"


@pytest.mark.parametrize("name", ["get_job", "get_all_jobs", "create_job"])
async def test_signatures_and_help(vbr: Client, name: str) -> None:
    """`inspect.signature` and `help` show the operation's own parameters and text, without the client."""
    bound = getattr(vbr.jobs, name)
    function = getattr(jobs, name)
    parameters = list(inspect.signature(function).parameters)
    assert list(inspect.signature(bound).parameters) == parameters[1:]
    assert inspect.getdoc(bound) == inspect.getdoc(function)
    assert function.__doc__.splitlines()[0] in pydoc.plain(pydoc.render_doc(bound))


async def test_each_kind_of_operation_makes_its_kind_of_request(vbr: Client) -> None:
    """A call, a listing and a download are distinguished by their class."""
    requests: list[Request[Any]] = [
        vbr.jobs.get_job("7"),
        vbr.jobs.get_all_jobs(),
        vbr.deployment.download_deployment_kit(ID),
    ]
    assert [type(request) for request in requests] == [Request, Listing, Download]
    for request in requests:
        request.close()


async def test_wrong_arguments_are_python_s_own_errors(vbr: Client) -> None:
    """A misspelt or missing argument is a `TypeError` before anything is sent."""
    with pytest.raises(TypeError, match="limt"):
        vbr.jobs.get_all_jobs(limt=5)  # type: ignore[call-arg, unused-awaitable]
    with pytest.raises(TypeError):
        vbr.jobs.get_job()  # type: ignore[call-arg, unused-awaitable]
    with pytest.raises(TypeError):
        vbr.deployment.download_deployment_kit()  # type: ignore[call-arg, unused-awaitable]


def test_groups_of_the_client() -> None:
    """A group is made once for each client."""
    client = Client("http://127.0.0.1:9", BearerToken("token"))
    assert client.jobs is client.jobs
    assert repr(client.jobs) == "<JobsApi of 127.0.0.1>"


def test_every_operation_is_an_attribute_of_its_group() -> None:
    """Each of the client's operations is found under its group by its name."""
    client = Client("http://127.0.0.1:9", BearerToken("token"))
    assert client.operations is Client.operations
    for operation in Client.operations:
        assert callable(getattr(getattr(client, operation.group), operation.name)), operation


# ------------------------------------------------------------------------------------------------ coroutines to asyncio


async def test_asyncio_takes_a_request_for_a_coroutine(server: Scripted, vbr: Client) -> None:
    """`await`, `create_task`, `TaskGroup`, `gather`, `wait_for` and `ensure_future` send it, once each."""
    assert (await vbr.jobs.get_job("7")).name == "daily"
    task = asyncio.create_task(vbr.jobs.get_job("7"))
    assert "jobs.get_job" in repr(task)
    assert (await task).name == "daily"
    async with asyncio.TaskGroup() as group:
        grouped = group.create_task(vbr.jobs.get_job("7"))
    assert grouped.result().name == "daily"
    one, other = await asyncio.gather(vbr.jobs.get_job("7"), vbr.jobs.get_job("7"))
    assert one == other
    assert (await asyncio.wait_for(vbr.jobs.get_job("7"), 5)).name == "daily"
    assert (await asyncio.ensure_future(vbr.jobs.get_job("7"))).name == "daily"
    assert len(server.to("/api/v1/jobs/7")) == 7


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
async def test_an_eager_task_factory_takes_a_request(vbr: Client) -> None:
    """`asyncio.eager_task_factory` begins it at once."""
    loop = asyncio.get_running_loop()
    factory: Any = vars(asyncio)["eager_task_factory"]
    loop.set_task_factory(factory)
    try:
        assert (await asyncio.create_task(vbr.jobs.get_job("7"))).name == "daily"
    finally:
        loop.set_task_factory(None)


def test_uvloop_takes_a_request() -> None:
    """A loop that is not asyncio's own runs it alike."""
    uvloop = pytest.importorskip("uvloop")

    async def work() -> str:
        async with Scripted() as server:
            server.on("GET", "/api/v1/jobs/7", JOB)
            async with Client(server.url, BearerToken("token")) as client:
                async with asyncio.TaskGroup() as group:
                    task = group.create_task(client.jobs.get_job("7"))
                return str(task.result().name)

    assert uvloop.run(work()) == "daily"


async def test_an_anyio_task_group_takes_a_request(vbr: Client) -> None:
    """Anyio starts functions; one that awaits a request is like any other."""
    anyio = pytest.importorskip("anyio")
    names: list[str] = []

    async def fetch() -> None:
        names.append((await vbr.jobs.get_job("7")).name)

    async with anyio.create_task_group() as group:
        group.start_soon(fetch)
        group.start_soon(fetch)
    assert names == ["daily", "daily"]


async def test_a_cancelled_task_cancels_its_request(server: Scripted, vbr: Client) -> None:
    """Cancelling the task ends the call where it is."""
    began = asyncio.Event()

    async def hang(_: Any) -> Any:
        began.set()
        await asyncio.sleep(30)

    server.on("GET", "/api/v1/jobs/7", hang)
    task = asyncio.create_task(vbr.jobs.get_job("7"))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_request_is_sent_once(server: Scripted, vbr: Client) -> None:
    """Awaiting it a second time, in whatever form, says that it was sent already."""
    request = vbr.jobs.get_job("7")
    await request
    again = r"this request was sent already: call get_job\(...\) again"
    with pytest.raises(RuntimeError, match=again):
        await request
    with pytest.raises(RuntimeError, match=again):
        request.reply()  # type: ignore[unused-coroutine]
    with pytest.raises(RuntimeError, match=again):
        request.wait()  # type: ignore[unused-coroutine]
    assert len(server.requests) == 1


async def test_a_request_that_is_dropped_warns(server: Scripted, vbr: Client) -> None:
    """Nothing is sent, and the warning names the call; a closed one is silent."""

    def drop() -> None:
        vbr.jobs.get_all_jobs()  # type: ignore[unused-awaitable]
        gc.collect()

    with pytest.warns(RuntimeWarning, match=r"jobs.get_all_jobs\(...\) made a request that was never awaited"):
        drop()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vbr.jobs.get_job("7").close()
        gc.collect()
    assert server.requests == []


async def test_the_repr_says_what_it_calls(vbr: Client) -> None:
    """The operation, the appliance and whether it was sent; no argument, for it may be a secret."""
    request = vbr.jobs.get_job("7")
    assert repr(request) == "<Request GetJob to 127.0.0.1, not sent>"
    await request
    assert repr(request) == "<Request GetJob to 127.0.0.1, sent>"


# ------------------------------------------------------------------------------------------------- replies and options


async def test_reply_gives_all_of_the_answer(vbr: Client) -> None:
    """Status, headers, body, and the value as `await` gives it."""
    reply = await vbr.jobs.get_job("7").reply()
    assert isinstance(reply, Reply)
    assert (reply.status, reply.content_type) == (200, "application/json")
    assert reply.json() == JOB
    assert isinstance(reply.value, JobModel)
    assert reply.value == await vbr.jobs.get_job("7")


async def test_reply_raises_as_await_does(vbr: Client) -> None:
    """An error status is an error."""
    with pytest.raises(NotFoundError):
        await vbr.jobs.get_job("8").reply()


async def test_timeout_for_one_request(server: Scripted, vbr: Client) -> None:
    """It bounds this call alone."""

    async def slow(_: Any) -> Any:
        await asyncio.sleep(5)

    server.on("GET", "/api/v1/jobs/slow", slow)
    with pytest.raises(RequestTimeout) as caught:
        await vbr.jobs.get_job("slow").options(timeout=0.05)
    assert caught.value.limit == "total"
    assert (await vbr.jobs.get_job("7")).name == "daily"


async def test_headers_for_one_request(server: Scripted, vbr: Client) -> None:
    """They are sent with this request and no other; what is no header is refused at once."""
    await vbr.jobs.get_job("7").options(headers={"X-Trace": "1"})
    await vbr.jobs.get_job("7")
    assert [seen.headers.get("X-Trace") for seen in server.requests] == ["1", None]
    request = vbr.jobs.get_job("7")
    with pytest.raises(ValueError):
        request.options(headers={"X-Trace": "a\r\nX-Other: b"})  # type: ignore[unused-awaitable]
    request.close()


async def test_retry_for_one_request(server: Scripted, vbr: Client) -> None:
    """How often this call is sent again."""
    server.on("GET", "/api/v1/jobs/bad", {"message": "no"}, 503)
    with pytest.raises(ServerError):
        await vbr.jobs.get_job("bad").options(retry=RetryPolicy(attempts=1))
    assert len(server.to("/api/v1/jobs/bad")) == 1


async def test_strict_for_one_request(server: Scripted, vbr: Client) -> None:
    """A departure from the document is an error for this call alone."""
    server.on("GET", "/api/v1/jobs/odd", {**JOB, "type": "QuantumBackup"})
    with pytest.raises(DecodeError):
        await vbr.jobs.get_job("odd").options(strict=True)
    assert (await vbr.jobs.get_job("odd")).type == "QuantumBackup"


async def test_options_of_a_listing_hold_for_each_page(server: Scripted, vbr: Client) -> None:
    """Headers go with every page."""
    rows = [{**JOB, "id": str(number)} for number in range(4)]

    async def page(request: Any) -> Any:
        from aiohttp import web

        skip = int(request.query.get("skip", 0))
        return web.json_response({"data": rows[skip : skip + 2], "pagination": {"total": 4}})

    server.on("GET", "/api/v1/jobs", page)
    assert len([row async for row in vbr.jobs.get_all_jobs(limit=2).options(headers={"X-Trace": "1"})]) == 4
    assert [seen.headers.get("X-Trace") for seen in server.to("/api/v1/jobs")] == ["1", "1"]


async def test_a_client_with_other_options(server: Scripted, vbr: Client) -> None:
    """`with_options` shares the session; its options are defaults, and a request's own go first."""
    server.on("GET", "/api/v1/jobs/odd", {**JOB, "type": "QuantumBackup"})
    other = vbr.with_options(headers={"X-Trace": "1"}, strict=True, timeout=30)
    assert type(other) is Client
    assert (await vbr.jobs.get_job("7")).name == "daily"
    with pytest.raises(DecodeError):
        await other.jobs.get_job("odd")
    await other.jobs.get_job("odd").options(strict=False, headers={"X-Trace": "2"})
    await other.request("GET", "/api/v1/jobs/7")
    await other.aclose()
    assert (await vbr.jobs.get_job("7")).name == "daily"
    assert [seen.headers.get("X-Trace") for seen in server.requests] == [None, "1", "2", "1", None]


# ------------------------------------------------------------------------------------------------------ by operationId


async def test_call_by_operation_id(vbr: Client) -> None:
    """`client.call` gives what the typed function gives."""
    assert (await vbr.call("GetJob", id="7")).name == "daily"
    request = vbr.call("GetAllJobs", limit=5)
    assert type(request) is Listing
    request.close()


def test_call_says_what_is_alike() -> None:
    """An operationId that is none is refused, with those that are like it."""
    client = Client("http://127.0.0.1:9", BearerToken("token"))
    with pytest.raises(ValueError, match=r"vbr 1.3-rev0 has no operation 'getjob'; did you mean GetJob"):
        client.call("getjob", id="7")  # type: ignore[unused-awaitable]
    with pytest.raises(ValueError, match=r"has no operation 'xyzzyxyzzy'$"):
        client.call("xyzzyxyzzy")  # type: ignore[unused-awaitable]


# ------------------------------------------------------------------------------------------------------------- waiting

SESSION = {"id": ID, "name": "n", "sessionType": "BackupJob", "state": "Working", "usn": 1}
STOPPED = {**SESSION, "state": "Stopped", "result": {"result": "Success"}}


async def test_wait_sends_and_waits(server: Scripted, vbr: Client) -> None:
    """`.wait()` gives the session as it ended."""
    server.on("POST", "/api/v1/jobs/7/start", SESSION, 201)
    server.on("GET", f"/api/v1/sessions/{ID}", STOPPED)
    ended = await vbr.jobs.start_job("7").wait(interval=0.01)
    assert isinstance(ended, SessionModel)
    assert ended.state == "Stopped"


async def test_wait_for_what_a_location_names(server: Scripted, vbr: Client) -> None:
    """Accepted without a body, with the session's place: that is waited for, at this origin alone."""
    from aiohttp import web

    async def accepted(_: Any) -> web.Response:
        return web.Response(status=202, headers={"Location": f"/api/v1/sessions/{ID}"})

    server.on("POST", "/api/v1/jobs/7/start", accepted)
    server.on("GET", f"/api/v1/sessions/{ID}", STOPPED)
    assert (await vbr.jobs.start_job("7").wait(interval=0.01)).state == "Stopped"

    async def elsewhere(_: Any) -> web.Response:
        return web.Response(status=202, headers={"Location": f"http://example.com/api/v1/sessions/{ID}"})

    server.on("POST", "/api/v1/jobs/8/start", elsewhere)
    with pytest.raises(VeeamError, match="another origin"):
        await vbr.jobs.start_job("8").wait(interval=0.01)
    assert all("example.com" not in str(seen.headers.get("Host")) for seen in server.requests)


async def test_wait_without_anything_to_wait_for(server: Scripted, vbr: Client) -> None:
    """An answer that names no work is an error that says so."""
    with pytest.raises(VeeamError, match="names no"):
        await vbr.jobs.get_job("7").wait()


async def test_wait_until_gone(server: Scripted, vbr: Client) -> None:
    """The request is sent again until the answer is 404; another error is an error, and time may run out."""
    answers = [200, 200, 404]

    async def going(_: Any) -> Any:
        from aiohttp import web

        status = answers.pop(0) if answers else 500
        return web.json_response(JOB, status=status)

    server.on("GET", "/api/v1/jobs/9", going)
    await vbr.wait_until_gone(vbr.jobs.get_job("9"), interval=0.01)
    assert len(server.to("/api/v1/jobs/9")) == 3
    with pytest.raises(ApiError):
        await vbr.wait_until_gone(vbr.jobs.get_job("9"), interval=0.01)
    with pytest.raises(RequestTimeout, match=r"GetJob still answers") as caught:
        await vbr.wait_until_gone(vbr.jobs.get_job("7"), timeout=0.1, interval=0.01)
    assert caught.value.limit == "wait"
    with pytest.raises(ValueError, match="DeleteJob may change something"):
        vbr.wait_until_gone(vbr.jobs.delete_job("7"))  # type: ignore[unused-coroutine]


def test_a_request_is_a_coroutine_to_checks() -> None:
    """`isinstance(request, Coroutine)` and `inspect.isawaitable` hold."""
    client = Client("http://127.0.0.1:9", BearerToken("token"))
    request = client.jobs.get_job("7")
    assert isinstance(request, Coroutine)
    assert inspect.isawaitable(request)
    assert asyncio.iscoroutine(request)
    request.close()
