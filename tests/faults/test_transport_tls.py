"""TLS that fails, and TLS through a proxy: what is said, what is sent to whom, and what is tried again."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import ssl
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from veeam_async import BearerToken
from veeam_async._http import certificates
from veeam_async._http.certificates import Certificate, fetch_certificate
from veeam_async._http.failures import Attempt, failure_of
from veeam_async._http.origin import parse_host
from veeam_async._operation.call import Call
from veeam_async.errors import ConnectError, TlsError
from veeam_async.events import RequestStarted
from veeam_async.retry import RetryPolicy
from veeam_async.timeouts import Timeouts
from veeam_async.tls import TlsPolicy
from veeam_async.vbr.v1_3_rev0 import Client

from .wire import SESSION, SESSION_PATH, Exchange, Vbr

AUTHORITY = trustme.CA()
TWICE = RetryPolicy(attempts=2, backoff=0)


def issued() -> ssl.SSLContext:
    """A server's context with a certificate of the authority's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    return context


def self_signed(folder: Path, subject: str | None, issuer: str | None = None) -> ssl.SSLContext:
    """A server's context with a certificate that nobody else vouches for; None for a name without any part."""

    def name(text: str | None) -> x509.Name:
        return x509.Name([] if text is None else [x509.NameAttribute(NameOID.COMMON_NAME, text)])

    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name(issuer), name(subject), key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    path = folder / "server.pem"
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


class Tunnels:
    """A proxy that opens tunnels, or refuses them with a status, and notes what it is asked."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.status = 200
        self.url = ""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://user:planted@127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
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

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            writer.write(b"HTTP/1.1 %d Something\r\nContent-Length: 0\r\n\r\n" % self.status)
            if self.status == 200:
                await self._pass_on(reader, writer, int(head.split()[1].rpartition(":")[2]))
        except (asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)

        async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                target.write(data)
            target.close()

        try:
            await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))
        finally:
            far_writer.close()


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
async def secure() -> AsyncIterator[Vbr]:
    async with Vbr(issued()) as server:

        @server.on("GET", SESSION_PATH)
        async def session(exchange: Exchange) -> None:
            await exchange.reply(200, SESSION)

        yield server


def make(server: Vbr, **options: Any) -> Client:
    """A client whose first request is a call: a bearer token needs no login."""
    options.setdefault("retry", TWICE)
    return Client(server.url, BearerToken("planted-token"), **options)


# ---------------------------------------------------------------------------------------------------- through a proxy


async def test_a_tunnel_keeps_what_is_for_the_appliance_from_the_proxy(secure: Vbr, ca_file: str) -> None:
    """The proxy gets its credentials and no token, the appliance the token and not the proxy's credentials."""
    async with Tunnels() as proxy, make(secure, tls=TlsPolicy(ca_file=ca_file), proxy=proxy.url) as client:
        assert (await client.request("GET", SESSION_PATH)).json()["name"] == "nightly"
    (head,) = proxy.heads
    assert head.startswith(f"CONNECT 127.0.0.1:{secure.port} HTTP/1.1")
    assert f"Proxy-Authorization: Basic {b64encode(b'user:planted').decode()}" in head
    assert "planted-token" not in head
    (seen,) = secure.requests
    assert seen.token == "planted-token"
    assert "proxy-authorization" not in seen.headers


@pytest.mark.parametrize(("status", "asked"), [(503, 2), (502, 2), (403, 1), (407, 1)])
async def test_a_proxy_that_opens_no_tunnel(secure: Vbr, status: int, asked: int) -> None:
    """Where it may do so later it is asked again, for a POST as well: nothing was sent. Else that is the error."""
    async with Tunnels() as proxy, make(secure, proxy=proxy.url) as client:
        proxy.status = status
        with pytest.raises(ConnectError, match=f"the proxy refuses: {status}") as caught:
            await client.request("POST", SESSION_PATH, json={})
    assert len(proxy.heads) == asked
    assert not caught.value.outcome_unknown
    assert not secure.requests


async def test_a_proxy_that_is_not_there(secure: Vbr) -> None:
    """The error says which proxy was used, without its credentials."""
    async with Tunnels() as proxy:
        url = proxy.url
    async with make(secure, proxy=url) as client:
        with pytest.raises(ConnectError, match=r"through proxy http://127\.0\.0\.1:\d+: \S") as caught:
            await client.request("POST", SESSION_PATH, json={})
    assert "planted" not in str(caught.value)
    assert not caught.value.outcome_unknown


async def test_a_refused_certificate_behind_a_proxy(secure: Vbr) -> None:
    """Nobody goes past the proxy to look at a certificate that is refused; the reason is reported nevertheless."""
    async with Tunnels() as proxy, make(secure, proxy=proxy.url) as client:
        with pytest.raises(TlsError, match=rf"TLS with 127\.0\.0\.1 port {secure.port} failed: \[SSL.*verify failed"):
            await client.request("GET", SESSION_PATH)
    assert (len(proxy.heads), secure.connections) == (1, 0)
    assert not secure.requests


# --------------------------------------------------------------------------------------------------------- what is said


async def test_a_certificate_that_is_refused_is_shown_once(secure: Vbr) -> None:
    """The error has reason, issuer and fingerprint; a POST was surely not carried out, and is not repeated."""
    reported: list[Any] = []
    async with make(secure, events=reported.append) as client:
        with pytest.raises(TlsError, match=r"is refused: \[SSL: CERTIFICATE_VERIFY_FAILED\].*issuer") as caught:
            await client.request("POST", SESSION_PATH, json={})
    assert caught.value.issuer is not None and f"issued by {caught.value.issuer};" in str(caught.value)
    assert "self-signed)" not in str(caught.value)
    assert not caught.value.outcome_unknown
    assert len([event for event in reported if isinstance(event, RequestStarted)]) == 1


@pytest.mark.parametrize(
    ("subject", "issuer", "shown"),
    [
        ("vbr01", "vbr01", "Subject CN=vbr01; issued by itself (self-signed);"),
        ("vbr01", "house", "Subject CN=vbr01; issued by CN=house;"),
        ("vbr01", None, "Subject CN=vbr01; issued by no issuer;"),
        (None, "house", "Subject no subject; issued by CN=house;"),
    ],
)
async def test_whose_certificate_was_refused(
    tmp_path: Path, subject: str | None, issuer: str | None, shown: str
) -> None:
    """Whether somebody else issued it is reported, and where a name is missing that is reported too."""
    async with Vbr(self_signed(tmp_path, subject, issuer)) as server, make(server) as client:
        with pytest.raises(TlsError) as caught:
            await client.request("GET", SESSION_PATH)
    assert shown in str(caught.value)


async def test_a_server_that_speaks_something_else() -> None:
    """Where bytes come that are no TLS, that is a TlsError, which no repeat would mend."""
    asked = 0

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.write(b"220 mail.example.com ready\r\n")
        with contextlib.suppress(OSError):
            await reader.read(100)
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Client(f"https://127.0.0.1:{port}", BearerToken("t"), retry=TWICE) as client:
        with pytest.raises(TlsError, match=rf"TLS with 127\.0\.0\.1 port {port} failed: \[SSL") as caught:
            await client.request("POST", SESSION_PATH, json={})
    server.close()
    await server.wait_closed()
    assert caught.value.fingerprint is None
    assert not caught.value.outcome_unknown
    assert asked == 1


async def test_a_change_that_meets_another_certificate_than_the_pinned_one(secure: Vbr) -> None:
    """Nothing was sent, so the change was surely not carried out; the pin will not fit the next time either."""
    reported: list[Any] = []
    async with make(secure, tls=TlsPolicy(fingerprint="ab" * 32), events=reported.append) as client:
        with pytest.raises(TlsError, match=r"pinned is (ab){32}") as caught:
            await client.request("POST", SESSION_PATH, json={})
    assert not caught.value.outcome_unknown
    assert caught.value.step == "tls"
    assert len([event for event in reported if isinstance(event, RequestStarted)]) == 1
    assert not secure.requests


async def test_the_reason_of_a_refusal_alone(tmp_path: Path) -> None:
    """A program that shows why a certificate was refused gets OpenSSL's few words, not the line of its source."""
    async with Vbr(self_signed(tmp_path, "vbr01", "vbr01")) as server, make(server) as client:
        with pytest.raises(TlsError) as caught:
            await client.request("GET", SESSION_PATH)
    assert caught.value.reason is not None
    assert caught.value.reason.replace("-", " ") == "self signed certificate"


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (aiohttp.ClientConnectionError("Cannot initialize a TLS-in-TLS connection to host vbr01:9419"), False),
        (aiohttp.ClientConnectionError("Failed to send bytes into the underlying connection"), True),
        (aiohttp.ServerDisconnectedError("Cannot initialize a TLS-in-TLS connection"), True),
        (aiohttp.ClientPayloadError("Cannot initialize a TLS-in-TLS connection"), True),
    ],
)
def test_what_is_quoted_of_a_server_does_not_say_that_nothing_was_sent(error: Exception, sent: bool) -> None:
    """A change whose answer quotes aiohttp's words for a handshake that failed may have been carried out."""
    origin = parse_host("https://vbr01", default_port=9419)
    attempt = Attempt(origin, None, True, None, 5.0, 5.0, {})
    failure = failure_of(error, attempt)
    assert failure.outcome.sent == sent
    assert failure.error.step == ("http" if sent else "tls")


async def test_a_second_look_that_is_not_granted(tmp_path: Path) -> None:
    """Where the server falls silent before the refused certificate was looked at, the error comes without it, soon."""
    context = self_signed(tmp_path, "vbr01", "vbr01")
    connections = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with contextlib.suppress(OSError):
            if connections == 1:
                await writer.start_tls(context)
            else:
                await reader.read()
        writer.close()

    server = await asyncio.start_server(once, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limits = Timeouts(connect=0.3)
    async with Client(f"https://127.0.0.1:{port}", BearerToken("t"), timeouts=limits, retry=TWICE) as client:
        started = time.monotonic()
        with pytest.raises(TlsError, match=rf"TLS with 127\.0\.0\.1 port {port} failed: .*self-signed"):
            await client.request("GET", SESSION_PATH)
        assert time.monotonic() - started < 1.5
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0.02)
    assert connections == 2


@pytest.mark.parametrize(("connect", "seconds"), [(None, 3.0), (10.0, 3.0), (0.5, 0.5)])
async def test_how_long_a_second_look_may_take(
    secure: Vbr, monkeypatch: pytest.MonkeyPatch, connect: float | None, seconds: float
) -> None:
    """An error that is there waits three seconds at most for what else there is to say, or as long as connecting may
    take."""
    given: list[float] = []

    async def look(host: str, port: int, *, timeout: float, server_name: str | None = None) -> Certificate:
        given.append(timeout)
        return await fetch_certificate(host, port, timeout=5)

    monkeypatch.setattr(certificates, "fetch_certificate", look)
    async with make(secure, timeouts=Timeouts(connect=connect)) as client:
        with pytest.raises(TlsError):
            await client.request("GET", SESSION_PATH)
    assert given == [seconds]


@pytest.mark.parametrize("stream", [False, True])
async def test_the_first_request_prepares_tls(secure: Vbr, ca_file: str, stream: bool) -> None:
    """A client may begin with a download as well as with a call."""
    async with make(secure, tls=TlsPolicy(ca_file=ca_file)) as client:
        call = Call("GET", SESSION_PATH, "GetSession", SESSION_PATH, safe=True)
        if stream:
            body = await client._transport.open(call, client._account.tokens)
            assert body.status == 200
            body.close()
        else:
            assert await client._transport.fetch(call, client._account.tokens, lambda reply: reply.status) == 200


async def test_a_refused_certificate_at_a_download(secure: Vbr) -> None:
    """A download says the same of a refused certificate as a call does."""
    async with make(secure) as client:
        call = Call("GET", SESSION_PATH, "GetSession", SESSION_PATH, safe=True)
        with pytest.raises(TlsError, match="is refused: "):
            await client._transport.open(call, client._account.tokens)


async def test_an_error_of_tls_can_be_sent_to_another_process(ca_file: str) -> None:
    """An SSL context cannot be pickled; the error of a connection that would have used it can, its cause as well."""
    async with Vbr(issued()) as gone:
        url = gone.url
    client = Client(url, BearerToken("t"), tls=TlsPolicy(ca_file=ca_file), retry=TWICE)
    async with client:
        with pytest.raises(ConnectError) as caught:
            await client.request("GET", SESSION_PATH)
    cause = caught.value.__cause__
    assert isinstance(cause, aiohttp.ClientConnectorError)
    again = pickle.loads(pickle.dumps(cause))
    assert (again.os_error.errno, again.host, again.port) == (cause.os_error.errno, cause.host, cause.port)
    # What is verified by a context counts as verified.
    assert again.ssl is True
