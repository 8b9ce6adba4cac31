"""Which certificate an appliance shows: fetched without trusting it, and read as far as a message needs it."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import Any

import attrs

from .._text import neutral
from ..errors import ConnectError, RequestTimeout
from ._aiohttp import os_text
from .origin import parse_host


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


async def fetch_certificate(
    host: str, port: int = 9419, *, timeout: float = 10.0, server_name: str | None = None
) -> Certificate:
    """Connect, take the certificate that the server shows, and hang up. Nothing is verified and nothing is sent.

    Args:
        host: name or address, as for a client.
        port: TCP port, where `host` has none; 9419 for vbr, 11005 for aws, 443 for azure.
        timeout: seconds for all of it.
        server_name: name to ask for (SNI); None for the host.

    Raises:
        ConnectError: no connection, or no TLS there.
        RequestTimeout: it took too long.
        InvalidAddress: `host` makes no address.
    """
    import ssl

    origin = parse_host(host, default_port=port)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    writer: asyncio.StreamWriter | None = None
    name = server_name or origin.host.partition("%")[0].rstrip(".")
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(origin.host, origin.port, ssl=context, server_hostname=name)
            session: Any = writer.get_extra_info("ssl_object")
            der: bytes | None = session.getpeercert(binary_form=True)
    except TimeoutError:
        raise RequestTimeout(
            f"no TLS handshake with port {origin.port} in {timeout} s",
            limit="connect",
            seconds=timeout,
            appliance=origin.host,
        ) from None
    except (OSError, UnicodeError) as error:
        raise ConnectError(
            f"no TLS handshake with port {origin.port}: {os_text(error)}", appliance=origin.host
        ) from error
    finally:
        if writer is not None:
            writer.transport.abort()
    if der is None:
        raise ConnectError(f"port {origin.port} speaks TLS without a certificate", appliance=origin.host)
    return describe(der)


async def fetch_fingerprint(
    host: str, port: int = 9419, *, timeout: float = 10.0, server_name: str | None = None
) -> str:
    """The SHA-256 fingerprint of the certificate that a server shows now, for `TlsPolicy(fingerprint=...)`.

    Compare it with what the appliance's console says before trusting it. Arguments and errors as `fetch_certificate`.
    """
    return (await fetch_certificate(host, port, timeout=timeout, server_name=server_name)).fingerprint


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


# RFC 5280 allows 64 characters for each part.
_LONGEST_NAME = 500


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
                text = value[:_LONGEST_NAME].decode("utf-16-be" if tag == 0x1E else "utf-8", "replace")
                found.append(f"{name}={text}")
    # What is in a certificate that nobody verified is a stranger's text.
    return neutral(", ".join(found), _LONGEST_NAME)


def _read_time(tag: int, content: bytes) -> str | None:
    text = content.decode("ascii", "replace")
    if tag == 0x17:  # UTCTime has two digits for the year, from 1950
        text = ("19" if text[:2] >= "50" else "20") + text
    match = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z", text)
    if match is None:
        return None
    year, month, day, hour, minute, second = match.groups("00")
    return f"{year}-{month}-{day} {hour}:{minute}:{second}Z"
