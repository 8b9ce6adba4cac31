"""Long work as an appliance shows it, look after look, for the tests of waiting."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from tests.scripted import Scripted
from veeam_async.client import ApplianceClient

ID = "7f2c0000-0000-4000-8000-00000000abcd"
OTHER = "7f2c0000-0000-4000-8000-00000000beef"
FAST = (0.01, 0.02)


def play(server: Scripted, path: str, *answers: Any) -> None:
    """One answer after the other, the last one for ever. A number is a status."""
    left = list(answers)

    async def handler(request: web.Request) -> web.Response:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, int):
            return web.json_response({"errorCode": "Trouble", "message": "trouble"}, status=answer)
        return web.json_response(answer)

    server.on("GET", path, handler)


def session(state: str, result: Any = None, **fields: Any) -> dict[str, Any]:
    if isinstance(result, str):
        result = {"result": result, "message": f"it is {result}", "isCanceled": False}
    base = {"id": ID, "name": "Backup", "sessionType": "BackupJob", "jobId": OTHER, "usn": 1}
    return {**base, "state": state, "result": result, **fields}


SESSION = f"/api/v1/sessions/{ID}"
LOG = f"{SESSION}/logs"


def records(*titles: str) -> dict[str, Any]:
    rows = [{"id": n, "title": title, "status": "Succeeded"} for n, title in enumerate(titles)]
    return {"totalRecords": len(rows), "records": rows}


async def begin(server: Scripted, vbr: ApplianceClient, path: str, what: Any, **arguments: Any) -> asyncio.Task[Any]:
    """A wait that has looked once."""
    task = asyncio.ensure_future(vbr.wait(what, interval=5, **arguments))
    for _ in range(400):
        await asyncio.sleep(0.005)
        if server.to(path):
            break
    await asyncio.sleep(0.02)
    return task
