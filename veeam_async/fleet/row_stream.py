"""Rows from many appliances as they come: one at a time, a page at a time, or with the answers of the appliances."""

from __future__ import annotations

import logging
from asyncio import Task
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from .answer import Answer
from .appliance import Appliance
from .fanout import Emit, Limits, Step, fan_out
from .reading import Depth, lacks, read
from .rows import Row

if TYPE_CHECKING:
    from pyarrow import Table

    from ..client import ApplianceClient

RowT = TypeVar("RowT", bound=Row)

# Rows that are turned into a part of a table together.
_ROWS_AT_ONCE = 10_000

_log = logging.getLogger("veeam_async.fleet")


class Rows(Generic[RowT]):
    """Rows from the appliances of a fleet: `async for row in rows`, then `rows.errors`.

    They travel a page at a time; what is waiting for the consumer is bounded by `buffer`. Leaving a loop early ends
    what is in flight. Each iteration asks the appliances anew.

    Attributes:
        errors: the answers of the appliances that did not give everything, with the error; the rows that they gave
            came all the same. Filled while one iterates, and each is logged as a warning.
        lacking: the appliances whose revision has nothing that such rows come from.
    """

    def __init__(
        self,
        members: Callable[[], Sequence[Appliance]],
        kinds: Sequence[type[RowT]],
        client: Callable[[str], Awaitable[ApplianceClient]],
        step: Callable[[Callable[[Appliance, Emit[list[RowT]]], Awaitable[int]]], Step[int, list[RowT]]],
        limits: Limits,
        *,
        depth: Depth,
        workers: set[Task[None]],
    ) -> None:
        self.errors: list[Answer[int]] = []
        self.lacking: list[Appliance] = []
        self._members = members
        self._kinds = kinds
        self._client = client
        self._step = step
        self._limits = limits
        self._depth = depth
        self._workers = workers

    def __aiter__(self) -> AsyncIterator[RowT]:
        return self._rows()

    async def gather(self) -> list[RowT]:
        """All rows at once."""
        rows: list[RowT] = []
        async for batch in self.batches():
            rows += batch
        return rows

    async def to_arrow(self) -> Table:
        """All rows as an Arrow table (extra `arrow`), see `veeam_async.fleet.arrow`; the rows themselves are not kept.

        Raises:
            ValueError: the rows are of several types.
            ImportError: pyarrow is not installed.
        """
        from .arrow import arrow_table, join_tables

        if len(self._kinds) != 1:
            raise ValueError("a table is of rows of one type; ask for each type by itself")
        tables = [arrow_table((), *self._kinds)]
        waiting: list[RowT] = []
        async for batch in self.batches():
            waiting += batch
            if len(waiting) >= _ROWS_AT_ONCE:
                tables.append(arrow_table(waiting))
                waiting = []
        return join_tables([*tables, arrow_table(waiting, *self._kinds)])

    async def batches(self) -> AsyncGenerator[list[RowT], None]:
        """Lists of rows of one type and one appliance, as its pages come; none is empty.

        A loop that releases each (`del batch`) before it asks for the next one holds one page instead of two, which
        is faster where pages are large.
        """
        items = self._items()
        try:
            async for item in items:
                if not isinstance(item, Answer):
                    yield item
                del item
        finally:
            await items.aclose()

    async def answers(self) -> AsyncGenerator[RowT | Answer[int], None]:
        """Every row, and one `Answer` for each appliance after its rows. Its value is their number."""
        items = self._items()
        try:
            async for item in items:
                if isinstance(item, Answer):
                    yield item
                else:
                    for row in item:
                        yield row
        finally:
            await items.aclose()

    async def _rows(self) -> AsyncGenerator[RowT, None]:
        items = self._items()
        try:
            async for item in items:
                if not isinstance(item, Answer):
                    for row in item:
                        yield row
                    del row
                del item
        finally:
            await items.aclose()

    async def _items(self) -> AsyncGenerator[Answer[int] | list[RowT], None]:
        self.errors = []
        self.lacking = []

        async def work(appliance: Appliance, emit: Emit[list[RowT]]) -> int:
            client = await self._client(appliance.name)
            if all(lacks(client.revision, kind) for kind in self._kinds):
                self.lacking.append(appliance)
            count = 0
            async for page in read(client, self._kinds, appliance, self._depth, emit.room):
                count += len(page)
                await emit(page, len(page))
            return count

        items = fan_out(self._members(), self._step(work), self._limits, workers=self._workers)
        try:
            async for item in items:
                if isinstance(item, Answer) and item.error is not None:
                    self.errors.append(item)
                    what = ", ".join(kind.source for kind in self._kinds)
                    _log.warning("%s: not all %s came: %s", item.appliance.name, what, item.error)
                yield item
                del item
        finally:
            await items.aclose()
