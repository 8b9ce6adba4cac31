"""Completing rows from one more listing: what the objects themselves do not say, such as the newest restore point."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._operation.operation import Operation
from .appliance import Appliance
from .pages import pages
from .rhythm import silent
from .rows import Job, Protected, Row
from .rows.mapping import Completion

if TYPE_CHECKING:
    from ..client import ApplianceClient

RowT = TypeVar("RowT", bound=Row)

# A day first: what ran as it should is found there, and the server need not go through a month.
_STEPS = (timedelta(days=1), timedelta(days=7))
# Steps overlap by it: servers differ in whether a bound is part of the span.
_SEAM = timedelta(seconds=1)
# A job and its session differ by less in when it began.
_SLACK = timedelta(hours=1)
# Rows that are asked for one by one, because others have the same keys.
_SINGLY = 50

_Key = tuple[int, tuple[object, ...]]


class _Index(Generic[RowT]):
    """Rows by their keys, and the newest that was found for each.

    Args:
        completion: says what the keys are.
        rows: all rows of the appliance.
        wanted: those of them that are to be completed.
        every: True lets a row go by each of its keys, False by the first of them alone.

    Attributes:
        left: rows that are to be completed and for which nothing was found yet, by `id()`.
        doubtful: those that share their keys with other rows.
    """

    def __init__(
        self, completion: Completion[RowT], rows: Sequence[RowT], wanted: Sequence[RowT], *, every: bool = False
    ) -> None:
        self._completion = completion
        self._names = [name for name in completion.source.fields if name != "id"]
        sharing: defaultdict[_Key, list[RowT]] = defaultdict(list)
        for row in rows:
            for key in self._keys(row):
                sharing[key].append(row)
        self.doubtful: list[RowT] = []
        self._rows: dict[_Key, RowT] = {}
        for row in wanted:
            keys = list(self._keys(row))
            own = [key for key in (keys if every else keys[:1]) if len(sharing[key]) == 1]
            self._rows.update(dict.fromkeys(own, row))
            if keys and not own:
                self.doubtful.append(row)
        self.left = {id(row) for row in self._rows.values()}
        self._newest: dict[int, tuple[RowT, RowT]] = {}

    def _keys(self, row: Row) -> Iterator[_Key]:
        for number, names in enumerate(self._completion.keys):
            values = tuple(getattr(row, name) for name in names)
            if all(values):
                # Ids and names come in another letter case from another listing.
                yield number, tuple(value.lower() if isinstance(value, str) else value for value in values)

    def sought(self) -> list[RowT]:
        """The rows that something can be found for."""
        singly = self.doubtful[:_SINGLY] if self._completion.single is not None else []
        return [*{id(row): row for row in self._rows.values()}.values(), *singly]

    def match(self, parts: Iterable[RowT]) -> Iterator[tuple[RowT, RowT]]:
        """The rows that parts belong to, each with its part."""
        for part in parts:
            for key in self._keys(part):
                if (row := self._rows.get(key)) is not None:
                    yield row, part
                    break

    def note(self, row: RowT, part: RowT) -> None:
        """A part was found for a row; the newest one counts."""
        time = getattr(part, self._completion.time)
        if time is None:
            return
        self.left.discard(id(row))
        newest = self._newest.get(id(row))
        if newest is None or time > getattr(newest[1], self._completion.time):
            self._newest[id(row)] = row, part

    def fill(self) -> None:
        """Write what was found into the rows."""
        for row, part in self._newest.values():
            for name in self._names:
                if getattr(row, name) is None:
                    setattr(row, name, getattr(part, name))


async def complete(
    client: ApplianceClient,
    completion: Completion[RowT],
    operation: Operation[Any],
    rows: Sequence[RowT],
    appliance: Appliance,
    horizon: datetime,
    now: datetime,
) -> None:
    """Read a listing, newest first, until every row that lacks something has it, or the horizon is reached.

    Args:
        client: the appliance's client.
        completion: what is read, and which rows it completes.
        operation: the listing in the revision that is spoken.
        rows: all rows of the type that the appliance has; they are changed.
        appliance: where they come from.
        horizon: how far back the listing is read; rows for which nothing is found say so.
        now: the time.

    Raises:
        VeeamError: the listing failed; what was found until then is written.
    """
    wanted = [row for row in rows if completion.lacking(row)]
    index = _Index(completion, rows, wanted)
    sought = index.sought()
    if completion.partial:
        # What is sought began then: what was before need not be read.
        began = [time - _SLACK for row in wanted if (time := getattr(row, completion.time)) is not None]
        horizon = max(horizon, min(began, default=horizon))
    try:
        until: datetime | None = None
        for since in [*(now - step for step in _STEPS if now - step > horizon), horizon]:
            if index.left:
                await _read_span(client, completion, operation, appliance, index, since, until)
            until = since + _SEAM
        await _read_singly(client, completion, operation, appliance, index, horizon)
    finally:
        index.fill()
    for row in sought:
        if isinstance(row, Job | Protected) and getattr(row, completion.time) is None:
            row.horizon = horizon


async def _read_span(
    client: ApplianceClient,
    completion: Completion[RowT],
    operation: Operation[Any],
    appliance: Appliance,
    index: _Index[RowT],
    since: datetime,
    until: datetime | None,
) -> None:
    source = completion.source
    values = parameters(completion, operation, since, until)
    listing = pages(client, operation, values, source.results)
    try:
        async for objects in listing:
            for row, part in index.match(source.rows(objects, appliance)):
                index.note(row, part)
            if completion.sorted and not index.left:
                return
    finally:
        await listing.aclose()


async def _read_singly(
    client: ApplianceClient,
    completion: Completion[RowT],
    operation: Operation[Any],
    appliance: Appliance,
    index: _Index[RowT],
    horizon: datetime,
) -> None:
    if completion.single is None:
        return
    source = completion.source
    for row in index.doubtful[:_SINGLY]:
        values = parameters(completion, operation, horizon, None, **{completion.single: row.id, "limit": 1})
        listing = pages(client, operation, values, source.results)
        try:
            async for objects in listing:
                for part in source.rows(objects, appliance):
                    index.note(row, part)
                break
        finally:
            await listing.aclose()


async def judge(
    client: ApplianceClient,
    completion: Completion[Job],
    operation: Operation[Any],
    jobs: Sequence[Job],
    appliance: Appliance,
    horizon: datetime,
    now: datetime,
) -> None:
    """Read all runs back to the horizon: complete the jobs by them, and say which are silent.

    Args:
        client: the appliance's client.
        completion: the listing of runs.
        operation: the listing in the revision that is spoken.
        jobs: all jobs of the appliance; they are changed.
        appliance: where they come from.
        horizon: how far back the runs are read.
        now: the time.

    Raises:
        VeeamError: the listing failed; no job is called silent then.
    """
    source = completion.source
    index = _Index(completion, jobs, jobs, every=True)
    runs: defaultdict[int, list[Job]] = defaultdict(list)
    async for objects in pages(client, operation, parameters(completion, operation, horizon, None), source.results):
        for job, run in index.match(source.rows(objects, appliance)):
            runs[id(job)].append(run)
            index.note(job, run)
    index.fill()
    for job in jobs:
        job.silent = silent(job, runs[id(job)], now)
    for job in index.sought():
        if job.last_run is None:
            job.horizon = horizon


def parameters(
    completion: Completion[Any], operation: Operation[Any], since: datetime, until: datetime | None, **more: object
) -> dict[str, Any]:
    """What is sent: parameters by their Python names."""
    source = completion.source
    asked = {**source.query_in.get(operation.revision.name, source.query), **more}
    if source.since is not None:
        asked[source.since] = since
    if until is not None:
        asked[completion.until] = until
    return {parameter.name: asked[parameter.wire] for parameter in operation.parameters if parameter.wire in asked}
