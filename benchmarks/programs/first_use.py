"""A first page of a kind in a fresh process, every field of every row read. Prints the longest step on the loop, in ms.

Arguments: URL, `sessions` or `jobs`, and `preload` to load and compile beforehand, off the loop.
"""

import asyncio
import sys
import time
from typing import Any

from veeam_async import Password, preload
from veeam_async._model import fields
from veeam_async.vbr.v1_3_rev0 import Client

longest = 0.0
handles: Any = asyncio.Handle
run = handles._run


def timed(handle: Any) -> None:
    global longest
    started = time.thread_time()
    run(handle)
    longest = max(longest, time.thread_time() - started)


async def main(url: str, kind: str, *, ahead: bool) -> None:
    global longest
    if ahead:
        await preload(Client)
    async with Client(url, Password("svc-monitor", "secret")) as vbr:
        await vbr.login()
        await asyncio.sleep(0)
        longest = 0.0  # aiohttp's own first connection is not what is measured
        page = await (vbr.jobs.get_all_jobs() if kind == "jobs" else vbr.sessions.get_all_sessions())
        for row in page.data:
            for name in fields(type(row)):
                getattr(row, name)
        assert len(page.data) == 200


handles._run = timed
asyncio.run(main(sys.argv[1], sys.argv[2], ahead="preload" in sys.argv))
print(longest * 1000)
