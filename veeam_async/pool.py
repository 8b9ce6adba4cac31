"""The connections: one pool that any number of clients share."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import aiohttp

if TYPE_CHECKING:
    from .connect import Negotiation
    from .origin import Origin


class Pool:
    """Connections for any number of clients, kept alive between calls. For use on one event loop.

        async with Pool() as pool:
            vbr = Client("vbr01", credentials, pool=pool)

    A client without `pool=` has one of its own and closes it when left.

    Args:
        limit: connections of the whole pool at most; 0 for no limit. (Limiting calls in flight is cheaper than
            limiting connections.)
        limit_per_host: connections to one appliance at most; further calls wait for one. 0 for no limit.
        keepalive: seconds that an idle connection is kept.
        dns_ttl: seconds that a resolved name is kept.
    """

    __slots__ = ("_connector_options", "_session", "closed", "negotiated")

    def __init__(
        self,
        *,
        limit: int = 0,
        limit_per_host: int = 100,
        keepalive: float = 75.0,
        dns_ttl: int = 60,
    ) -> None:
        self._connector_options: dict[str, Any] = {
            "limit": limit,
            "limit_per_host": limit_per_host,
            "keepalive_timeout": keepalive,
            "ttl_dns_cache": dns_ttl,
        }
        self._session: aiohttp.ClientSession | None = None
        self.closed = False
        # What connect() found, by origin: the next connect() on this pool need not ask again.
        self.negotiated: dict[tuple[str, Origin], Negotiation] = {}

    @property
    def session(self) -> aiohttp.ClientSession:
        """The aiohttp session, made when first needed, because that needs a running loop."""
        session = self._session
        if session is None:
            if self.closed:
                raise RuntimeError("the pool is closed")
            session = self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(**self._connector_options),
                # Appliances do not use cookies; a jar would cost a lookup for each call.
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "veeam-async"},
                auto_decompress=True,
            )
            # aiohttp repeats PUT and DELETE by itself when a kept connection breaks. They may have been carried
            # out by then, so repeating is decided here alone.
            session._retry_connection = False
        return session

    async def aclose(self) -> None:
        """Close all connections. Closing twice is allowed."""
        self.closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
