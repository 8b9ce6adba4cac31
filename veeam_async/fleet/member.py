"""What a fleet keeps of an appliance beside its description: client, breaker, places."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from .appliance import Appliance
from .breaker import Breaker

if TYPE_CHECKING:
    from ..client import ApplianceClient


class Slots:
    """Places on one appliance. Each caller says how many may be taken, itself included."""

    __slots__ = ("_taken", "_waiting")

    def __init__(self) -> None:
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def place(self, limit: int) -> AsyncIterator[None]:
        """Waits until fewer than `limit` places are taken, and takes one."""
        while self._taken >= limit:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
            # Limits differ, so that the first who waits need not be the one who may go on.
            while self._waiting:
                waiter = self._waiting.popleft()
                if not waiter.done():
                    waiter.set_result(None)


class Member:
    """An appliance of a fleet, with what belongs to it."""

    __slots__ = ("appliance", "breaker", "client", "gone", "lock", "slots")

    def __init__(self, appliance: Appliance, breaker: Breaker) -> None:
        self.appliance = appliance
        self.breaker = breaker
        self.client: ApplianceClient | None = None
        self.lock: asyncio.Lock | None = None
        self.slots: Slots | None = None
        self.gone = False
