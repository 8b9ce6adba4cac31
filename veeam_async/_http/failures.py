"""What aiohttp raises as what this package raises: in which step a call failed, and whether anything was sent."""

from __future__ import annotations

import ssl
from typing import NamedTuple

import aiohttp

from ..errors import ConnectError, DecodeError, RequestTimeout, Step, TlsError, VeeamError, Where
from ..retry import SAFE_STATUSES
from ._aiohttp import header_limit, interrupted_step, name_does_not_exist, os_text
from .decide import Broken
from .origin import Origin
from .proxy import Proxy
from .tls_context import FingerprintMismatch


class Failure(NamedTuple):
    """An attempt without a whole answer: its error, and what is decided by."""

    error: VeeamError
    outcome: Broken


class Attempt(NamedTuple):
    """What is known of an attempt when it fails.

    Attributes:
        origin, proxy: where it went.
        changes: True where the call may change something.
        status: of the answer whose body failed, or None.
        connect_limit, read_limit: the limits in force, in seconds.
        context: appliance, operation, method, path.
        server_name: the name that the certificate is asked for, where it is not the host's.
    """

    origin: Origin
    proxy: Proxy | None
    changes: bool
    status: int | None
    connect_limit: float | None
    read_limit: float | None
    context: Where
    server_name: str | None = None


def failure_of(error: BaseException, attempt: Attempt) -> Failure:
    """The failure that an error of aiohttp or of the system is."""
    context = attempt.context
    target = f"{attempt.origin.host} port {attempt.origin.port}"
    secure = attempt.origin.scheme == "https"
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        step = interrupted_step(error, tls=secure) or "connect"
        seconds = attempt.connect_limit
        text = _CONNECTING[step].format(target=target, host=attempt.origin.host, seconds=seconds)
        late = RequestTimeout(text, limit="connect", seconds=seconds, step=step, **context)
        return Failure(late, Broken(sent=False))
    if isinstance(error, aiohttp.ServerTimeoutError):
        seconds = attempt.read_limit
        late = RequestTimeout(
            f"nothing came for {seconds} s",
            limit="read",
            seconds=seconds,
            step="http" if attempt.status is None else "body",
            **context,
        )
        # A listing that is too slow does not get faster by being asked for again.
        return Failure(late, Broken(sent=True, repeatable=False))
    failure = _connecting(error, attempt, target)
    if failure is not None:
        return failure
    if isinstance(error, aiohttp.ClientHttpProxyError):
        refused = ConnectError(
            f"the proxy refuses: {error.status} {error.message}", step="proxy", answered_by="proxy", **context
        )
        return Failure(refused, Broken(sent=False, repeatable=error.status in SAFE_STATUSES))
    limit = header_limit(error)
    if limit is not None:
        odd = DecodeError(limit, step="http", **context)
        return Failure(odd, Broken(sent=True, repeatable=False))
    if attempt.status is not None:
        text = f"the connection broke in the body of an answer {attempt.status}: {os_text(error)}"
        accepted = attempt.status < 300 and attempt.changes
        if accepted:  # only the body is lost
            text += "; the appliance had accepted the request"
        return Failure(ConnectError(text, step="body", **context), Broken(sent=True, accepted=accepted))
    if isinstance(error, aiohttp.ServerDisconnectedError):
        text = "the server closed the connection without an answer"
    elif isinstance(error, aiohttp.ClientResponseError):
        text = f"the connection broke: the answer is not valid HTTP ({os_text(error)})"
    else:
        text = f"the connection broke: {os_text(error)}"
    return Failure(ConnectError(text, step="http", **context), Broken(sent=True))


_CONNECTING = {
    "name": "the name {host} was not resolved in {seconds} s",
    "connect": "no connection to {target} in {seconds} s",
    "proxy": "no connection to {target} through the proxy in {seconds} s",
    "tls": "no TLS handshake with {target} in {seconds} s",
}


# What aiohttp says where Python 3.11 loses why the handshake within an https proxy failed.
_LOST_IN_TUNNEL = "Cannot initialize a TLS-in-TLS connection"
# Seconds for a second look at a certificate that was refused.
_LOOK = 3.0


def _connecting(error: BaseException, attempt: Attempt, target: str) -> Failure | None:
    """The failure of an attempt that did not come to send anything, or None."""
    context, proxy = attempt.context, attempt.proxy
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        text = f"cannot resolve {attempt.origin.host}: {os_text(error)}"
        missing = name_does_not_exist(error)
        return Failure(ConnectError(text, step="name", **context), Broken(sent=False, repeatable=not missing))
    # Of this very class: others quote the server, which must not be able to say that nothing was sent.
    if type(error) is aiohttp.ClientConnectionError and str(error).startswith(_LOST_IN_TUNNEL):
        text = f"no TLS handshake with {target} through the proxy: {os_text(error)}"
        return Failure(ConnectError(text, step="tls", **context), Broken(sent=False))
    if not isinstance(error, aiohttp.ClientConnectorError):
        return None
    inner = error.os_error
    torn = isinstance(inner, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, ssl.SSLError))
    if torn and attempt.origin.scheme == "https" and not isinstance(error, aiohttp.ClientProxyConnectionError):
        text = f"{target} hung up in the TLS handshake: {os_text(error)}"
        return Failure(ConnectError(text, step="tls", **context), Broken(sent=False))
    # A proxy that is not there included.
    via = f" through proxy {proxy.shown}" if proxy is not None else ""
    text = f"cannot connect to {target}{via}: {os_text(error)}"
    step: Step = "connect" if proxy is None else "proxy"
    return Failure(ConnectError(text, step=step, **context), Broken(sent=False))


async def tls_failure(error: BaseException, attempt: Attempt) -> Failure | None:
    """The failure for a certificate that was refused or a handshake that failed; None for what is neither.

    The certificate is fetched once more, to say whose it is.
    """
    context = attempt.context
    target = f"{attempt.origin.host} port {attempt.origin.port}"
    mismatch = getattr(error, "certificate_error", None)
    if isinstance(mismatch, FingerprintMismatch):
        other = TlsError(
            f"the certificate of {target} has SHA-256 {mismatch.seen}, pinned is {mismatch.pinned}",
            hint="If it was renewed, pin the new one, else somebody is in between",
            fingerprint=mismatch.seen,
            step="tls",
            **context,
        )
        return Failure(other, Broken(sent=False, repeatable=False))
    if not isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)):
        return None
    reason = str(getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error)
    seen = None
    if attempt.proxy is None and isinstance(error, aiohttp.ClientConnectorCertificateError):
        from . import certificates

        try:
            limit = min(_LOOK, attempt.connect_limit or _LOOK)
            seen = await certificates.fetch_certificate(
                attempt.origin.host, attempt.origin.port, timeout=limit, server_name=attempt.server_name
            )
        except VeeamError:
            pass
    if seen is None:
        refused = TlsError(f"TLS with {target} failed: {reason}", step="tls", **context)
    else:
        name = seen.subject or "no subject"
        issuer = "itself (self-signed)" if seen.subject == seen.issuer else seen.issuer or "no issuer"
        refused = TlsError(
            f"the certificate of {target} is refused: {reason}. Subject {name}; issued by {issuer}; "
            f"valid until {seen.not_after}; SHA-256 {seen.fingerprint}",
            hint="If that fingerprint is the appliance's, pin it with TlsPolicy(fingerprint=...); "
            "if an authority of yours issued it, TlsPolicy(ca_file=...)",
            subject=seen.subject,
            issuer=seen.issuer,
            not_after=seen.not_after,
            fingerprint=seen.fingerprint,
            reason=getattr(getattr(error, "certificate_error", None), "verify_message", None) or reason,
            step="tls",
            **context,
        )
    return Failure(refused, Broken(sent=False, repeatable=False))
