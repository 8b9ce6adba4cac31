"""Cancelling walks, waits, downloads and uploads wherever they may stand: no task, socket or half file is left."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.scripted import Scripted, tasks
from veeam_async import Password
from veeam_async.vbr.v1_3_rev0 import Client

ID = "7f2c0000-0000-4000-8000-00000000abcd"
KIT = "/api/v1/deployment/t/downloadKit"
UPLOAD = "/api/v1/backupBrowser/entraIdTenant/b/uploadUser"
DATA = b"0123456789abcdef" * 150_000
_MOST_STEPS = 4000
_QUICK_TURNS = 300


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    async with Scripted() as server:
        server.on("POST", "/api/oauth2/token", {"access_token": "a", "refresh_token": "r", "expires_in": 900})
        server.on("POST", "/api/oauth2/logout", {})
        server.on("GET", "/api/v1/sessions", sessions)
        server.on("GET", KIT, kit)
        server.on("POST", UPLOAD, {})
        server.on("GET", f"/api/v1/sessions/{ID}", {"id": ID, "sessionType": "BackupJob", "state": "Working"})
        server.on("POST", f"/api/v1/sessions/{ID}/stop", {})
        yield server


async def sessions(request: web.Request) -> web.Response:
    skip = int(request.query.get("skip", 0))
    rows = [{"id": f"{n}", "name": "s"} for n in range(skip, skip + 20)]
    return web.json_response({"data": rows, "pagination": {"total": 100}})


async def kit(request: web.Request) -> web.Response:
    return web.Response(body=DATA, content_type="application/octet-stream")


def open_sockets() -> int:
    """File descriptors of this process that are sockets."""
    found = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
        except OSError:
            continue
    return found


async def cancelled_after(steps: int, work: Coroutine[Any, Any, Any]) -> bool:
    """Run a task for so many turns of the loop, then cancel it. False where it was through before."""
    task = asyncio.ensure_future(work)
    for turn in range(steps):
        if task.done():
            break
        # Files are worked on in threads, which on a busy machine take longer than any number of turns.
        await asyncio.sleep(0 if turn < _QUICK_TURNS else 0.002)
    if task.done():
        await task
        return False
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    return True


async def walk(
    server: Scripted, work: Callable[[Client], Coroutine[Any, Any, Any]], after: Callable[[], None] = lambda: None
) -> None:
    """Cancel the work after 0, 1, 2, ... turns of the loop, until it gets through; look for what is left each time."""
    before = tasks()
    sockets = None
    steps = 0
    while steps < _MOST_STEPS:
        async with Client(server.url, Password("user", "password")) as client:
            if not await cancelled_after(steps, work(client)):
                break
            after()
        await asyncio.sleep(0)
        assert tasks() <= before, f"tasks are left after {steps} turns"
        # Each turn at first, where most awaits are; then in larger strides.
        steps += 1 if steps < 50 else max(1, steps // 12)
        await asyncio.sleep(0.002)
        if sockets is None:
            sockets = open_sockets()
    else:
        pytest.fail("the work did not end")
    for _ in range(100):
        if open_sockets() <= (sockets or 0):
            break
        await asyncio.sleep(0.02)
    assert open_sockets() <= (sockets or 0), "sockets are left"


async def test_cancelling_a_walk(server: Scripted) -> None:
    """A listing that is walked, with a page ahead in flight."""

    async def work(client: Client) -> None:
        async for _ in client.sessions.get_all_sessions():
            await asyncio.sleep(0)

    await walk(server, work)


async def test_cancelling_pages(server: Scripted) -> None:
    """The same page by page."""

    async def work(client: Client) -> None:
        async for _ in client.sessions.get_all_sessions().pages():
            await asyncio.sleep(0)

    await walk(server, work)


async def test_cancelling_a_download(server: Scripted, tmp_path: Path) -> None:
    """A download to a file: either nothing is there or the whole of it."""
    target = tmp_path / "kit"

    async def work(client: Client) -> None:
        await client.deployment.download_deployment_kit("t").to_file(target)

    def after() -> None:
        names = os.listdir(tmp_path)
        assert names in ([], ["kit"])
        if names:
            assert target.read_bytes() == DATA

    await walk(server, work, after)
    assert target.read_bytes() == DATA


async def test_cancelling_a_download_twice(server: Scripted, tmp_path: Path) -> None:
    """A second cancellation while the first one cleans up leaves no file either."""
    for steps in range(60, 120, 4):
        async with Client(server.url, Password("user", "password")) as client:
            task = asyncio.ensure_future(client.deployment.download_deployment_kit("t").to_file(tmp_path / "kit"))
            for _ in range(steps):
                await asyncio.sleep(0)
            for _ in range(4):
                task.cancel()
                await asyncio.sleep(0)
            await asyncio.wait([task], timeout=5)
            assert task.done()
        assert os.listdir(tmp_path) in ([], ["kit"])


async def test_cancelling_an_upload(server: Scripted, tmp_path: Path) -> None:
    """An upload from a path."""
    source = tmp_path / "users"
    source.write_bytes(DATA)

    async def work(client: Client) -> None:
        await client.backup_browsers.upload_entra_id_tenant_user("b", source)

    await walk(server, work)
    # Nothing holds the file open.
    assert not [fd for fd in os.listdir("/proc/self/fd") if _target(fd) == str(source)]


def _target(fd: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return ""


async def test_cancelling_a_wait(server: Scripted) -> None:
    """A wait that would go on for ever, with progress and without; afterwards the client serves as before."""
    before = tasks()
    for steps in range(0, 240, 3):
        async with Client(server.url, Password("user", "password")) as client:
            progress = (lambda now: None) if steps % 2 else None
            assert await cancelled_after(steps, client.wait(ID, interval=0.001, progress=progress))
            await client.sessions.get_session(ID)
        assert tasks() <= before


async def test_cancelling_a_wait_that_stops_the_work(server: Scripted) -> None:
    """Wherever the wait stands, once it has begun, the work is asked to stop once and the cancellation gets through."""
    for steps in range(5, 200, 7):
        server.requests.clear()
        async with Client(server.url, Password("user", "password")) as client:
            await client.login()
            before = tasks()
            assert await cancelled_after(steps, client.wait(ID, interval=0.001, on_cancel="stop"))
            assert len(server.to(f"/api/v1/sessions/{ID}/stop", "POST")) == 1
            assert tasks() <= before
