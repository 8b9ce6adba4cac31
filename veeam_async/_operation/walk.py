"""Walking a listing: every row of every page, and whether that was everything.

Servers cap the page size, end early, repeat a page for ever, shrink and grow under the reader, and fail a whole page
over one bad row. A walk always ends, goes on by what came rather than by what was asked for, and says what it did not
get.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson

from .._model import Unset, encode
from ..errors import DecodeError, ServerError
from .json_text import positive, row_key, value_at
from .operation import Operation
from .reply import Reply
from .seen import REMEMBERED, Seen
from .sending import Options, Sender

# What servers take for a page where nothing is asked for.
_USUAL_PAGE: Final = 200
# A walk ends at this many rows where no total bounds it, and at twice the first total and this many where one does.
_MOST_ROWS: Final = 5_000_000
_GROWTH: Final = 10_000
# How often rows are read again because the listing shrank, and how many single bad rows are left out.
_MOST_SHRINKS: Final = 16
_MOST_BAD_ROWS: Final = 3


class FetchedPage:
    """A page as it came: the parsed answer, and those of its rows that are new."""

    __slots__ = ("operation", "raw", "rows", "status")

    def __init__(self, raw: dict[str, Any], rows: list[Any], status: int, operation: dict[str, Any] | None) -> None:
        self.raw = raw
        self.rows = rows
        self.status = status
        # The whole answer around `raw`, where the page is the result of an operation that was waited for.
        self.operation = operation


class Walk:
    """One walk over a listing: which page to ask for next, and when to end."""

    def __init__(
        self,
        sender: Sender,
        operation: Operation[Any],
        values: Mapping[str, Any],
        body: Any,
        options: Options,
        *,
        max_items: int | None,
        narrowing: bool,
    ) -> None:
        """
        Args:
            sender: what sends the requests.
            operation: one that has a `paging`.
            values: its parameters by their Python names; `limit` is the page size, `skip` where the walk starts.
            body: its body, if it has one.
            options: for each request.
            max_items: rows at most, or None for all.
            narrowing: whether to go on behind a row over which the server fails.

        Raises:
            ValueError: the page size or the start makes no sense.
        """
        assert operation.paging is not None
        self.sender = sender
        self.operation = operation
        self.paging = operation.paging
        self.options = options
        self.max_items = max_items
        self.narrowing = narrowing
        # Awaited when a page has come, before it is parsed.
        self.before_parsing: Callable[[], Awaitable[None]] | None = None
        self.values = dict(values)
        self.body: Any = body
        self._find_start()
        self.start = self.position
        self.pages = 0
        self.fetched = 0
        self.total: int | None = None
        self.reason: str | None = None
        self.lost: str | None = None
        self.ceiling = _MOST_ROWS
        # What was given: hashes of the rows' keys, and of whole pages whose rows have none.
        self.seen = Seen()
        self.seen_pages: set[bytes] = set()
        # Rows that one request asks for while a bad row is being narrowed down, or None.
        self.narrow: int | None = None
        self.bad: list[int] = []
        # Places that rows may have slid to while the listing shrank, to be read again: from, to.
        self.again: tuple[int, int] | None = None
        self.shrinks = 0

    def _find_start(self) -> None:
        paging = self.paging
        if paging.in_body:
            self.body = {} if isinstance(self.body, Unset) or self.body is None else encode(self.body)
            asked = self.body.get(paging.within) or {} if paging.within else self.body
            self.position = positive(asked.get(paging.skip)) or 0
            self.asked_size = self.page_size = positive(asked.get(paging.limit))
            return
        size, start = self.values.pop(paging.limit, None), self.values.pop(paging.skip, None)
        self.asked_size = self.page_size = None if isinstance(size, Unset) else size
        self.position = start if isinstance(start, int) else 0
        if self.page_size is not None and self.page_size != -1 and self.page_size < 1:
            raise ValueError(f"{paging.limit} is {size}: it must be a number of rows, -1 for all or None")
        if self.position < 0:
            raise ValueError(f"{paging.skip} is {start}: it must be a number of rows")
        # A page that is awaited has as many rows as the server likes; who reads all of them asks for more at once.
        if self.page_size is None:
            self.page_size = self.sender.profile.page_size

    @property
    def goes_on(self) -> bool:
        """Whether there may be a further page."""
        return self.reason is None and not self.enough()

    async def next(self) -> FetchedPage | None:
        """The next page that has something new, or None after the last."""
        while self.reason is None:
            if self.enough():
                self._end("max_items")
                break
            reply, start, limit = await self._fetch()
            raw, operation = await self._parse(reply)
            place = value_at(raw, self.sender.profile.place)
            if self.pages and isinstance(place, int) and place != start:
                self._end(f"no rows from {start} on: the server gave those from {place} on instead")
                break
            rows = raw.get(self.paging.rows)
            if rows is None:
                rows = []
            elif not isinstance(rows, list):
                raise self._unreadable(reply, f"{self.paging.rows} is not a list")
            total = self._total(raw, len(rows))
            first = self.pages == 0
            # Where the first page is all there is, nothing can come twice.
            alone = first and total is not None and start + len(rows) >= total
            try:
                fresh = rows if alone else self._fresh(rows)
            except (RecursionError, orjson.JSONEncodeError):
                raise self._unreadable(reply, "the rows are nested too deeply to compare") from None
            self.pages += 1
            self._judge(len(rows), len(fresh), start, limit, total, last=self._is_last(raw))
            if fresh or first:
                most = self.max_items
                if most is not None and len(fresh) > most - self.fetched:
                    fresh = fresh[: most - self.fetched]
                    self._end("max_items")
                self.fetched += len(fresh)
                return FetchedPage(raw, fresh, reply.status, operation)
        return None

    async def first(self) -> FetchedPage:
        """The page where the walk starts, as it came."""
        reply = await self._ask(self.position, self.asked_size)
        raw, operation = await self._parse(reply)
        return FetchedPage(raw, [], reply.status, operation)

    def enough(self) -> bool:
        return self.max_items is not None and self.fetched >= self.max_items

    # ------------------------------------------------------------------------------------------------------- requests

    async def _fetch(self) -> tuple[Reply[Any], int, int | None]:
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
        if self.max_items is not None and limit != -1:
            bounds.append(self.max_items - self.fetched)
        if self.again is not None:
            bounds.append(self.again[1] - start)
        if self.narrow is not None:
            bounds.append(self.narrow)
        bound = min(bounds, default=None)
        # A bound above what the server gives by itself is no reason to ask for more.
        if bound is None or (limit is None and bound >= _USUAL_PAGE):
            return limit
        return bound if limit is None or limit == -1 else min(limit, bound)

    async def _ask(self, start: int, limit: int | None) -> Reply[Any]:
        values, body, paging = self.values, self.body, self.paging
        if paging.in_body:
            asked: dict[str, Any] = {paging.skip: start, paging.limit: limit or _USUAL_PAGE}
            if paging.within:
                asked = {paging.within: {**(body.get(paging.within) or {}), **asked}}
            body = {**body, **asked}
        else:
            values = dict(values)
            if start:
                values[paging.skip] = start
            if limit is not None:
                values[paging.limit] = limit
        return await self.sender.fetch(self.operation, values, body, self.options)

    def _narrow_down(self, error: ServerError, start: int, limit: int | None) -> bool:
        """Whether to go on after a 500: with fewer rows, or behind the one row that fails."""
        size = limit if limit is not None and limit > 0 else _USUAL_PAGE
        error.add_note(f"this was asked for rows {start} to {start + size - 1}, the first being 0")
        if error.status != 500 or not self.narrowing:
            return False
        if size > 1:
            # Where nothing came yet, one row shows whether the call works at all.
            self.narrow = size // 2 if self.pages else 1
            return True
        if not self.pages or self.again is not None or len(self.bad) == _MOST_BAD_ROWS:
            return False
        self.bad.append(start)
        self.position = start + 1
        return True

    # --------------------------------------------------------------------------------------------------------- answers

    async def _parse(self, reply: Reply[Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
        if self.before_parsing is not None:
            await self.before_parsing()
        raw = reply.json()
        if not isinstance(raw, dict):
            raise self._unreadable(reply, "the answer is not an object")
        if reply.status != 202 or self.paging.rows in raw:
            return raw, None
        # Azure may answer that it is still putting the list together.
        from ..waiting import finish  # few listings have to be waited for

        operation = await finish(self.sender, raw, operation=self.operation.operation_id)
        page = operation.get("result")
        if not isinstance(page, dict):
            raise self._unreadable(reply, "the operation that was to give the page ended without one")
        return page, operation

    def _unreadable(self, reply: Reply[Any], message: str) -> DecodeError:
        return DecodeError(message, status=reply.status, excerpt=reply.excerpt(), step="body", **self.where())

    def where(self) -> dict[str, Any]:
        """What errors say of the listing."""
        operation = self.operation
        return {
            "appliance": self.sender.name,
            "operation": operation.operation_id,
            "method": operation.method,
            "path": operation.path,
        }

    def _total(self, raw: Mapping[str, Any], rows: int) -> int | None:
        """The number of rows that a page announces, in whichever dialect."""
        total = value_at(raw, self.sender.profile.total)
        if total is None:
            total = raw.get("totalCount")
        if isinstance(total, bool) or not isinstance(total, (int, float)) or total < 0 or (rows and not total):
            return None
        return int(total)

    def _is_last(self, raw: Mapping[str, Any]) -> bool:
        """True where the page says that no other follows. One that says nothing of other pages does not say so."""
        field = self.sender.profile.next
        if field is None or not value_at(raw, field.partition(".")[0]):
            return False
        return value_at(raw, field) is None

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
            key = row_key(row)
            if key not in seen:
                fresh.append(row)
                keys.append(key)
        if keys:
            seen.update(keys)
        elif fresh:
            # Without ids the page as a whole shows whether it came before.
            page = hashlib.blake2b(orjson.dumps(rows), digest_size=16).digest()
            if page in self.seen_pages:
                return []
            self.seen_pages.add(page)
        return fresh

    def _judge(self, rows: int, fresh: int, start: int, limit: int | None, total: int | None, *, last: bool) -> None:
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
        elif last and total is None:
            self._end("end")
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
        if not self.seen or self.shrinks == _MOST_SHRINKS or by > REMEMBERED:
            self.lost = f"the listing shrank by {by} rows while it was read: as many may be missing"
            return
        self.shrinks += 1
        if upto > self.start:
            self.again = (max(start - by, self.start), upto)

    # ---------------------------------------------------------------------------------------------------------- ending

    def _end(self, reason: str) -> None:
        self.reason = reason

    def missing(self) -> list[str]:
        """What is known to be missing, once the walk has ended; empty where everything came."""
        missing = [] if self.reason in ("end", "max_items") else [str(self.reason)]
        if self.lost is not None:
            missing.append(self.lost)
        if self.bad:
            missing.append(f"the server fails over row {', '.join(map(str, self.bad))}")
        return missing

    # -------------------------------------------------------------------------------------------------------- decoding

    def row_decoder(self) -> Callable[[Any], Any]:
        """What makes models of a list of rows."""
        return self.sender.decoder(f"list[{self.paging.row}]", self.operation.operation_id, self.options)

    def decode_page(self, page: FetchedPage) -> Any:
        """A page in the operation's own page model."""
        operation = self.operation
        response = operation.responses.get(page.status) or next(iter(operation.responses.values()))
        decode = self.sender.decoder(response.type, operation.operation_id, self.options)
        # Where the page is the result of an operation, the operation's own model knows of which type.
        return decode(page.raw) if page.operation is None else decode(page.operation).result
