"""Bytes of a connection that no honest server sends, or sends so: what they do to a call and to the calls after it."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import ssl
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import pytest
import trustme
from aiohttp.client_proto import ResponseHandler

from veeam_async import BearerToken, TlsPolicy
from veeam_async.errors import ApiError, ConnectError
from veeam_async.retry import RetryPolicy
from veeam_async.vbr.v1_3_rev0 import Client

from .wire import SESSION, SESSION_ID, SESSION_PATH, Exchange, Vbr


@contextmanager
def uncollected() -> Iterator[None]:
    """What goes within goes because nothing holds it, not because the collector came by, which is not to warn of it."""
    gc.disable()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            yield
        finally:
            gc.collect()
    gc.enable()


T = TypeVar("T")
Make = Callable[..., Client]
ONCE = RetryPolicy(attempts=1)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
KIT = f"/api/v1/deployment/{SESSION_ID}/downloadKit"
HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n"


@pytest.mark.parametrize("status", [100, 102, 103, 199])
async def test_as_many_interim_answers_as_any_server_sends(vbr: Vbr, status: int) -> None:
    """Twenty interim answers ahead of each answer are waited through, on one connection as often as they come."""

    @vbr.on("GET", SESSION_PATH)
    async def hinted(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 %d Wait\r\n\r\n" % status * 20)
        await exchange.reply(200, SESSION)

    async with Client(vbr.url, BearerToken("t"), retry=ONCE) as client:
        for _ in range(3):
            assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID
    assert vbr.connections == 1


@pytest.mark.parametrize("apart", [False, True])
async def test_more_interim_answers_than_that(vbr: Vbr, apart: bool) -> None:
    """A server that sends interim answers without end is given up, also where one comes at a time."""

    @vbr.on("POST", SESSION_PATH)
    async def endless(exchange: Exchange) -> None:
        for _ in range(21):
            await exchange.raw(HINT)
            await asyncio.sleep(0.002 if apart else 0)
        await exchange.hang()

    @vbr.on("GET", SESSION_PATH)
    async def session(exchange: Exchange) -> None:
        await exchange.reply(200, SESSION)

    async with Client(vbr.url, BearerToken("t"), retry=ONCE) as client:
        with pytest.raises(ConnectError, match="more than 20 interim answers") as caught:
            await asyncio.wait_for(client.request("POST", SESSION_PATH, json={}), 20)
        assert caught.value.outcome_unknown
        # The connection of the one serves no other call.
        assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID
    assert vbr.connections == 2


@pytest.mark.parametrize(("count", "fine"), [(20, True), (21, False)])
async def test_interim_answers_are_counted_for_each_answer(vbr: Vbr, count: int, fine: bool) -> None:
    """A connection that served a call may send as many interim answers to the next one, and no more."""

    @vbr.on("GET", SESSION_PATH)
    async def hinted(exchange: Exchange) -> None:
        await exchange.raw(HINT * (count if len(vbr.requests) > 1 else 20))
        await exchange.reply(200, SESSION)

    async with Client(vbr.url, BearerToken("t"), retry=ONCE) as client:
        assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID
        with nullcontext() if fine else pytest.raises(ConnectError, match="interim"):
            await client.sessions.get_session(SESSION_ID)
    assert vbr.connections == 1


async def test_a_status_below_100_is_no_interim_answer(vbr: Vbr) -> None:
    """It is the answer to its request, and what comes behind it is not the answer to the next one."""

    @vbr.on("GET", SESSION_PATH)
    async def odd(exchange: Exchange) -> None:
        if len(vbr.requests) > 1:
            await exchange.reply(200, SESSION)
            return
        await exchange.raw(b"HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n")
        await refused.wait()  # the connection is idle by now
        await exchange.raw(HEAD + b"Content-Length: 2\r\n\r\n{}")
        sent.set()

    refused, sent = asyncio.Event(), asyncio.Event()
    async with Client(vbr.url, BearerToken("t"), retry=ONCE) as client:
        with pytest.raises(ApiError) as caught:
            await client.sessions.get_session(SESSION_ID)
        assert caught.value.status == 99
        refused.set()
        await sent.wait()
        await asyncio.sleep(0.05)
        assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID


async def test_a_body_that_ends_with_its_connection_without_tls(vbr: Vbr) -> None:
    """Without TLS nobody can say that the end of a connection is not that of the body: it is taken for whole."""
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))

    @vbr.on("GET", "/text")
    async def unmeasured(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\na text")
        exchange.writer.close()

    async with Client(vbr.url, BearerToken("t"), retry=ONCE) as client:
        assert (await client.request("GET", "/text")).body == b"a text"
    assert not failures


async def test_two_answers_at_once(vbr: Vbr, client: Client) -> None:
    """Of two answers in one piece the first is the answer, and the second that to no request."""
    forged = json.dumps({**SESSION, "name": "forged"}).encode()
    names: list[str] = []

    @vbr.on("GET", SESSION_PATH)
    async def twice(exchange: Exchange) -> None:
        body = json.dumps(SESSION).encode()
        first, second = (HEAD + b"Content-Length: %d\r\n\r\n" % len(one) + one for one in (body, forged))
        await exchange.raw(first + second)

    for _ in range(3):
        names.append((await client.sessions.get_session(SESSION_ID)).name)
        await asyncio.sleep(0.02)
    assert names == ["nightly"] * 3
    assert vbr.connections >= 3


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The pieces of what came that aiohttp parses, each without a turn for anybody else."""
    pieces: list[bytes] = []
    received = ResponseHandler.data_received

    def parse(self: ResponseHandler, data: bytes) -> None:
        pieces.append(data)
        received(self, data)

    monkeypatch.setattr(ResponseHandler, "data_received", parse)
    return pieces


async def test_other_work_has_its_turn_while_tiny_chunks_are_parsed(
    vbr: Vbr, client: Client, parsed: list[bytes]
) -> None:
    """A read of many thousand chunks is parsed in pieces of 16 KiB, so that no other appliance waits for all of it."""
    await client.login()
    text = json.dumps({**SESSION, "name": "x" * 200_000}).encode()
    framed = CHUNKED + b"".join(b"1\r\n%c\r\n" % byte for byte in text) + b"0\r\n\r\n"

    @vbr.on("GET", SESSION_PATH)
    async def chunks(exchange: Exchange) -> None:
        await exchange.raw(framed)

    for _ in range(2):
        parsed.clear()
        assert len((await client.sessions.get_session(SESSION_ID)).name) == 200_000
        whole = b"".join(parsed) == framed
        assert whole
        assert max(map(len, parsed)) == 1 << 14
    assert vbr.connections == 1


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b" "])
async def test_a_body_of_many_lines(vbr: Vbr, client: Client, parsed: list[bytes], end: bytes) -> None:
    """A text comes as it was sent, and as fast as it is read where its line ends could be those of no chunks."""
    await client.login()
    body = (b"a line of a text" + end) * 50_000

    @vbr.on("GET", "/text")
    async def text(exchange: Exchange) -> None:
        await exchange.reply(200, body, kind="text/plain")

    whole = (await client.request("GET", "/text")).body == body
    assert whole
    assert (max(map(len, parsed)) > 1 << 14) == (end != b"\r\n")


@pytest.mark.parametrize(("lines", "at_once"), [(1000, True), (1001, False)])
async def test_a_thousand_line_ends_are_parsed_at_once(
    vbr: Vbr, client: Client, parsed: list[bytes], lines: int, at_once: bool
) -> None:
    """Pieces cost more than they spare where what was read could be but a thousand chunks."""
    await client.login()
    head = HEAD.replace(b"json", b"octet-stream") + b"Content-Length: %d\r\n\r\n"
    body = b"x" * (1 << 14) + b"\r\n" * (lines - head.count(b"\r\n"))

    @vbr.on("GET", "/text")
    async def text(exchange: Exchange) -> None:
        await exchange.raw(head % len(body) + body)

    whole = (await client.request("GET", "/text")).body == body
    assert whole
    assert (max(map(len, parsed)) > 1 << 14) == at_once


async def test_a_connection_reads_on_after_its_pieces(vbr: Vbr, client: Client, parsed: list[bytes]) -> None:
    """A body in pieces that is too small for aiohttp to stop and go on reading leaves a connection that reads on."""
    await client.login()
    body = b"a line of a text\r\n" * 2000

    @vbr.on("GET", "/text")
    async def text(exchange: Exchange) -> None:
        await exchange.reply(200, body, kind="text/plain")

    for _ in range(3):
        whole = (await asyncio.wait_for(client.request("GET", "/text"), 20)).body == body
        assert whole
    assert len(parsed) >= 9
    assert vbr.connections == 1


async def test_a_body_in_pieces_is_not_read_ahead_of_its_reader(vbr: Vbr, client: Client) -> None:
    """A server that sends faster than its body is read waits, also where that is parsed in pieces."""
    piece, count, sent = b"a line of a text\r\n" * 50_000, 60, 0

    @vbr.on("GET", KIT)
    async def endless(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.raw(
            HEAD.replace(b"json", b"octet-stream") + b"Content-Length: %d\r\n\r\n" % (count * len(piece))
        )
        for _ in range(count):
            await exchange.raw(piece)
            sent += 1

    async with client.deployment.download_deployment_kit(SESSION_ID).stream() as download:
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.3)
        assert sent < count
        size = 0
        async for part in download.chunks():
            size += len(part)
    assert size == count * len(piece)


async def test_a_connection_that_breaks_while_tiny_chunks_are_parsed(vbr: Vbr, make: Make) -> None:
    """What is still to be parsed of a connection that is gone holds nobody up, and the body is not whole."""

    @vbr.on("GET", SESSION_PATH)
    async def chunks(exchange: Exchange) -> None:
        await exchange.raw(CHUNKED + b"1\r\n \r\n" * 100_000)
        exchange.cut()

    client = make(retry=ONCE)
    with pytest.raises(ConnectError) as caught:
        await asyncio.wait_for(client.sessions.get_session(SESSION_ID), 20)
    assert caught.value.step == "body"


def broken_chunks(first: bytes) -> bytes:
    return CHUNKED + b"%x\r\n%b\r\n" % (len(first), first) + b"no chunk\r\n"


async def test_a_body_that_stops_making_sense_says_so(vbr: Vbr, make: Make) -> None:
    """The step is the body, and the words are not the server's."""

    @vbr.on("GET", SESSION_PATH)
    async def broken(exchange: Exchange) -> None:
        await exchange.raw(broken_chunks(b'{"planted": ')[:-10])
        await asyncio.sleep(0.05)
        await exchange.raw(b"planted\r\n")
        await exchange.hang()

    client = make(retry=ONCE)
    with pytest.raises(ConnectError, match="the rest of the body makes no sense") as caught:
        await asyncio.wait_for(client.sessions.get_session(SESSION_ID), 20)
    assert caught.value.step == "body"
    assert "planted" not in str(caught.value)


def served(server: socket.socket, context: ssl.SSLContext | None) -> socket.socket:
    """Answer one request, on a connection that stays open."""
    body = json.dumps(SESSION).encode()
    connection, _ = server.accept()
    connection.settimeout(30)
    if context is not None:
        connection = context.wrap_socket(connection, server_side=True)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1 << 16)
    connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return connection


def on_uvloop(work: Coroutine[Any, Any, T]) -> T:
    loop: asyncio.AbstractEventLoop = pytest.importorskip("uvloop").new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


@pytest.mark.parametrize("run", [asyncio.run, on_uvloop])
@pytest.mark.parametrize("tls", [False, True])
def test_connections_of_an_ended_loop_are_closed(
    tmp_path: Path, tls: bool, run: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    """A client used on a second event loop ends its connections of the first at once, as when it is left on a third."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def use() -> socket.socket:
        answered = asyncio.create_task(asyncio.to_thread(served, server, context if tls else None))
        assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID
        return await answered

    with socket.create_server(("127.0.0.1", 0)) as server, uncollected():
        server.settimeout(30)
        address = f"http{'s' if tls else ''}://127.0.0.1:{server.getsockname()[1]}"
        client = Client(address, BearerToken("t"), retry=ONCE, tls=TlsPolicy(ca_file=tmp_path / "ca.pem"))
        with run(use()) as first, run(use()) as second:
            assert first.recv(1) == b""
            run(client.aclose())
            assert second.recv(1) == b""


def test_a_connection_that_its_server_closed_before_the_loop_ended() -> None:
    """Nothing is left to be closed of a connection that is gone: the client serves the next loop."""

    async def use() -> None:
        answered = asyncio.create_task(asyncio.to_thread(served, server, None))
        assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID
        (await answered).close()
        await asyncio.sleep(0.05)  # within which the end of the connection is seen

    with socket.create_server(("127.0.0.1", 0)) as server, uncollected():
        server.settimeout(30)
        client = Client(f"http://127.0.0.1:{server.getsockname()[1]}", BearerToken("t"), retry=ONCE)
        asyncio.run(use())
        asyncio.run(use())
        asyncio.run(client.aclose())
