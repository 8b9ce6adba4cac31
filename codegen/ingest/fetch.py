"""The document that an appliance serves about itself: over https, from the one origin that was named."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import re
import socket
import ssl
import threading
import time
import urllib.parse
from typing import Any

from codegen.faults import BadInput
from codegen.ingest import bounds

STEP_SECONDS = 30.0
TOTAL_SECONDS = 180.0
MAX_INTERIM = 8
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_LINK = re.compile(r"""["']([^"'\s<>]+\.(?:json|ya?ml))["']""")


def document(url: str, *, insecure: bool, fingerprint: str | None) -> tuple[str, bytes]:
    """Get a document; where the address is a Swagger page, the document that the page names.

    Args:
        url: https; plain http to loopback alone.
        insecure: take any TLS certificate.
        fingerprint: SHA-256 of the one certificate to take, hex with or without colons.

    Returns:
        The address it came from (without credentials, query and fragment) and its bytes.

    Raises:
        BadInput: not trusted, not answered, or no document there.
    """
    body = _get(url, insecure=insecure, fingerprint=fingerprint)
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"<":
        return bare(url), body
    # An appliance shows its document on a Swagger page, which names it, or whose start script does.
    page = body.decode("utf-8", "replace")
    scripts = [
        name
        for name in re.findall(r"""src=["']([^"']+\.js)["']""", page)
        if "bundle" not in name and "preset" not in name
    ]
    for script in [None, *scripts[:3]]:
        text = (
            page
            if script is None
            else _get(_same(url, script), insecure=insecure, fingerprint=fingerprint).decode("utf-8", "replace")
        )
        for link in _LINK.findall(text):
            there = _same(url, link)
            return bare(there), _get(there, insecure=insecure, fingerprint=fingerprint)
    raise BadInput(
        f"{bare(url)}: a web page that names no document; give the address of the JSON or YAML document itself"
    )


def bare(url: str) -> str:
    """An address without what could be secret in it."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _same(url: str, link: str) -> str:
    there = urllib.parse.urljoin(url, link)
    if urllib.parse.urlsplit(there)[:2] != urllib.parse.urlsplit(url)[:2]:
        raise BadInput(f"{bare(url)}: names a document on another host: {bare(there)}")
    return there


def _get(url: str, *, insecure: bool, fingerprint: str | None) -> bytes:
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as fault:
        raise BadInput(f"not an address: {fault}") from fault
    if not host or (parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK)):
        raise BadInput(f"{bare(url)}: only https (plain http to loopback alone)")
    wanted = _digest(fingerprint) if fingerprint else None
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        if insecure or wanted:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=STEP_SECONDS, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=STEP_SECONDS)
    connection.response_class = _Response
    watchdog = threading.Timer(TOTAL_SECONDS, _cut, [connection])
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.connect()
        if wanted and isinstance(connection.sock, ssl.SSLSocket):
            found = hashlib.sha256(connection.sock.getpeercert(binary_form=True) or b"").hexdigest()
            if found != wanted:
                raise BadInput(f"{bare(url)}: the certificate's SHA-256 fingerprint is {found}, not the one given")
        path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request("GET", path, headers={"Accept": "application/json, application/yaml, */*"})
        return _body(connection.getresponse(), bare(url))
    except ssl.SSLCertVerificationError as fault:
        hint = "an appliance's own certificate needs --fingerprint SHA256 or --insecure"
        raise BadInput(f"{bare(url)}: TLS certificate not trusted ({fault.verify_message}); {hint}") from fault
    except (OSError, http.client.HTTPException, ValueError) as fault:
        raise BadInput(f"{bare(url)}: {str(fault) or type(fault).__name__}") from fault
    finally:
        watchdog.cancel()
        connection.close()


class _Head:
    """What an answer is read from, with a limit on the status lines that `100 Continue` repeats."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._status_lines = 0

    def readline(self, limit: int = -1) -> bytes:
        """The next line."""
        line: bytes = self._file.readline(limit)
        if line.startswith(b"HTTP/"):
            self._status_lines += 1
            if self._status_lines > MAX_INTERIM:
                raise http.client.HTTPException("interim answers without an end")
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class _Response(http.client.HTTPResponse):
    def begin(self) -> None:
        file = self.fp
        self.fp = _Head(file)  # type: ignore[assignment]
        try:
            super().begin()
        finally:
            if self.fp is not None:
                self.fp = file


def _cut(connection: http.client.HTTPConnection) -> None:
    """End a connection from another thread: what waits for it sees its end."""
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _body(answer: http.client.HTTPResponse, where: str) -> bytes:
    if answer.status != 200:
        moved = answer.getheader("Location")
        raise BadInput(f"{where}: answered {answer.status}" + (f", moved to {bare(moved)}" if moved else ""))
    ends = time.monotonic() + TOTAL_SECONDS
    announced = answer.getheader("Content-Length") or ""
    body = bytearray()
    while chunk := answer.read1(1 << 16):
        body += chunk
        if len(body) > bounds.MAX_BYTES:
            raise BadInput(f"{where}: larger than {bounds.MAX_BYTES >> 20} MiB")
        if time.monotonic() > ends:
            raise BadInput(f"{where}: not whole after {TOTAL_SECONDS:.0f} seconds")
    if announced.isdecimal() and len(announced) < 19 and len(body) != int(announced):
        raise BadInput(f"{where}: cut: {len(body):,} of {int(announced):,} bytes came")
    return bytes(body)


def _digest(fingerprint: str) -> str:
    digest = re.sub(r"[:\s]", "", fingerprint).lower().removeprefix("sha256")
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise BadInput("--fingerprint: not a SHA-256 fingerprint (64 hex digits)")
    return digest
