"""How an appliance's certificate is judged, and how one finds out which certificate an appliance has."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import threading
import warnings
from typing import TYPE_CHECKING, Any

import attrs

from .errors import ConnectError, InsecureWarning, RequestTimeout

if TYPE_CHECKING:
    import ssl

    import aiohttp


def _hex(value: str | None) -> str | None:
    if value is None:
        return None
    text = re.sub(r"^sha-?256[:=]?", "", value.strip(), flags=re.IGNORECASE)
    text = text.replace(":", "").replace(" ", "").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ValueError("a SHA-256 fingerprint has 64 hexadecimal digits, with or without colons")
    return text


def _path(value: str | os.PathLike[str] | None) -> str | None:
    return None if value is None else os.fspath(value)


@attrs.frozen
class TlsPolicy:
    """How certificates are judged. Without arguments: by the system's authorities, host name included.

    Attributes:
        ca_file: PEM file with the authorities (or the self-signed certificate itself) to trust instead of the system's.
        fingerprint: SHA-256 of the one certificate that is accepted, in hexadecimal, with or without colons; nothing
            else of it is looked at. `fetch_fingerprint()` tells it.
        insecure: True accepts every certificate, so that anyone on the way can read along. Warns.
        check_hostname: False accepts a certificate of `ca_file` under any name; self-signed ones often have none.
    """

    ca_file: str | None = attrs.field(default=None, converter=_path, kw_only=True)
    fingerprint: str | None = attrs.field(default=None, converter=_hex, kw_only=True)
    insecure: bool = attrs.field(default=False, kw_only=True)
    check_hostname: bool = attrs.field(default=True, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.ca_file is not None) + (self.fingerprint is not None) + self.insecure > 1:
            raise ValueError("give one of ca_file, fingerprint, insecure")
        if not self.check_hostname and self.ca_file is None:
            raise ValueError("check_hostname=False goes with ca_file only")
        if self.insecure:
            warnings.warn(
                "TLS certificates are not verified: anyone on the way can read the password and the token; "
                "pin the certificate instead: TlsPolicy(fingerprint=await fetch_fingerprint(host))",
                InsecureWarning,
                stacklevel=3,
            )

    @classmethod
    def verify(cls, ca_file: str | os.PathLike[str] | None = None) -> TlsPolicy:
        """The policy that verifies by the system's authorities, or by those of a PEM file."""
        return cls(ca_file=ca_file)


# One context for each policy, for the whole process: a default one costs 20 ms and 0.8 MiB. Bounded, because the file
# names could come from anywhere.
_contexts: dict[TlsPolicy, ssl.SSLContext] = {}
_MOST_CONTEXTS = 256
_building = threading.Lock()


def _build_context(policy: TlsPolicy) -> ssl.SSLContext:
    import ssl

    context = ssl.create_default_context(cafile=policy.ca_file)
    context.check_hostname = policy.check_hostname
    return context


def _context(policy: TlsPolicy) -> ssl.SSLContext:
    with _building:  # clients that start together wait for the first one's
        context = _contexts.get(policy)
        if context is None:
            context = _build_context(policy)
            if len(_contexts) >= _MOST_CONTEXTS:
                _contexts.pop(next(iter(_contexts)))
            _contexts[policy] = context
        return context


def ready_context(policy: TlsPolicy) -> ssl.SSLContext | aiohttp.Fingerprint | bool | None:
    """What aiohttp takes as `ssl=`, or None where a context has to be built first."""
    if policy.fingerprint is not None:
        import aiohttp

        return aiohttp.Fingerprint(bytes.fromhex(policy.fingerprint))
    if policy.insecure:
        return False
    if policy.ca_file is None:
        return True  # aiohttp's own default context, which it has built at import anyway
    return _contexts.get(policy)


async def context_for(policy: TlsPolicy) -> ssl.SSLContext | aiohttp.Fingerprint | bool:
    """What aiohttp takes as `ssl=`. A context that has to be built is built in a thread, once.

    Raises:
        ConnectError: the CA file cannot be read.
    """
    ready = ready_context(policy)
    if ready is not None:
        return ready
    try:
        return await asyncio.to_thread(_context, policy)
    except OSError as error:  # ssl.SSLError is one
        raise ConnectError(f"the CA file {policy.ca_file} cannot be used: {error.strerror or error}") from error


@attrs.frozen
class Certificate:
    """What an appliance shows as its certificate, unverified.

    Attributes:
        fingerprint: SHA-256, lower-case hex.
        subject, issuer: `CN=vbr01, O=Example`; empty where the certificate has none.
        not_before, not_after: validity as `YYYY-MM-DD HH:MM:SSZ`, or None where it cannot be read.
        der: the certificate itself.
    """

    fingerprint: str
    subject: str
    issuer: str
    not_before: str | None
    not_after: str | None
    der: bytes = attrs.field(repr=False)


async def fetch_certificate(host: str, port: int = 9419, *, timeout: float = 10.0) -> Certificate:
    """Connect, take the certificate that the server shows, and hang up. Nothing is verified and nothing is sent.

    Args:
        host: name or address.
        port: TCP port; 9419 for vbr, 11005 for aws, 443 for azure.
        timeout: seconds for all of it.

    Raises:
        ConnectError: no connection, or no TLS there.
        RequestTimeout: it took too long.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
            session: Any = writer.get_extra_info("ssl_object")
            der: bytes = session.getpeercert(binary_form=True)
    except TimeoutError:
        raise RequestTimeout(
            f"no TLS handshake with port {port} in {timeout} s", limit="connect", seconds=timeout, appliance=host
        ) from None
    except OSError as error:
        raise ConnectError(f"no TLS handshake with port {port}: {error}", appliance=host) from error
    finally:
        if writer is not None:
            writer.transport.abort()
    return describe(der)


async def fetch_fingerprint(host: str, port: int = 9419, *, timeout: float = 10.0) -> str:
    """The SHA-256 fingerprint of the certificate that a server shows now, for `TlsPolicy(fingerprint=...)`.

    Compare it with what the appliance's console says before trusting it. Arguments and errors as `fetch_certificate`.
    """
    return (await fetch_certificate(host, port, timeout=timeout)).fingerprint


def describe(der: bytes) -> Certificate:
    """Read subject, issuer and validity from a certificate; what cannot be read stays empty."""
    fingerprint = hashlib.sha256(der).hexdigest()
    try:
        subject, issuer, not_before, not_after = _read_certificate(der)
    except (IndexError, ValueError, UnicodeDecodeError):
        return Certificate(fingerprint, "", "", None, None, der)
    return Certificate(fingerprint, subject, issuer, not_before, not_after, der)


# The standard library decodes only certificates that it has verified, and these are the ones that were refused;
# so the four fields that a message needs are read from the DER here.
_NAMES = {
    b"\x55\x04\x03": "CN",
    b"\x55\x04\x06": "C",
    b"\x55\x04\x07": "L",
    b"\x55\x04\x08": "ST",
    b"\x55\x04\x0a": "O",
    b"\x55\x04\x0b": "OU",
}


def _element(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Tag, content and end of the DER element at an offset."""
    tag, length = data[at], data[at + 1]
    start = at + 2
    if length & 0x80:
        size = length & 0x7F
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    end = start + length
    if end > len(data):
        raise ValueError("truncated certificate")
    return tag, data[start:end], end


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(data):
        tag, content, at = _element(data, at)
        found.append((tag, content))
    return found


def _read_certificate(der: bytes) -> tuple[str, str, str | None, str | None]:
    _, certificate, _ = _element(der, 0)
    _, body, _ = _element(certificate, 0)
    parts = _elements(body)
    if parts and parts[0][0] == 0xA0:  # explicit version
        parts = parts[1:]
    issuer, validity, subject = parts[2][1], parts[3][1], parts[4][1]
    times = [_read_time(tag, content) for tag, content in _elements(validity)]
    return _read_name(subject), _read_name(issuer), times[0], times[1]


def _read_name(data: bytes) -> str:
    found = []
    for _, group in _elements(data):
        for _, pair in _elements(group):
            (_, oid), (tag, value) = _elements(pair)[:2]
            if name := _NAMES.get(oid):
                found.append(f"{name}={value.decode('utf-16-be' if tag == 0x1E else 'utf-8', 'replace')}")
    return ", ".join(found)


def _read_time(tag: int, content: bytes) -> str | None:
    text = content.decode("ascii", "replace")
    if tag == 0x17:  # UTCTime has two digits for the year, from 1950
        text = ("19" if text[:2] >= "50" else "20") + text
    match = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z", text)
    if match is None:
        return None
    year, month, day, hour, minute, second = match.groups("00")
    return f"{year}-{month}-{day} {hour}:{minute}:{second}Z"
