"""The connections: one pool that any number of clients share."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import Any, ClassVar, Self

import aiohttp

from ..errors import VeeamError
from ._aiohttp import abandon, new_session
from .coding import ACCEPTED


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
        session: an aiohttp session to take the connections of, such as that of a framework (Home Assistant). It stays
            open, and with it the other arguments count for nothing. Neither its cookies, its headers nor its rules of
            unpacking apply. Answers that make no sense are guarded against as aiohttp does it, which is less.
    """

    # For every request of every client.
    headers: ClassVar[Mapping[str, str]] = MappingProxyType({"User-Agent": "veeam-async", "Accept-Encoding": ACCEPTED})
    __slots__ = ("__weakref__", "_connector_options", "_lender", "_loop", "_parsing", "_session", "closed")

    def __init__(
        self,
        *,
        limit: int = 0,
        limit_per_host: int = 100,
        keepalive: float = 75.0,
        dns_ttl: int = 60,
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        self._lender = session
        self._connector_options: dict[str, Any] = {
            "limit": limit,
            "limit_per_host": limit_per_host,
            "keepalive_timeout": keepalive,
            "ttl_dns_cache": dns_ttl,
        }
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._parsing: asyncio.Lock | None = None
        self.closed = False

    @property
    def session(self) -> aiohttp.ClientSession:
        """The aiohttp session, made when first needed, because that needs a running loop.

        Raises:
            VeeamError: the pool is closed, or another event loop is still using it.
        """
        session = self._session
        loop = asyncio.get_running_loop()
        if session is None or loop is not self._loop:
            if self.closed:
                raise VeeamError("the client is closed")
            self._leave_other_loop(loop)
            if self._lender is not None and (self._lender.closed or self._lender.connector is None):
                raise VeeamError("the session that the pool was given is closed")
            session = self._session = new_session(self._lender, **self._connector_options)
            self._loop = loop
            self._parsing = None
        return session

    def parsing(self) -> asyncio.Lock:
        """Held while a large body is parsed: one at a time keeps the memory and the turns of the loop bounded."""
        if self._parsing is None:
            self._parsing = asyncio.Lock()
        return self._parsing

    def _leave_other_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let go of the connections of a loop that has ended."""
        session, self._session = self._session, None
        if session is None:
            return
        if self._loop is not None and not self._loop.is_closed():
            self._session = session
            raise VeeamError(
                "the client belongs to another event loop, which is still open",
                hint="Make a client for each event loop",
            )
        self._drop(session)

    def _drop(self, session: aiohttp.ClientSession) -> None:
        """Let a session of an ended loop go, with its connections where they are ours."""
        if self._lender is not None:
            session.detach()
        else:
            abandon(session)

    async def aclose(self) -> None:
        """Close all connections. Closing twice is allowed."""
        self.closed = True
        session, self._session = self._session, None
        if session is None:
            return
        if self._loop is asyncio.get_running_loop():
            await session.close()
        else:
            self._drop(session)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
