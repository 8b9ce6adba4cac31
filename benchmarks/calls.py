"""What one small call costs: CPU time of this process, fifty calls at a time, against a server in another process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

import aiohttp
import orjson

from veeam_async import Password
from veeam_async.vbr.v1_3_rev0 import Client

from .measure import OURS, Case, interleaved
from .server import TOKEN, running

CALLS = 2000
CONCURRENCY = 50
PATH = "/api/v1/serverInfo"


async def cpu(call: Callable[[], Awaitable[object]]) -> float:
    """Microseconds of CPU for each call."""

    async def worker(count: int) -> None:
        for _ in range(count):
            await call()

    await worker(CONCURRENCY)
    await asyncio.gather(*(worker(1) for _ in range(CONCURRENCY)))
    started = time.process_time()
    await asyncio.gather(*(worker(CALLS // CONCURRENCY) for _ in range(CONCURRENCY)))
    return (time.process_time() - started) / CALLS * 1e6


async def ours(url: str) -> float:
    async with Client(url, Password("svc-monitor", "secret")) as vbr:
        return await cpu(vbr.service.get_server_info)


async def ours_with_hooks(url: str) -> float:
    seen = 0

    def listen(event: object) -> None:
        nonlocal seen
        seen += 1

    async with Client(url, Password("svc-monitor", "secret"), events=listen) as vbr:
        return await cpu(vbr.service.get_server_info)


async def bare(url: str) -> float:
    headers = {"x-api-version": "1.3-rev0", "Authorization": f"Bearer {TOKEN['access_token']}"}
    async with aiohttp.ClientSession(
        headers=headers, connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
    ) as session:

        async def call() -> object:
            async with session.get(url + PATH) as answer:
                return orjson.loads(await answer.read())

        return await cpu(call)


async def with_httpx(url: str) -> float:
    import httpx

    headers = {"x-api-version": "1.3-rev0", "Authorization": f"Bearer {TOKEN['access_token']}"}
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    async with httpx.AsyncClient(headers=headers, limits=limits) as client:

        async def call() -> object:
            return orjson.loads((await client.get(url + PATH)).content)

        return await cpu(call)


def measure(rounds: int) -> Iterator[Case]:
    """Each subject on an event loop of its own, asyncio's for all."""
    with running() as port:
        url = f"http://127.0.0.1:{port}"

        def once(subject: Callable[[str], Awaitable[float]]) -> Callable[[], float]:
            async def work() -> float:
                return await subject(url)

            return lambda: asyncio.run(work())

        subjects = {OURS: ours, "with a hook": ours_with_hooks, "aiohttp + orjson": bare}
        # A round takes half a second, and what else the machine does shows in it: so there are many.
        values = interleaved({name: once(subject) for name, subject in subjects.items()}, rounds * 3)
        values |= interleaved({"httpx": once(with_httpx)}, min(rounds, 3))
    yield Case("calls", f"a small call, {CONCURRENCY} at a time, CPU", values, "us", {"aiohttp + orjson": 1.15})
