"""How an appliance's certificate is judged."""

from __future__ import annotations

import asyncio
import os
import re
import threading
import warnings
from typing import TYPE_CHECKING

import attrs

from .errors import ConnectError, InsecureWarning

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


async def fetch_fingerprint(host: str, port: int = 9419, *, timeout: float = 10.0) -> str:
    """The SHA-256 fingerprint of the certificate that a server shows now, for `TlsPolicy(fingerprint=...)`.

    Compare it with what the appliance's console says before trusting it. Arguments and errors as `fetch_certificate`.
    """
    from .certificates import fetch_certificate

    return (await fetch_certificate(host, port, timeout=timeout)).fingerprint
