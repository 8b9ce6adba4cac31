"""A loopback server whose every answer a test writes down, for faults that a simulated appliance would not commit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, cast

import attrs
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@attrs.frozen
class Seen:
    """A request that came: as sent, with its body read."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


class Scripted:
    """Answers by `(method, path)`; anything else is a 404. Takes any bearer token and any login."""

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.handlers: dict[tuple[str, str], Handler] = {}
        self.connections = 0
        self._runner: web.ServerRunner | None = None
        self.url = ""

    def on(self, method: str, path: str, answer: Any, status: int = 200) -> None:
        """Answer with a handler, or with JSON."""
        if callable(answer):
            self.handlers[method, path] = cast("Handler", answer)
            return

        async def handler(request: web.Request) -> web.StreamResponse:
            return web.json_response(answer, status=status)

        self.handlers[method, path] = handler

    def to(self, path: str, method: str = "GET") -> list[Seen]:
        """The requests to a path."""
        return [seen for seen in self.requests if seen.path == path and seen.method == method]

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            body = await request.content.read()
        except ConnectionResetError:
            # The client went away within its request.
            return web.Response()
        # For handlers that ask again.
        request._read_bytes = body
        self.requests.append(Seen(request.method, request.path, dict(request.query), dict(request.headers), body))
        handler = self.handlers.get((request.method, request.path))
        if handler is None:
            return web.json_response({"errorCode": "NotFound", "message": f"no {request.path}"}, status=404)
        return await handler(request)  # type: ignore[arg-type]

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._serve), shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()


def tasks() -> set[asyncio.Task[Any]]:
    """All tasks but this one and those that serve a scripted server's connections."""
    found: set[asyncio.Task[Any]] = set()
    for task in asyncio.all_tasks():
        name = getattr(task.get_coro(), "__qualname__", "")
        serving = name.startswith(("RequestHandler.", "Scripted.", "BaseSelectorEventLoop."))
        if task is not asyncio.current_task() and not serving:
            found.add(task)
    return found
