"""A listing as a server gives it page by page, for the tests of walks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import web

from tests.scripted import Scripted
from veeam_async.listing import Listing

SESSIONS = "/api/v1/sessions"


def session(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": f"id-{number}", "name": f"session {number}", "sessionType": "BackupJob", "state": "Stopped", **fields}


class ServedListing:
    """A listing as a server gives it, with the faults that servers have."""

    def __init__(self, rows: int, *, cap: int = 200, total: bool = True, ids: bool = True) -> None:
        self.rows = [session(number) for number in range(rows)]
        if not ids:
            for row in self.rows:
                del row["id"]
        self.cap = cap
        self.total = total
        self.ignores_skip = False
        self.announced: int | None = None
        self.bad: set[int] = set()
        self.before: Callable[[int], None] = lambda call: None
        self.asked: list[tuple[int, int | None]] = []

    def page(self, skip: int, limit: int | None) -> web.Response:
        self.asked.append((skip, limit))
        self.before(len(self.asked))
        size = self.cap if limit is None or limit < 0 else min(limit, self.cap)
        start = 0 if self.ignores_skip else skip
        if self.bad & set(range(start, min(start + size, len(self.rows)))):
            return web.json_response({"errorCode": "UnknownError", "message": "bad row"}, status=500)
        rows = self.rows[start : start + size]
        answer: dict[str, Any] = {"data": rows}
        if self.total:
            total = len(self.rows) if self.announced is None else self.announced
            answer["pagination"] = {"total": total, "count": len(rows), "skip": skip, "limit": size}
        return web.json_response(answer)

    async def __call__(self, request: web.Request) -> web.Response:
        limit = request.query.get("limit")
        return self.page(int(request.query.get("skip", 0)), None if limit is None else int(limit))


def serve(server: Scripted, listing: ServedListing) -> ServedListing:
    server.on("GET", SESSIONS, listing)
    return listing


async def ids(items: AsyncIterator[Any] | Listing[Any, Any]) -> list[str]:
    return [row.id async for row in items]


async def collect(items: Listing[Any, Any], got: list[str]) -> None:
    """Rows' ids, as far as they come before an error."""
    async for row in items:
        got.append(row.id)
        await asyncio.sleep(0)


def expected(rows: int) -> list[str]:
    return [f"id-{number}" for number in range(rows)]
