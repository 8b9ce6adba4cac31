"""Listings: `await` gives a page, `async for` every row of every page, `pages()` every page."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from types import FrameType
from typing import Any, Final, Generic, Literal, Self, TypeAlias, TypeVar

from ._model import UNSET
from ._operation.operation import Operation
from ._operation.request import Request
from ._operation.sending import Caller
from ._operation.walk import FetchedPage, Walk
from .errors import IncompleteListing, IncompleteListingWarning
from .retry import RetryPolicy

Row_co = TypeVar("Row_co", covariant=True)
Page_co = TypeVar("Page_co", covariant=True)
X = TypeVar("X")

OnIncomplete: TypeAlias = Literal["warn", "raise", "ignore"]
"""What happens when a listing ends before all its rows came: a warning, an error after the last row, or nothing."""

_PACKAGE: Final = __name__.partition(".")[0] + "."


class Listing(Request[Page_co], Generic[Row_co, Page_co]):
    """A request for a page that can also be iterated: `async for` gives every row of every page.

    `limit` is the page size and `skip` where it starts. While the caller works on the second half of a page, the next
    one is fetched; never more than that one. Leaving the loop early ends it.

    A row whose `id`, `type` and `name` were on an earlier page is left out: that is the same row, moved by rows that
    came or went while the listing was read. Rows without an `id` are given as they come, and so is a row that is on one
    page twice.

    Attributes:
        total: rows that the server announced last, or None where it does not say.
        received: rows that came so far, those left of the current page included.
        complete: True when the iteration has ended and gave all that was asked for, False when rows are known to be
            missing, None before the end. Rows beyond `max_items` were not asked for.
        reason: why the iteration ended: `end`, `max_items`, or a text that says what is missing; None before the end.
    """

    __slots__ = ("_max_items", "_on_incomplete", "complete", "reason", "received", "total")

    def __init__(self, caller: Caller, operation: Operation[Any], values: Mapping[str, Any], body: Any = UNSET) -> None:
        if operation.paging is None:
            raise ValueError(f"{operation.operation_id} is not a listing")
        super().__init__(caller, operation, values, body)
        self._max_items: int | None = None
        self._on_incomplete: OnIncomplete = "warn"
        self.total: int | None = None
        self.received = 0
        self.complete: bool | None = None
        self.reason: str | None = None

    def __repr__(self) -> str:
        end = "" if self.reason is None else f", {self.reason}"
        return f"<Listing of {self._operation.operation_id}: {self.received} of {self.total}{end}>"

    def options(
        self,
        *,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
        strict: bool | None = None,
        max_items: int | None = None,
        on_incomplete: OnIncomplete | None = None,
    ) -> Self:
        """Set options for this request alone; returns the request itself.

        Args:
            timeout: seconds for each page, repeats included; None for the client's.
            retry: how a call is sent again; None for the client's policy.
            headers: further headers.
            strict: True makes an error of everything in the answer that departs from its document.
            max_items: rows at most; None for all.
            on_incomplete: what happens when the listing ends before all its rows came.

        Raises:
            ValueError: an argument is none of what it can be.
        """
        super().options(timeout=timeout, retry=retry, headers=headers, strict=strict)
        if max_items is not None:
            if max_items < 0:
                raise ValueError(f"max_items is {max_items}: it must be a number of rows")
            self._max_items = max_items
        if on_incomplete is not None:
            if on_incomplete not in ("warn", "raise", "ignore"):
                raise ValueError(f"on_incomplete is {on_incomplete!r}: it must be 'warn', 'raise' or 'ignore'")
            self._on_incomplete = on_incomplete
        return self

    def _start(self) -> Coroutine[Any, Any, Page_co]:
        # Azure may answer that it is still putting the page together: `await` gives the page all the same.
        return self._page_when_ready() if 202 in self._operation.responses else super()._start()

    async def _page_when_ready(self) -> Page_co:
        walk = self._walk()
        page: Page_co = walk.decode_page(await walk.first())
        return page

    def __aiter__(self) -> AsyncIterator[Row_co]:
        self._use()
        return _Rows(self, self._walk())

    def pages(self) -> AsyncIterator[Page_co]:
        """Every page in the operation's own page model, with the rows as the server gave them."""
        self._use()
        return _Pages(self, self._walk())

    async def json_pages(self, before: Callable[[], Awaitable[None]] | None = None) -> AsyncIterator[list[Any]]:
        """The rows of every page as parsed JSON, for code that reads them by itself. Nothing is read ahead.

        Args:
            before: awaited when a page has come, before it is parsed: parsed it takes many times the memory.
        """
        self._use()
        walk = self._walk()
        walk.before_parsing = before
        while (page := await walk.next()) is not None:
            self.advance(walk, len(page.rows))
            yield page.rows
        self.end(walk)

    def _walk(self) -> Walk:
        return Walk(
            self._sender,
            self._operation,
            self._values,
            self._body,
            self._options,
            max_items=self._max_items,
            narrowing=self._on_incomplete != "raise",
        )

    def advance(self, walk: Walk, rows: int) -> None:
        """Note rows that a walk has brought."""
        self.total = walk.total
        self.received += rows

    def end(self, walk: Walk) -> None:
        """Note how a walk has ended, and say so where rows are missing."""
        if self.complete is not None:
            return
        missing = walk.missing()
        self.total = walk.total
        self.complete = not missing
        self.reason = "; ".join(missing) if missing else walk.reason
        if not missing or self._on_incomplete == "ignore":
            return
        error = IncompleteListing(
            f"rows are missing: {self.reason}",
            received=self.received,
            total=self.total,
            reason=self.reason,
            **walk.where(),
        )
        if self._on_incomplete == "raise":
            raise error
        warnings.warn(str(error), IncompleteListingWarning, stacklevel=_level_of_the_caller())


class _ReadAhead(Generic[X]):
    """An iterator over a walk that fetches at most one page ahead of its caller.

    The page ahead is fetched by a task. The task knows nothing of the iterator: one that is dropped ends it.
    """

    def __init__(self, listing: Listing[Any, Any], walk: Walk) -> None:
        self._listing = listing
        self._walk = walk
        self._task: asyncio.Task[FetchedPage | None] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> X:
        raise NotImplementedError

    def _ahead(self) -> None:
        if self._task is None and self._walk.goes_on:
            self._task = self._walk.sender.spawn(self._walk.next())

    async def _take(self) -> FetchedPage | None:
        task, self._task = self._task, None
        # A cancellation of the caller reaches the task through this await.
        page = await (self._walk.next() if task is None else task)
        if page is None:
            self._listing.end(self._walk)
        else:
            self._listing.advance(self._walk, len(page.rows))
        return page

    def __del__(self) -> None:
        task = self._task
        if task is None or task.done():
            return
        loop = task.get_loop()
        # The garbage collector may run in any thread.
        if asyncio._get_running_loop() is loop:
            task.cancel()
        elif not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)


class _Rows(_ReadAhead[X]):
    def __init__(self, listing: Listing[X, Any], walk: Walk) -> None:
        super().__init__(listing, walk)
        self._decode = walk.row_decoder()
        self._rows: Iterator[X] = iter(())
        self._second_half: list[X] = []

    async def __anext__(self) -> X:
        for row in self._rows:
            return row
        return await self._more()

    async def _more(self) -> X:
        # The next page is not asked for before the middle of this one: who looks at the first rows costs one request.
        rows, self._second_half = self._second_half, []
        if rows:
            self._ahead()
        while not rows:
            page = await self._take()
            if page is None:
                raise StopAsyncIteration
            rows = self._decode(page.rows)
            middle = (len(rows) + 1) // 2
            rows, self._second_half = rows[:middle], rows[middle:]
        self._rows = iter(rows)
        return next(self._rows)


class _Pages(_ReadAhead[X]):
    _given = 0

    async def __anext__(self) -> X:
        page = await self._take()
        if page is None:
            raise StopAsyncIteration
        self._given += 1
        if self._given > 1:
            self._ahead()
        decoded: X = self._walk.decode_page(page)
        return decoded


def _level_of_the_caller() -> int:
    """The `stacklevel` of the code outside of this package that iterates: the warning is about its line."""
    level = 1
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        frame = frame.f_back
        level += 1
    return level
