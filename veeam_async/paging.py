"""Walking a listing: every row of every page, and whether that was everything.

Servers cap the page size, end early, repeat a page for ever, shrink and grow under the reader, and fail a whole page
over one bad row. A walk always ends, goes on by what came rather than by what was asked for, and says when it did not
get everything.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, Self, TypeAlias, TypeVar

import orjson

from ._model import UNSET, Unset, encode
from ._operation.reply import excerpt
from .errors import DecodeError, IncompleteListing, IncompleteListingWarning, ServerError

if TYPE_CHECKING:
    from ._operation.reply import Reply
    from .client import ApplianceClient
    from .operation import Listing, Operation

T = TypeVar("T")
Page = TypeVar("Page")
X = TypeVar("X")

OnIncomplete: TypeAlias = Literal["warn", "raise", "ignore"]
"""What happens when a listing ends before all its rows were had: a warning, an error after the last row, or nothing."""

# What servers take for a page where nothing is asked for.
_USUAL_PAGE: Final = 200
# A walk ends at this many rows where no total bounds it, and at twice the first total and this many where one does.
_MOST_ROWS: Final = 5_000_000
_GROWTH: Final = 10_000
# How often rows are read again because the listing shrank, and how many single bad rows are left out.
_MOST_SHRINKS: Final = 16
_MOST_BAD_ROWS: Final = 3
_PACKAGE: Final = __name__.partition(".")[0] + "."


class Items(Generic[T, Page]):
    """Every row of a listing, page after page, to be used with `async for`; `pages()` gives the pages instead.

    Each `async for` is a walk of its own, from the first row on. While the caller works on the second half of a page,
    the next one is fetched; never more than that one. Leaving the loop early ends it.

    A row whose `id`, `type` and `name` were seen on an earlier page is left out: that is the same row, moved by rows
    that came or went while the listing was read. Rows without an `id` are given as they come, and so is a row that
    is on one page twice.

    Attributes:
        total: rows that the server announced last, or None where it does not tell.
        received: rows that were given so far, those left of the page in hand included.
        complete: True when the walk has ended and has given all that was asked for, False when rows are known to be
            missing, None before the end. Rows beyond `max_items` were not asked for.
        reason: why the walk ended: `end`, `max_items`, or a text that says what is missing; None before the end.
    """

    def __init__(
        self,
        client: ApplianceClient,
        operation: Operation[Any],
        values: Mapping[str, Any],
        body: Any = UNSET,
        *,
        page_size: int | None = None,
        max_items: int | None = None,
        on_incomplete: OnIncomplete = "warn",
    ) -> None:
        """
        Args:
            client: the client that sends the requests.
            operation: one that has a `listing`.
            values: its parameters by their Python names, those that ask for a page left out.
            body: its body, if it has one.
            page_size: rows to ask for in one page; the server's own choice where None. Servers may give less. AWS
                and Azure take -1 for all at once.
            max_items: most rows to give, or None for all.
            on_incomplete: what happens when the listing ends before all its rows were had.

        Raises:
            ValueError: `page_size`, `max_items` or `on_incomplete` is none of what it can be.
        """
        if operation.listing is None:
            raise ValueError(f"{operation.operation_id} is not a listing")
        if page_size is not None and page_size != -1 and page_size < 1:
            raise ValueError(f"page_size is {page_size}: it is a number of rows, -1 for all or None")
        if max_items is not None and max_items < 0:
            raise ValueError(f"max_items is {max_items}: it is a number of rows or None")
        if on_incomplete not in ("warn", "raise", "ignore"):
            raise ValueError(f"on_incomplete is {on_incomplete!r}: it is 'warn', 'raise' or 'ignore'")
        self._client = client
        self._operation = operation
        self._listing = operation.listing
        self._values = values
        self._body = body
        self._page_size = page_size
        self._max_items = max_items
        self._on_incomplete = on_incomplete
        self.total: int | None = None
        self.received = 0
        self.complete: bool | None = None
        self.reason: str | None = None

    def __aiter__(self) -> AsyncIterator[T]:
        return _Rows(self._walk())

    def pages(self) -> AsyncIterator[Page]:
        """Every page in the operation's own page model, with the rows as the server gave them."""
        return _Pages(self._walk())

    def _walk(self) -> _Walk:
        self.total = self.complete = self.reason = None
        self.received = 0
        return _Walk(self, self._listing)

    def __repr__(self) -> str:
        end = "" if self.reason is None else f", {self.reason}"
        return f"<Items of {self._operation.operation_id}: {self.received} of {self.total}{end}>"


class _Fetched:
    """A page as it came: the parsed answer, and those of its rows that are new."""

    __slots__ = ("operation", "raw", "rows", "status")

    def __init__(self, raw: dict[str, Any], rows: list[Any], status: int, operation: dict[str, Any] | None) -> None:
        self.raw = raw
        self.rows = rows
        self.status = status
        # The whole answer around `raw`, where the page is the result of an operation that was waited for.
        self.operation = operation


class _Walk:
    """One walk over a listing: which page to ask for next, and when to end."""

    def __init__(self, items: Items[Any, Any], listing: Listing) -> None:
        self.items = items
        self.client = items._client
        self.operation = items._operation
        self.listing = listing
        self.values = dict(items._values)
        self.body: Any = items._body
        self.page_size = items._page_size
        self.position = 0
        if listing.in_body:
            # The caller's own paging in the body is where the walk starts.
            self.body = {} if isinstance(self.body, Unset) or self.body is None else encode(self.body)
            asked = self.body.get(listing.within) or {} if listing.within else self.body
            self.position = _positive(asked.get(listing.skip)) or 0
            self.page_size = self.page_size or _positive(asked.get(listing.limit))
        self.start = self.position
        self.pages = 0
        self.fetched = 0
        self.total: int | None = None
        self.reason: str | None = None
        self.missing: str | None = None
        self.ceiling = _MOST_ROWS
        # What was given: hashes of the rows' keys, and of whole pages whose rows have none.
        self.seen: set[int] = set()
        self.seen_pages: set[bytes] = set()
        # Rows that one request asks for while a bad row is being narrowed down, or None.
        self.narrow: int | None = None
        self.bad: list[int] = []
        # Places that rows may have slid to while the listing shrank, to be read again: from, to.
        self.again: tuple[int, int] | None = None
        self.shrinks = 0

    async def next(self) -> _Fetched | None:
        """The next page that has something new, or None after the last."""
        while self.reason is None:
            if self.enough():
                self._end("max_items")
                break
            reply, start, limit = await self._fetch()
            raw, operation = await self._parse(reply)
            rows = raw.get(self.listing.rows)
            if rows is None:
                rows = []
            elif not isinstance(rows, list):
                raise self._unreadable(reply, f"{self.listing.rows} is not a list")
            total = self._total(raw, len(rows))
            first = self.pages == 0
            # Where the first page is all there is, nothing can come twice.
            alone = first and total is not None and start + len(rows) >= total
            try:
                fresh = rows if alone else self._fresh(rows)
            except (RecursionError, orjson.JSONEncodeError):
                raise self._unreadable(reply, "the rows are nested too deeply to compare") from None
            self.pages += 1
            self._judge(len(rows), len(fresh), start, limit, total)
            if fresh or first:
                most = self.items._max_items
                if most is not None and len(fresh) > most - self.fetched:
                    fresh = fresh[: most - self.fetched]
                    self._end("max_items")
                self.fetched += len(fresh)
                return _Fetched(raw, fresh, reply.status, operation)
        return None

    def enough(self) -> bool:
        return self.items._max_items is not None and self.fetched >= self.items._max_items

    # ------------------------------------------------------------------------------------------------------- requests

    async def _fetch(self) -> tuple[Reply, int, int | None]:
        """The page where the walk stands, its place and the rows asked for; narrowed down over a bad row."""
        while True:
            start = self.position if self.again is None else self.again[0]
            limit = self._limit(start)
            try:
                reply = await self._ask(start, limit)
            except ServerError as error:
                if not self._narrow_down(error, start, limit):
                    raise
                continue
            if self.narrow is not None:
                self.narrow *= 2
                if self.narrow >= (self.page_size or _USUAL_PAGE):
                    self.narrow = None
            return reply, start, limit

    def _limit(self, start: int) -> int | None:
        """Rows to ask for, or None to leave it to the server."""
        limit = self.page_size
        bounds = []
        if self.items._max_items is not None and limit != -1:
            bounds.append(self.items._max_items - self.fetched)
        if self.again is not None:
            bounds.append(self.again[1] - start)
        if self.narrow is not None:
            bounds.append(self.narrow)
        bound = min(bounds, default=None)
        # A bound above what the server gives by itself is no reason to ask for more.
        if bound is None or (limit is None and bound >= _USUAL_PAGE):
            return limit
        return bound if limit is None or limit == -1 else min(limit, bound)

    async def _ask(self, start: int, limit: int | None) -> Reply:
        values, body, listing = self.values, self.body, self.listing
        if listing.in_body:
            paging: dict[str, Any] = {listing.skip: start, listing.limit: limit or _USUAL_PAGE}
            if listing.within:
                paging = {listing.within: {**(body.get(listing.within) or {}), **paging}}
            body = {**body, **paging}
        else:
            values = dict(values)
            if start:
                values[listing.skip] = start
            if limit is not None:
                values[listing.limit] = limit
        return await self.client.send(self.operation, values, body)

    def _narrow_down(self, error: ServerError, start: int, limit: int | None) -> bool:
        """Whether to go on after a 500: with fewer rows, or behind the one row that fails."""
        size = limit if limit is not None and limit > 0 else _USUAL_PAGE
        error.add_note(f"this was asked for rows {start} to {start + size - 1}, the first being 0")
        if error.status != 500 or self.items._on_incomplete == "raise":
            return False
        if size > 1:
            # Where nothing was had yet, one row tells whether the call works at all.
            self.narrow = size // 2 if self.pages else 1
            return True
        if not self.pages or self.again is not None or len(self.bad) == _MOST_BAD_ROWS:
            return False
        self.bad.append(start)
        self.position = start + 1
        return True

    # --------------------------------------------------------------------------------------------------------- answers

    async def _parse(self, reply: Reply) -> tuple[dict[str, Any], dict[str, Any] | None]:
        raw = reply.json()
        if not isinstance(raw, dict):
            raise self._unreadable(reply, "the answer is not an object")
        if reply.status != 202 or self.listing.rows in raw:
            return raw, None
        # Azure may answer that it is still putting the list together.
        from .waiting import finish

        operation = await finish(self.client, raw, operation=self.operation.operation_id)
        page = operation.get("result")
        if not isinstance(page, dict):
            raise self._unreadable(reply, "the operation that was to give the page ended without one")
        return page, operation

    def _unreadable(self, reply: Reply, message: str) -> DecodeError:
        return DecodeError(
            message,
            status=reply.status,
            excerpt=excerpt(reply.body),
            appliance=self.client.name,
            operation=self.operation.operation_id,
        )

    def _total(self, raw: Mapping[str, Any], rows: int) -> int | None:
        """The number of rows that a page announces, in whichever dialect."""
        pagination = raw.get("pagination")
        total = pagination.get("total") if isinstance(pagination, dict) else None
        if total is None:
            total = raw.get("totalCount")
        if isinstance(total, bool) or not isinstance(total, (int, float)) or total < 0 or (rows and not total):
            return None
        return int(total)

    def _fresh(self, rows: list[Any]) -> list[Any]:
        """The rows that were on no earlier page; what is new is remembered."""
        seen = self.seen
        try:
            if rows and None not in [row["id"] for row in rows]:
                keys = [hash((row["id"], row.get("type"), row.get("name"))) for row in rows]
                if seen.isdisjoint(keys):
                    seen.update(keys)
                    return rows
        except (AttributeError, LookupError, TypeError):
            pass
        return self._picked(rows)

    def _picked(self, rows: list[Any]) -> list[Any]:
        """The same for rows of which some came before, or have no id, or an odd one."""
        fresh: list[Any] = []
        keys: list[int] = []
        seen = self.seen
        for row in rows:
            id = row.get("id") if isinstance(row, dict) else None
            if id is None:
                fresh.append(row)
                continue
            key = _key(row)
            if key not in seen:
                fresh.append(row)
                keys.append(key)
        if keys:
            seen.update(keys)
        elif fresh:
            # Without ids the page as a whole tells whether it came before.
            page = hashlib.blake2b(orjson.dumps(rows), digest_size=16).digest()
            if page in self.seen_pages:
                return []
            self.seen_pages.add(page)
        return fresh

    def _judge(self, rows: int, fresh: int, start: int, limit: int | None, total: int | None) -> None:
        """Decide where to go on, or that and why this was the end."""
        before, first = self.total, self.pages == 1
        if total is not None:
            self.total = total
            if first:
                self.ceiling = 2 * total + _GROWTH
        rereading = self.again
        if rereading is None:
            self.position = start + rows
        else:
            self.again = (start + rows, rereading[1]) if rows and start + rows < rereading[1] else None
        if not first and total is not None and before is not None and total < before:
            # Rows behind slid to before where the walk stands, which is further than what was just read again.
            self._shrank(start, before - total, self.position if rereading is not None else start)
        if self.again is not None:
            return
        if total is not None and self.position >= total:
            self._end("end")
        elif rereading is not None:
            return
        elif not rows:
            self._end("end" if total is None else f"no rows from {start} on, of {total} announced")
        elif not fresh:
            # Fewer than asked for, and the same once more: there are no others.
            whole = total is None and limit is not None and rows < limit
            self._end("end" if whole else f"the rows from {start} on came before: the server repeats a page")
        elif limit == -1 and total is None:
            self._end("end")
        elif self.position > self.ceiling:
            self._end(f"no end after {self.position} rows: the listing grows as fast as it is read")

    def _shrank(self, start: int, by: int, upto: int) -> None:
        """Rows that went moved as many others to places that were read already: these places are read again."""
        if not self.seen or self.shrinks == _MOST_SHRINKS:
            self.missing = f"the listing shrank by {by} rows while it was read: as many may be missing"
            return
        self.shrinks += 1
        if upto > self.start:
            self.again = (max(start - by, self.start), upto)

    # ---------------------------------------------------------------------------------------------------------- ending

    def _end(self, reason: str) -> None:
        self.reason = reason

    def tell(self) -> None:
        """Say how it ended."""
        items = self.items
        missing = [] if self.reason in ("end", "max_items") else [str(self.reason)]
        if self.missing is not None:
            missing.append(self.missing)
        if self.bad:
            missing.append(f"the server fails over row {', '.join(map(str, self.bad))}")
        items.complete = not missing
        items.reason = "; ".join(missing) if missing else self.reason
        if not missing:
            return
        error = IncompleteListing(
            f"not everything was had: {items.reason}",
            received=items.received,
            total=items.total,
            reason=items.reason,
            appliance=self.client.name,
            operation=self.operation.operation_id,
        )
        if items._on_incomplete == "raise":
            raise error
        if items._on_incomplete == "warn":
            warnings.warn(str(error), IncompleteListingWarning, stacklevel=_level_of_the_caller())


def _level_of_the_caller() -> int:
    """The `stacklevel` of the code outside of this package that walks: the warning is about its line."""
    level = 1
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        frame = frame.f_back
        level += 1
    return level


def _positive(value: Any) -> int | None:
    """A caller's own number of rows in a body, if it is one."""
    return value if isinstance(value, int) and value > 0 else None


def _key(row: dict[str, Any]) -> int:
    """What is alike in two rows of the same thing. Two things may share an id, and differ in type or name."""
    key = (row["id"], row.get("type"), row.get("name"))
    try:
        # Hashes, so that a million of them can be held.
        return hash(key)
    except TypeError:
        return hash(str(key))


class _ReadAhead(Generic[X]):
    """An iterator over a walk that fetches at most one page ahead of its caller.

    The page ahead is fetched by a task. The task knows nothing of the iterator: one that is dropped ends it.
    """

    def __init__(self, walk: _Walk) -> None:
        self._walk = walk
        self._task: asyncio.Task[_Fetched | None] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> X:
        raise NotImplementedError

    def _ahead(self) -> None:
        if self._task is None and self._walk.reason is None and not self._walk.enough():
            self._task = self._walk.client.spawn(self._walk.next())

    async def _take(self) -> _Fetched | None:
        walk, items = self._walk, self._walk.items
        task, self._task = self._task, None
        # A cancellation of the caller reaches the task through this await.
        page = await (walk.next() if task is None else task)
        items.total = walk.total
        if page is not None:
            items.received += len(page.rows)
        elif items.complete is None:
            walk.tell()
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


class _Rows(_ReadAhead[T]):
    def __init__(self, walk: _Walk) -> None:
        super().__init__(walk)
        self._decode = walk.client.decoder(f"list[{walk.listing.row}]", walk.operation.operation_id)
        self._rows: Iterator[T] = iter(())
        self._second_half: list[T] = []

    async def __anext__(self) -> T:
        for row in self._rows:
            return row
        return await self._more()

    async def _more(self) -> T:
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


class _Pages(_ReadAhead[Page]):
    _given = 0

    async def __anext__(self) -> Page:
        page = await self._take()
        if page is None:
            raise StopAsyncIteration
        self._given += 1
        if self._given > 1:
            self._ahead()
        return self._decode(page)

    def _decode(self, page: _Fetched) -> Page:
        operation = self._walk.operation
        answer = operation.answers.get(page.status) or next(iter(operation.answers.values()))
        decode = self._walk.client.decoder(answer.type, operation.operation_id)
        # Where the page is the result of an operation, the operation's own model knows of which type.
        decoded: Page = decode(page.raw) if page.operation is None else decode(page.operation).result
        return decoded
