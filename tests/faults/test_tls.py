"""Certificates: which are taken, and what is said about those that are not."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from veeam_async import Password
from veeam_async._http import tls_context
from veeam_async._http.certificates import describe, fetch_certificate, fetch_fingerprint
from veeam_async._http.pool import Pool
from veeam_async.errors import ConnectError, InsecureWarning, RequestTimeout, TlsError
from veeam_async.tls import TlsPolicy
from veeam_async.vbr.v1_3_rev0 import Client

from .conftest import QUICK
from .wire import SESSION_ID, Vbr

AUTHORITY = trustme.CA()
OTHER = trustme.CA()


def server_context(*names: str, days: int = 30) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf = AUTHORITY.issue_cert(*names, common_name="vbr01", not_after=datetime.now(UTC) + timedelta(days=days))
    leaf.configure_cert(context)
    return context


@pytest.fixture
async def secure() -> AsyncIterator[Vbr]:
    async with Vbr(server_context("127.0.0.1")) as server:
        yield server


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return str(path)


def make(server: Vbr, policy: TlsPolicy, pool: Pool | None = None) -> Client:
    return Client(server.url, Password("monitor", server.password), tls=policy, retry=QUICK, pool=pool)


async def test_certificate_of_a_given_authority_is_taken(secure: Vbr, ca_file: str) -> None:
    """A CA file verifies the appliances that it issued."""
    async with make(secure, TlsPolicy(ca_file=ca_file)) as client:
        assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID


async def test_unknown_authority_is_refused_with_all_that_helps(secure: Vbr) -> None:
    """The error says subject, issuer, expiry and fingerprint of what it saw, and what to do; nothing was sent."""
    async with make(secure, TlsPolicy.verify()) as client:
        with pytest.raises(TlsError) as caught:
            await client.sessions.get_session(SESSION_ID)
    error = caught.value
    seen = await fetch_fingerprint("127.0.0.1", secure.port)
    assert error.fingerprint == seen
    assert error.subject is not None and "vbr01" in error.subject
    assert error.issuer is not None and "trustme" in error.issuer.lower()
    assert error.not_after is not None and error.not_after.startswith(
        str((datetime.now(UTC) + timedelta(days=30)).date())
    )
    for part in (seen, error.subject, error.not_after, "TlsPolicy(fingerprint", "ca_file"):
        assert part in str(error)
    assert not secure.requests


async def test_wrong_name_is_refused(ca_file: str) -> None:
    """A certificate for another name is refused, and taken where the policy does not look at names."""
    async with Vbr(server_context("another.example")) as server:
        async with make(server, TlsPolicy(ca_file=ca_file)) as client:
            with pytest.raises(TlsError, match="mismatch"):
                await client.sessions.get_session(SESSION_ID)
        async with make(server, TlsPolicy(ca_file=ca_file, check_hostname=False)) as client:
            await client.sessions.get_session(SESSION_ID)


async def test_expired_certificate_is_refused(ca_file: str) -> None:
    """An expired certificate is refused, and the error says since when."""
    async with Vbr(server_context("127.0.0.1", days=-1)) as server:
        async with make(server, TlsPolicy(ca_file=ca_file)) as client:
            with pytest.raises(TlsError, match="expired") as caught:
                await client.sessions.get_session(SESSION_ID)
    assert caught.value.not_after is not None
    assert caught.value.not_after[:10] in str(caught.value)


@pytest.mark.parametrize("spelling", [str, str.upper, lambda s: ":".join(s[i : i + 2] for i in range(0, 64, 2))])
async def test_pinned_certificate_is_taken(secure: Vbr, spelling: Callable[[str], str]) -> None:
    """The fingerprint that fetch_fingerprint gives is enough, in any spelling."""
    pin = spelling(await fetch_fingerprint("127.0.0.1", secure.port))
    async with make(secure, TlsPolicy(fingerprint=pin)) as client:
        assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID


async def test_other_certificate_than_the_pinned_one_is_refused(secure: Vbr) -> None:
    """Another certificate is refused before anything is sent; the error has its fingerprint."""
    async with make(secure, TlsPolicy(fingerprint="ab" * 32)) as client:
        with pytest.raises(TlsError, match="ab" * 32) as caught:
            await client.sessions.get_session(SESSION_ID)
    assert caught.value.fingerprint == await fetch_fingerprint("127.0.0.1", secure.port)
    assert not secure.requests


async def test_refused_certificate_is_not_tried_again(secure: Vbr) -> None:
    """A refused certificate makes no repeats: one connection, and one more to look at it."""
    async with make(secure, TlsPolicy()) as client:
        with pytest.raises(TlsError):
            await client.sessions.get_session(SESSION_ID)
    assert secure.connections <= 2


async def test_insecure_works_and_warns(secure: Vbr) -> None:
    """`insecure=True` takes any certificate, and says so where it is written."""
    with pytest.warns(InsecureWarning, match="fingerprint") as warned:
        policy = TlsPolicy(insecure=True)
    assert warned[0].filename == __file__
    async with make(secure, policy) as client:
        assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID


async def test_one_context_for_each_policy(secure: Vbr, ca_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty clients with equal policies build one context, in a thread."""
    import threading

    built: list[str] = []
    build = tls_context._build

    def counted(policy: TlsPolicy, contents: list[bytes]) -> tls_context.PolicyContext:
        built.append(threading.current_thread().name)
        return build(policy, contents)

    monkeypatch.setattr(tls_context, "_build", counted)
    clients = [make(secure, TlsPolicy(ca_file=ca_file)) for _ in range(20)]
    await clients[0].login()
    await asyncio.gather(*(client.login() for client in clients))
    assert len(built) == 1
    assert built[0] != threading.main_thread().name
    for client in clients:
        await client.aclose()


async def test_clients_that_start_together_build_one_context(
    secure: Vbr, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients whose first calls come at the same moment share one context too."""
    built: list[TlsPolicy] = []
    build = tls_context._build

    def counted(policy: TlsPolicy, contents: list[bytes]) -> tls_context.PolicyContext:
        built.append(policy)
        return build(policy, contents)

    monkeypatch.setattr(tls_context, "_build", counted)
    async with Pool() as pool:
        clients = [make(secure, TlsPolicy(ca_file=ca_file), pool) for _ in range(20)]
        await asyncio.gather(*(client.login() for client in clients))
        assert len({id(tls_context.ready_context(client._transport.sender.tls)) for client in clients}) == 1
        assert len(built) == 1
        for client in clients:
            await client.aclose()


@pytest.mark.parametrize("content", [None, b"this is no certificate"])
async def test_unreadable_ca_file_is_a_clear_error(secure: Vbr, tmp_path: Path, content: bytes | None) -> None:
    """A CA file that is missing or holds none is named in the error."""
    path = tmp_path / "nothing.pem"
    if content is not None:
        path.write_bytes(content)
    async with make(secure, TlsPolicy(ca_file=str(path))) as client:
        with pytest.raises(ConnectError, match=r"nothing\.pem"):
            await client.sessions.get_session(SESSION_ID)


async def test_no_tls_there() -> None:
    """A server without TLS on that port makes a ConnectError, not something else."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Client(f"https://127.0.0.1:{port}", Password("m", "p"), retry=QUICK) as client:
        with pytest.raises(ConnectError):
            await client.sessions.get_session(SESSION_ID)
    with pytest.raises(ConnectError):
        await fetch_fingerprint("127.0.0.1", port)
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0.01)


async def test_fetching_from_a_silent_server_ends() -> None:
    """fetch_fingerprint gives up after its timeout, and says when nothing listens."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(RequestTimeout):
        await fetch_fingerprint("127.0.0.1", port, timeout=0.1)
    server.close()
    await server.wait_closed()
    with pytest.raises(ConnectError):
        await fetch_fingerprint("127.0.0.1", port)
    await asyncio.sleep(0.01)


async def test_fetched_certificate_says_what_it_is(secure: Vbr) -> None:
    """fetch_certificate reads names and validity without trusting anything."""
    certificate = await fetch_certificate("127.0.0.1", secure.port)
    assert certificate.fingerprint == hashlib.sha256(certificate.der).hexdigest()
    assert "CN=vbr01" in certificate.subject
    assert certificate.issuer != certificate.subject
    assert certificate.not_before is not None and certificate.not_after is not None
    assert certificate.not_before < certificate.not_after


def test_garbage_is_no_certificate_and_no_crash() -> None:
    """Bytes that are no certificate have a fingerprint and nothing else."""
    good = ssl.PEM_cert_to_DER_cert(AUTHORITY.cert_pem.bytes().decode())
    assert describe(good).subject
    for data in (b"", b"\x30", b"\x30\x80", good[:10], good[:100], b"\xff" * 50, good[5:]):
        found = describe(data)
        assert found.fingerprint == hashlib.sha256(data).hexdigest()
    for cut in range(0, len(good), 7):
        describe(good[:cut])


@pytest.mark.parametrize("fingerprint", ["", "abc", "zz" * 32, "ab" * 31, "ab" * 33])
def test_odd_fingerprints_are_refused(fingerprint: str) -> None:
    """A pin that cannot be a SHA-256 is an error when it is given."""
    with pytest.raises(ValueError, match="64 hexadecimal"):
        TlsPolicy(fingerprint=fingerprint)


def test_policies_exclude_each_other() -> None:
    """A policy is one of CA file, pin, insecure."""
    with pytest.raises(ValueError):
        TlsPolicy(ca_file="x", fingerprint="ab" * 32)
    with pytest.raises(ValueError):
        TlsPolicy(check_hostname=False)
    assert TlsPolicy.verify() == TlsPolicy()
    assert TlsPolicy.verify("a") == TlsPolicy(ca_file="a")


async def test_tls_sockets_are_closed_on_leaving(secure: Vbr, ca_file: str) -> None:
    """After leaving, the server sees no connection of ours."""
    async with make(secure, TlsPolicy(ca_file=ca_file)) as client:
        await asyncio.gather(*(client.sessions.get_session(SESSION_ID) for _ in range(10)))
        assert secure.open > 0
    for _ in range(100):
        if not secure.open:
            break
        await asyncio.sleep(0.01)
    assert secure.open == 0
