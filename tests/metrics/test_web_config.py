"""TLS, users and headers by the file that exporters of the Prometheus project take."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path

import aiohttp
import bcrypt
import pytest
import trustme

from veeam_async import fetch_fingerprint
from veeam_async.fleet import Fleet
from veeam_async.metrics import Exporter, WebConfig, WebConfigError

HASH = bcrypt.hashpw(b"horse battery", bcrypt.gensalt(4)).decode()


def certificates(folder: Path) -> trustme.CA:
    """Files of a server and a client, and their authority."""
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1")
    server.private_key_pem.write_to_path(folder / "key.pem")
    for number, part in enumerate(server.cert_chain_pems):
        part.write_to_path(folder / "cert.pem", append=number > 0)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return authority


@pytest.fixture
def web(tmp_path: Path) -> Path:
    return tmp_path / "web.yml"


async def test_users(web: Path) -> None:
    """With users every page asks for one, and takes no other password, user or scheme."""
    web.write_text(f"basic_auth_users:\n  prom: {HASH}\n")
    async with Fleet() as fleet, aiohttp.ClientSession() as session:
        exporter = Exporter(fleet)
        try:
            port = await exporter.serve(port=0, config=WebConfig.load(web))

            async def status(path: str, user: str | None = None, password: str = "") -> int:
                code = base64.b64encode(f"{user}:{password}".encode()).decode()
                headers = {"Authorization": f"Basic {code}"} if user is not None else {}
                async with session.get(f"http://127.0.0.1:{port}{path}", headers=headers) as response:
                    return response.status

            for path in ("/", "/metrics", "/sd", "/-/healthy", "/probe?target=a"):
                assert await status(path) == 401
                assert await status(path, "prom", "wrong") == 401
                assert await status(path, "nobody", "horse battery") == 401
            for _ in range(2):
                assert await status("/metrics", "prom", "horse battery") == 200
            assert await status("/metrics", "prom", "wrong") == 401
            url = f"http://127.0.0.1:{port}/metrics"
            for given in ("Bearer x", "Basic ????", "Basic"):
                async with session.get(url, headers={"Authorization": given}) as response:
                    assert response.status == 401
                    assert response.headers["WWW-Authenticate"] == "Basic"
        finally:
            await exporter.aclose()


async def test_tls_and_headers(web: Path) -> None:
    """Paths are relative to the file; a client certificate is asked for where the file says so."""
    authority = certificates(web.parent)
    web.write_text(
        "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n  client_ca_file: ca.pem\n"
        "  client_auth_type: RequireAndVerifyClientCert\n  min_version: TLS13\n"
        "http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n"
    )
    context = ssl.create_default_context()
    authority.configure_trust(context)
    async with Fleet() as fleet:
        exporter = Exporter(fleet)
        try:
            port = await exporter.serve(port=0, config=WebConfig.load(web))
            url = f"https://127.0.0.1:{port}/-/healthy"
            async with aiohttp.ClientSession() as session:
                with pytest.raises(aiohttp.ClientError):
                    await session.get(url, ssl=context)
            authority.issue_cert("scraper").configure_cert(context)
            async with aiohttp.ClientSession() as session, session.get(url, ssl=context) as response:
                assert response.status == 200
                assert response.headers["X-Frame-Options"] == "deny"
        finally:
            await exporter.aclose()


async def test_renewed_certificate(web: Path) -> None:
    """A certificate that is replaced is shown to the next connection; one that is half there changes nothing."""
    certificates(web.parent)
    web.write_text("tls_server_config: {cert_file: cert.pem, key_file: key.pem}")
    async with Fleet() as fleet:
        exporter = Exporter(fleet)
        try:
            port = await exporter.serve(port=0, config=WebConfig.load(web))
            first = await fetch_fingerprint("127.0.0.1", port)
            assert await fetch_fingerprint("127.0.0.1", port) == first
            certificate = (web.parent / "cert.pem").read_bytes()
            (web.parent / "cert.pem").write_text("half of it")
            assert await fetch_fingerprint("127.0.0.1", port) == first
            (web.parent / "cert.pem").write_bytes(certificate)
            certificates(web.parent)
            assert await fetch_fingerprint("127.0.0.1", port) != first
        finally:
            await exporter.aclose()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tls_server_config: {cert_file: a}", "key_file"),
        ("tls_server_config: {min_version: TLS13}", "cert_file"),
        ("tls_server_config: {cert_file: a, key_file: b, client_auth_type: Maybe}", "client_auth_type"),
        ("tls_server_config: {cert_file: a, key_file: b, client_auth_type: VerifyClientCertIfGiven}", "client_ca_file"),
        ("tls_server_config: {cert_file: a, key_file: b, min_version: SSL3}", "min_version"),
        ("tls_server_config: {cert: a}", "cert not supported"),
        ("tls: {}", "tls not supported"),
        ("basic_auth_users: [a]", "not a mapping"),
        ("basic_auth_users: {a: secret}", "a: not a bcrypt hash"),
        ("basic_auth_users: {a: 5}", "not a text"),
        ("http_server_config: {headers: {Set-Cookie: a}}", "Set-Cookie not supported"),
        ("a: [", "no YAML"),
        ("just text", "not a mapping"),
    ],
)
def test_mistakes(web: Path, text: str, says: str) -> None:
    """A file that cannot be followed whole is refused, with its key, and without what may be secret."""
    web.write_text(text)
    with pytest.raises(WebConfigError, match=says) as caught:
        WebConfig.load(web)
    assert "secret" not in str(caught.value)


def test_files_that_are_not_there(web: Path) -> None:
    """The error names the file."""
    with pytest.raises(WebConfigError, match=r"web\.yml"):
        WebConfig.load(web)
    web.write_text("tls_server_config: {cert_file: no.pem, key_file: no.pem}")
    with pytest.raises(WebConfigError, match=r"no\.pem"):
        WebConfig.load(web).ssl_context()


def test_empty_file_changes_nothing(web: Path) -> None:
    """An empty file is plain HTTP without users, as elsewhere."""
    web.write_text("")
    assert WebConfig.load(web) == WebConfig()
    assert WebConfig().ssl_context() is None
    assert HASH not in repr(WebConfig(users={"prom": HASH}))
