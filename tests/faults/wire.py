"""A server whose bytes a test decides on: for what no honest HTTP server would send, or would not send."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

import attrs

SESSION_ID = "6745a759-2205-4cd2-b172-8ec8f7e60ef8"
SESSION_PATH = f"/api/v1/sessions/{SESSION_ID}"
SESSION = {"id": SESSION_ID, "name": "nightly", "sessionType": "Job", "state": "Stopped", "creationTime": "2026-01-01"}
TOKEN_PATH = "/api/oauth2/token"
LOGOUT_PATH = "/api/oauth2/logout"


class Hangup(Exception):
    """The connection is gone."""


@attrs.define(eq=False)
class Exchange:
    """One request, and the means to answer it in whatever form."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    answered: bool = False

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2]))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    async def raw(self, data: bytes) -> None:
        self.answered = True
        self.writer.write(data)
        await self.writer.drain()

    async def reply(
        self,
        status: int = 200,
        body: Any = b"",
        *,
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        """Answer as an honest server does; anything but bytes is sent as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} Something", f"Content-Length: {len(data)}"]
        if data:
            lines.append(f"Content-Type: {kind}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        await self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + data)

    async def hang(self) -> None:
        """Do not answer, until the client has had enough."""
        await self.reader.read()
        raise Hangup

    def cut(self) -> None:
        """Hang up without a further byte."""
        self.writer.transport.abort()
        raise Hangup


Handler = Callable[[Exchange], Awaitable[None]]


class Wire:
    """A server of one protocol: bytes. Routes are `(method, path)`; `default` takes the rest, 404 if there is none."""

    def __init__(self, tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1") -> None:
        self.requests: list[Exchange] = []
        self.routes: dict[tuple[str, str], Handler] = {}
        self.default: Handler | None = None
        self.connections = 0
        self.open = 0
        self.idle_limit: float | None = None
        self.port = 0
        self._tls = tls
        self._host = host
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def on(self, method: str, path: str) -> Callable[[Handler], Handler]:
        def take(handler: Handler) -> Handler:
            self.routes[method, path] = handler
            return handler

        return take

    def to(self, path: str, method: str | None = None) -> list[Exchange]:
        """The requests to a path so far."""
        return [one for one in self.requests if one.path == path and method in (None, one.method)]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, self._host, 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        self.open += 1
        try:
            while await self._one(reader, writer):
                pass
        except (Hangup, ConnectionError, asyncio.IncompleteReadError, TimeoutError, ssl.SSLError):
            pass
        except asyncio.CancelledError:
            pass
        finally:
            self.open -= 1
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        async with asyncio.timeout(self.idle_limit):
            head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines if line)}
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(await reader.readuntil(b"\r\n"), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readuntil(b"\r\n")
        else:
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        exchange = Exchange(method, target, headers, body, reader, writer)
        self.requests.append(exchange)
        handler = self.routes.get((method, exchange.path), self.default)
        if handler is None:
            await exchange.reply(404, {"errorCode": "NotFound", "message": "no such thing"})
        else:
            await handler(exchange)
        return not writer.is_closing()


class Vbr(Wire):
    """A wire that knows tokens as Backup & Replication does; one session to ask for; the rest is the test's."""

    def __init__(self, tls: ssl.SSLContext | None = None, *, lifetime: Any = 900, host: str = "127.0.0.1") -> None:
        super().__init__(tls, host=host)
        self.lifetime = lifetime
        self.password = "right-horse-battery"
        self.logins = 0
        self.refreshes = 0
        self.good: set[str] = set()
        self.refresh_tokens: set[str] = set()
        self.before_token: Callable[[Exchange], Awaitable[None]] | None = None
        self.unauthorized: bytes = b'{"errorCode":"ExpiredToken","message":"the token is no good"}'
        self.extra: dict[str, Any] = {}
        self.default = self._serve
        self.routes["POST", TOKEN_PATH] = self._token
        self.routes["POST", LOGOUT_PATH] = self._logout

    @property
    def calls(self) -> list[Exchange]:
        """All requests but those for tokens."""
        return [one for one in self.requests if one.path not in (TOKEN_PATH, LOGOUT_PATH)]

    async def _token(self, exchange: Exchange) -> None:
        form = exchange.form
        if form["grant_type"] == "password":
            self.logins += 1
        else:
            self.refreshes += 1
        if self.before_token is not None:
            await self.before_token(exchange)
            if exchange.answered:
                return
        if form["grant_type"] == "password":
            fine = form["password"] == self.password
        else:
            fine = form["refresh_token"] in self.refresh_tokens
            self.refresh_tokens.discard(form["refresh_token"])
        if not fine:
            await exchange.reply(401, {"errorCode": "AccessDenied", "message": "wrong user name or password"})
            return
        number = self.logins + self.refreshes
        access, refresh = f"access-{number}-{form['grant_type']}", f"refresh-{number}"
        self.good.add(access)
        self.refresh_tokens.add(refresh)
        answer = {"access_token": access, "refresh_token": refresh, "token_type": "bearer", "expires_in": self.lifetime}
        await exchange.reply(200, answer | self.extra)

    async def _logout(self, exchange: Exchange) -> None:
        self.good.discard(exchange.token)
        await exchange.reply(200, {})

    async def refuse_token(self, exchange: Exchange) -> bool:
        if exchange.token in self.good:
            return False
        await exchange.reply(401, self.unauthorized)
        return True

    async def _serve(self, exchange: Exchange) -> None:
        if await self.refuse_token(exchange):
            return
        if exchange.path == SESSION_PATH:
            await exchange.reply(200, SESSION)
        else:
            await exchange.reply(404, {"errorCode": "NotFound", "message": "no such thing"})
