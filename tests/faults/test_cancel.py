"""Cancellation wherever it strikes: nothing is left, and nobody else is disturbed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from veeam_async import Mfa, Password, connect
from veeam_async._http.pool import Pool
from veeam_async.downloads import Download
from veeam_async.errors import VeeamError
from veeam_async.retry import RetryPolicy
from veeam_async.timeouts import Timeouts
from veeam_async.vbr.v1_3_rev0 import Client

from .conftest import QUICK
from .wire import LOGOUT_PATH, SESSION, SESSION_ID, SESSION_PATH, Exchange, Vbr

MOST_TURNS = 400


def sockets() -> int:
    """Sockets that this process has open; 0 where the system does not say."""
    found = 0
    if not os.path.isdir("/proc/self/fd"):
        return 0
    for name in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
        except OSError:
            pass
    return found


async def settled(vbr: Vbr, before: int) -> None:
    """Wait until all connections are gone on both sides, and no task of ours is left."""
    for _ in range(200):
        if not vbr.open and sockets() <= before:
            break
        await asyncio.sleep(0.005)
    assert vbr.open == 0
    assert sockets() <= before
    mine = [task for task in asyncio.all_tasks() if "veeam_async" in (task.get_name() + repr(task.get_coro()))]
    assert not mine


async def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came true")


async def walk(vbr: Vbr, work: Callable[[], Awaitable[Any]]) -> int:
    """Cancel the work at its first turn of the loop, at its second, and so on until it ends by itself."""
    before = sockets()
    for turns in range(MOST_TURNS):
        task: asyncio.Future[Any] = asyncio.ensure_future(work())
        for _ in range(turns):
            await asyncio.sleep(0)
            if task.done():
                break
        ended = task.done()
        task.cancel()
        outcome = (await asyncio.gather(task, return_exceptions=True))[0]
        assert ended or isinstance(outcome, asyncio.CancelledError), repr(outcome)
        if turns % 10 == 0 or ended:
            await settled(vbr, before)
        if ended:
            assert not isinstance(outcome, BaseException), repr(outcome)
            return turns
    raise AssertionError("the work did not end")


async def test_login_call_and_logout_at_every_point(vbr: Vbr) -> None:
    """A session of login, call and logout, cancelled at each await point, leaves no task and no socket."""

    async def work() -> None:
        async with Client(vbr.url, Password("monitor", vbr.password), retry=QUICK) as client:
            await client.sessions.get_session(SESSION_ID)

    assert await walk(vbr, work) > 20


async def test_renewal_at_every_point(vbr: Vbr) -> None:
    """A call that renews its token after a 401, cancelled at each await point."""

    async def work() -> None:
        async with Client(vbr.url, Password("monitor", vbr.password), retry=QUICK) as client:
            await client.login()
            vbr.good.clear()
            await client.request("GET", SESSION_PATH)

    assert await walk(vbr, work) > 30


async def test_repeats_at_every_point(vbr: Vbr) -> None:
    """A call that is repeated after an error and after a cut, cancelled at each await point."""

    @vbr.on("GET", "/flaky")
    async def flaky(exchange: Exchange) -> None:
        match len(vbr.to("/flaky")) % 3:
            case 1:
                await exchange.reply(503)
            case 2:
                exchange.cut()
            case _:
                await exchange.reply(200, {})

    async def work() -> None:
        vbr.requests.clear()
        retry = RetryPolicy(backoff=0.0)
        async with Client(vbr.url, Password("monitor", vbr.password), retry=retry) as client:
            await client.request("GET", "/flaky")

    assert await walk(vbr, work) > 30


async def test_long_body_at_every_point(vbr: Vbr) -> None:
    """A call whose answer comes in pieces, cancelled at each await point."""

    @vbr.on("GET", SESSION_PATH)
    async def pieces(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in (b'{"id":"x",', b'"name":', b'"nightly"}'):
            await exchange.raw(b"%x\r\n%b\r\n" % (len(piece), piece))
            await asyncio.sleep(0)
        await exchange.raw(b"0\r\n\r\n")

    async def work() -> None:
        async with Client(vbr.url, Password("monitor", vbr.password), retry=QUICK) as client:
            await client.sessions.get_session(SESSION_ID)

    assert await walk(vbr, work) > 20


async def test_connect_at_every_point(vbr: Vbr) -> None:
    """Negotiation, login and call, cancelled at each await point."""

    @vbr.on("GET", "/api/v1/serverTime")
    async def server_time(exchange: Exchange) -> None:
        await exchange.reply(200, {"serverTime": "2026-01-01T00:00:00Z"})

    async def work() -> None:
        async with connect(vbr.url, Password("monitor", vbr.password)) as client:
            await client.request("GET", SESSION_PATH)

    assert await walk(vbr, work) > 25


async def test_stream_at_every_point(vbr: Vbr) -> None:
    """A stream that is half read, cancelled at each await point."""

    async def work() -> None:
        async with Client(vbr.url, Password("monitor", vbr.password), retry=QUICK) as client:
            operation = next(one for one in _operations if one.operation_id == "GetSession")
            request: Download[Any] = Download(client, operation, {"id": SESSION_ID})
            async with request.stream() as body:
                async for _ in body.chunks():
                    break

    _operations = Client.operations
    assert await walk(vbr, work) > 20


async def test_cancelled_session_logs_out(vbr: Vbr) -> None:
    """A cancellation inside `async with` still logs out."""

    async def work() -> None:
        async with Client(vbr.url, Password("monitor", vbr.password)) as client:
            await client.login()
            await asyncio.sleep(30)

    task = asyncio.create_task(work())
    await until(lambda: bool(vbr.good))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(vbr.to(LOGOUT_PATH)) == 1


async def test_failing_task_group_logs_out_and_closes(vbr: Vbr) -> None:
    """When one of many calls raises in a task group, the others are cancelled and everything is closed."""
    before = sockets()

    @vbr.on("GET", "/hang")
    async def hang(exchange: Exchange) -> None:
        await exchange.hang()

    async def work() -> None:
        async with Client(vbr.url, Password("monitor", vbr.password)) as client, asyncio.TaskGroup() as group:
            await client.login()
            for _ in range(10):
                group.create_task(client.request("GET", "/hang"))
            await asyncio.sleep(0.05)
            group.create_task(client.request("GET", "/missing"))

    with pytest.raises(ExceptionGroup):
        await work()
    assert len(vbr.to(LOGOUT_PATH)) == 1
    await settled(vbr, before)


async def test_leaving_ends_a_renewal_in_progress(vbr: Vbr) -> None:
    """Leaving while a login hangs ends it; who waits for it gets an error that says so."""
    before = sockets()

    async def hang(exchange: Exchange) -> None:
        await exchange.hang()

    vbr.before_token = hang
    client = Client(vbr.url, Password("monitor", vbr.password))
    call = asyncio.create_task(client.sessions.get_session(SESSION_ID))
    await until(lambda: vbr.logins > 0)
    await client.aclose()
    with pytest.raises(VeeamError, match="closed"):
        await call
    await settled(vbr, before)


async def test_call_after_leaving_is_a_clear_error(vbr: Vbr) -> None:
    """A client that was left says that it is closed."""
    client = Client(vbr.url, Password("monitor", vbr.password))
    async with client:
        await client.login()
    with pytest.raises(VeeamError, match="closed"):
        await client.sessions.get_session(SESSION_ID)
    await client.aclose()


async def test_second_cancellation_during_logout_still_closes(vbr: Vbr) -> None:
    """A cancellation that strikes while leaving logs out leaves no socket either."""
    before = sockets()
    entered = asyncio.Event()

    @vbr.on("POST", LOGOUT_PATH)
    async def hang(exchange: Exchange) -> None:
        entered.set()
        await exchange.hang()

    async def work() -> None:
        async with Client(vbr.url, Password("monitor", vbr.password), timeouts=Timeouts(logout=30)) as client:
            await client.login()
            await asyncio.sleep(30)

    task = asyncio.create_task(work())
    await until(lambda: bool(vbr.good))
    await asyncio.sleep(0.02)
    task.cancel()
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await settled(vbr, before)


async def test_shared_pool_stays_open_and_closes_once(vbr: Vbr) -> None:
    """Clients on a shared pool leave it to the others; closing it closes all sockets."""
    before = sockets()
    async with Pool() as pool:
        for _ in range(3):
            async with Client(vbr.url, Password("monitor", vbr.password), pool=pool) as client:
                await client.sessions.get_session(SESSION_ID)
        assert vbr.connections == 1
        assert not pool.closed
    await settled(vbr, before)


async def test_cancelled_question_for_a_code(vbr: Vbr) -> None:
    """A login that waits for a person's code can be cancelled."""
    asked = asyncio.Event()

    async def ask() -> str:
        asked.set()
        await asyncio.sleep(30)
        return "123456"

    async def mfa(exchange: Exchange) -> None:
        await exchange.reply(200, {"mfa_enabled": True, "mfa_token": "interim"})

    vbr.before_token = mfa
    client = Client(vbr.url, Mfa("monitor", vbr.password, ask=ask))
    task = asyncio.create_task(client.login())
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await client.aclose()


async def test_other_calls_go_on(vbr: Vbr, client: Client) -> None:
    """Cancelling half of the calls on one connection pool leaves the other half alone."""

    @vbr.on("GET", SESSION_PATH)
    async def slow(exchange: Exchange) -> None:
        await asyncio.sleep(0.05)
        await exchange.reply(200, SESSION)

    calls = [asyncio.create_task(client.sessions.get_session(SESSION_ID)) for _ in range(40)]
    await client.login()
    await asyncio.sleep(0.02)
    for call in calls[::2]:
        call.cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results[::2])
    assert all(getattr(result, "id", "") == SESSION_ID for result in results[1::2])
