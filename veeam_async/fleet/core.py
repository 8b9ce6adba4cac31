"""What a fleet and all its views share: members, their clients, what runs, how it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ApiError, UnsupportedRevisionError, VeeamError
from .appliance import Appliance
from .breaker import Breaker, BreakerPolicy
from .fanout import Emit, Limits, Step, end
from .member import Member, Slots
from .watch import Watch

if TYPE_CHECKING:
    from ..client import ApplianceClient
    from ..events import Event, Listener
    from ..options import ClientOptions

T = TypeVar("T")

_log = logging.getLogger("veeam_async.fleet")

# Clients that are closed at the same time.
_CLOSING = 100


class Core:
    """What a fleet and all its views share."""

    def __init__(
        self,
        *,
        breaker: BreakerPolicy,
        connections: int,
        options: ClientOptions,
    ) -> None:
        self.members: dict[str, Member] = {}
        self.breaker = breaker
        self.workers: set[asyncio.Task[None]] = set()
        self.watches: set[Watch[Any]] = set()
        self.closed = False
        events = options.get("events")
        self.listeners: list[Listener] = [events] if events is not None else []
        self._connections = connections
        self._options = options
        self._pool = options.get("pool")
        self._owns_pool = self._pool is None

    async def client(self, name: str) -> ApplianceClient:
        """The client of an appliance, made at the first call."""
        member = self.members.get(name)
        if member is None:
            raise VeeamError("not in this fleet (any more)", appliance=name)
        if member.client is not None:
            return member.client
        if member.lock is None:
            member.lock = asyncio.Lock()
        async with member.lock:
            if member.client is None:
                client = await self._make(member.appliance)
                if member.gone or self.closed:
                    await client.aclose()
                    raise VeeamError("not in this fleet (any more)", appliance=name)
                member.client = client
            return member.client

    async def _make(self, appliance: Appliance) -> ApplianceClient:
        if self.closed:
            raise VeeamError("the fleet is closed")
        if appliance.credentials is None:
            raise VeeamError("the appliance has no credentials", appliance=appliance.name)
        from .._http.pool import Pool
        from ..connection import connect

        if self._pool is None:
            self._pool = Pool(limit_per_host=self._connections)
        options: ClientOptions = {
            **self._options,
            "pool": self._pool,
            # Without a listener the clients do not make events at all.
            "events": self._pass_on if self.listeners else None,
            **appliance.client_options(),
        }
        return await connect(
            appliance.host,
            appliance.credentials,
            product=appliance.product,
            revision=appliance.revision,
            port=appliance.port,
            name=appliance.name,
            **options,
        )

    def _pass_on(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)

    async def upgraded(self, appliance: Appliance, error: ApiError | UnsupportedRevisionError) -> None:
        """Lets a client go whose revision the appliance has no more, so that the next call agrees on one anew."""
        from .._auth import negotiated
        from .._auth.revision_lists import revisions_in

        member = self.members.get(appliance.name)
        if member is None or member.client is None or appliance.revision != "auto":
            return
        client = member.client
        listed = error.server if isinstance(error, UnsupportedRevisionError) else revisions_in(error)
        if listed and client.revision.name not in listed:
            if self._pool is not None:
                negotiated.forget(self._pool, appliance.product, client.origin)
            await self.drop([member])

    async def drop(self, members: Iterable[Member]) -> None:
        """Closes the clients of members, some at a time; a client that fails in it fails alone."""
        waiting = [member for member in members if member.client is not None]

        async def work() -> None:
            while waiting:
                member = waiting.pop()
                client, member.client = member.client, None
                if client is not None:
                    try:
                        await client.aclose()
                    except Exception as error:
                        _log.info("%s: not closed cleanly: %s", member.appliance.name, error)

        await asyncio.gather(*(work() for _ in range(min(_CLOSING, len(waiting)))))

    async def aclose(self) -> None:
        """Ends what runs, logs out everywhere, closes connections of its own."""
        if self.closed:
            return
        self.closed = True
        try:
            for watch in list(self.watches):
                await watch.aclose()
            await end(self.workers)
            await self.drop(self.members.values())
        finally:
            if self._owns_pool and self._pool is not None:
                await self._pool.aclose()

    def reset(self, name: str) -> None:
        """Closes the breaker of an appliance and lets its client log in again at once."""
        member = self.members[name]
        member.breaker.reset()
        if member.client is not None:
            member.client.forget_refusal()

    def changed(self) -> None:
        """Informs the watches that appliances were added or removed."""
        for watch in list(self.watches):
            watch.changed()

    def step(
        self, work: Callable[[Appliance, Emit[Any]], Awaitable[T]], limits: Limits, per_appliance: int | None
    ) -> Step[T, Any]:
        """How one appliance is worked on, with its breaker and its places."""
        members = self.members

        async def guarded(appliance: Appliance, emit: Emit[Any]) -> T:
            try:
                return await work(appliance, emit)
            except (ApiError, UnsupportedRevisionError) as error:
                await self.upgraded(appliance, error)
                raise

        def breaker(appliance: Appliance) -> Breaker | None:
            member = members.get(appliance.name)
            return None if member is None else member.breaker

        def slot(appliance: Appliance) -> AbstractAsyncContextManager[None] | None:
            member = members.get(appliance.name)
            if member is None or per_appliance is None:
                return None
            if member.slots is None:
                member.slots = Slots()
            return member.slots.place(per_appliance)

        return Step(guarded, limits, breaker, slot)
