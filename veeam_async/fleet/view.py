"""What some appliances of a fleet, or all of them, can be asked: calls, rows, watches. Membership is the fleet's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..errors import VeeamError
from .answer import Answer
from .appliance import Appliance
from .breaker import BreakerState
from .core import Core
from .cursor import Cursor, MemoryCursor
from .fanout import Emit, Limits, fan_out
from .reading import Depth, read
from .row_reader import RowReader
from .rows import Row
from .shard import shard_of
from .watch import Pace, Watch, as_time

if TYPE_CHECKING:
    from ..client import ApplianceClient
    from ..events import Event, Listener

T = TypeVar("T")
# Where all appliances are of one revision, the function may ask for that revision's own client.
ClientT = TypeVar("ClientT", bound="ApplianceClient")
RowT = TypeVar("RowT", bound=Row)


class FleetView(RowReader):
    """Some appliances of a fleet, by conditions: `fleet.where(...)`. It follows the fleet and changes nothing in it.

    A view has nothing to close: the fleet ends what runs and closes the clients.
    """

    def __init__(self, core: Core, filters: tuple[Callable[[Appliance], bool], ...] = ()) -> None:
        super().__init__(core)
        self._filters = filters

    # ------------------------------------------------------------------------------------------------- who is in it

    @property
    def appliances(self) -> tuple[Appliance, ...]:
        """The appliances of this fleet, or of this view, in the order in which they were added."""
        return tuple(self)

    def __iter__(self) -> Iterator[Appliance]:
        for member in list(self._core.members.values()):
            if self._shows(member.appliance):
                yield member.appliance

    def _shows(self, appliance: Appliance) -> bool:
        return all(accept(appliance) for accept in self._filters)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        member = self._core.members.get(name) if isinstance(name, str) else None
        return member is not None and self._shows(member.appliance)

    def __getitem__(self, name: str) -> Appliance:
        member = self._core.members[name]
        if not self._shows(member.appliance):
            raise KeyError(name)
        return member.appliance

    def where(
        self,
        accept: Callable[[Appliance], bool] | None = None,
        *,
        product: str | Iterable[str] | None = None,
        revision: str | Iterable[str] | None = None,
        tag: str | Iterable[str] | None = None,
        name: str | Iterable[str] | None = None,
    ) -> FleetView:
        """A view of the appliances that meet all conditions. It has the same clients, and follows the fleet.

        What it does not show, it does not touch.

        Args:
            accept: called with an appliance.
            product: one of these products.
            revision: described with one of these revisions (`auto` is one of its own).
            tag: has all of these tags.
            name: one of these names.
        """
        filters = [*self._filters]
        if accept is not None:
            filters.append(accept)
        for attribute, wanted in (("product", product), ("revision", revision), ("name", name)):
            if wanted is not None:
                filters.append(partial(_is_one_of, attribute, _words(wanted)))
        if tag is not None:
            tags = _words(tag)
            filters.append(lambda one: tags <= one.tags)
        return FleetView(self._core, tuple(filters))

    def shard(self, index: int, count: int) -> FleetView:
        """A view of one of `count` parts, the same part for an appliance's name in every process.

        Args:
            index: 0 to `count` - 1.
            count: how many parts there are.
        """
        if not 0 <= index < count:
            raise ValueError("index must be 0 to count - 1")
        return self.where(lambda appliance: shard_of(appliance.name, count) == index)

    async def client(self, name: str) -> ApplianceClient:
        """The client of an appliance, for calls of one's own. The fleet closes it.

        Raises:
            VeeamError: there is no such appliance, or it could not be reached to agree on a revision.
        """
        if name not in self:
            raise VeeamError("not in this fleet", appliance=name)
        return await self._core.client(name)

    def breaker(self, name: str) -> BreakerState:
        """State of an appliance's breaker.

        Raises:
            KeyError: there is no such appliance, or this view does not show it.
        """
        return self._core.members[self[name].name].breaker.state

    def listen(self, listener: Listener) -> None:
        """Give a listener the events of the appliances shown here, from clients that are made from now on."""
        if not self._filters:
            self._core.listeners.append(listener)
            return

        def shown(event: Event) -> None:
            if event.appliance in self:
                listener(event)

        self._core.listeners.append(shown)

    def reset(self, *names: str) -> None:
        """Closes breakers, so that the appliances are asked again, also after a refused login. No name is all.

        Raises:
            KeyError: there is no such appliance, or this view does not show it.
        """
        for appliance in [self[name] for name in names] or self.appliances:
            self._core.reset(appliance.name)

    # ------------------------------------------------------------------------------------------------------- fan-out

    def each(
        self,
        fn: Callable[[ClientT], Awaitable[T]],
        *,
        concurrency: int = 200,
        per_appliance: int | None = None,
        timeout: float | None = 60.0,
        deadline: float | None = None,
        attempts: int = 1,
    ) -> AsyncGenerator[Answer[T], None]:
        """Calls a function for every appliance and gives one answer for each, as they come.

        Args:
            fn: called with the appliance's client.
            concurrency: appliances that are worked on at the same time.
            per_appliance: functions that may run on one appliance at the same time, those of other fan-outs and
                watches of this fleet counted; None for no limit.
            timeout: seconds for one appliance; None for no limit. An appliance's own `timeout` overrides it.
            deadline: seconds for everything. What is in flight then ends, what is not begun stays so; both give an
                answer with an error.
            attempts: how often the function is tried where no connection was made or a time limit passed. Calls
                that only read are repeated by the client anyway.

        Returns:
            An async iterator of `Answer`. Leaving it early ends what is in flight.
        """
        limits = Limits(concurrency=concurrency, timeout=timeout, deadline=deadline, attempts=attempts)
        core = self._core

        async def work(appliance: Appliance, emit: Emit[Any]) -> T:
            return await fn(cast("ClientT", await core.client(appliance.name)))

        answers = fan_out(self.appliances, core.step(work, limits, per_appliance), limits, workers=core.workers)
        return cast("AsyncGenerator[Answer[T], None]", answers)

    async def gather(
        self,
        fn: Callable[[ClientT], Awaitable[T]],
        *,
        concurrency: int = 200,
        per_appliance: int | None = None,
        timeout: float | None = 60.0,
        deadline: float | None = None,
        attempts: int = 1,
    ) -> list[Answer[T]]:
        """As `each`, giving all answers at once, in the fleet's order."""
        places = {appliance.name: number for number, appliance in enumerate(self)}
        answers = [
            answer
            async for answer in self.each(
                fn,
                concurrency=concurrency,
                per_appliance=per_appliance,
                timeout=timeout,
                deadline=deadline,
                attempts=attempts,
            )
        ]
        return sorted(answers, key=lambda answer: places[answer.appliance.name])

    def watch(
        self,
        row: type[RowT],
        *,
        every: float,
        cursor: Cursor | None = None,
        name: str | None = None,
        since: datetime | timedelta | None = None,
        concurrency: int = 100,
        per_appliance: int | None = None,
        timeout: float | None = 300.0,
        buffer: int = 1000,
        overlap: float = 600.0,
        horizon: float = 7 * 86400.0,
        ignore: Iterable[str] = (),
        rounds: int | None = None,
        at_once: bool = False,
        on_error: Callable[[Answer[object]], None] | None = None,
    ) -> Watch[RowT]:
        """Rows that are new or changed, again and again, each appliance once in every interval.

        Args:
            row: one of `ROW_TYPES`.
            every: seconds from one round of an appliance to its next. The appliances lie evenly over the interval.
            cursor: where it is kept what was given: `MemoryCursor` (when absent), `FileCursor`, `SqliteCursor`. The
                caller closes it.
            name: of this watch in the cursor, when several share one; the rows' name (`sessions`) when absent.
            since: for sessions, tasks and restore points, in the very first round: only those of at or after that.
            concurrency: appliances that are polled at the same time.
            per_appliance: as for `each`.
            timeout: seconds for one round of one appliance; time in which the consumer is busy does not count.
            buffer: changes that wait for the consumer before polling pauses.
            overlap: seconds by which a round asks further back than the newest session that it knows.
            horizon: seconds that a session which does not end is looked after.
            ignore: fields whose change alone is none, such as `progress`.
            rounds: rounds of each appliance after which it ends; None for no end.
            at_once: True polls all at the start, as fast as `concurrency` allows; False spreads the first round too.
            on_error: called with the answer of each round that failed.

        Returns:
            To be used with `async for change in watch`, best under `async with`. `errors` names the appliances that
            fail at the moment. A row counts as taken when the next one is asked for, see `veeam_async.fleet.watch`.
        """
        core = self._core
        limits = Limits(concurrency=concurrency, timeout=timeout)
        pace = Pace(
            every=every,
            concurrency=concurrency,
            buffer=buffer,
            overlap=overlap,
            horizon=horizon,
            rounds=rounds,
            at_once=at_once,
            ignore=ignore,
        )

        async def pages(appliance: Appliance, since: datetime | None) -> AsyncIterator[list[RowT]]:
            async for page in read(await core.client(appliance.name), (row,), appliance, Depth(since=since)):
                yield page

        return Watch(
            name or row.source,
            lambda: self.appliances,
            pages,
            lambda work: core.step(work, limits, per_appliance),
            pace,
            cursor or MemoryCursor(),
            since=as_time(since),
            on_error=on_error,
            owner=core.watches,
        )


def _words(wanted: str | Iterable[str]) -> frozenset[str]:
    return frozenset((wanted,)) if isinstance(wanted, str) else frozenset(wanted)


def _is_one_of(attribute: str, words: frozenset[str], appliance: Appliance) -> bool:
    return getattr(appliance, attribute) in words
