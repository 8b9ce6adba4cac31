"""What is said of a call that failed, whether it is tried again, and where a redirect may lead."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver
from aiohttp.http_exceptions import BadHttpMessage
from yarl import URL

from veeam_async import BearerToken
from veeam_async._http._aiohttp import bare, os_text
from veeam_async._http.pool import Pool
from veeam_async._operation.call import Call
from veeam_async.errors import (
    ApiError,
    ConnectError,
    ForbiddenError,
    RateLimitedError,
    ServerError,
    UnauthorizedError,
    UnsafeOriginError,
    VeeamError,
)
from veeam_async.retry import RetryPolicy
from veeam_async.uploads import Encoder
from veeam_async.vbr.v1_3_rev0 import Client

from .conftest import Clock
from .wire import SESSION, SESSION_ID, SESSION_PATH, Exchange, Vbr

Make = Callable[..., Client]
THING = "/thing"
TWICE = RetryPolicy(attempts=2, backoff=0)


class Failing(Pool):
    """Every request fails with an error that no server on loopback can bring about."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.requests = 0
        self.urls: list[URL] = []

    @property
    def session(self) -> Any:
        return self

    async def request(self, method: str, url: URL, **_: Any) -> Any:
        self.requests += 1
        self.urls.append(url)
        raise self.error


class Nameless(AbstractResolver):
    """Knows no name."""

    def __init__(self) -> None:
        self.asked = 0

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[Any]:
        self.asked += 1
        raise OSError(socket.EAI_NONAME, "Name or service not known")

    async def close(self) -> None:
        pass


def cut_within(vbr: Vbr, method: str, status: int) -> None:
    """THING is answered with a status and a body that breaks off."""

    @vbr.on(method, THING)
    async def cut(exchange: Exchange) -> None:
        await exchange.raw(b"HTTP/1.1 %d Something\r\nContent-Length: 500\r\n\r\n{" % status)
        exchange.cut()


async def send(client: Client, call: Call, *, stream: bool = False) -> Any:
    """The answer to a call as it came: a reply, or an open one."""
    if stream:
        return await client._transport.open(call, client._account.tokens)
    return await client._transport.fetch(call, client._account.tokens, lambda reply: reply)


async def upload_once(client: Client) -> Any:
    """POST a body that can be read only once."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"once"

    call = Call("POST", THING, "Upload", THING, safe=False, body=Encoder(pieces(), "text/x-once"))
    return await send(client, call)


# ----------------------------------------------------------------------------------------------------- no answer at all


@pytest.mark.parametrize(("method", "sent"), [("GET", 2), ("POST", 1)])
async def test_a_connection_that_is_closed_without_an_answer(vbr: Vbr, make: Make, method: str, sent: int) -> None:
    """The error says so; only of a call that may change something is the outcome unknown."""

    @vbr.on(method, THING)
    async def cut(exchange: Exchange) -> None:
        exchange.writer.close()

    client = make(retry=TWICE)
    await client.login()
    with pytest.raises(ConnectError, match="closed the connection without an answer") as caught:
        await client.request(method, THING)
    assert caught.value.outcome_unknown is (method == "POST")
    assert len(vbr.to(THING)) == sent


@pytest.mark.parametrize(("method", "sent"), [("GET", 2), ("POST", 1)])
async def test_an_answer_in_another_protocol(vbr: Vbr, make: Make, method: str, sent: int) -> None:
    """What is no HTTP is a connection that broke, in one line that quotes nothing of it."""

    @vbr.on(method, THING)
    async def smtp(exchange: Exchange) -> None:
        await exchange.raw(b"220 mail.example.com planted\r\n\r\n")

    client = make(retry=TWICE)
    with pytest.raises(ConnectError, match=r"the connection broke: the answer is not valid HTTP \(") as caught:
        await client.request(method, THING)
    assert "planted" not in str(caught.value) and "\n" not in str(caught.value)
    assert caught.value.outcome_unknown is (method == "POST")
    assert len(vbr.to(THING)) == sent


async def test_nobody_listens() -> None:
    """The error names host, port and the system's reason, and no proxy where there is none."""
    async with Vbr() as gone:
        url, port = gone.url, gone.port
    async with Client(url, BearerToken("t"), retry=TWICE) as client:
        with pytest.raises(ConnectError, match=rf"cannot connect to 127\.0\.0\.1 port {port}: \S") as caught:
            await client.request("POST", THING)
    assert "proxy" not in str(caught.value)
    assert not caught.value.outcome_unknown


async def test_a_name_that_cannot_be_resolved() -> None:
    """The error says which name; one that does not exist is asked for once."""
    names = Nameless()
    async with Pool() as pool:
        pool._connector_options["resolver"] = names
        async with Client("vbr01.example.com", BearerToken("t"), pool=pool, retry=TWICE) as client:
            with pytest.raises(ConnectError, match=r"cannot resolve vbr01\.example\.com: Name or service") as caught:
                await client.request("POST", THING)
    assert not caught.value.outcome_unknown
    assert names.asked == 1


@pytest.mark.parametrize(("method", "sent"), [("GET", 2), ("POST", 1)])
async def test_a_time_out_of_the_system(method: str, sent: int) -> None:
    """A connection that the system gives up is one that broke, not a limit of ours: a GET is sent again."""
    pool = Failing(TimeoutError(errno.ETIMEDOUT, "Connection timed out"))
    async with Client("vbr01", BearerToken("t"), pool=pool, retry=TWICE) as client:
        with pytest.raises(ConnectError, match="the connection broke: Connection timed out") as caught:
            await client.request(method, THING)
    assert caught.value.outcome_unknown is (method == "POST")
    assert pool.requests == sent


@pytest.mark.parametrize(
    ("host", "sent_to"),
    [
        ("VBR01", "https://vbr01:9419/thing?a=%2F"),
        ("vbr01:443", "https://vbr01/thing?a=%2F"),
        ("10.0.0.1:8443", "https://10.0.0.1:8443/thing?a=%2F"),
        ("::1", "https://[::1]:9419/thing?a=%2F"),
        ("bücher.example", "https://xn--bcher-kva.example:9419/thing?a=%2F"),
    ],
)
async def test_where_a_request_goes(host: str, sent_to: str) -> None:
    """Names, addresses of both kinds and names beyond ASCII come to aiohttp as URLs that it can connect to."""
    pool = Failing(ConnectionResetError())
    async with Client(host, BearerToken("t"), pool=pool, retry=RetryPolicy(attempts=1)) as client:
        with pytest.raises(ConnectError):
            await client.request("GET", f"{THING}?a=%2F")
    (url,) = pool.urls
    assert str(url) == sent_to
    assert url.raw_host is not None and url.raw_host.isascii()


async def test_a_path_that_makes_no_url() -> None:
    """What aiohttp takes for no URL is an error that shows the path, at once."""
    pool = Failing(aiohttp.InvalidURL("http://["))
    async with Client("vbr01", BearerToken("t"), pool=pool, retry=TWICE) as client:
        with pytest.raises(VeeamError, match="'/thing' makes no URL"):
            await client.request("GET", THING)
    assert pool.requests == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_a_pool_that_was_closed(vbr: Vbr, stream: bool) -> None:
    """A call on a pool that somebody closed says that the client is closed."""
    pool = Pool()
    client = Client(vbr.url, BearerToken("t"), pool=pool)
    await pool.aclose()
    with pytest.raises(VeeamError, match="the client is closed"):
        await send(client, Call("GET", THING, "Thing", THING, safe=True), stream=stream)
    await client.aclose()


async def test_an_error_that_nobody_expects_is_not_hidden() -> None:
    """A RuntimeError of another kind is a bug, and comes out as it is."""
    pool = Failing(RuntimeError("the event loop is on fire"))
    async with Client("vbr01", BearerToken("t"), pool=pool, retry=TWICE) as client:
        with pytest.raises(RuntimeError, match="on fire"):
            await client.request("GET", THING)
    assert pool.requests == 1


# -------------------------------------------------------------------------------------------- an answer that breaks off


@pytest.mark.parametrize(("status", "accepted"), [(200, True), (299, True), (300, False), (301, False), (400, False)])
async def test_the_answer_to_a_change_breaks_off(vbr: Vbr, client: Client, status: int, accepted: bool) -> None:
    """After a success status only the body is lost; after another one nobody knows."""
    cut_within(vbr, "POST", status)
    with pytest.raises(ConnectError, match=f"broke in the body of an answer {status}: ") as caught:
        await client.request("POST", THING, json={})
    assert ("had accepted" in str(caught.value)) is accepted
    assert caught.value.outcome_unknown is not accepted
    assert len(vbr.to(THING)) == 1


async def test_the_answer_to_a_reading_call_breaks_off(vbr: Vbr, make: Make) -> None:
    """It is asked for again; of acceptance there is nothing to say."""
    cut_within(vbr, "GET", 200)
    client = make(retry=TWICE)
    with pytest.raises(ConnectError, match="broke in the body of an answer 200: ") as caught:
        await client.request("GET", THING)
    assert "accepted" not in str(caught.value)
    assert not caught.value.outcome_unknown
    assert len(vbr.to(THING)) == 2


# -------------------------------------------------------------------------------------- bodies that are there only once


async def test_an_upload_has_its_type_and_the_token(vbr: Vbr, client: Client) -> None:
    """A body that is made for each attempt is sent with its type, and its length where that is known."""

    @vbr.on("POST", THING)
    async def take(exchange: Exchange) -> None:
        await exchange.reply(503 if len(vbr.to(THING)) == 2 else 200, headers={"Retry-After": "0"})

    await upload_once(client)
    (seen,) = vbr.to(THING)
    assert (seen.headers["content-type"], seen.body, seen.token) == ("text/x-once", b"once", "access-1-password")
    assert "content-length" not in seen.headers
    data = Encoder(b"again", "text/x-again")
    await send(client, Call("POST", THING, "Upload", THING, safe=False, body=data, headers={"X-One": "1"}))
    for seen in vbr.to(THING)[1:]:
        assert (seen.headers["content-type"], seen.body) == ("text/x-again", b"again")
        assert (seen.headers["content-length"], seen.headers["x-one"]) == ("5", "1")
    assert len(vbr.to(THING)) == 3


@pytest.mark.parametrize(
    ("status", "kind"), [(401, UnauthorizedError), (307, ApiError), (429, RateLimitedError), (503, ServerError)]
)
async def test_what_can_be_sent_once_is_sent_once(vbr: Vbr, make: Make, status: int, kind: type[ApiError]) -> None:
    """Where the body is gone there is no repeat: not after a 401, nor by a redirect, nor when the server is busy."""

    @vbr.on("POST", THING)
    async def no(exchange: Exchange) -> None:
        await exchange.reply(status, headers={"Retry-After": "0", "Location": "/elsewhere"})

    client = make(retry=TWICE)
    with pytest.raises(kind):
        await upload_once(client)
    assert (len(vbr.calls), vbr.logins, vbr.refreshes) == (1, 1, 0)


# --------------------------------------------------------------------------------------------------------------- tokens


@pytest.mark.parametrize("status", [400, 404, 409, 500])
async def test_any_other_answer_proves_a_token(vbr: Vbr, client: Client, clock: Clock, status: int) -> None:
    """A renewed token that was answered with any error but 401 and 403 is good: a later 403 is the account's role."""
    await client.login()
    clock.ahead += 901

    @vbr.on("GET", THING)
    async def thing(exchange: Exchange) -> None:
        await exchange.reply(status if len(vbr.to(THING)) == 1 else 403, {})

    with pytest.raises(ApiError):
        await client.request("GET", THING)
    with pytest.raises(ForbiddenError):
        await client.request("GET", THING)
    assert (vbr.logins, vbr.refreshes, len(vbr.to(THING))) == (1, 1, 2)


async def test_a_success_proves_a_token(vbr: Vbr, client: Client, clock: Clock) -> None:
    """A renewed token that served is refreshed again when it is refused later, without a login."""
    await client.login()
    for refreshed in (1, 2, 3):
        vbr.good.clear()
        assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID
        assert (vbr.logins, vbr.refreshes) == (1, refreshed)


async def test_a_renewed_token_that_is_refused_at_once(vbr: Vbr, client: Client) -> None:
    """Where tokens by refresh are answered 401 everywhere, the next call logs in rather than refresh again."""

    @vbr.on("GET", THING)
    async def thing(exchange: Exchange) -> None:
        good = exchange.token.endswith("password") and len(vbr.to(THING)) > 1
        await exchange.reply(200 if good else 401, {})

    with pytest.raises(UnauthorizedError):
        await client.request("GET", THING)
    assert (vbr.logins, vbr.refreshes) == (1, 1)
    assert (await client.request("GET", THING)).status == 200
    assert (vbr.logins, vbr.refreshes) == (2, 1)


async def test_403_with_a_token_by_login(vbr: Vbr, client: Client) -> None:
    """A token that just came by login and gets 403 is not replaced: the role does not allow the call."""

    @vbr.on("GET", THING)
    async def no(exchange: Exchange) -> None:
        await exchange.reply(403, {})

    with pytest.raises(ForbiddenError):
        await client.request("GET", THING)
    assert (vbr.logins, vbr.refreshes, len(vbr.to(THING))) == (1, 0, 1)


# ------------------------------------------------------------------------------------------------------------ redirects


@pytest.mark.parametrize(("hops", "arrives"), [(5, True), (6, False)])
async def test_so_many_redirects_are_followed(vbr: Vbr, client: Client, hops: int, arrives: bool) -> None:
    """Five are, the sixth is an error that says where it leads."""

    for number in range(hops):

        @vbr.on("GET", f"/hop{number}")
        async def hop(exchange: Exchange, number: int = number) -> None:
            await exchange.reply(307, headers={"Location": f"/hop{number + 1}"})

    @vbr.on("GET", f"/hop{hops}")
    async def end(exchange: Exchange) -> None:
        await exchange.reply(200, SESSION)

    if arrives:
        assert (await client.request("GET", "/hop0")).json()["name"] == "nightly"
    else:
        with pytest.raises(ApiError, match="redirects to /hop6"):
            await client.request("GET", "/hop0")
    assert len(vbr.calls) == 6


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://localhost:{port}/x",
        "https://127.0.0.1:{port}/x",
        "http://127.0.0.1:{other}/x",
        "https://localhost:{port}/x",
    ],
)
async def test_an_origin_is_scheme_and_host_and_port(vbr: Vbr, client: Client, elsewhere: str) -> None:
    """A redirect that differs in one of them leads to another origin, and is not followed."""
    target = elsewhere.format(port=vbr.port, other=vbr.port + 1)

    @vbr.on("GET", THING)
    async def moved(exchange: Exchange) -> None:
        await exchange.reply(307, headers={"Location": target})

    with pytest.raises(UnsafeOriginError, match="redirects to another origin, ") as caught:
        await client.request("GET", THING)
    assert target.removesuffix("/x") in str(caught.value)
    assert len(vbr.calls) == 1


@pytest.mark.parametrize("location", ["other", "./other", "/a/other", "?x=1", "http://127.0.0.1:{port}/a/other"])
async def test_where_a_redirect_leads(vbr: Vbr, client: Client, location: str) -> None:
    """A Location may be relative to the path that was asked for."""

    @vbr.on("GET", "/a/thing")
    async def moved(exchange: Exchange) -> None:
        if exchange.query:
            await exchange.reply(200)
        else:
            await exchange.reply(302, headers={"Location": location.format(port=vbr.port)})

    @vbr.on("GET", "/a/other")
    async def other(exchange: Exchange) -> None:
        await exchange.reply(200)

    await client.request("GET", "/a/thing")
    assert vbr.calls[-1].target == ("/a/thing?x=1" if location == "?x=1" else "/a/other")


async def test_a_redirect_without_a_place(vbr: Vbr, client: Client) -> None:
    """One without a Location is the error that its status is."""

    @vbr.on("GET", THING)
    async def nowhere(exchange: Exchange) -> None:
        await exchange.reply(302)

    with pytest.raises(ApiError) as caught:
        await client.request("GET", THING)
    assert caught.value.status == 302


async def test_head_follows_as_get_does(vbr: Vbr, client: Client) -> None:
    """HEAD reads, and follows every redirect; PUT follows those that keep the method."""

    @vbr.on("HEAD", THING)
    async def moved(exchange: Exchange) -> None:
        await exchange.reply(302, headers={"Location": SESSION_PATH})

    @vbr.on("HEAD", SESSION_PATH)
    async def there(exchange: Exchange) -> None:
        await exchange.reply(200)

    assert (await client.request("HEAD", THING)).status == 200


# ----------------------------------------------------------------------------------------------- what is left of errors


def raised(error: Exception) -> Exception:
    """The error with a traceback, as it comes out of a call."""
    try:
        raise error
    except Exception as caught:
        return caught


@pytest.mark.parametrize("length", [1, 2, 5, 10])
@pytest.mark.parametrize("link", ["__cause__", "__context__"])
def test_no_traceback_is_kept(length: int, link: str) -> None:
    """The tracebacks of an error, of its causes and of what it came in the midst of are gone: frames hold tokens."""
    chain = [raised(OSError(f"{number}")) for number in range(length)]
    for outer, inner in pairwise(chain):
        setattr(outer, link, inner)
    assert bare(chain[0]) is chain[0]
    assert not any(error.__traceback__ for error in chain)


def test_a_cause_and_another_context() -> None:
    """An error may have both, and frames stand behind each."""
    error, cause, context, below = (raised(OSError(name)) for name in "abcd")
    error.__cause__, error.__context__, context.__context__ = cause, context, below
    assert bare(error) is error
    assert [one.__traceback__ for one in (error, cause, context, below)] == [None] * 4


def test_errors_that_cause_each_other() -> None:
    """A circle of causes ends."""
    first, second = raised(OSError("a")), raised(OSError("b"))
    first.__context__, second.__context__ = second, first
    assert bare(first) is first
    assert first.__traceback__ is None and second.__traceback__ is None


def test_what_is_quoted_in_an_error_is_cut_off() -> None:
    """Texts lose what aiohttp quotes of an answer; what is no text stays."""
    error = bare(aiohttp.ClientPayloadError("bad chunk:\n\n  b'planted'\n     ^", 7))
    assert error.args == ("bad chunk", 7)
    inner = BadHttpMessage("odd header: b'planted'")
    error = bare(inner)
    assert "planted" not in f"{error} {error!r} {error.args}"
    gone = aiohttp.ServerDisconnectedError("HTTP/1.1 200 OK planted")
    assert "planted" not in f"{bare(gone)} {gone!r} {gone.args}"
    assert gone.args == ("Server disconnected",)


class Wrapped(Exception):
    """As aiohttp wraps the system's errors."""

    def __init__(self, text: str, os_error: Exception | None = None) -> None:
        super().__init__(text)
        self.os_error = os_error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(errno.ECONNRESET, "Connection reset by peer"), "Connection reset by peer"),
        (Wrapped("outer", OSError(errno.EPIPE, "Broken pipe")), "Broken pipe"),
        (Wrapped("outer"), "outer"),
        (OSError("no number"), "no number"),
        (ValueError("several\n  lines"), "several lines"),
        (ValueError("bad header:\n\n  b'planted'"), "bad header"),
        (ValueError("odd line: b'planted'"), "odd line"),
        (ValueError("a\n\nb\n\nc"), "a"),
        (ValueError(), "ValueError"),
        (ValueError("x" * 300), "x" * 200),
    ],
)
def test_what_is_said_of_an_error(error: Exception, text: str) -> None:
    """The system's words where there are some, in one line of 200 characters; else what kind of error it was."""
    assert os_text(error) == text


async def test_a_port_where_nothing_listens(make: Make) -> None:
    """The error says what the system says, not how asyncio called it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        client = make(retry=RetryPolicy(attempts=1))
        client._transport.sender.base = f"http://127.0.0.1:{port}"
        with pytest.raises(ConnectError, match=os.strerror(errno.ECONNREFUSED)):
            await client.request("GET", "/thing")
