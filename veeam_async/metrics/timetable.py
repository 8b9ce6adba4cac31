"""When each appliance is polled: its own dates, spread over the interval, whatever the others do."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Collection

_log = logging.getLogger("veeam_async.metrics")

# Steps of the golden ratio lie evenly over the interval, however many there are.
_GOLDEN = 0.6180339887498949
# Seconds after which work that still runs no longer takes one of the places: others wait that long for it at most.
_PATIENCE = 3.0


class Timetable:
    """Calls a function for each name, again and again.

    All are called at the start, later calls lie evenly over the interval. A call that is not over at the next date
    lets that date pass.

    Args:
        names: who is to be called, asked again every second.
        work: called with a name, and with False; it may take as long as it likes.
        every: seconds from a call to the next.
        concurrency: calls that begin before others are over, not counting those that have run for some seconds.
    """

    def __init__(
        self,
        names: Callable[[], Collection[str]],
        work: Callable[[str, bool], Awaitable[None]],
        every: float,
        concurrency: int,
    ) -> None:
        self._names = names
        self._work = work
        self._every = every
        self._places = asyncio.Semaphore(concurrency)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._added = 0

    async def run(self) -> None:
        """Work until cancelled, and leave nothing running."""
        start = asyncio.get_running_loop().time()
        try:
            while True:
                present = set(self._names())
                for name in self._tasks.keys() - present:
                    self._tasks.pop(name).cancel()
                for name in sorted(present - self._tasks.keys()):
                    phase = self._added * _GOLDEN % 1
                    self._added += 1
                    self._tasks[name] = asyncio.create_task(self._serve(name, start + phase * self._every))
                await asyncio.sleep(min(1.0, self._every / 4))
        finally:
            tasks = list(self._tasks.values())
            self._tasks.clear()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, name: str, first: float) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await self.call(name)
            # Dates hang on the first one, so that nothing drifts.
            date = first + max(0, math.floor((clock() - first) / self._every) + 1) * self._every
            await asyncio.sleep(date - clock())

    async def call(self, name: str, *, everything: bool = False) -> None:
        """One call, when there is a place for it. `everything` is passed on."""
        await self._places.acquire()
        returned = False

        def give_back() -> None:
            nonlocal returned
            if not returned:
                returned = True
                self._places.release()

        handle = asyncio.get_running_loop().call_later(_PATIENCE, give_back)
        try:
            await self._work(name, everything)
        except Exception:
            _log.exception("%s: the poll broke off", name)
        finally:
            handle.cancel()
            give_back()
