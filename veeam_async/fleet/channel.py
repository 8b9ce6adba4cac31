"""A bounded queue that can be closed with an error: full makes producers wait, closed ends the consumer's wait.

What is counted are rows: a page of them is one item of their number.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")

# What is worth having ready for a consumer: about a page.
_PLENTY = 200


class Channel(Generic[T]):
    """First in, first out. asyncio.Queue cannot wake a consumer with an error before Python 3.13.

    Args:
        size: how much may wait before producers do. A single item may be larger.
    """

    __slots__ = ("_error", "_getters", "_held", "_items", "_putters", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque[tuple[T, int]] = deque()
        self._held = 0
        self._getters: deque[asyncio.Future[None]] = deque()
        self._putters: deque[asyncio.Future[None]] = deque()
        self._error: BaseException | None = None

    def __len__(self) -> int:
        return len(self._items)

    @property
    def full(self) -> bool:
        """Whether `put` would wait."""
        return self._held >= self._size and self._error is None

    @property
    def plenty(self) -> bool:
        """Whether `room` would wait."""
        return self._held >= _PLENTY and self._error is None

    async def put(self, item: T, weight: int = 1) -> None:
        """Adds an item; waits while the channel is full. On a closed channel the item is dropped."""
        while self.full:
            await self._wait(self._putters)
        if self._error is None:
            self._items.append((item, weight))
            self._held += weight
            _wake(self._getters)
            if self._held < self._size:
                # A page that left made room for more than one who waits.
                _wake(self._putters)

    async def room(self) -> None:
        """Waits until next to nothing waits for the consumer. Between that and a `put` there must be no await.

        What a page is parsed into is many times larger than its bytes, so that pages are better parsed one after
        another, when they are wanted, than all at once. On a closed channel it does not wait.
        """
        while self.plenty:
            await self._wait(self._putters)
        if self._held < self._size:
            # Whoever was let in may have nothing to put.
            _wake(self._putters)

    async def get(self) -> T:
        """The oldest item; waits for one.

        Raises:
            BaseException: what the channel was closed with, at once, whatever is left in it.
        """
        while not self._items and self._error is None:
            await self._wait(self._getters)
        if self._error is not None:
            raise self._error
        item, weight = self._items.popleft()
        self._held -= weight
        if self._held < self._size:
            _wake(self._putters)
        return item

    def close(self, error: BaseException) -> None:
        """Makes every `get` raise `error`, from now on; the first close counts."""
        if self._error is None:
            self._error = error
            for waiters in (self._getters, self._putters):
                while waiters:
                    _wake(waiters)

    async def _wait(self, waiters: deque[asyncio.Future[None]]) -> None:
        waiter = asyncio.get_running_loop().create_future()
        waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            # Woken and cancelled in the same turn: the wake-up belongs to the next one.
            if waiter.done() and not waiter.cancelled():
                _wake(waiters)
            elif waiter in waiters:
                waiters.remove(waiter)
            raise


def _wake(waiters: deque[asyncio.Future[None]]) -> None:
    while waiters:
        waiter = waiters.popleft()
        if not waiter.done():
            waiter.set_result(None)
            return
