"""An answer is whole only when every layer says so: transfer coding, content coding, length, range, TLS, media type."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import ssl
import zlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import trustme

from veeam_async import Password
from veeam_async.errors import ConnectError, DecodeError, VeeamError
from veeam_async.retry import RetryPolicy
from veeam_async.tls import TlsPolicy
from veeam_async.vbr.v1_3_rev0 import Client

from .wire import SESSION, SESSION_ID, SESSION_PATH, Exchange, Vbr

Make = Callable[..., Client]
ONCE = RetryPolicy(attempts=1)
KIT = f"/api/v1/deployment/{SESSION_ID}/downloadKit"
DATA = os.urandom(50_000)
ZIPPED = gzip.compress(DATA)
TWO = gzip.compress(DATA[:5000]) + gzip.compress(DATA[5000:])


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


def answer(vbr: Vbr, path: str, body: bytes, encoding: str = "", *, status: int = 200, kind: str = "") -> None:
    """Answer GETs and POSTs to a path with a body in a content coding."""
    headers = {"Content-Encoding": encoding} if encoding else {}

    async def reply(exchange: Exchange) -> None:
        if not await vbr.refuse_token(exchange):
            await exchange.reply(status, body, kind=kind or "application/octet-stream", headers=headers)

    vbr.routes["GET", path] = vbr.routes["POST", path] = reply


async def download(client: Client, place: Path) -> bytes:
    """The kit through a file; none is left behind where it fails."""
    try:
        await client.deployment.download_deployment_kit(SESSION_ID).to_file(place)
    except VeeamError:
        assert list(place.parent.iterdir()) == []
        raise
    return place.read_bytes()


async def fetch(client: Client, folder: Path, streamed: bool) -> bytes:
    """The kit, through a file or in memory."""
    if streamed:
        return await download(client, folder / "kit.zip")
    body = await client.deployment.download_deployment_kit(SESSION_ID)
    assert isinstance(body, bytes)
    return body


# ------------------------------------------------------------------------------------------------------ content coding


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (ZIPPED, "gzip"),
        (ZIPPED, "x-gzip"),
        (ZIPPED, "GZIP"),
        (TWO, "gzip"),
        (ZIPPED + b"\0" * 100, "gzip"),
        (zlib.compress(DATA), "deflate"),
        (raw_deflate(DATA), "deflate"),
        (gzip.compress(ZIPPED), "gzip, gzip"),
        (gzip.compress(zlib.compress(DATA)), "deflate, gzip"),
        (DATA, "identity"),
        (DATA, ""),
    ],
)
async def test_a_whole_body(
    vbr: Vbr, client: Client, tmp_path: Path, body: bytes, encoding: str, streamed: bool
) -> None:
    """Every member of a gzip body, deflate with and without its wrapper, several codings: all of it is read."""
    answer(vbr, KIT, body, encoding)
    assert await fetch(client, tmp_path, streamed) == DATA


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (ZIPPED[: len(ZIPPED) // 2], "gzip"),
        (ZIPPED[:-8], "gzip"),
        (ZIPPED[:-1], "gzip"),
        (TWO[:-9000], "gzip"),
        (TWO[:-1], "x-gzip"),
        (ZIPPED + ZIPPED[:5], "gzip"),
        (zlib.compress(DATA)[:-4], "deflate"),
        (raw_deflate(DATA)[:-1], "deflate"),
        (gzip.compress(ZIPPED[:-1]), "gzip, gzip"),
        (ZIPPED[:1], "gzip"),
    ],
)
async def test_a_cut_body(vbr: Vbr, make: Make, tmp_path: Path, body: bytes, encoding: str, streamed: bool) -> None:
    """A packed body that ends before its stream does is an error, however well its connection ended, and no file."""
    answer(vbr, KIT, body, encoding)
    client = make(retry=ONCE)
    with pytest.raises(DecodeError, match=r"ends? .*before its trailer|ends early|and is not") as caught:
        await (
            download(client, tmp_path / "kit.zip")
            if streamed
            else client.deployment.download_deployment_kit(SESSION_ID)
        )
    assert caught.value.step == "body"


@pytest.mark.parametrize(
    ("body", "encoding", "said"),
    [
        (DATA, "gzip", "announced as gzip and is not"),
        (b'{"plain": 1}', "gzip", "announced as gzip and is not"),
        (ZIPPED[:100] + b"\0" + ZIPPED[101:], "gzip", "announced as gzip and is not"),
        (DATA, "compress", "'compress', which nobody asked for"),
        (DATA, "zstd", "'zstd', which nobody asked for"),
        (DATA, "gzip, gzip, gzip, gzip", "packed 4 times"),
    ],
)
async def test_a_body_that_is_something_else(
    vbr: Vbr, client: Client, tmp_path: Path, body: bytes, encoding: str, said: str
) -> None:
    """What is not in the coding that it is announced in is refused once, by name: the next answer would be the same."""
    answer(vbr, KIT, body, encoding)
    with pytest.raises(DecodeError, match=said):
        await client.deployment.download_deployment_kit(SESSION_ID)
    assert len(vbr.to(KIT)) == 1
    with pytest.raises(DecodeError, match=said):
        await download(client, tmp_path / "kit.zip")


async def test_brotli_that_nobody_asked_for(vbr: Vbr, client: Client) -> None:
    """Brotli is read where the library is there, else refused once and named."""
    answer(vbr, SESSION_PATH, b"\x0b\x02\x80{}\x03", "br", kind="application/json")
    if find_spec("brotli") is None:
        with pytest.raises(DecodeError, match="brotli"):
            await client.sessions.get_session(SESSION_ID)
    else:
        await client.sessions.get_session(SESSION_ID)
    assert len(vbr.to(SESSION_PATH)) == 1
    assert vbr.to(SESSION_PATH)[0].headers["accept-encoding"] == "gzip, deflate"


async def test_a_cut_answer_is_asked_for_again(vbr: Vbr, client: Client) -> None:
    """Cut gzip and cut JSON to a call that reads are asked for again; the whole answer counts."""
    whole = json.dumps(SESSION).encode()

    @vbr.on("GET", SESSION_PATH)
    async def second_time(exchange: Exchange) -> None:
        if await vbr.refuse_token(exchange):
            return
        match len(vbr.to(SESSION_PATH)):
            case 1 | 2:
                await exchange.reply(200, whole[:-5])
            case 3:
                await exchange.reply(200, gzip.compress(whole)[:-5], headers={"Content-Encoding": "gzip"})
            case _:
                await exchange.reply(200, whole)

    assert (await client.sessions.get_session(SESSION_ID)).name == "nightly"


async def test_a_cut_answer_to_a_change_is_not_asked_for_again(vbr: Vbr, client: Client) -> None:
    """A change is sent once; that its answer came cut says that it was accepted."""
    answer(vbr, "/thing", gzip.compress(b'{"a":1}')[:-5], "gzip", kind="application/json")
    with pytest.raises(DecodeError) as caught:
        await client.request("POST", "/thing", json={})
    assert not caught.value.outcome_unknown
    assert len(vbr.to("/thing")) == 1


# ----------------------------------------------------------------------------------------- ranges, lengths, chunks, TL


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_part_that_nobody_asked_for(vbr: Vbr, client: Client, tmp_path: Path, streamed: bool) -> None:
    """A 206 to a request without Range is an error; who asks for a part gets it."""
    answer(vbr, KIT, DATA[:1000], status=206)
    with pytest.raises(DecodeError, match="206"):
        await (
            download(client, tmp_path / "kit.zip")
            if streamed
            else client.deployment.download_deployment_kit(SESSION_ID)
        )
    assert (await client.request("GET", KIT, headers={"Range": "bytes=0-999"})).body == DATA[:1000]


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nContent-Length: 50\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 5, 50\r\n",
    ],
)
async def test_two_lengths(vbr: Vbr, make: Make, head: bytes) -> None:
    """An answer whose length can be read in two senses is none."""

    @vbr.on("GET", SESSION_PATH)
    async def twice(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + head + b"\r\n[]   [][][][]")
        exchange.cut()

    with pytest.raises((ConnectError, DecodeError)):
        await make(retry=ONCE).sessions.get_session(SESSION_ID)


async def test_a_body_in_tiny_chunks(vbr: Vbr, client: Client) -> None:
    """A body of twenty thousand chunks is read like any other, and the connection serves on."""
    body = json.dumps({**SESSION, "name": "x" * 40_000}).encode()

    @vbr.on("GET", SESSION_PATH)
    async def chunks(exchange: Exchange) -> None:
        pieces = [body[start : start + 2] for start in range(0, len(body), 2)]
        framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        await exchange.raw(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            + framed
            + b"0\r\n\r\n"
        )

    for _ in range(3):
        assert len((await client.sessions.get_session(SESSION_ID)).name) == 40_000
    assert vbr.connections == 1


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_body_that_ends_with_its_connection(tmp_path: Path, clean: bool, streamed: bool) -> None:
    """Over TLS a body without length is whole only where TLS says that its end is the end (close_notify)."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    (tmp_path / "files").mkdir()
    async with Vbr(context) as vbr:

        @vbr.on("GET", KIT)
        async def unmeasured(exchange: Exchange) -> None:
            await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" + DATA)
            await asyncio.sleep(0.05)
            if clean:
                exchange.writer.close()
                await asyncio.sleep(0.05)
            else:
                exchange.writer.transport.abort()

        policy = TlsPolicy(ca_file=tmp_path / "ca.pem")
        async with Client(vbr.url, Password("monitor", vbr.password), tls=policy, retry=ONCE) as client:
            place = tmp_path / "files" / "kit.zip"
            work = download(client, place) if streamed else client.deployment.download_deployment_kit(SESSION_ID)
            if clean:
                assert await work == DATA
            else:
                with pytest.raises(ConnectError) as caught:
                    await work
                assert caught.value.step == "body"


# ---------------------------------------------------------------------------------------------------------- media type


@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "TEXT/HTML", "application/xhtml+xml"])
async def test_a_web_page_is_no_success_of_a_change(vbr: Vbr, client: Client, kind: str) -> None:
    """A page answered to a change that answers nothing: nobody knows what became of it."""
    vbr.default = None
    answer(vbr, f"/api/v1/jobs/{SESSION_ID}/disable", b"<html>Sign in</html>", kind=kind)
    with pytest.raises(DecodeError, match=r"a web page|JSON was due") as caught:
        await client.jobs.disable_job(SESSION_ID)
    error = caught.value
    assert (error.outcome_unknown, error.answered_by, error.step) == (True, "gateway", "body")
    assert (error.method, error.path, error.operation) == ("POST", "/api/v1/jobs/{id}/disable", "DisableJob")


async def test_an_empty_page_is_no_page(vbr: Vbr, client: Client) -> None:
    """Some servers label an empty answer text/html: it is a success of a call that answers nothing."""
    answer(vbr, f"/api/v1/jobs/{SESSION_ID}/disable", b"", kind="text/html")
    assert await client.jobs.disable_job(SESSION_ID) is None


async def test_a_web_page_is_no_file(vbr: Vbr, client: Client, tmp_path: Path) -> None:
    """A page answered to a download is an error, and is not left as the file."""
    answer(vbr, KIT, b"<html>Sign in</html>", kind="text/html")
    for work in (download(client, tmp_path / "kit.zip"), client.deployment.download_deployment_kit(SESSION_ID)):
        with pytest.raises(DecodeError, match="a web page") as caught:
            await work
        assert not caught.value.outcome_unknown


# ------------------------------------------------------------------------------------------------------------ odd text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b'"nightly \\ud83d"', "nightly \ufffd"),
        (b'"nightly \\ude00\\ud83d"', "nightly \ufffd\ufffd"),
        (b'"night\xe9"', "night\ufffd"),
        (b'"night\xed\xa0\xbd"', "night\ufffd\ufffd\ufffd"),
        (b'"nightly\x01\t"', "nightly\x01\t"),
        (b'"C:\\Backup\\users"', "C:\\Backup\\users"),
        (b'"\\u00e9\\ud83d\\ude00"', "é😀"),
        (b"NaN", None),
        (b"-Infinity", None),
        (b"1e999", None),
        (b"1" * 5000, None),
    ],
)
async def test_one_odd_text_costs_itself(vbr: Vbr, client: Client, text: bytes, name: Any) -> None:
    """What no JSON parser takes in one text leaves the other rows of a page, and the other texts, as they are."""
    rows = b",".join(json.dumps(SESSION).encode() for _ in range(3))
    odd = json.dumps(SESSION).encode().replace(b'"nightly"', text)
    page = b'{"data":[' + rows + b"," + odd + b'],"pagination":{"total":4,"count":4,"skip":0,"limit":200}}'
    answer(vbr, "/api/v1/sessions", page, kind="application/json")
    data = (await client.request("GET", "/api/v1/sessions")).json()["data"]
    assert [row["name"] for row in data] == ["nightly"] * 3 + [name]
    assert {row["id"] for row in data} == {SESSION_ID}
    assert len((await client.sessions.get_all_sessions()).data) == 4


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig"])
async def test_another_charset(vbr: Vbr, client: Client, charset: str) -> None:
    """A page in the charset that its server names, or that its byte order mark says, is read."""
    body = json.dumps({**SESSION, "name": "né"}, ensure_ascii=False).encode(charset)
    answer(vbr, SESSION_PATH, body, kind=f"application/json; charset={charset}")
    assert (await client.sessions.get_session(SESSION_ID)).name == "né"


# -------------------------------------------------------------------------------------------------------------- header


@pytest.mark.parametrize(
    "headers", [{"X-Long": "x" * 12_000}, {"Set-Cookie": "a=" + "y" * 9000}, {f"X-{n}": "z" for n in range(150)}]
)
async def test_long_headers_are_taken(vbr: Vbr, client: Client, headers: dict[str, str]) -> None:
    """Gateways set long policies, long cookies and many headers."""

    @vbr.on("GET", SESSION_PATH)
    async def long(exchange: Exchange) -> None:
        await exchange.reply(200, SESSION, headers=headers)

    assert (await client.sessions.get_session(SESSION_ID)).name == "nightly"


@pytest.mark.parametrize(
    ("headers", "said"),
    [({"X-Long": "x" * 70_000}, "longer than 65536 bytes"), ({f"X-{n}": "z" for n in range(1100)}, "more than 1000")],
)
async def test_headers_beyond_the_limit(vbr: Vbr, client: Client, headers: dict[str, str], said: str) -> None:
    """They are refused once, and the limit is named."""

    @vbr.on("GET", SESSION_PATH)
    async def long(exchange: Exchange) -> None:
        await exchange.reply(200, SESSION, headers=headers)

    with pytest.raises(DecodeError, match=said) as caught:
        await client.sessions.get_session(SESSION_ID)
    assert caught.value.step == "http"
    assert len(vbr.to(SESSION_PATH)) == 1


async def test_a_change_whose_answer_has_headers_beyond_the_limit(vbr: Vbr, client: Client) -> None:
    """The change may have been carried out, whatever its answer looks like: nobody may repeat it unseen."""

    @vbr.on("POST", SESSION_PATH)
    async def long(exchange: Exchange) -> None:
        await exchange.reply(200, {}, headers={"X-Long": "x" * 70_000})

    with pytest.raises(DecodeError, match="longer than 65536 bytes") as caught:
        await client.request("POST", SESSION_PATH, json={})
    assert caught.value.outcome_unknown
    assert len(vbr.to(SESSION_PATH)) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_no_type_without_a_body(vbr: Vbr, client: Client, method: str) -> None:
    """A request without a body announces none; nothing is sent that nobody asked for."""

    @vbr.on(method, "/thing")
    async def take(exchange: Exchange) -> None:
        await exchange.reply(200, {})

    await client.request(method, "/thing")
    await client.request(method, "/thing", data={"a": "b"})
    bare, form = vbr.to("/thing")
    allowed = {"host", "accept", "accept-encoding", "user-agent", "authorization", "x-api-version", "content-length"}
    assert set(bare.headers) == allowed
    assert bare.headers["user-agent"] == "veeam-async"
    assert form.headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("status", [b"000", b"099", b"101", b"150"])
async def test_a_status_that_is_none(vbr: Vbr, make: Make, status: bytes) -> None:
    """What is not between 200 and 299 is no success, whatever it is."""

    @vbr.on("POST", "/thing")
    async def odd(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 " + status + b" Odd\r\nContent-Length: 2\r\n\r\n{}")
        exchange.cut()

    with pytest.raises(VeeamError) as caught:
        await make(retry=ONCE).request("POST", "/thing", json={})
    assert caught.value.outcome_unknown
