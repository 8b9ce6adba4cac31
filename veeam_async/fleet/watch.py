"""Again and again: every appliance once in each interval, evenly spread, and only what is new or changed.

A row counts as taken when the consumer asks for the next one, or calls `Change.done`. Each row comes once, over any
number of restarts, but for the one that a consumer had in hand when its process was killed: nobody can know how far it
got with that, so it comes again, with the same `Change.key`. A consumer that stores its result together with the fact
that the row is taken (`SqliteCursor.transaction`), or with the key, has exactly once there as well.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from types import TracebackType
from typing import Generic, Literal, Protocol, Self, TypeVar

import attrs
import orjson

from ..errors import VeeamError
from .answer import Answer
from .appliance import Appliance
from .channel import Channel
from .cursor import Cursor, CursorBusy, CursorError
from .fanout import Emit, Step, end
from .rows import Row, Session, SessionState, Task, facts

RowT = TypeVar("RowT", bound=Row)
RowT_co = TypeVar("RowT_co", bound=Row, covariant=True)

# The fractional parts of its multiples fill the interval evenly, however many there are and whenever one is added.
_GOLDEN = 0.6180339887498949
# How often, and after how many seconds each time, a cursor that another process holds is asked again.
_CURSOR_TRIES = 120
_CURSOR_PAUSE = 0.25


class Read(Protocol[RowT_co]):
    """Gives the rows of an appliance, a page at a time; those that began at or after `since`, where it can filter."""

    def __call__(self, appliance: Appliance, since: datetime | None, /) -> AsyncIterator[Sequence[RowT_co]]: ...


@attrs.frozen(eq=False)
class Change(Generic[RowT]):
    """A row that is new, or not what it was in the round before.

    Attributes:
        row: as it is now.
        kind: `new` or `changed`.
        key: the same for the same row in the same condition, on every machine and after every restart.
        taken: what the watch calls once the next row is asked for; `done` calls it ahead of that.
    """

    row: RowT
    kind: Literal["new", "changed"]
    key: str
    taken: Callable[[bool], None] = attrs.field(repr=False)

    @property
    def appliance(self) -> Appliance:
        """Where the row comes from."""
        return self.row.appliance

    def done(self) -> None:
        """Says that the row is taken, ahead of asking for the next one: within a transaction, or to leave the loop."""
        self.taken(False)


@attrs.frozen
class _Round:
    """What a whole round of one appliance leaves for the cursor."""

    mark: datetime | None
    keep: frozenset[str]


def _names(value: Iterable[str]) -> frozenset[str]:
    return frozenset(value)


@attrs.frozen(kw_only=True)
class Pace:
    """How often, and how much at once.

    Attributes:
        every: seconds from one round of an appliance to its next.
        concurrency: appliances that are polled at the same time.
        buffer: changes that wait for the consumer before polling pauses.
        overlap: seconds by which a round asks further back than the mark, for rows that show up late.
        horizon: seconds that the mark waits at most for a session that does not end.
        rounds: rounds of each appliance after which the watch ends; None for no end.
        at_once: True polls everyone at the start as fast as `concurrency` allows and spreads the later rounds;
            False spreads the first round over the interval as well.
        ignore: fields of a row whose change does not count, such as `progress`.
    """

    every: float = attrs.field(validator=attrs.validators.gt(0))
    concurrency: int = attrs.field(default=100, validator=attrs.validators.ge(1))
    buffer: int = attrs.field(default=1000, validator=attrs.validators.ge(1))
    overlap: float = 600.0
    horizon: float = 7 * 86400.0
    rounds: int | None = None
    at_once: bool = False
    ignore: frozenset[str] = attrs.field(default=frozenset(), converter=_names)


@attrs.define
class _Turn:
    """The place of an appliance in the timetable."""

    appliance: Appliance
    phase: float
    number: int = 0
    rounds: int = 0


class Watch(Generic[RowT]):
    """The changes of a fleet, to be used with `async for`; made by `Fleet.watch`.

    Attributes:
        errors: the appliances whose last round failed, with its answer; what they had to give comes in a later round.
        skipped: rounds that were left out because the round before was not over, or the consumer not done, in time.
    """

    def __init__(
        self,
        name: str,
        members: Callable[[], Sequence[Appliance]],
        read: Read[RowT],
        step: Callable[[Callable[[Appliance, Emit[Change[RowT]]], Awaitable[_Round]]], Step[_Round, Change[RowT]]],
        pace: Pace,
        cursor: Cursor,
        *,
        since: datetime | None = None,
        on_error: Callable[[Answer[object]], None] | None = None,
        owner: set[Watch[RowT]] | None = None,
    ) -> None:
        self.errors: dict[str, Answer[object]] = {}
        self.skipped = 0
        self._name = name
        self._members = members
        self._read = read
        self._step = step(self._poll)
        self._pace = pace
        self._cursor = cursor
        self._since = since
        self._on_error = on_error
        self._owner = owner
        self._wake = asyncio.Event()
        self._stale = True
        self._turns: dict[str, _Turn] = {}
        self._unfinished: set[str] = set()
        self._due: list[tuple[float, int, _Turn]] = []
        self._pushed = 0
        self._added = 0
        self._start = 0.0
        # Nothing here refers to the iterator: a loop that is left drops the last reference, and that ends the tasks.
        self._begun = False
        self._tasks: set[asyncio.Task[None]] = set()
        # Why rows of an appliance's present round could not be kept as taken.
        self._untaken: dict[str, CursorError] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Ends all polls of this watch. Leaving the loop does the same a little later."""
        await end(self._tasks)

    def changed(self) -> None:
        """Informs the watch that appliances were added or removed."""
        self._stale = True
        self._wake.set()

    def __aiter__(self) -> AsyncIterator[Change[RowT]]:
        if self._begun:
            raise VeeamError("a watch can be iterated once; make another one")
        self._begun = True
        return self._changes()

    async def _changes(self) -> AsyncGenerator[Change[RowT], None]:
        clock = asyncio.get_running_loop().time
        channel: Channel[Change[RowT] | tuple[_Turn, Answer[_Round]] | None] = Channel(self._pace.buffer)
        tasks = self._tasks
        scheduler = asyncio.create_task(self._schedule(channel), name=f"fleet-watch-{self._name}")
        tasks.add(scheduler)
        if self._owner is not None:
            self._owner.add(self)
        try:
            while (item := await channel.get()) is not None:
                if isinstance(item, Change):
                    yield item
                    # Once more where it said so itself: a transaction that was rolled back has taken that back.
                    try:
                        item.taken(True)
                    except CursorError as error:
                        self._untaken[item.appliance.name] = error
                else:
                    self._finish(*item, clock())
        finally:
            await end(tasks)
            if self._owner is not None:
                self._owner.discard(self)

    def _finish(self, turn: _Turn, answer: Answer[_Round], now: float) -> None:
        """All rows of a round were taken: the cursor may move on and the appliance gets its next date."""
        name = answer.appliance.name
        failed = self._untaken.pop(name, None)
        if answer.error is None and failed is None:
            done = answer.result()
            try:
                self._cursor.finish(self._name, name, done.mark, done.keep)
            except CursorError as error:
                failed = error
        if failed is not None:
            # The mark stays where it was, and what was not taken comes again.
            answer = attrs.evolve(answer, value=None, error=failed)
        if answer.error is None:
            self.errors.pop(name, None)
        else:
            self.errors[name] = answer
            if self._on_error is not None:
                self._on_error(answer)
        if self._turns.get(name) is turn:
            turn.rounds += 1
            if self._pace.rounds is None or turn.rounds < self._pace.rounds:
                # The guard is against rounding: no date is served twice.
                number = max(turn.number + 1, math.floor(self._passed(turn, now)) + 1)
                self.skipped += number - turn.number - 1
                self._book(turn, number)
            else:
                self._unfinished.discard(name)
        self._wake.set()

    def _book(self, turn: _Turn, number: int) -> None:
        """Gives the appliance its date of that number. Dates hang on the start, so that nothing drifts or piles up."""
        turn.number = number
        date = self._start + (turn.phase + number) * self._pace.every
        self._push(date, turn)

    def _push(self, date: float, turn: _Turn) -> None:
        # The count keeps turns from being compared.
        self._pushed += 1
        heapq.heappush(self._due, (date, self._pushed, turn))

    def _passed(self, turn: _Turn, now: float) -> float:
        """How many intervals ago the appliance's first date was; negative when it is still to come."""
        return (now - self._start) / self._pace.every - turn.phase

    def _enrol(self, now: float) -> bool:
        """Brings the timetable up to date with the fleet; True when there is something left to do."""
        if self._stale:
            self._stale = False
            self._update(now)
        return self._pace.rounds is None or bool(self._unfinished)

    def _update(self, now: float) -> None:
        present = {appliance.name: appliance for appliance in self._members()}
        for name in self._turns.keys() - present.keys():
            del self._turns[name]
            self._unfinished.discard(name)
            self.errors.pop(name, None)
        for name, appliance in present.items():
            turn = self._turns.get(name)
            if turn is None:
                turn = self._turns[name] = _Turn(appliance, self._added * _GOLDEN % 1)
                self._added += 1
                self._unfinished.add(name)
                if self._pace.at_once:
                    turn.number = math.floor(self._passed(turn, now))
                    self._push(now, turn)
                else:
                    self._book(turn, max(0, math.ceil(self._passed(turn, now))))
            turn.appliance = appliance

    async def _schedule(self, channel: Channel[Change[RowT] | tuple[_Turn, Answer[_Round]] | None]) -> None:
        tasks = self._tasks
        clock = asyncio.get_running_loop().time
        slots = asyncio.Semaphore(self._pace.concurrency)

        async def serve(turn: _Turn) -> None:
            try:
                answer = await self._step.run(turn.appliance, channel, None)
            finally:
                slots.release()
            await channel.put((turn, answer))

        def over(task: asyncio.Task[None]) -> None:
            tasks.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                channel.close(error)

        now = self._start = clock()
        try:
            while self._enrol(now):
                self._wake.clear()
                while self._due and self._due[0][0] <= clock():
                    turn = heapq.heappop(self._due)[2]
                    if self._turns.get(turn.appliance.name) is not turn:
                        continue  # it has left, and perhaps come back with a new one
                    await slots.acquire()
                    task = asyncio.create_task(serve(turn), name=f"fleet-watch-{self._name}-poll")
                    tasks.add(task)
                    task.add_done_callback(over)
                try:
                    async with asyncio.timeout_at(self._due[0][0] if self._due else None):
                        await self._wake.wait()
                except TimeoutError:
                    pass
                now = clock()
            await channel.put(None)
        except asyncio.CancelledError:
            channel.close(VeeamError("the fleet was closed while this watch was running"))
            raise
        except BaseException as error:
            channel.close(error)

    async def _poll(self, appliance: Appliance, emit: Emit[Change[RowT]]) -> _Round:
        seen, mark = await self._remembered(appliance.name)
        since = self._since if mark is None else mark - timedelta(seconds=self._pace.overlap)
        found: dict[str, tuple[str, datetime | None]] = {}
        unfinished: list[datetime] = []
        newest = mark
        async for row in _each(self._read(appliance, since)):
            digest = digest_of(row, self._pace.ignore)
            started: datetime | None = getattr(row, row.began) if row.began else None
            before = found[row.id][0] if row.id in found else seen.get(row.id)
            found[row.id] = digest, started
            if started is not None:
                newest = started if newest is None else max(newest, started)
                if isinstance(row, Session | Task) and row.state is not SessionState.FINISHED:
                    unfinished.append(started)
            if before != digest:
                await emit(self._change(row, "new" if before is None else "changed", digest))
        if newest is not None:
            oldest = newest - timedelta(seconds=self._pace.horizon)
            newest = min([newest, *(started for started in unfinished if started >= oldest)])
        asked = None if newest is None else newest - timedelta(seconds=self._pace.overlap)
        keep = (id for id, (_, started) in found.items() if asked is None or started is None or started >= asked)
        return _Round(newest, frozenset(keep))

    async def _remembered(self, appliance: str) -> tuple[Mapping[str, str], datetime | None]:
        """What the cursor holds of an appliance. Another process that has it is waited for, off the loop."""
        for _ in range(_CURSOR_TRIES):
            try:
                return self._cursor.seen(self._name, appliance), self._cursor.mark(self._name, appliance)
            except CursorBusy:
                await asyncio.sleep(_CURSOR_PAUSE)
        return self._cursor.seen(self._name, appliance), self._cursor.mark(self._name, appliance)

    def _change(self, row: RowT, kind: Literal["new", "changed"], digest: str) -> Change[RowT]:
        name = row.appliance.name
        open_ = True

        def taken(last: bool) -> None:
            nonlocal open_
            if open_:
                open_ = not last
                self._cursor.taken(self._name, name, row.id, digest)

        return Change(row, kind, f"{name}/{row.id}/{digest}", taken)


async def _each(pages: AsyncIterator[Sequence[RowT]]) -> AsyncIterator[RowT]:
    async for page in pages:
        for row in page:
            yield row


def digest_of(row: Row, ignore: Iterable[str] = ()) -> str:
    """A short digest of what a row says, its appliance, `raw` and the ignored fields left out."""
    shown = row.to_dict()
    values = {name: shown[name] for name in facts(type(row)) if name not in ignore}
    try:
        data = orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # half a surrogate pair in a name
        data = repr(sorted(values.items())).encode("utf-8", "backslashreplace")
    return blake2b(data, digest_size=9).hexdigest()


def as_time(value: datetime | timedelta | None) -> datetime | None:
    """A moment, or a span back from now, as an aware datetime; a naive one is taken as UTC."""
    if value is None:
        return None
    if isinstance(value, timedelta):
        return datetime.now(UTC) - value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value
