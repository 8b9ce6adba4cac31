"""Bodies up to their limits: what is packed, what comes with an error, and what becomes of the connection."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from collections.abc import Callable

import pytest

from veeam_async._http import bodies
from veeam_async._http.coding import Unpacking
from veeam_async.errors import ApiError, BodyTooLarge, ConnectError, DecodeError
from veeam_async.retry import RetryPolicy
from veeam_async.vbr.v1_3_rev0 import Client

from .wire import SESSION_ID, Exchange, Vbr

Make = Callable[..., Client]
ONCE = RetryPolicy(attempts=1)
THING = "/thing"
KIT = f"/api/v1/deployment/{SESSION_ID}/downloadKit"
MOST = 3 << 20
SAID = json.dumps({"errorCode": "OutOfSpace", "message": "the repository is full"}).encode()


def framed(body: bytes, *, chunked: bool, status: int = 200, encoding: str | None = None) -> bytes:
    kind = "text/plain; charset=utf-8" if status == 200 else "application/json"
    lines = [f"HTTP/1.1 {status} Something", f"Content-Type: {kind}"]
    if encoding is not None:
        lines.append(f"Content-Encoding: {encoding}")
    lines.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}")
    head = "\r\n".join([*lines, "", ""]).encode()
    if not chunked:
        return head + body
    return head + (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"


def answered(vbr: Vbr, data: bytes, path: str = THING) -> None:
    @vbr.on("GET", path)
    async def answer(exchange: Exchange) -> None:
        await exchange.raw(data)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("more", [0, 1])
async def test_the_largest_packed_body(vbr: Vbr, make: Make, chunked: bool, more: int) -> None:
    """A packed body may unpack to `max_body` bytes, and not to one more, however small it came."""
    answered(vbr, framed(gzip.compress(b"x" * (MOST + more)), chunked=chunked, encoding="gzip"))
    client = make(max_body=MOST)
    if more:
        with pytest.raises(BodyTooLarge, match="max_body"):
            await client.request("GET", THING)
    else:
        body = (await client.request("GET", THING)).body
        whole = body == b"x" * MOST
        assert whole


@pytest.mark.parametrize("more", [0, 1])
async def test_the_largest_body_that_is_called_packed(vbr: Vbr, make: Make, more: int) -> None:
    """What comes in no coding, whatever its header says, has the same limit."""
    answered(vbr, framed(b"x" * (1000 + more), chunked=True, encoding="identity"))
    client = make(max_body=1000)
    if more:
        with pytest.raises(BodyTooLarge):
            await client.request("GET", THING)
    else:
        assert (await client.request("GET", THING)).body == b"x" * 1000


async def test_nothing_in_a_coding_that_nobody_knows(vbr: Vbr, client: Client) -> None:
    """An empty body needs no unpacking: proxies say of those too how they would have packed them."""
    answered(vbr, framed(b"", chunked=True, encoding="x-odd"))
    assert (await client.request("GET", THING)).body == b""


async def test_bodies_are_unpacked_off_the_loop(vbr: Vbr, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many bytes come out of a few, no other appliance waits for them."""
    threads: set[threading.Thread] = set()

    class Watched(Unpacking):
        def feed(self, data: bytes) -> None:
            threads.add(threading.current_thread())
            super().feed(data)

    monkeypatch.setattr(bodies, "Unpacking", Watched)
    answered(vbr, framed(gzip.compress(b"x" * 100), chunked=False, encoding="gzip"))
    assert len((await client.request("GET", THING)).body) == 100
    assert threads and threading.main_thread() not in threads


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(SAID), "gzip"),
        (zlib.compress(SAID), "deflate"),
        (gzip.compress(SAID) + gzip.compress(b" " * 1000), "gzip"),
        (gzip.compress(SAID)[:-8], "gzip"),  # its trailer is not needed to know what went wrong
        (SAID, "identity"),
        (SAID, None),
    ],
    ids=["gzip", "deflate", "two members", "no trailer", "identity", "plain"],
)
@pytest.mark.parametrize("chunked", [False, True])
async def test_what_a_packed_error_says(vbr: Vbr, make: Make, body: bytes, encoding: str | None, chunked: bool) -> None:
    """The reason that an appliance gives is in the error, however the answer was packed."""
    answered(vbr, framed(body, chunked=chunked, status=400, encoding=encoding))
    with pytest.raises(ApiError, match="the repository is full") as caught:
        await make(retry=ONCE).request("GET", THING)
    assert caught.value.error_code == "OutOfSpace"


@pytest.mark.parametrize(("body", "encoding"), [(SAID, "gzip"), (SAID, "x-odd"), (b"\x1f", "gzip"), (b"", "gzip")])
async def test_an_error_that_cannot_be_unpacked(vbr: Vbr, make: Make, body: bytes, encoding: str) -> None:
    """Its status counts nevertheless, and its bytes are no text of an error."""
    answered(vbr, framed(body, chunked=False, status=400, encoding=encoding))
    with pytest.raises(ApiError, match="no reason given") as caught:
        await make(retry=ONCE).request("GET", THING)
    assert caught.value.status == 400


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("more", [0, 1])
async def test_how_much_of_an_error_is_read(vbr: Vbr, make: Make, packed: bool, more: int) -> None:
    """The first 64 KiB of an error are looked at. What has more is no whole JSON any more, and its start is shown."""
    text = SAID[:-1].ljust(65535 + more) + b"}"
    body = gzip.compress(text) if packed else text
    encoding = "gzip" if packed else None
    answered(vbr, framed(body, chunked=True, status=400, encoding=encoding))
    with pytest.raises(ApiError) as caught:
        await make(retry=ONCE).request("GET", THING)
    assert "the repository is full" in str(caught.value)
    assert caught.value.error_code == (None if more else "OutOfSpace")


@pytest.mark.parametrize("status", [200, 400])
async def test_a_body_that_breaks_costs_its_connection(vbr: Vbr, make: Make, status: int) -> None:
    """A connection whose body broke off serves no other call."""

    @vbr.on("GET", THING)
    async def broken(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 %d Something\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc" % status)
        exchange.cut()

    client = make(retry=ONCE)
    for _ in range(2):
        with pytest.raises(ConnectError):
            await client.request("GET", THING)
    assert len(vbr.to(THING)) == 2


# ------------------------------------------------------------------------------------------------------------- streams


async def test_a_stream_that_is_read_to_its_end_keeps_its_connection(vbr: Vbr, client: Client) -> None:
    """Downloads one after the other take one connection; one that is left early costs its own."""
    answered(vbr, framed(b"x" * 1000, chunked=True), KIT)
    for _ in range(3):
        async with client.deployment.download_deployment_kit(SESSION_ID).stream() as download:
            assert len(await download.read()) == 1000
    assert vbr.connections == 1

    @vbr.on("GET", KIT)
    async def slow(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe start")
        await exchange.hang()

    async with client.deployment.download_deployment_kit(SESSION_ID).stream() as download:
        assert download.status == 200
    answered(vbr, framed(b"x" * 1000, chunked=True), KIT)
    assert len(await client.deployment.download_deployment_kit(SESSION_ID)) == 1000
    assert vbr.connections == 2


@pytest.mark.parametrize("encoding", [None, "gzip"])
async def test_the_pieces_of_a_stream(vbr: Vbr, client: Client, encoding: str | None) -> None:
    """A stream comes by 64 KiB, packed or not, with the media type that its server names."""
    body = b"x" * (1 << 20)
    packed = body if encoding is None else gzip.compress(body)
    answered(vbr, framed(packed, chunked=False, encoding=encoding), KIT)
    async with client.deployment.download_deployment_kit(SESSION_ID).stream() as download:
        assert download.content_type == "text/plain"
        pieces = [piece async for piece in download.chunks()]
    whole = b"".join(pieces) == body
    assert whole
    assert max(map(len, pieces)) == 1 << 16


async def test_an_empty_stream_in_a_coding(vbr: Vbr, client: Client) -> None:
    """Nothing is nothing, also where it is called packed."""
    answered(vbr, framed(b"", chunked=True, encoding="gzip"), KIT)
    async with client.deployment.download_deployment_kit(SESSION_ID).stream() as download:
        assert await download.read() == b""


async def test_a_stream_in_a_coding_that_nobody_knows(vbr: Vbr, make: Make) -> None:
    """It is refused at once and asked for once: it would come in the same coding again."""
    answered(vbr, framed(b"x", chunked=True, encoding="x-odd"), KIT)
    client = make(retry=RetryPolicy(attempts=3, backoff=0.001))
    with pytest.raises(DecodeError, match="x-odd") as caught:
        async with client.deployment.download_deployment_kit(SESSION_ID).stream():
            pass
    assert not caught.value.incomplete
    assert len(vbr.to(KIT)) == 1
