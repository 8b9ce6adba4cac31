"""What fuzzing found: answers that no honest server sends, and what they once did to a call."""

from __future__ import annotations

import asyncio
import logging
import pickle
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson
import pytest

from veeam_async.errors import ApiError, BadRequestError, ConnectError, DecodeError, RequestTimeout, VeeamError
from veeam_async.retry import RetryPolicy
from veeam_async.timeouts import Timeouts, deadline
from veeam_async.vbr.v1_3_rev0 import Client
from veeam_async.vbr.v1_3_rev0.models import SessionModel

from .wire import SESSION, SESSION_ID, SESSION_PATH, TOKEN_PATH, Exchange, Vbr

T = TypeVar("T")
Make = Callable[..., Client]
ONCE = RetryPolicy(attempts=1)
KIT = f"/api/v1/deployment/{SESSION_ID}/downloadKit"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SECRET = "planted-access-token"


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


async def within(call: Awaitable[T], seconds: float = 5.0) -> T:
    """Far below the time limits of a call: an error that is there at once is reported at once."""
    return await asyncio.wait_for(call, seconds)


@pytest.mark.parametrize("rest", [b"zz", b"\r\n0\r\xe8\x0e", b"\r\n-5\r\nabcde", b"\r\n0\r\nno trailer\x00\r\n\r\n"])
@pytest.mark.parametrize("path", [SESSION_PATH, KIT])
async def test_chunks_that_make_no_sense(vbr: Vbr, make: Make, path: str, rest: bytes) -> None:
    """A body whose chunks turn into garbage is an error at once; who read it used to wait for ever."""

    @vbr.on("GET", path)
    async def broken(exchange: Exchange) -> None:
        await exchange.raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{    ")
        await asyncio.sleep(0.02)  # so that the reading of the body has begun
        await exchange.raw(rest)
        await exchange.hang()

    client = make(retry=ONCE)
    with pytest.raises(ConnectError):
        await within(client.request("GET", path))
    if path == KIT:
        with pytest.raises(ConnectError):
            await within(downloaded(client))


async def downloaded(client: Client) -> bytes:
    async with client.deployment.download_deployment_kit(SESSION_ID).stream() as download:
        return await download.read()


async def test_an_answer_nobody_asked_for(vbr: Vbr, client: Client) -> None:
    """A second answer behind the first one is not taken for the answer to the next request."""
    forged = b'{"id":"forged","name":"forged","sessionType":"Job","state":"Stopped","creationTime":"2026-01-01"}'

    @vbr.on("GET", SESSION_PATH)
    async def twice(exchange: Exchange) -> None:
        await exchange.reply(200, SESSION)
        await asyncio.sleep(0.02)  # the connection is idle by now
        await exchange.raw(HEAD + b"Content-Length: %d\r\n\r\n" % len(forged) + forged)

    for _ in range(3):
        assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID
        await asyncio.sleep(0.05)
    assert vbr.connections >= 3, "what sends answers unasked is not talked to again"


async def test_interim_answers_are_waited_through(vbr: Vbr, client: Client) -> None:
    """100 and 103 ahead of the answer are no answer."""

    @vbr.on("GET", SESSION_PATH)
    async def hinted(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n")
        await exchange.reply(200, SESSION)

    for _ in range(2):
        assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID
    assert vbr.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b'{"access_token":"%s"}' % SECRET.encode(),
        b'HTTP/1.1 200 OK\r\n{"access_token":"%s\x00"}: x\r\n\r\n' % SECRET.encode(),
        b'HTTP/1.1 200 OK\r\nContent-Length: {"access_token":"%s"}\r\n\r\n' % SECRET.encode(),
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{"access_token":"%s"}' % SECRET.encode(),
        b"HTTP/1.1 200 OK\r\nX: " + SECRET.encode() * 6000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + SECRET.encode() + b"\r\nContent-Len",
    ],
)
async def test_a_login_answer_that_cannot_be_read(
    vbr: Vbr, make: Make, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the framing of an answer is broken, no error, log or traceback shows its bytes: they may hold a token."""

    async def broken(exchange: Exchange) -> None:
        await exchange.raw(answer)
        exchange.writer.close()

    vbr.before_token = broken
    with caplog.at_level(logging.DEBUG), pytest.raises((ConnectError, DecodeError)) as caught:
        await make(retry=ONCE).login()
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert SECRET not in caplog.text
    assert caught.value.operation == f"POST {TOKEN_PATH}"


@pytest.mark.parametrize("depth", [260, 1000])
async def test_an_error_nested_deeply(vbr: Vbr, client: Client, depth: int) -> None:
    """An error's body that nests deeper than Python can follow is shown as text; the error survives pickle."""

    @vbr.on("GET", SESSION_PATH)
    async def deep(exchange: Exchange) -> None:
        await exchange.reply(400, b'{"message":"m","errors":{"a":[' + nested(depth) + b"]}}")

    with pytest.raises(BadRequestError) as caught:
        await client.sessions.get_session(SESSION_ID)
    assert caught.value.body.startswith('{"message":"m"')
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


async def test_an_error_with_endless_texts(vbr: Vbr, client: Client) -> None:
    """The texts of an error are cut to what a person reads; its body has all of them."""

    @vbr.on("GET", SESSION_PATH)
    async def long(exchange: Exchange) -> None:
        await exchange.reply(400, {"message": "m" * 30_000, "details": "d" * 20_000, "errors": {"a": "x" * 9000}})

    with pytest.raises(BadRequestError) as caught:
        await client.sessions.get_session(SESSION_ID)
    assert len(str(caught.value)) < 10_000
    assert len(caught.value.body["message"]) == 30_000


@pytest.mark.parametrize(
    ("status", "headers"), [(200, {"Content-Type": "text/\xff"}), (301, {"Location": "http://[\xff"})]
)
async def test_headers_that_are_no_text(vbr: Vbr, client: Client, status: int, headers: dict[str, str]) -> None:
    """An error that shows a header which is no UTF-8 can be printed all the same."""

    @vbr.on("GET", SESSION_PATH)
    async def odd(exchange: Exchange) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        await exchange.raw(f"HTTP/1.1 {status} Odd\r\n{lines}Content-Length: 1\r\n\r\nx".encode("latin-1"))

    with pytest.raises((DecodeError, ApiError)) as caught:
        await client.sessions.get_session(SESSION_ID)
    assert str(caught.value).encode()


async def test_rows_nested_deeply(vbr: Vbr, client: Client) -> None:
    """Rows that nest too deeply to be compared with those before are a DecodeError."""

    @vbr.on("GET", "/api/v1/sessions")
    async def sessions(exchange: Exchange) -> None:
        await exchange.reply(200, b'{"data":[{"name":' + nested(400) + b'}],"pagination":{"total":5}}')

    with pytest.raises(DecodeError, match="nested too deeply"):
        _ = [row async for row in client.sessions.get_all_sessions()]


async def test_ids_nested_deeply(vbr: Vbr, client: Client) -> None:
    """So are rows whose ids do, where Python cannot follow; newer ones can, and give the row."""

    @vbr.on("GET", "/api/v1/sessions")
    async def sessions(exchange: Exchange) -> None:
        await exchange.reply(200, b'{"data":[{"id":' + nested(1000) + b'}],"pagination":{"total":5}}')

    async def walk() -> list[Any]:
        return [row async for row in client.sessions.get_all_sessions().options(on_incomplete="ignore")]

    outcome = (await asyncio.gather(walk(), return_exceptions=True))[0]
    if isinstance(outcome, list):
        assert len(outcome) == 1
    else:
        assert isinstance(outcome, DecodeError)
        assert "nested too deeply" in str(outcome)


def test_a_model_nested_deeply() -> None:
    """A model whose fields nest too deeply has a repr nevertheless, and loses nothing."""
    deep: Any = 1
    for _ in range(2000):
        deep = [deep]
    data = {**SESSION, "name": deep}
    session = SessionModel.from_dict(data)
    assert repr(session) == "SessionModel(...)"
    assert isinstance(session.to_dict()["name"], list)


async def test_waiting_ends_with_the_deadline(vbr: Vbr, make: Make) -> None:
    """A wait under a deadline is no longer than that: neither the pauses nor the looks that fail prolong it."""

    @vbr.on("GET", SESSION_PATH)
    async def working(exchange: Exchange) -> None:
        await exchange.reply(200, {**SESSION, "state": "Working"})

    client = make(timeouts=Timeouts(read=2.0))
    await client.login()
    with deadline(0.2), pytest.raises(RequestTimeout) as caught:
        await within(client.wait(SESSION_ID, interval=30.0))
    assert caught.value.limit == "deadline"


@pytest.mark.parametrize("answer", [{"sessionId": ".."}, {"id": "1", "state": "Running", "parentSessionId": {}}])
async def test_waiting_for_what_has_no_place(client: Client, answer: dict[str, Any]) -> None:
    """An answer whose ids make no path names nothing to wait for."""
    with pytest.raises(VeeamError, match="nothing to wait for"):
        await client.wait(answer)


@pytest.mark.parametrize("disposition", [b";;=;", b"attachment; filename*=utf-8''%ff%zz", b"attachment; filename=\xff"])
async def test_a_download_whose_name_makes_no_sense(vbr: Vbr, client: Client, disposition: bytes) -> None:
    """A Content-Disposition that cannot be read is no name, and neither an error nor a warning."""

    @vbr.on("GET", KIT)
    async def kit(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Disposition: " + disposition + b"\r\nContent-Length: 0\r\n\r\n")

    async with client.deployment.download_deployment_kit(SESSION_ID).stream() as download:
        assert (download.filename or "").encode() in (b"", b"?")


async def test_waiting_while_the_state_is_no_word(vbr: Vbr, client: Client) -> None:
    """A state that is an object, however deep, is none; what is looked at next time may have one."""
    states = [nested(1000), b'"Stopped"']

    @vbr.on("GET", SESSION_PATH)
    async def session(exchange: Exchange) -> None:
        await exchange.reply(200, orjson.dumps({**SESSION, "state": "x"}).replace(b'"x"', states.pop(0)))

    assert (await client.wait(SESSION_ID, interval=0.01)).state == "Stopped"
    assert not states


async def test_waiting_for_lists_within_lists(client: Client) -> None:
    """Lists that nest deeper than Python can follow name nothing to wait for."""
    with pytest.raises(VeeamError, match="nothing to wait for"):
        await client.wait(orjson.loads(nested(1000)))


@pytest.mark.parametrize("token", ["two\r\nlines", "a\x00null", "a\x7fbell"])
async def test_a_token_that_no_header_can_carry(vbr: Vbr, make: Make, token: str) -> None:
    """A token with line ends or control characters is a login that failed, not a call that cannot be sent."""
    vbr.extra = {"access_token": token}
    with pytest.raises(DecodeError, match="no header can carry"):
        await make().sessions.get_session(SESSION_ID)


@pytest.mark.parametrize("status", [303, 403, 500])
async def test_a_login_error_that_is_a_spoilt_token(vbr: Vbr, make: Make, status: int) -> None:
    """What was to be a token and cannot be read is not shown, whatever status it has."""

    async def spoilt(exchange: Exchange) -> None:
        await exchange.reply(status, f'{{"access_token":"{SECRET}",'.encode())

    vbr.before_token = spoilt
    with pytest.raises(VeeamError) as caught:
        await make(retry=ONCE).login()
    assert SECRET not in f"{caught.value}{vars(caught.value)}"
