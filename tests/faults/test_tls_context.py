"""What a TLS policy does on the wire: the same on every Python, also behind a proxy, also when its files change."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from veeam_async import BearerToken, Password
from veeam_async._http import tls_context
from veeam_async._http.certificates import describe, fetch_fingerprint
from veeam_async._http.pool import Pool
from veeam_async.errors import ConnectError, TlsError, VeeamError
from veeam_async.tls import TlsPolicy
from veeam_async.vbr.v1_3_rev0 import Client

from .conftest import QUICK
from .wire import SESSION_ID, Vbr

Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def certificate(
    name: str,
    issuer: Pair | None = None,
    *,
    names: tuple[str, ...] = (),
    authority: bool = False,
    critical: bool = True,
    ids: bool = True,
) -> Pair:
    """A certificate and its key; self-signed without an issuer. `ids`: key identifiers, as RFC 5280 wants them."""
    key = ec.generate_private_key(ec.SECP256R1())
    above, signer = issuer or (None, key)
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(above.subject if above else subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=9))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([general_name(one) for one in names]), False)
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical)
    if authority and ids:
        usage = dict.fromkeys(
            (
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        signing = {"digital_signature": True, "key_cert_sign": True, "crl_sign": True}
        builder = builder.add_extension(x509.KeyUsage(**usage, **signing), True)
    if ids:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        if above is not None:
            by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
            builder = builder.add_extension(by, False)
    return builder.sign(signer, hashes.SHA256()), key


def general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def pem(*parts: x509.Certificate | ec.EllipticCurvePrivateKey, password: bytes | None = None) -> bytes:
    text = b""
    for part in parts:
        if isinstance(part, x509.Certificate):
            text += part.public_bytes(serialization.Encoding.PEM)
        else:
            hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
            text += part.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)
    return text


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    count = iter(range(100))

    def written(*parts: Any, password: bytes | None = None) -> str:
        path = tmp_path / f"{next(count)}.pem"
        path.write_bytes(pem(*parts, password=password))
        return str(path)

    return written


Write = Callable[..., str]
ROOT = certificate("Halden Root", authority=True)
ISSUING = certificate("Halden Issuing", ROOT, authority=True)
LEAF = certificate("vbr01", ISSUING, names=("vbr01.halden.example", "127.0.0.1"))
OLD_ROOT = certificate("Halden Old CA", authority=True, critical=False, ids=False)
OLD_LEAF = certificate("vbr01", OLD_ROOT, names=("127.0.0.1",), ids=False)
OWN = certificate("vbr01", names=("127.0.0.1",), ids=False)


def serving(write: Write, *parts: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write(*parts))
    return context


async def asked(server: Vbr, policy: TlsPolicy, **options: Any) -> str:
    """What comes of a call: the session's id, or the error."""
    host = options.pop("host", server.url)
    async with Client(host, Password("monitor", server.password), tls=policy, retry=QUICK, **options) as client:
        try:
            return (await client.sessions.get_session(SESSION_ID)).id or ""
        except VeeamError as error:
            return f"{type(error).__name__}: {error}" if error.appliance else f"of no appliance: {error}"


@pytest.mark.parametrize(
    ("sent", "trusted", "strict"),
    [
        (OWN, OWN[0], None),
        (OLD_LEAF, OLD_ROOT[0], "refused"),
        ((LEAF[0], ISSUING[0], LEAF[1]), ROOT[0], "taken"),
        (LEAF, ISSUING[0], "taken"),
        (LEAF, LEAF[0], "taken"),
    ],
    ids=["self-signed", "authority of old make", "whole chain", "issuing authority alone", "the leaf alone"],
)
async def test_a_policy_means_the_same_on_every_python(write: Write, sent: Any, trusted: Any, strict: str) -> None:
    """Whatever is in the CA file is trusted, also without what is above it; `strict` refuses what RFC 5280 forbids."""
    async with Vbr(serving(write, *sent)) as server:
        ca_file = write(trusted)
        assert await asked(server, TlsPolicy(ca_file=ca_file)) == SESSION_ID
        outcome = await asked(server, TlsPolicy(ca_file=ca_file, strict=True))
        if strict is not None:  # versions of OpenSSL differ about what signs itself
            assert outcome == SESSION_ID if strict == "taken" else outcome.startswith("TlsError")


async def test_the_system_s_authorities_mean_the_same_too(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a CA file the system's authorities count, by the same rules."""
    monkeypatch.setenv("SSL_CERT_FILE", write(OLD_ROOT[0], ISSUING[0]))
    tls_context._kept.clear()
    try:
        for sent in (OLD_LEAF, LEAF):
            async with Vbr(serving(write, *sent)) as server:
                assert await asked(server, TlsPolicy()) == SESSION_ID
        async with Vbr(serving(write, *OLD_LEAF)) as server:
            assert "TlsError" in await asked(server, TlsPolicy(strict=True))
    finally:
        tls_context._kept.clear()


async def test_an_authority_in_der(write: Write, tmp_path: Path) -> None:
    """A CA file as Windows exports it is taken as well as PEM."""
    path = tmp_path / "root.cer"
    path.write_bytes(ISSUING[0].public_bytes(serialization.Encoding.DER))
    async with Vbr(serving(write, *LEAF)) as server:
        assert await asked(server, TlsPolicy(ca_file=path)) == SESSION_ID


async def test_polled_by_address_and_verified_by_name(write: Write) -> None:
    """`server_name` is the name that the certificate has to be for, and the one that is asked for."""
    leaf = certificate("vbr01", ROOT, names=("vbr01.halden.example",))
    context = serving(write, *leaf)
    names: list[str | None] = []
    context.sni_callback = lambda connection, name, _: names.append(name)
    async with Vbr(context) as server:
        ca_file = write(ROOT[0])
        assert "TlsError" in await asked(server, TlsPolicy(ca_file=ca_file))
        assert await asked(server, TlsPolicy(ca_file=ca_file, server_name="vbr01.halden.example")) == SESSION_ID
        assert names[-1] == "vbr01.halden.example"
        assert "TlsError" in await asked(server, TlsPolicy(ca_file=ca_file, server_name="vbr02.halden.example"))
        pin = await fetch_fingerprint("127.0.0.1", server.port, server_name="vbr03.halden.example")
        assert names[-1] == "vbr03.halden.example"
        assert await asked(server, TlsPolicy(fingerprint=pin, server_name="vbr04.halden.example")) == SESSION_ID
        assert names[-1] == "vbr04.halden.example"


async def test_two_names_on_one_pool_share_no_connection(write: Write) -> None:
    """A connection that was verified under one name does not serve a client that wants another."""
    leaf = certificate("vbr01", ROOT, names=("vbr01.halden.example",))
    ca_file = write(ROOT[0])
    async with Vbr(serving(write, *leaf)) as server, Pool() as pool:
        right = TlsPolicy(ca_file=ca_file, server_name="vbr01.halden.example")
        assert await asked(server, right, pool=pool) == SESSION_ID
        wrong = TlsPolicy(ca_file=ca_file, server_name="vbr02.halden.example")
        assert "TlsError" in await asked(server, wrong, pool=pool)


@pytest.mark.parametrize(("oldest", "taken"), [("1.2", True), ("1.3", False)])
async def test_the_oldest_version_that_is_spoken(write: Write, oldest: Any, taken: bool) -> None:
    """A server that cannot do better than TLS 1.2 is refused where 1.3 is the least, pinned or not."""
    context = serving(write, *LEAF)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with Vbr(context) as server:
        pin = await fetch_fingerprint("127.0.0.1", server.port)
        for policy in (
            TlsPolicy(ca_file=write(ISSUING[0]), minimum_version=oldest),
            TlsPolicy(fingerprint=pin, minimum_version=oldest),
        ):
            assert (await asked(server, policy) == SESSION_ID) == taken


async def test_client_certificates(write: Write) -> None:
    """Who asks for a certificate gets it, with its key in the same file, in another, or in another with a password."""
    context = serving(write, *LEAF)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(write(ROOT[0]))
    mine = certificate("poller", ROOT)
    trusted: dict[str, Any] = {"ca_file": write(ISSUING[0])}
    async with Vbr(context) as server:
        assert await asked(server, TlsPolicy(**trusted)) != SESSION_ID
        assert await asked(server, TlsPolicy(**trusted, client_cert=write(*mine))) == SESSION_ID
        cert = write(mine[0])
        assert await asked(server, TlsPolicy(**trusted, client_cert=cert, client_key=write(mine[1]))) == SESSION_ID
        locked = write(mine[1], password=b"planted-password")
        with_password = TlsPolicy(
            **trusted, client_cert=cert, client_key=locked, client_key_password="planted-password"
        )
        assert await asked(server, with_password) == SESSION_ID
        pin = await fetch_pin(LEAF)
        assert await asked(server, TlsPolicy(fingerprint=pin, client_cert=write(*mine))) == SESSION_ID


async def fetch_pin(pair: Pair) -> str:
    return pair[0].fingerprint(hashes.SHA256()).hex()


async def test_client_certificates_that_cannot_be_used(write: Write, tmp_path: Path) -> None:
    """A key that is missing, locked, of another certificate or no key is named, and nobody is asked for a password."""
    mine, other = certificate("poller", ROOT), certificate("other", ROOT)
    cert, locked = write(mine[0]), write(mine[1], password=b"planted-password")
    nothing = tmp_path / "nothing"
    nothing.write_bytes(b"nothing")
    async with Vbr(serving(write, *LEAF)) as server:
        cases: list[tuple[dict[str, Any], str]] = [
            ({"client_cert": cert, "client_key": locked}, f"{locked} cannot be used: no client certificate"),
            ({"client_cert": cert, "client_key": locked}, "client_key_password is not given"),
            (
                {"client_cert": cert, "client_key": locked, "client_key_password": "planted-other"},
                "no client certificate",
            ),
            # OpenSSL's word for it, without the place in its source.
            ({"client_cert": cert, "client_key": write(other[1])}, "with its key (KEY_VALUES_MISMATCH)"),
            ({"client_cert": cert}, f"{cert} cannot be used: no client certificate"),
            ({"client_cert": str(nothing)}, "no client certificate"),
            ({"client_cert": str(tmp_path / "gone")}, "gone cannot be used: No such file"),
            ({"client_cert": str(tmp_path)}, "Is a directory"),
        ]
        for options, said in cases:
            outcome = await asked(server, TlsPolicy(ca_file=write(ISSUING[0]), **options))
            assert outcome.startswith("TlsError") and said in outcome and "planted" not in outcome
    assert not server.requests


async def test_a_withdrawn_authority_is_not_trusted_any_longer(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """What replaces the content of a CA file counts for the next call, also for a client and a connection in use."""
    monkeypatch.setattr(tls_context, "_CHECK_EVERY", 0.0)
    ca_file = write(ISSUING[0])
    async with Vbr(serving(write, *LEAF)) as server:
        policy = TlsPolicy(ca_file=ca_file)
        async with Client(server.url, Password("monitor", server.password), tls=policy, retry=QUICK) as client:
            await client.sessions.get_session(SESSION_ID)
            first = await tls_context.context_for(policy)
            os.utime(ca_file, (1, 1))
            assert await tls_context.context_for(policy) is first  # its content is the same
            Path(ca_file).write_bytes(pem(OLD_ROOT[0]))
            with pytest.raises(TlsError, match="unable to get local issuer"):
                await client.sessions.get_session(SESSION_ID)
            Path(ca_file).write_bytes(pem(ISSUING[0])[:200])
            with pytest.raises(TlsError, match="cannot be used") as caught:
                await client.sessions.get_session(SESSION_ID)
            assert caught.value.appliance == "127.0.0.1"
            Path(ca_file).unlink()
            with pytest.raises(TlsError, match="No such file"):
                await client.sessions.get_session(SESSION_ID)
            Path(ca_file).write_bytes(pem(ROOT[0], ISSUING[0]))
            assert (await client.sessions.get_session(SESSION_ID)).id == SESSION_ID


@pytest.mark.parametrize("whose", ["appliance", "proxy"])
async def test_a_withdrawn_authority_counts_behind_a_proxy(
    write: Write, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """Behind an https proxy too, who is trusted no longer gets nothing: neither the appliance nor the proxy itself."""
    monkeypatch.setattr(tls_context, "_CHECK_EVERY", 0.0)
    files = {"appliance": write(ISSUING[0]), "proxy": write(OLD_ROOT[0])}
    policy = TlsPolicy(ca_file=files["appliance"], proxy=TlsPolicy(ca_file=files["proxy"]))
    proxy_leaf = certificate("proxy", OLD_ROOT, names=("127.0.0.1",), ids=False)
    async with Vbr(serving(write, *LEAF)) as server, proxying(serving(write, *proxy_leaf)) as (url, _):
        host = f"https://vbr01.halden.example:{server.port}"
        assert await asked(server, policy, host=host, proxy=url) == SESSION_ID
        calls = len(server.requests)
        Path(files[whose]).write_bytes(pem(ROOT[0] if whose == "proxy" else OLD_ROOT[0]))
        # Python 3.11 loses what the handshake within another died of.
        assert "Error" in await asked(server, policy, host=host, proxy=url)
        assert len(server.requests) == calls


async def test_one_context_for_all_that_share_policies_and_proxy(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients of one policy behind one proxy share a context, as connections go by it; it is there without a wait."""
    first, second = write(ISSUING[0]), write(OLD_ROOT[0])
    policy = TlsPolicy(ca_file=first, proxy=TlsPolicy(ca_file=second))
    # The proxy's context is still to be built.
    await tls_context.context_for(policy)
    assert tls_context.ready_context(policy, "proxy.example") is None
    joined = await tls_context.context_for(policy, "proxy.example")
    assert tls_context.ready_context(policy, "proxy.example") is joined
    assert await tls_context.context_for(policy, "proxy.example") is joined
    assert await tls_context.context_for(policy, "other.example") is not joined
    for path in (first, second):
        Path(path).write_bytes(pem(ROOT[0], certificate("another", authority=True)[0]))
        renewed = await tls_context.context_for(policy, "proxy.example")
        assert renewed is not joined
        joined = renewed


async def test_a_change_through_a_proxy_to_another_certificate(write: Write) -> None:
    """A change that ends with the handshake behind an https proxy surely did nothing; its error has the step."""
    proxy_leaf = certificate("proxy", OLD_ROOT, names=("127.0.0.1",), ids=False)
    policy = TlsPolicy(fingerprint="ab" * 32, proxy=TlsPolicy(ca_file=write(OLD_ROOT[0])))
    async with Vbr(serving(write, *LEAF)) as server, proxying(serving(write, *proxy_leaf)) as (url, heads):
        host = f"https://vbr01.halden.example:{server.port}"
        async with Client(host, BearerToken("t"), tls=policy, proxy=url, retry=QUICK) as client:
            with pytest.raises(ConnectError) as caught:
                await client.request("POST", "/api/v1/jobs", json={})
        assert not caught.value.outcome_unknown and caught.value.step == "tls"
        assert heads and not server.requests


@pytest.mark.parametrize("more", [0, 1])
async def test_the_largest_ca_file(write: Write, more: int) -> None:
    """A file that could not hold authorities alone, as a wrong path may name, is not read to its end."""
    ca_file = write(ISSUING[0])
    content = Path(ca_file).read_bytes()
    Path(ca_file).write_bytes(content.ljust((8 << 20) + more, b"\n"))
    policy = TlsPolicy(ca_file=ca_file)
    if more:
        with pytest.raises(TlsError, match=r"cannot be used: it is larger than 8 MiB$"):
            await tls_context.context_for(policy)
    else:
        assert (await tls_context.context_for(policy)).cert_store_stats()["x509_ca"] == 1


async def test_keys_are_logged_where_the_environment_says_so(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSLKEYLOGFILE lets who debugs a connection read its capture, as elsewhere in Python."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    async with Vbr(serving(write, *LEAF)) as server:
        assert await asked(server, TlsPolicy(ca_file=write(ISSUING[0]))) == SESSION_ID
    assert "CLIENT_" in (tmp_path / "keys").read_text()


KEYS_LOGGED = """
import asyncio, sys
sys.path[:] = eval(sys.argv[1])
from veeam_async._http import tls_context
from veeam_async.tls import TlsPolicy
print(asyncio.run(tls_context.context_for(TlsPolicy(fingerprint="ab" * 32))).keylog_filename)
"""


def test_no_keys_are_logged_where_python_ignores_its_environment(tmp_path: Path) -> None:
    """`python -E` and `-I` shut out whoever sets variables for a program of somebody else."""
    environ = {**os.environ, "SSLKEYLOGFILE": str(tmp_path / "keys")}
    command = [sys.executable, "-E", "-c", KEYS_LOGGED, repr(sys.path)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "None"


async def test_a_renewed_client_certificate_is_shown(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificate and key of a client are watched as the CA file is."""
    monkeypatch.setattr(tls_context, "_CHECK_EVERY", 0.0)
    cert = write(*certificate("poller", ROOT))
    policy = TlsPolicy(ca_file=write(ISSUING[0]), client_cert=cert)
    first = await tls_context.context_for(policy)
    Path(cert).write_bytes(pem(*certificate("poller", ROOT)))
    second = await tls_context.context_for(policy)
    assert second is not first and await tls_context.context_for(policy) is second


async def test_files_are_looked_at_once_a_second(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two looks a context costs no call of the system, and of those that come together one looks."""
    looked = 0
    stat = os.stat

    def counted(path: Any, **options: Any) -> os.stat_result:
        nonlocal looked
        looked += str(path) == ca_file
        return stat(path, **options)

    ca_file = write(ROOT[0])
    policy = TlsPolicy(ca_file=ca_file)
    now = 1000.0
    monkeypatch.setattr(tls_context, "monotonic", lambda: now)
    monkeypatch.setattr(os, "stat", counted)
    assert tls_context.ready_context(policy) is None
    context = await tls_context.context_for(policy)
    assert looked == 1
    assert all(tls_context.ready_context(policy) is context for _ in range(1000)) and looked == 1
    now += 1.0
    ready = [tls_context.ready_context(policy) for _ in range(5)]
    assert ready == [None, context, context, context, context]
    assert tls_context.ready_context(TlsPolicy(ca_file=ca_file, server_name="other")) is None


async def test_contexts_are_bounded(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many policies there are, no more than a number of contexts is kept."""
    monkeypatch.setattr(tls_context, "_MOST_CONTEXTS", 3)
    monkeypatch.setattr(tls_context, "_kept", {})
    for number in range(6):
        await tls_context.context_for(TlsPolicy(fingerprint="ab" * 32, server_name=f"vbr{number}"))
    assert len(tls_context._kept) == 3


@asynccontextmanager
async def proxying(context: ssl.SSLContext | None) -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that opens tunnels to this machine; its URL, and the heads of what it was asked."""
    heads: list[str] = []
    tasks: set[asyncio.Task[None]] = set()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except (OSError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            writer.close()
            return
        heads.append(head)
        port = int(head.split(" ")[1].rpartition(":")[2])
        there = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        for pair in ((reader, there[1]), (there[0], writer)):
            task = asyncio.create_task(copy(*pair))
            tasks.add(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield f"http{'s' if context else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}", heads
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)


async def test_a_proxy_is_judged_by_its_own_policy(write: Write) -> None:
    """Neither does `insecure` take any proxy, nor does a pin refuse all: `proxy=` says who is taken."""
    proxy_leaf = certificate("proxy", OLD_ROOT, names=("127.0.0.1",), ids=False)
    own = TlsPolicy(ca_file=write(OLD_ROOT[0]))
    pin = await fetch_pin(LEAF)
    # By a name of its own: the proxy and the appliance are two.
    host = "https://vbr01.halden.example:{}"
    async with Vbr(serving(write, *LEAF)) as server, proxying(serving(write, *proxy_leaf)) as (url, heads):
        name = host.format(server.port)
        with pytest.warns(Warning, match="not verified"):
            insecure = TlsPolicy(insecure=True)
        for policy in (insecure, TlsPolicy(fingerprint=pin), TlsPolicy(ca_file=write(ISSUING[0]))):
            outcome = await asked(server, policy, host=name, proxy=url)
            assert outcome != SESSION_ID and not heads
        for policy in (
            TlsPolicy(fingerprint=pin, proxy=own),
            TlsPolicy(ca_file=write(ISSUING[0]), proxy=own),
            TlsPolicy(fingerprint=pin, proxy=TlsPolicy(fingerprint=await fetch_pin(proxy_leaf))),
        ):
            assert await asked(server, policy, host=name, proxy=url) == SESSION_ID
        assert {head.split(" ")[1] for head in heads} == {f"vbr01.halden.example:{server.port}"}
        calls = len(server.requests)
        # Python 3.11 loses what the handshake within another died of.
        outcome = await asked(server, TlsPolicy(fingerprint="ab" * 32, proxy=own), host=name, proxy=url)
        assert "Error" in outcome and len(server.requests) == calls


async def test_a_tunnel_verifies_what_is_behind_it(write: Write) -> None:
    """Through a plain proxy the appliance is judged as without one, by its name or by the one that is given."""
    async with Vbr(serving(write, *LEAF)) as server, proxying(None) as (url, _):
        ca_file = write(ISSUING[0])
        for host, name, good in (
            ("vbr01.halden.example", None, True),
            ("vbr01.halden.example.", None, True),
            ("vbr02.halden.example", None, False),
            ("vbr02.halden.example", "vbr01.halden.example", True),
        ):
            policy = TlsPolicy(ca_file=ca_file, server_name=name)
            outcome = await asked(server, policy, host=f"https://{host}:{server.port}", proxy=url)
            assert (outcome == SESSION_ID) == good


async def test_a_pin_is_looked_at_before_anything_is_sent(write: Write) -> None:
    """A certificate that is not the pinned one ends the handshake: no byte of a request is sent."""
    async with Vbr(serving(write, *OWN)) as server:
        outcome = await asked(server, TlsPolicy(fingerprint=await fetch_pin(LEAF)))
        assert outcome.startswith("TlsError") and await fetch_pin(OWN) in outcome
        assert not server.requests


@pytest.mark.parametrize("host", ["vbr01..example", "a" * 70])
async def test_fetching_a_certificate_from_no_host(host: str) -> None:
    """A malformed name is an error of this package here too."""
    with pytest.raises(VeeamError):
        await fetch_fingerprint(host, timeout=1)


async def test_a_zone_is_not_part_of_what_is_verified(write: Write) -> None:
    """An address with a zone is connected to by its zone and verified without it."""
    zone = next((line for line in zones() if line), None)
    if zone is None:
        pytest.skip("no link-local address here")
    leaf = certificate("vbr01", ROOT, names=(zone.partition("%")[0],))
    context = serving(write, *leaf)
    async with Vbr(context, host=zone) as server:
        policy = TlsPolicy(ca_file=write(ROOT[0]))
        for form in (f"https://[{zone}]:{server.port}", f"[{zone.replace('%', '%25')}]:{server.port}"):
            assert await asked(server, policy, host=form) == SESSION_ID


def zones() -> list[str]:
    """The link-local addresses of this machine, with their zones."""
    try:
        lines = Path("/proc/net/if_inet6").read_text().splitlines()
    except OSError:
        return []
    found = [line.split() for line in lines]
    return [f"{ipaddress.IPv6Address(int(one[0], 16))}%{one[5]}" for one in found if one[3] == "20"]


async def test_names_in_a_certificate_are_a_stranger_s_texts() -> None:
    """What a certificate that nobody verified says is no command to a terminal, one line, and bounded."""
    odd = certificate("vbr\x1b[2J\r\nERROR forged\u202e" + "x" * 40)
    seen = describe(odd[0].public_bytes(serialization.Encoding.DER))
    assert seen.subject.startswith("CN=vbr\\x1b[2J ERROR forged\\u202exxx") and seen.issuer == seen.subject
    assert seen.subject.isprintable()
