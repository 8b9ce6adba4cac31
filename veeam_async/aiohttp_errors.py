"""What aiohttp raises, made fit to be seen: in one line, without secrets, and such that it can be pickled."""

from __future__ import annotations

import os
import re
from typing import Any

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from ._http.origin import Origin
from ._http.tls_context import FingerprintMismatch
from .errors import TlsError, VeeamError

# Where aiohttp begins to quote what it could not read, as a text and within the repr of one.
_QUOTED = r"""\n\n|\\n\\n|:\s+b\\*['"]"""
_LONGEST_TEXT = 200


def bare(error: BaseException) -> BaseException:
    """The error without its traceback, nor those of what led to it: their frames hold headers with the token.

    Nor do their texts keep the bytes that aiohttp could not read: they may be the answer to a login. What is left can
    be pickled.
    """
    link: BaseException | None = error
    for _ in range(10):
        if link is None:
            break
        link.__traceback__ = None
        link.args = tuple(_brief(part) if isinstance(part, str) else part for part in link.args)
        if isinstance(link, aiohttp.ServerDisconnectedError):
            # It carries the head of the answer as far as that came.
            link.message = "Server disconnected"
            link.args = (link.message,)
        if isinstance(link, (aiohttp.ClientResponseError, HttpProcessingError)):
            link.message = _brief(link.message)
            link.headers = None
        if isinstance(link, aiohttp.ClientResponseError):
            # Its repr shows the headers of the request, the token among them.
            about: Any = link.request_info
            link.request_info, link.history = about._replace(headers={}), ()
            link.args = (link.request_info, link.history)
        if isinstance(link, aiohttp.ClientConnectorError) and not isinstance(link._conn_key.ssl, bool):
            # An SSL context cannot be pickled, and Dask pickles causes as well.
            link._conn_key = link._conn_key._replace(ssl=True)
            link.args = (link._conn_key, *link.args[1:])
        link = link.__cause__ or link.__context__
    return error


def os_text(error: BaseException) -> str:
    """What the system, or aiohttp, says of an error, in one line."""
    inner = getattr(error, "os_error", None) or error
    text = str(getattr(inner, "strerror", None) or inner)
    number = getattr(inner, "errno", None)
    if number and text.startswith("Connect call failed"):  # asyncio's words for what the system says shorter
        text = os.strerror(number)
    return _brief(text) or type(error).__name__


def _brief(text: str) -> str:
    """One line of an error's text, without the bytes of an answer that aiohttp quotes behind it."""
    return " ".join(re.split(_QUOTED, text, maxsplit=1)[0].split())[:_LONGEST_TEXT]


async def tls_error(
    error: BaseException, origin: Origin, *, proxied: bool, limit: float | None, **where: Any
) -> TlsError | None:
    """The error for a certificate that was refused or a handshake that failed; None for what is neither.

    The certificate is fetched once more, to say whose it is.

    Args:
        error: aiohttp's.
        origin: of the appliance.
        proxied: True where there is a proxy in between, so that it cannot be fetched.
        limit: seconds that a connection may take.
        **where: appliance and operation, for the error.
    """
    mismatch = getattr(error, "certificate_error", None)
    if isinstance(mismatch, FingerprintMismatch):
        return TlsError(
            f"the certificate of {origin.host} port {origin.port} has SHA-256 {mismatch.seen}, "
            f"pinned is {mismatch.pinned}: if it was renewed, pin the new one, else somebody is in between",
            fingerprint=mismatch.seen,
            **where,
        )
    if not isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)):
        return None
    reason = str(getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error)
    seen = None
    if not proxied and isinstance(error, aiohttp.ClientConnectorCertificateError):
        from ._http import certificates

        try:
            seen = await certificates.fetch_certificate(origin.host, origin.port, timeout=min(3.0, limit or 3.0))
        except VeeamError:
            pass
    if seen is None:
        return TlsError(f"TLS with {origin.host} port {origin.port} failed: {reason}", **where)
    name = seen.subject or "no subject"
    issuer = "itself (self-signed)" if seen.subject == seen.issuer else seen.issuer or "no issuer"
    return TlsError(
        f"the certificate of {origin.host} port {origin.port} is refused: {reason}. "
        f"Subject {name}; issued by {issuer}; valid until {seen.not_after}; SHA-256 {seen.fingerprint}. "
        "If that fingerprint is the appliance's, pin it with TlsPolicy(fingerprint=...); "
        "if an authority of yours issued it, TlsPolicy(ca_file=...)",
        subject=seen.subject,
        issuer=seen.issuer,
        not_after=seen.not_after,
        fingerprint=seen.fingerprint,
        **where,
    )
