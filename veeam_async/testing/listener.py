"""The socket of one appliance: it listens, stops, and keeps its port in between."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable

from aiohttp import web

_GRACE = 0.01

Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Listener:
    """An HTTP server on one port of one address.

    A port that was given once is kept until `close`, also while nothing listens on it: a dead appliance's port is
    never handed to a living one.

    Args:
        handle: answers a request.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.

    Attributes:
        port: the port, once it listens.
    """

    def __init__(self, handle: Handle, host: str, port: int) -> None:
        self._handle = handle
        self.host = host
        self.port = port
        self._waiting: set[asyncio.Future[bool]] = set()
        self._server: web.Server | None = None
        self._listener: asyncio.Server | None = None
        self._reserved: socket.socket | None = None

    def __del__(self) -> None:
        self._release()

    @property
    def listening(self) -> bool:
        """True between `start` and `stop`."""
        return self._listener is not None

    async def start(self, context: ssl.SSLContext | None) -> None:
        """Listen; after `stop` again on the same port."""
        if self._listener is not None:
            return
        self._server = web.Server(self._handle, access_log=None, keepalive_timeout=75.0)
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._server, self.host, self.port, ssl=context, backlog=1024)
        self.port = self._listener.sockets[0].getsockname()[1]
        self._release()

    async def stop(self) -> None:
        """Stop listening and close every connection; requests that wait in a fault end at once."""
        listener, server = self._listener, self._server
        self._listener = self._server = None
        for waiting in self._waiting:
            _finish(waiting, False)
        if listener is not None:
            listener.close()
        if server is not None:
            # Not 0: aiohttp takes that for no limit.
            await server.shutdown(_GRACE)
        if listener is not None:
            await listener.wait_closed()
            self._reserve()

    async def close(self) -> None:
        """Stop for good and give the port back."""
        await self.stop()
        self._release()

    async def pause(self, seconds: float) -> bool:
        """Wait on behalf of a request; False where the server stopped meanwhile."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[bool] = loop.create_future()
        self._waiting.add(waiting)
        timer = loop.call_later(seconds, _finish, waiting, True)
        try:
            return await waiting
        finally:
            timer.cancel()
            self._waiting.discard(waiting)

    def _reserve(self) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        held = socket.socket(family, socket.SOCK_STREAM)
        # A bound socket that does not listen refuses connections; the option lets it bind beside what is closing.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind((self.host, self.port))
        except OSError:
            held.close()
        else:
            self._reserved = held

    def _release(self) -> None:
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None


def _finish(waiting: asyncio.Future[bool], over: bool) -> None:
    if not waiting.done():
        waiting.set_result(over)
