"""SSL contexts: one for each policy in the whole process, made anew when the files that it names change."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
import sys
import threading
from time import monotonic
from typing import Any, NoReturn

from ..errors import TlsError
from ..tls import TlsPolicy

# A default context costs 20 ms and 0.8 MiB. Bounded, because the names of files could come from anywhere.
_MOST_CONTEXTS = 256
# Seconds until the files of a policy are looked at again.
_CHECK_EVERY = 1.0
# More than all authorities of any system take.
_LARGEST_FILE = 8 << 20
_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_DEFAULT = TlsPolicy()


class FingerprintMismatch(ssl.SSLCertVerificationError):
    """The certificate is not the pinned one.

    Attributes:
        seen, pinned: SHA-256 of either, lower-case hex.
    """

    def __init__(self, seen: str, pinned: str) -> None:
        super().__init__("the certificate is not the pinned one")
        self.seen = seen
        self.pinned = pinned

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.seen, self.pinned)


class _PinnedConnection(ssl.SSLObject):
    """A connection that looks at the peer's certificate before anything is sent."""

    def do_handshake(self) -> None:
        super().do_handshake()
        pinned: Any = getattr(self.context, "pin", None)  # of a `PolicyContext`; any other takes no certificate at all
        seen = hashlib.sha256(self.getpeercert(binary_form=True) or b"").hexdigest()
        if seen != pinned:
            raise FingerprintMismatch(seen, pinned)


class PolicyContext(ssl.SSLContext):
    """A context that does what a policy says.

    Attributes:
        pin: SHA-256 of the one certificate that is taken, or None.
        name: name to verify and to ask for instead of the host's, or None.
    """

    pin: str | None = None
    name: str | None = None

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        if self.name is not None:
            server_hostname = self.name
        elif isinstance(server_hostname, str):
            # Neither a zone nor the dot of the root is in any certificate.
            server_hostname = server_hostname.partition("%")[0].rstrip(".")
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)


class ProxiedContext(ssl.SSLContext):
    """Two contexts in one: for an `https://` proxy, and for the appliance at the end of the tunnel.

    Attributes:
        appliance, proxy: the contexts.
        host: the proxy's name or address.
    """

    appliance: PolicyContext
    proxy: PolicyContext
    host: str

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        context = self.proxy if server_hostname == self.host else self.appliance
        return context.wrap_bio(incoming, outgoing, server_side, server_hostname, session)


class _Kept:
    """A context, and what it was made from.

    Attributes:
        checked: when its files were last looked at, on the clock of `time.monotonic()`.
        stats: what the system said of the files then.
        digest: of their content.
    """

    __slots__ = ("checked", "context", "digest", "stats")

    def __init__(
        self, context: PolicyContext, checked: float, stats: tuple[tuple[int, ...], ...], digest: bytes
    ) -> None:
        self.context = context
        self.checked = checked
        self.stats = stats
        self.digest = digest


_kept: dict[TlsPolicy, _Kept] = {}
_proxied: dict[tuple[TlsPolicy, str], ProxiedContext] = {}
_building = threading.Lock()


def ready_context(policy: TlsPolicy, proxy_host: str | None = None) -> ssl.SSLContext | None:
    """The context of a policy, or None where `context_for` has to build one, or to look whether its files changed.

    Args:
        policy: how the appliance is judged.
        proxy_host: host of the `https://` proxy in between, if there is one.
    """
    appliance = _ready(policy)
    if proxy_host is None or appliance is None:
        return appliance
    proxy = _ready(policy.proxy or _DEFAULT)
    return None if proxy is None else _join(policy, appliance, proxy, proxy_host)


def _ready(policy: TlsPolicy) -> PolicyContext | None:
    kept = _kept.get(policy)
    if kept is None:
        return None
    if kept.stats:
        now = monotonic()
        if now - kept.checked >= _CHECK_EVERY:
            kept.checked = now  # who comes next need not look as well
            return None
    return kept.context


async def context_for(policy: TlsPolicy, proxy_host: str | None = None) -> ssl.SSLContext:
    """As `ready_context`; what has to be built or read is built and read in a thread, once.

    Raises:
        TlsError: a file of the policy cannot be used.
    """
    appliance = await asyncio.to_thread(_refresh, policy)
    if proxy_host is None:
        return appliance
    return _join(policy, appliance, await asyncio.to_thread(_refresh, policy.proxy or _DEFAULT), proxy_host)


def _join(policy: TlsPolicy, appliance: PolicyContext, proxy: PolicyContext, host: str) -> ProxiedContext:
    context = _proxied.get((policy, host))
    if context is None or context.appliance is not appliance or context.proxy is not proxy:
        context = ProxiedContext(ssl.PROTOCOL_TLS_CLIENT)
        context.appliance, context.proxy, context.host = appliance, proxy, host
        _keep(_proxied, (policy, host), context)
    return context


def _refresh(policy: TlsPolicy) -> PolicyContext:
    """The context of a policy, made of what its files hold now."""
    with _building:  # clients that start together wait for the first one's
        kept = _kept.get(policy)
        try:
            stats = _stats(policy)
            if kept is None or stats != kept.stats:
                contents = [_read(path) for path in _files(policy)]
                digest = hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in contents)).digest()
                if kept is None or digest != kept.digest:
                    kept = _Kept(_build(policy, contents), monotonic(), stats, digest)
                    _keep(_kept, policy, kept)
                kept.stats = stats
            kept.checked = monotonic()
            return kept.context
        except BaseException:
            # What is withdrawn, or half written, is not trusted any longer.
            _kept.pop(policy, None)
            raise


def _keep(kept: dict[Any, Any], key: Any, value: Any) -> None:
    if key not in kept and len(kept) >= _MOST_CONTEXTS:
        kept.pop(next(iter(kept)))
    kept[key] = value


def _files(policy: TlsPolicy) -> list[str]:
    return [path for path in (policy.ca_file, policy.client_cert, policy.client_key) if path is not None]


def _stats(policy: TlsPolicy) -> tuple[tuple[int, ...], ...]:
    found = []
    for path in _files(policy):
        try:
            stat = os.stat(path)
        except (OSError, ValueError) as error:
            _unusable(path, error)
        found.append((stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    return tuple(found)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        _unusable(path, error)
    if len(content) > _LARGEST_FILE:
        _unusable(path, f"it is larger than {_LARGEST_FILE >> 20} MiB")
    return content


def _unusable(path: str, error: Exception | str) -> NoReturn:
    reason = getattr(error, "strerror", None) or error
    raise TlsError(f"the file {path} cannot be used: {reason}") from (None if isinstance(error, str) else error)


def _build(policy: TlsPolicy, contents: list[bytes]) -> PolicyContext:
    context = PolicyContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    context.minimum_version = _VERSIONS[policy.minimum_version]
    context.name = policy.server_name
    context.pin = policy.fingerprint
    if context.pin is not None:
        context.sslobject_class = _PinnedConnection
    if policy.fingerprint is not None or policy.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.check_hostname = policy.check_hostname
        # An authority that is trusted is, whether the one above it is there or not. Python 3.13 says both of these by
        # default, the others neither.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        if policy.strict:
            context.verify_flags |= ssl.VERIFY_X509_STRICT
        else:
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if policy.ca_file is None:
            context.load_default_certs()
        else:
            _trust(context, policy.ca_file, contents[0])
    if policy.client_cert is not None:
        _show(context, policy, policy.client_cert)
    if not sys.flags.ignore_environment and (log := os.environ.get("SSLKEYLOGFILE")):
        context.keylog_filename = log  # as `ssl.create_default_context` does
    return context


def _trust(context: ssl.SSLContext, path: str, content: bytes) -> None:
    try:
        if b"-----BEGIN" in content:
            context.load_verify_locations(cadata=content.decode("ascii", "ignore"))
        else:
            context.load_verify_locations(cadata=content)  # DER
    except (ssl.SSLError, ValueError, MemoryError) as error:
        _unusable(path, f"it holds no certificate that can be read ({_reason(error)})")


def _show(context: ssl.SSLContext, policy: TlsPolicy, path: str) -> None:
    def password() -> str:
        # Without this OpenSSL would ask whoever sits at the terminal.
        if policy.client_key_password is None:
            raise ValueError("its key is encrypted, and client_key_password is not given")
        return policy.client_key_password

    try:
        context.load_cert_chain(path, policy.client_key, password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        _unusable(policy.client_key or path, f"no client certificate with its key ({_reason(error)})")


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or getattr(error, "strerror", None) or error)[:100]
