"""The connections: one pool that any number of clients share."""

from __future__ import annotations

import asyncio
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import aiohttp
from aiohttp.client_proto import ResponseHandler

if TYPE_CHECKING:
    from ._http.origin import Origin
    from .connect import Negotiation


class _Connection(ResponseHandler):
    """A connection as aiohttp has it, which two kinds of broken answers do not get the better of.

    An answer that stops making sense within its body (a wrong chunk) closes the connection, but aiohttp tells only
    who waits for a head, and stops all timers: who waits for the rest of the body would do so for ever.
    An answer that nobody asked for, sent behind another one, would be taken for the answer to the next request.
    """

    _due = False

    def set_response_params(self, **params: Any) -> None:
        self._due = True
        super().set_response_params(**params)

    def feed_data(self, data: Any, size: int = 0) -> None:
        if not self._due:
            if self.transport is not None:
                self.transport.close()
            return
        self._due = 100 <= data[0].code < 200
        super().feed_data(data, size)

    def set_exception(self, exc: Any, exc_cause: BaseException | None = None) -> None:
        payload = self._payload
        cause: tuple[Any, ...] = () if exc_cause is None else (exc_cause,)
        super().set_exception(exc, *cause)
        if payload is not None and not payload.is_eof() and payload.exception() is None:
            if not isinstance(exc, TimeoutError):
                exc = aiohttp.ClientPayloadError(f"the rest of the body makes no sense: {exc}")
            payload.set_exception(exc, *cause)
            # Once more when a reader that the piece before woke waits again: it does not look at this by itself.
            self._loop.call_soon(payload.set_exception, exc)


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
            connector: Any = aiohttp.TCPConnector(**self._connector_options)
            connector._factory = partial(_Connection, loop=asyncio.get_running_loop())
            session = self._session = aiohttp.ClientSession(
                connector=connector,
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
