"""Who answered, and in which step a connection failed: what fields of errors say, and what follows from it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme
from aiohttp.abc import AbstractResolver

from veeam_async import BearerToken, Password
from veeam_async._http.pool import Pool
from veeam_async.aws.v1_7_rev0 import Client as AwsClient
from veeam_async.errors import (
    ApiError,
    AuthenticationError,
    ConnectError,
    DecodeError,
    MfaRequired,
    RequestTimeout,
    TlsError,
    VeeamError,
)
from veeam_async.events import RequestFailed, RequestRetried
from veeam_async.retry import RetryPolicy
from veeam_async.timeouts import Timeouts, deadline
from veeam_async.vbr.v1_3_rev0 import Client

from .wire import SESSION_ID, SESSION_PATH, TOKEN_PATH, Exchange, Vbr, Wire

Make = Callable[..., Client]
ONCE = RetryPolicy(attempts=1)
THRICE = RetryPolicy(attempts=3, backoff=0.001)
PAGE = b"<html><title>Sign in</title></html>"


# ------------------------------------------------------------------------------------------------- who answers a login


@pytest.mark.parametrize(
    ("status", "body", "kind", "headers", "who"),
    [
        (401, PAGE, "text/html", {}, "gateway"),
        (403, PAGE, "text/html", {}, "gateway"),
        (400, b"<html>400 No required SSL certificate was sent</html>", "text/html", {}, "gateway"),
        (401, b"", "text/plain", {"WWW-Authenticate": "Negotiate"}, "gateway"),
        (401, b"", "text/plain", {"WWW-Authenticate": 'Basic realm="gw"'}, "gateway"),
        (401, b"{}", "application/json", {"WWW-Authenticate": "NTLM"}, "gateway"),
        (407, b"", "text/plain", {"Proxy-Authenticate": "Basic"}, "proxy"),
    ],
)
async def test_a_login_that_something_in_between_answers(
    vbr: Vbr, make: Make, status: int, body: bytes, kind: str, headers: dict[str, str], who: str
) -> None:
    """It is no refused password: the error says who answered, and nothing bars the next login."""

    async def between(exchange: Exchange) -> None:
        await exchange.reply(status, body, kind=kind, headers=headers)

    vbr.before_token = between
    client = make(retry=ONCE)
    with pytest.raises(ApiError) as caught:
        await client.login()
    error = caught.value
    assert (error.status, error.answered_by, error.step) == (status, who, "login")
    assert error.hint
    if b"SSL certificate" in body:
        assert "client certificate" in error.hint
    vbr.before_token = None
    await client.login()


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_login_that_the_appliance_refuses(vbr: Vbr, client: Client, status: int) -> None:
    """What the appliance itself refuses is a refused login, with its step and its answerer."""

    async def refuse(exchange: Exchange) -> None:
        await exchange.reply(status, {"errorCode": "AccessDenied", "message": "wrong password"})

    vbr.before_token = refuse
    with pytest.raises(AuthenticationError, match="wrong password") as caught:
        await client.login()
    assert (caught.value.answered_by, caught.value.step) == ("appliance", "login")
    assert (caught.value.method, caught.value.path) == ("POST", TOKEN_PATH)


@pytest.mark.parametrize("status", [401, 403, 404, 502])
async def test_who_answers_a_call(vbr: Vbr, make: Make, status: int) -> None:
    """A page answered to a call is a gateway's, JSON the appliance's."""
    client = make(retry=ONCE)
    for body, kind, who in ((PAGE, "text/html", "gateway"), (b'{"errorCode":"x"}', "application/json", "appliance")):

        async def reply(exchange: Exchange, body: bytes = body, kind: str = kind) -> None:
            await exchange.reply(status, body, kind=kind)

        vbr.routes["GET", "/thing"] = reply
        with pytest.raises(ApiError) as caught:
            await client.request("GET", "/thing")
        assert caught.value.answered_by == who


async def test_the_token_for_a_second_factor() -> None:
    """An appliance that asks for a second factor gives a token to go on with: the error carries it."""
    async with Wire() as server:

        @server.on("POST", "/api/v1/token")
        async def token(exchange: Exchange) -> None:
            await exchange.reply(200, {"mfa_token": "go-on-with-this", "mfa_enabled": True})

        async with AwsClient(server.url, Password("monitor", "secret-enough"), retry=ONCE) as client:
            with pytest.raises(MfaRequired) as caught:
                await client.login()
    assert caught.value.mfa_token == "go-on-with-this"
    assert "go-on" not in f"{caught.value!r} {caught.value} {vars(caught.value)}"


# ------------------------------------------------------------------------------------------ in which step a call failed


@asynccontextmanager
async def listening(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> AsyncIterator[int]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def failing(host: str, **options: Any) -> VeeamError:
    options.setdefault("retry", ONCE)
    options.setdefault("timeouts", Timeouts(connect=1.0, total=5.0))
    async with Client(host, BearerToken("t"), **options) as client:
        with pytest.raises(VeeamError) as caught:
            await client.sessions.get_session(SESSION_ID)
    error = caught.value
    assert (error.operation, error.method, error.path) == ("GetSession", "GET", "/api/v1/sessions/{id}")
    assert error.appliance
    return error


class Names(AbstractResolver):
    """Resolves nothing, and says why."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.asked = 0

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[Any]:
        self.asked += 1
        raise OSError(self.number, "no address")

    async def close(self) -> None:
        pass


async def test_the_name_does_not_exist() -> None:
    """A name without an address is asked for once, one that cannot be resolved now again; the step is the name."""
    for number, asked in ((socket.EAI_NONAME, 1), (socket.EAI_AGAIN, 3)):
        names = Names(number)
        async with Pool() as pool:
            pool._connector_options["resolver"] = names
            error = await failing("vbr01.example", retry=THRICE, pool=pool)
        assert isinstance(error, ConnectError)
        assert error.step == "name"
        assert names.asked == asked


async def test_nobody_listens() -> None:
    """A refused connection fails in the step of connecting."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = await failing(f"https://127.0.0.1:{free.getsockname()[1]}")
    assert isinstance(error, ConnectError)
    assert error.step == "connect"


@pytest.mark.parametrize("how", ["reset", "close", "plain"])
async def test_a_handshake_that_fails(how: str) -> None:
    """A server that hangs up within the handshake, or speaks no TLS, fails in the step of TLS."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        if how == "plain":
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()
        if how == "reset":
            writer.transport.abort()
        writer.close()

    async with listening(serve) as port:
        error = await failing(f"https://127.0.0.1:{port}")
    assert isinstance(error, ConnectError)
    assert error.step == "tls"
    assert "TLS" in str(error)


@pytest.mark.parametrize(("how", "asked"), [("reset", 3), ("close", 3), ("plain", 1)])
async def test_a_change_whose_handshake_fails(how: str, asked: int) -> None:
    """Nothing of it was sent: it is tried again where that can help, and surely not carried out."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.read(100)
        if how == "plain":
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()
        if how == "reset":
            writer.transport.abort()
        writer.close()

    async with (
        listening(serve) as port,
        Client(f"https://127.0.0.1:{port}", BearerToken("token"), retry=THRICE) as client,
    ):
        with pytest.raises(ConnectError) as caught:
            await client.request("POST", "/thing", json={})
    assert not caught.value.outcome_unknown
    assert connections == asked


async def test_a_handshake_that_hangs() -> None:
    """A server that takes connections and never answers the handshake is out of time in the step of TLS."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with listening(serve) as port:
        error = await failing(f"https://127.0.0.1:{port}", timeouts=Timeouts(connect=0.3))
    assert isinstance(error, RequestTimeout)
    assert (error.limit, error.seconds, error.step) == ("connect", 0.3, "tls")
    assert "TLS handshake" in str(error)


class SlowNames(AbstractResolver):
    """Resolves every name to this machine, after a while."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[Any]:
        await asyncio.sleep(self.seconds)
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("seconds", [0.0, 0.4])
async def test_a_handshake_that_hangs_and_little_time(seconds: float) -> None:
    """Where the limit of the whole call ends the handshake, the step is that of TLS, and nothing was sent.

    A name that takes long to resolve leaves less to the handshake than its own limit.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with listening(serve) as port, Pool() as pool:
        pool._connector_options["resolver"] = SlowNames(seconds)
        error = await failing(f"https://vbr01.example:{port}", timeouts=Timeouts(connect=60, total=1.2), pool=pool)
    assert isinstance(error, RequestTimeout)
    assert (error.limit, error.step, error.outcome_unknown) == ("total", "tls", False)


async def test_a_certificate_that_is_refused() -> None:
    """A refused certificate fails in the step of TLS, with what to do about it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with Vbr(context) as vbr:
        error = await failing(vbr.url)
    assert isinstance(error, TlsError)
    assert error.step == "tls"
    assert error.hint and "TlsPolicy(fingerprint=" in error.hint


async def test_a_proxy_that_is_not_there() -> None:
    """A proxy that cannot be reached fails in the step of the proxy."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = await failing("vbr01.example", proxy=f"http://127.0.0.1:{free.getsockname()[1]}")
    assert error.step == "proxy"


async def test_a_proxy_that_refuses() -> None:
    """A proxy that refuses the tunnel is named as who answered."""
    async with Wire() as proxy:

        async def refuse(exchange: Exchange) -> None:
            await exchange.reply(407, b"")

        proxy.default = refuse
        error = await failing("vbr01.example", proxy=proxy.url)
    assert (error.step, error.answered_by) == ("proxy", "proxy")


@pytest.mark.parametrize(("data", "step"), [(b"", "http"), (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", "body")])
async def test_an_answer_that_breaks_off(vbr: Vbr, make: Make, data: bytes, step: str) -> None:
    """A connection that breaks before the head of an answer, and one that breaks in its body."""

    @vbr.on("GET", SESSION_PATH)
    async def cut(exchange: Exchange) -> None:
        await exchange.raw(data)
        exchange.cut()

    with pytest.raises(ConnectError) as caught:
        await make(retry=ONCE).sessions.get_session(SESSION_ID)
    assert caught.value.step == step


@pytest.mark.parametrize("limit", ["total", "deadline"])
async def test_a_dead_host_and_little_time(limit: str) -> None:
    """Where the limit of the whole call ends the connecting, the error says so, and what it was waiting for."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(5)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        total = 0.3 if limit == "total" else None
        with deadline(0.3 if limit == "deadline" else None):
            error = await failing(url, timeouts=Timeouts(connect=10, total=total))
        for one in waiting:
            one.close()
    assert isinstance(error, RequestTimeout)
    assert (error.limit, error.step, error.outcome_unknown) == (limit, "connect", False)


async def test_what_the_last_attempt_died_of(vbr: Vbr, make: Make) -> None:
    """A call that runs out of time after a failed attempt says what that one died of."""

    @vbr.on("GET", SESSION_PATH)
    async def busy_then_silent(exchange: Exchange) -> None:
        if len(vbr.to(SESSION_PATH)) > 1:
            await exchange.hang()
        await exchange.reply(503, {"message": "maintenance at noon"})

    client = make(timeouts=Timeouts(total=0.4))
    await client.login()
    with pytest.raises(RequestTimeout, match="maintenance at noon") as caught:
        await client.sessions.get_session(SESSION_ID)
    assert (caught.value.limit, caught.value.seconds) == ("total", 0.4)


# ------------------------------------------------------------------------------------------------- events, event loops


async def test_an_event_for_a_call_that_failed(vbr: Vbr, make: Make) -> None:
    """A call that ends in an error is reported with its attempts, its status, its step and how long it took."""
    events: list[Any] = []

    @vbr.on("GET", SESSION_PATH)
    async def busy(exchange: Exchange) -> None:
        await exchange.reply(503, {"message": "not now"})

    client = make(retry=RetryPolicy(attempts=2, backoff=0.001), events=events.append)
    await client.login()
    events.clear()
    with pytest.raises(ApiError):
        await client.sessions.get_session(SESSION_ID)
    assert isinstance(events[-1], RequestFailed)
    failed = events[-1]
    assert (failed.operation, failed.method, failed.path) == ("GetSession", "GET", SESSION_PATH)
    assert (failed.attempt, failed.status, failed.error, failed.step) == (2, 503, "ServerError", None)
    assert "not now" in failed.reason
    assert 0 < failed.elapsed < 5
    assert len([event for event in events if isinstance(event, RequestRetried)]) == 1


async def test_no_event_of_failure_for_a_call_that_succeeds(vbr: Vbr, make: Make) -> None:
    """A call that succeeds at its second attempt did not fail."""
    events: list[Any] = []
    client = make(events=events.append)
    await client.sessions.get_session(SESSION_ID)
    assert not [event for event in events if isinstance(event, RequestFailed)]


def test_two_event_loops_one_after_the_other() -> None:
    """A client that outlives its event loop makes its connections anew, and can be left on a third loop."""
    client: list[Client] = []

    async def use() -> None:
        async with Vbr() as vbr:
            if not client:
                client.append(Client(vbr.url, Password("monitor", vbr.password), retry=ONCE))
            client[0]._transport.sender.base = vbr.url
            client[0]._account.tokens.drop()
            assert (await client[0].sessions.get_session(SESSION_ID)).id == SESSION_ID

    asyncio.run(use())
    asyncio.run(use())
    asyncio.run(client[0].aclose())


async def test_two_event_loops_at_once(vbr: Vbr) -> None:
    """A client that another running loop uses says so, and goes on serving that one."""
    async with Pool() as pool:
        client = Client(vbr.url, Password("monitor", vbr.password), pool=pool, retry=ONCE)
        await client.login()

        def elsewhere() -> VeeamError:
            with pytest.raises(VeeamError, match="another event loop") as caught:
                asyncio.run(_ask(client))
            return caught.value

        error = await asyncio.to_thread(elsewhere)
        assert error.appliance == "127.0.0.1"
        assert error.hint
        assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID
        await client.aclose()


async def _ask(client: Client) -> None:
    await client.sessions.get_session(SESSION_ID)


# -------------------------------------------------------------------------------------------------------------- bounds


@pytest.mark.parametrize("number", ["9" * 5000, "1" * 10])
async def test_a_revision_of_many_digits(vbr: Vbr, make: Make, number: str) -> None:
    """What only looks like a revision is none, and no number is made of it."""

    async def odd(exchange: Exchange) -> None:
        await exchange.reply(400, f"use 1.{number}-rev1".encode(), kind="text/plain")

    vbr.before_token = odd
    with pytest.raises(AuthenticationError):
        await make(retry=ONCE).login()


async def test_a_token_that_no_header_can_carry(vbr: Vbr, make: Make) -> None:
    """A token of a mebibyte is no token."""

    async def huge(exchange: Exchange) -> None:
        await exchange.reply(200, {"access_token": "t" * 1_000_000, "expires_in": 900})

    vbr.before_token = huge
    with pytest.raises(DecodeError, match="no header can carry"):
        await make(retry=ONCE).login()


async def test_texts_of_a_server_are_data(vbr: Vbr, make: Make) -> None:
    """Control and direction characters of a server's texts reach neither errors nor logs."""

    @vbr.on("GET", SESSION_PATH)
    async def hostile(exchange: Exchange) -> None:
        text = "gone\r\nWARNING forged \x1b[2J\x1b]0;title\x07 \u202egnp.exe\x00 \u2028 \x9b31m"
        await exchange.reply(400, {"errorCode": text, "message": text, "details": text, "errors": {text: [text]}})

    with pytest.raises(ApiError) as caught:
        await make(retry=ONCE).sessions.get_session(SESSION_ID)
    error = caught.value
    for shown in (str(error), error.message, error.error_code, error.details, *error.field_errors):
        assert shown is not None
        assert shown.isprintable(), shown
        assert "gone WARNING forged" in shown
