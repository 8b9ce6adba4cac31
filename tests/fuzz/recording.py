"""Genuine answers of simulated appliances, byte for byte, and a server that gives them again as a case spoils them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

import attrs


@attrs.define
class Recording:
    """What one scenario asked and what it was answered.

    Attributes:
        answers: by method and target the whole answers, head and body, in the order in which they came.
        secrets: what no error may show.
        tokens: what no error of a login may show either.
    """

    answers: dict[tuple[str, str], list[bytes]] = attrs.field(factory=dict)
    secrets: list[str] = attrs.field(factory=list)
    tokens: list[str] = attrs.field(factory=list)

    @property
    def all(self) -> list[bytes]:
        return [answer for answers in self.answers.values() for answer in answers]


class _Requests:
    """Reads what a client sends, request by request."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[tuple[str, str]]:
        """Method and target of each request that is whole by now."""
        self._buffer += data
        found = []
        while (request := self._one()) is not None:
            found.append(request)
        return found

    def _one(self) -> tuple[str, str] | None:
        head, blank, rest = self._buffer.partition(b"\r\n\r\n")
        if not blank:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if headers.get("transfer-encoding", "").lower() == "chunked":
            if not rest.startswith(b"0\r\n\r\n") and b"\r\n0\r\n\r\n" not in rest:
                return None
            rest = rest.partition(b"0\r\n\r\n")[2]
        else:
            length = int(headers.get("content-length", "0"))
            if len(rest) < length:
                return None
            rest = rest[length:]
        self._buffer = rest
        method, target, _ = first.split(" ", 2)
        return method, target


@contextlib.asynccontextmanager
async def tapped(port: int) -> AsyncIterator[tuple[int, Recording]]:
    """A relay to a server on loopback that keeps what passes: its port, and what was kept."""
    kept = Recording()
    tasks: set[asyncio.Task[Any]] = set()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        there, to_there = await asyncio.open_connection("127.0.0.1", port)
        requests = _Requests()
        answers: list[bytes] = []

        async def back() -> None:
            while data := await there.read(1 << 16):
                answers[-1] += data
                writer.write(data)
            writer.close()

        def keep() -> None:
            if answers and asked:
                kept.answers.setdefault(asked[0], []).append(answers[-1])

        asked: list[tuple[str, str]] = []
        backwards = asyncio.create_task(back())
        try:
            while data := await reader.read(1 << 16):
                for request in requests.feed(data):
                    keep()  # the client asks again when the answer before was whole
                    answers.append(b"")
                    asked[:] = [request]
                to_there.write(data)
        except ConnectionError:
            pass
        finally:
            keep()
            backwards.cancel()
            await asyncio.gather(backwards, return_exceptions=True)
            to_there.close()
            writer.close()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], kept
    finally:
        server.close()
        for task in tasks:
            if not task.done():
                await asyncio.wait((task,), timeout=2.0)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Spoil(Protocol):
    """Decides on an answer: the pieces to send one after the other, and what happens to the connection then."""

    def __call__(self, answer: bytes) -> tuple[list[bytes], str]: ...


NOT_FOUND = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 57\r\n\r\n"
    b'{"errorCode":"NotFound","message":"no such thing at all"}'
)


class Replay:
    """A server on loopback that gives recorded answers: each in its turn, the last one of a target for ever.

    Attributes:
        port: where it listens.
        recording, spoil: of the case in progress.
        served: the target and the bytes of each answer that the case got, for whoever has to look into it.
    """

    def __init__(self) -> None:
        self.port = 0
        self.recording = Recording()
        self.spoil: Spoil = lambda answer: ([answer], "keep")
        self.served: list[tuple[str, list[bytes], str]] = []
        self.connections: set[_Connection] = set()
        self._turns: dict[tuple[str, str], int] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def begin(self, recording: Recording, spoil: Spoil) -> None:
        """Begin another case; nothing of the one before may reach it."""
        for connection in list(self.connections):
            connection.stale = True
        self.recording, self.spoil = recording, spoil
        self._turns = {}
        self.served = []

    def answer(self, method: str, target: str) -> tuple[list[bytes], str]:
        answers = self.recording.answers
        key = (method, target)
        if key not in answers:
            # After a spoilt answer a client may go on differently.
            path = target.partition("?")[0]
            key = next((k for k in answers if k[0] == method and k[1].partition("?")[0] == path), key)
        turn = self._turns.get(key, 0)
        self._turns[key] = turn + 1
        known = answers.get(key, [NOT_FOUND])
        pieces, then = self.spoil(known[min(turn, len(known) - 1)])
        self.served.append((f"{method} {target}", pieces, then))
        return pieces, then

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for connection in list(self.connections):
            connection.abort()
        for _ in range(3):
            await asyncio.sleep(0)


class _Connection(asyncio.Protocol):
    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._requests = _Requests()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.Handle | None = None
        self.stale = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._replay.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._replay.connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        for method, target in self._requests.feed(data):
            pieces, then = self._replay.answer(method, target)
            self.stale = False
            self._send(pieces, then)

    def _send(self, pieces: list[bytes], then: str) -> None:
        transport = self._transport
        if transport is None or transport.is_closing() or self.stale:
            return
        if pieces:
            transport.write(pieces[0])
        if len(pieces) > 1:
            later: Callable[..., asyncio.Handle] = asyncio.get_running_loop().call_soon
            self._timer = later(self._send, pieces[1:], then)
        elif then == "close":
            transport.close()
        elif then == "abort":
            transport.abort()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
