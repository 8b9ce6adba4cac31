"""Outgoing requests: address, headers, token, body, limits."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from .._operation.call import Call
from .._redact import Hidden, HiddenTuple
from ..timeouts import Timeouts, deadline_at
from ..tls import TlsPolicy
from .clock import CONNECT_SHARE, FOREVER, Clock
from .origin import Origin
from .pool import Pool
from .tls_context import context_for, ready_context
from .token import Token

if TYPE_CHECKING:
    import ssl

    from .proxy import Proxy  # few clients have one

_MOST_HEADER_SETS = 64
_BODILESS = frozenset({"GET", "HEAD"})
_CONTENT_TYPE = ("Content-Type",)


class Sender:
    """Sends requests to one appliance, one at a time.

    Attributes:
        origin: whose they are.
        base: where they go, its scheme and authority.
        pool: whose connections they take.
        tls: how the appliance's certificate is judged.
        proxy: what is in between, or None.
    """

    def __init__(
        self,
        origin: Origin,
        *,
        pool: Pool,
        tls: TlsPolicy,
        headers: Mapping[str, str],
        proxy: Proxy | None,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self.origin = origin
        self.pool = pool
        self.tls = tls
        self.proxy = proxy
        self._prefix = origin.prefix
        self._secure = origin.scheme == "https"
        self._context: ssl.SSLContext | bool = True
        self._proxy_host = proxy.url.raw_host if proxy is not None and proxy.url.scheme == "https" else None
        self.base = f"{origin.scheme}://{origin.authority}"
        # A zone names an interface of this machine, and nothing to the server.
        address, zone, _ = origin.host.partition("%")
        host = f"[{address}]:{origin.port}" if zone else str(URL(self.base).host_port_subcomponent)
        every = CIMultiDict({"Host": host})
        every.update(pool.headers)
        every.update(headers)
        self._headers = Hidden(every)
        if proxy is not None and proxy.headers is not None and not self._secure:
            # There is no CONNECT to carry them: the request itself goes to the proxy.
            self._headers.update(proxy.headers)
        # Headers by Accept, for the token that they carry.
        self._prepared: dict[str, CIMultiDict[str]] = {}
        self._prepared_for: Token | None = None
        self._own_secrets = self._secrets = HiddenTuple(secrets)

    def ready(self) -> bool:
        """True where the TLS policy's context is at hand, as the files that it names are now; else `prepare` first."""
        if not self._secure:
            return True
        context = ready_context(self.tls, self._proxy_host)
        if context is None:
            return False
        self._context = context
        return True

    async def prepare(self) -> None:
        """Build the TLS policy's context.

        Raises:
            TlsError: a file of the policy cannot be used.
        """
        self._context = await context_for(self.tls, self._proxy_host)

    def secrets_with(self, token: Token | None) -> HiddenTuple:
        """What no error about an answer to a request with this token may show."""
        if token is None:
            return self._own_secrets
        if token is not self._prepared_for:
            return HiddenTuple((*self._own_secrets, *token.secrets))
        return self._secrets

    def send(self, call: Call, token: Token | None, limits: aiohttp.ClientTimeout) -> Awaitable[aiohttp.ClientResponse]:
        """Send a call; the answer's body is not read yet."""
        body = call.body
        data: Any = body
        extra = call.headers
        if not (body is None or isinstance(body, bytes)):
            outgoing = body()
            data = outgoing.data
            extra = {**(extra or {}), "Content-Type": outgoing.content_type}
            if outgoing.size is not None:
                extra["Content-Length"] = str(outgoing.size)
        # Only what differs from what aiohttp does by itself: each argument shows in the cost of a small call.
        options: dict[str, Any] = {}
        if self.proxy is not None:
            options = {"proxy": self.proxy.url, "proxy_headers": self.proxy.headers}
        if data is None and call.method not in _BODILESS:
            options["skip_auto_headers"] = _CONTENT_TYPE  # it would announce a type for a body that is not there
        return self.pool.session.request(
            call.method,
            _url(self.base, self._prefix, call.path),
            headers=self._headers_for(token, call.accept, extra),
            data=data,
            allow_redirects=False,
            ssl=self._context,
            timeout=limits,
            **options,
        )

    def _headers_for(self, token: Token | None, accept: str, extra: Mapping[str, str] | None) -> CIMultiDict[str]:
        if token is not self._prepared_for:
            self._prepared, self._prepared_for = {}, token
            if token is not None:
                self._secrets = HiddenTuple((*self._own_secrets, *token.secrets))
        headers = self._prepared.get(accept)
        if headers is None:
            headers = CIMultiDict(self._headers)
            headers["Accept"] = accept
            if token is not None:
                headers["Authorization"] = f"Bearer {token.access}"
            if len(self._prepared) < _MOST_HEADER_SETS:
                self._prepared[accept] = headers
        if extra is not None:
            headers = CIMultiDict(headers)
            headers.update(extra)
        return headers


@lru_cache
def limits_of(timeouts: Timeouts) -> tuple[aiohttp.ClientTimeout, aiohttp.ClientTimeout]:
    """What aiohttp has to watch over, for answers that are read whole and for streams."""
    connect = timeouts.connect
    if timeouts.total is not None:
        share = timeouts.total * CONNECT_SHARE
        connect = share if connect is None else min(connect, share)
    # A timer for each piece of an answer costs a twentieth of a small call: none where the total ends it first.
    read = timeouts.read
    if read is not None and timeouts.total is not None and read >= timeouts.total:
        read = None
    whole = aiohttp.ClientTimeout(total=timeouts.total, sock_connect=connect, sock_read=read)
    return whole, aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=timeouts.read)


def limits_until(clock: Clock, limits: aiohttp.ClientTimeout, *, stream: bool) -> aiohttp.ClientTimeout:
    """Limits for an attempt that has less time than the first one had."""
    if clock.until == FOREVER:
        return limits
    left = max(0.001, clock.left())
    connect = limits.sock_connect
    connect = left * CONNECT_SHARE if connect is None else min(connect, left * CONNECT_SHARE)
    # A stream is read after this; only a deadline bounds that.
    total: float | None = None if stream and deadline_at() is None else left
    return aiohttp.ClientTimeout(total=total, sock_connect=connect, sock_read=limits.sock_read, ceil_threshold=FOREVER)


# Pollers ask for the same few URLs; a fleet's do not all fit, and cost less to make than memory to keep.
@lru_cache(256)
def _url(base: str, prefix: str, path: str) -> URL:
    # Spares yarl from parsing the origin again.
    scheme, _, authority = base.partition("://")
    path, _, query = f"{prefix}{path}".partition("?")
    return URL.build(scheme=scheme, authority=authority, path=path, query_string=query, encoded=True)
