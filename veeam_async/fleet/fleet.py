"""Many appliances of mixed products and revisions as one thing."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypedDict, TypeVar, Unpack, cast

from ..errors import ApiError, UnsupportedRevisionError, VeeamError
from . import config
from .answer import Answer
from .appliance import Appliance
from .breaker import Breaker, BreakerPolicy, BreakerState
from .cursor import Cursor, MemoryCursor
from .fanout import Emit, Limits, Step, end, fan_out
from .member import Member, Slots
from .reading import lacks, read
from .rows import Job, License, Protected, Repository, Row, Server, Session
from .shard import shard_of
from .watch import Change, Pace, Watch, as_time

if TYPE_CHECKING:
    from .._http.pool import Pool
    from ..client import ApplianceClient
    from ..events import Event, Listener
    from ..retry import RetryPolicy
    from ..timeouts import Timeouts
    from ..tls import TlsPolicy

T = TypeVar("T")
# Where all appliances are of one revision, the function may ask for that revision's own client.
ClientT = TypeVar("ClientT", bound="ApplianceClient")
RowT = TypeVar("RowT", bound=Row)

_log = logging.getLogger("veeam_async.fleet")

# Clients that are closed at the same time.
_CLOSING = 100


class Reading(TypedDict, total=False):
    """Keyword arguments of `Fleet.rows` that `Fleet.jobs` and the like take as well."""

    concurrency: int
    per_appliance: int | None
    timeout: float | None
    deadline: float | None
    attempts: int
    buffer: int


class _Core:
    """What a fleet and all its views share."""

    def __init__(
        self,
        *,
        tls: TlsPolicy | None,
        timeouts: Timeouts | None,
        retry: RetryPolicy | None,
        pool: Pool | None,
        breaker: BreakerPolicy,
        events: Listener | None,
        connections: int,
        options: Mapping[str, Any],
    ) -> None:
        self.members: dict[str, Member] = {}
        self.breaker = breaker
        self.workers: set[asyncio.Task[None]] = set()
        self.watches: set[Watch[Any]] = set()
        self.closed = False
        self._tls = tls
        self._timeouts = timeouts
        self._retry = retry
        self.listeners: list[Listener] = [events] if events is not None else []
        self._connections = connections
        self._options = dict(options)
        self._pool = pool
        self._owns_pool = pool is None

    async def client(self, name: str) -> ApplianceClient:
        member = self.members.get(name)
        if member is None:
            raise VeeamError("not in this fleet (any more)", appliance=name)
        if member.client is not None:
            return member.client
        if member.lock is None:
            member.lock = asyncio.Lock()
        async with member.lock:
            if member.client is None:
                client = await self._make(member.appliance)
                if member.gone or self.closed:
                    await client.aclose()
                    raise VeeamError("not in this fleet (any more)", appliance=name)
                member.client = client
            return member.client

    async def _make(self, appliance: Appliance) -> ApplianceClient:
        if self.closed:
            raise VeeamError("the fleet is closed")
        if appliance.credentials is None:
            raise VeeamError("the appliance has no credentials", appliance=appliance.name)
        from .._http.pool import Pool
        from ..connect import connect

        if self._pool is None:
            self._pool = Pool(limit_per_host=self._connections)
        return await connect(
            appliance.host,
            appliance.credentials,
            product=appliance.product,
            revision=appliance.revision,
            port=appliance.port,
            tls=appliance.tls if appliance.tls is not None else self._tls,
            timeouts=appliance.timeouts if appliance.timeouts is not None else self._timeouts,
            retry=appliance.retry if appliance.retry is not None else self._retry,
            pool=self._pool,
            name=appliance.name,
            allow_http=appliance.allow_http,
            # Without a listener the clients do not make events at all.
            events=self._tell if self.listeners else None,
            **{**self._options, **appliance.further_options()},
        )

    def _tell(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)

    async def upgraded(self, appliance: Appliance, error: ApiError | UnsupportedRevisionError) -> None:
        """Lets a client go whose revision the appliance has no more, so that the next call agrees on one anew."""
        from .._auth import negotiated
        from .._auth.revision_lists import revisions_in

        member = self.members.get(appliance.name)
        if member is None or member.client is None or appliance.revision != "auto":
            return
        client = member.client
        listed = error.server if isinstance(error, UnsupportedRevisionError) else revisions_in(error)
        if listed and client.revision.name not in listed:
            if self._pool is not None:
                negotiated.forget(self._pool, appliance.product, client.origin)
            await self.drop([member])

    async def drop(self, members: Iterable[Member]) -> None:
        """Closes the clients of members, some at a time; a client that fails in it fails alone."""
        waiting = [member for member in members if member.client is not None]

        async def work() -> None:
            while waiting:
                member = waiting.pop()
                client, member.client = member.client, None
                if client is not None:
                    try:
                        await client.aclose()
                    except Exception as error:
                        _log.info("%s: not closed cleanly: %s", member.appliance.name, error)

        await asyncio.gather(*(work() for _ in range(min(_CLOSING, len(waiting)))))

    async def aclose(self) -> None:
        if self.closed:
            return
        self.closed = True
        try:
            for watch in list(self.watches):
                await watch.aclose()
            await end(self.workers)
            await self.drop(self.members.values())
        finally:
            if self._owns_pool and self._pool is not None:
                await self._pool.aclose()

    def changed(self) -> None:
        for watch in list(self.watches):
            watch.changed()


class Fleet:
    """Many appliances at once.

        async with Fleet.from_toml("fleet.toml") as fleet:
            async for answer in fleet.each(poll, concurrency=200, deadline=60):
                print(answer.appliance.name, answer.value if answer.ok else answer.error)

    Clients are made when first needed, on one connection pool. Leaving ends what is under way, logs out everywhere and
    closes all connections. A fleet belongs to one event loop.

    Args:
        appliances: who is in it; `add` and `remove` change that at any time.
        tls: TLS policy of those that have none of their own.
        timeouts: limits of each call, for those that have none of their own.
        retry: policy of repeats, for those that have none of their own.
        breaker: when an appliance that does not answer is left alone, and for how long.
        pool: connections to share with others; it is left open.
        connections: connections to one appliance at most; more calls than that wait. Not for a `pool` of one's own.
        events: gets the events of all clients.
        **options: further keyword arguments for every `Client`.

    Raises:
        ValueError: two appliances have the same name.
    """

    def __init__(
        self,
        appliances: Iterable[Appliance] = (),
        *,
        tls: TlsPolicy | None = None,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
        breaker: BreakerPolicy | None = None,
        pool: Pool | None = None,
        connections: int = 100,
        events: Listener | None = None,
        **options: Any,
    ) -> None:
        self._core = _Core(
            tls=tls,
            timeouts=timeouts,
            retry=retry,
            pool=pool,
            breaker=breaker or BreakerPolicy(),
            events=events,
            connections=connections,
            options=options,
        )
        self._filters: tuple[Callable[[Appliance], bool], ...] = ()
        self.add(*appliances)

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str], **options: Any) -> Self:
        """The fleet that a file describes; `veeam_async.fleet.config` says how such a file looks.

        Args:
            path: the TOML file.
            **options: keyword arguments of `Fleet`.

        Raises:
            FleetConfigError: with line and key, for anything that is wrong.
        """
        return cls(config.load(path), **options)

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

    def add(self, *appliances: Appliance) -> None:
        """Adds appliances. Watches that run take them in; fan-outs that run do not.

        Raises:
            ValueError: the name is taken.
        """
        for appliance in appliances:
            if appliance.name in self._core.members:
                raise ValueError(f"the fleet has an appliance {appliance.name!r} already")
            self._core.members[appliance.name] = Member(appliance, Breaker(self._core.breaker))
        self._core.changed()

    async def load(self, records: AsyncIterable[Appliance | Mapping[str, Any]]) -> int:
        """Adds what an async source gives: `Appliance`s, or mappings with the keys of `[[appliance]]` in a fleet file.

        Returns:
            How many were added.

        Raises:
            FleetConfigError: a record is not as it should be. Those before it were added.
            ValueError: a name is taken.
        """
        count = 0
        async for record in records:
            self.add(record if isinstance(record, Appliance) else config.from_record(record))
            count += 1
        return count

    async def remove(self, *names: str) -> None:
        """Removes appliances, logs out there and closes their connections. Calls in flight there fail.

        Raises:
            KeyError: there is no such appliance.
        """
        members = []
        for name in names:
            member = self._core.members.pop(name)
            member.gone = True
            members.append(member)
        self._core.changed()
        await self._core.drop(members)

    async def replace(self, appliance: Appliance) -> None:
        """Puts an appliance in the place of the one with its name: another host, other credentials.

        Raises:
            KeyError: there is no such appliance.
        """
        member = self._core.members[appliance.name]
        member.gone = True
        # In its place, so that the order stays.
        self._core.members[appliance.name] = Member(appliance, Breaker(self._core.breaker))
        self._core.changed()
        await self._core.drop([member])

    def where(
        self,
        accept: Callable[[Appliance], bool] | None = None,
        *,
        product: str | Iterable[str] | None = None,
        revision: str | Iterable[str] | None = None,
        tag: str | Iterable[str] | None = None,
        name: str | Iterable[str] | None = None,
    ) -> Fleet:
        """A view of the appliances that meet all conditions. It has the same clients, and follows the fleet.

        Args:
            accept: called with an appliance.
            product: one of these products.
            revision: described with one of these revisions (`auto` is one of its own).
            tag: has all of these tags.
            name: one of these names.
        """
        view = Fleet.__new__(type(self))
        view._core = self._core
        view._filters = self._filters
        if accept is not None:
            view._filters += (accept,)
        for attribute, wanted in (("product", product), ("revision", revision), ("name", name)):
            if wanted is not None:
                words = _words(wanted)
                view._filters += (lambda one, attribute=attribute, words=words: getattr(one, attribute) in words,)  # type: ignore[misc]
        if tag is not None:
            tags = _words(tag)
            view._filters += (lambda one: tags <= one.tags,)
        return view

    def shard(self, index: int, count: int) -> Fleet:
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
            KeyError: there is no such appliance.
        """
        return self._core.members[name].breaker.state

    def listen(self, listener: Listener) -> None:
        """Gives the events of all clients that are made from now on to a listener, `events=` aside."""
        self._core.listeners.append(listener)

    def reset(self, *names: str) -> None:
        """Closes breakers, so that the appliances are asked again, also after a refused login. No name is all."""
        for name in names or list(self._core.members):
            member = self._core.members[name]
            member.breaker.reset()
            if member.client is not None:
                member.client.login_credentials = member.client.login_credentials

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
            timeout: seconds for one appliance; None for no limit. An appliance's own `timeout` goes before it.
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

        answers = fan_out(self.appliances, self._step(work, limits, per_appliance), limits, workers=core.workers)
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

    def _step(
        self, work: Callable[[Appliance, Emit[Any]], Awaitable[T]], limits: Limits, per_appliance: int | None
    ) -> Step[T, Any]:
        core = self._core
        members = core.members

        async def guarded(appliance: Appliance, emit: Emit[Any]) -> T:
            try:
                return await work(appliance, emit)
            except (ApiError, UnsupportedRevisionError) as error:
                await core.upgraded(appliance, error)
                raise

        def breaker(appliance: Appliance) -> Breaker | None:
            member = members.get(appliance.name)
            return None if member is None else member.breaker

        def slot(appliance: Appliance) -> AbstractAsyncContextManager[None] | None:
            member = members.get(appliance.name)
            if member is None or per_appliance is None:
                return None
            if member.slots is None:
                member.slots = Slots()
            return member.slots.place(per_appliance)

        return Step(guarded, limits, breaker, slot)

    # ---------------------------------------------------------------------------------------------------------- rows

    def jobs(self, **limits: Unpack[Reading]) -> Rows[Job]:
        """Backup jobs and policies with their states; keyword arguments as for `rows`."""
        return self.rows(Job, **limits)

    def sessions(self, *, since: datetime | timedelta | None = None, **limits: Unpack[Reading]) -> Rows[Session]:
        """Sessions; keyword arguments as for `rows`.

        Args:
            since: only those that began at or after that moment, or so long ago; the appliances filter by it. None
                for all that the appliances remember.
            **limits: as for `rows`.
        """
        return self.rows(Session, since=since, **limits)

    def repositories(self, **limits: Unpack[Reading]) -> Rows[Repository]:
        """Backup repositories with their space; keyword arguments as for `rows`."""
        return self.rows(Repository, **limits)

    def servers(self, **limits: Unpack[Reading]) -> Rows[Server]:
        """The appliances themselves, their managed servers and workers; keyword arguments as for `rows`."""
        return self.rows(Server, **limits)

    def licenses(self, **limits: Unpack[Reading]) -> Rows[License]:
        """Installed licenses; keyword arguments as for `rows`."""
        return self.rows(License, **limits)

    def protected(self, **limits: Unpack[Reading]) -> Rows[Protected]:
        """Workloads that have backups; keyword arguments as for `rows`."""
        return self.rows(Protected, **limits)

    def rows(
        self,
        row: type[RowT],
        *,
        since: datetime | timedelta | None = None,
        concurrency: int = 200,
        per_appliance: int | None = None,
        timeout: float | None = 300.0,
        deadline: float | None = None,
        attempts: int = 1,
        buffer: int = 1000,
    ) -> Rows[RowT]:
        """Rows of one type from all appliances, as they come.

        Args:
            row: `Job`, `Session`, `Repository`, `Server`, `License` or `Protected`.
            since: for sessions: only those that began at or after that moment, or so long ago.
            concurrency: appliances that are read at the same time.
            per_appliance: as for `each`.
            timeout: seconds for one appliance; time in which the consumer is busy does not count.
            deadline: seconds for everything.
            attempts: as for `each`; more than 1 can give a row twice.
            buffer: rows that wait for the consumer before reading pauses.

        Returns:
            To be used with `async for`; afterwards `errors` says which appliances did not give everything.
        """
        limits = Limits(concurrency=concurrency, timeout=timeout, deadline=deadline, attempts=attempts, buffer=buffer)
        return Rows(self, row, as_time(since), limits, per_appliance)

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
            row: `Job`, `Session`, `Repository`, `Server`, `License` or `Protected`.
            every: seconds from one round of an appliance to its next. The appliances lie evenly over the interval.
            cursor: where it is kept what was given: `MemoryCursor` (when absent), `FileCursor`, `SqliteCursor`. The
                caller closes it.
            name: of this watch in the cursor, when several share one; the rows' name (`sessions`) when absent.
            since: for sessions, in the very first round: only those that began at or after that.
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

        async def rows(appliance: Appliance, since: datetime | None) -> AsyncIterator[RowT]:
            async for made in read(await core.client(appliance.name), row, appliance, since):
                yield made

        return Watch(
            name or row.source,
            lambda: self.appliances,
            rows,
            lambda work: self._step(work, limits, per_appliance),
            pace,
            cursor or MemoryCursor(),
            since=as_time(since),
            on_error=on_error,
            owner=core.watches,
        )

    # ------------------------------------------------------------------------------------------------------- its end

    async def aclose(self) -> None:
        """Ends what is under way, logs out everywhere, closes all connections. Closing twice is allowed."""
        await self._core.aclose()

    async def __aenter__(self) -> Self:
        # What the first call needs takes a moment to import: now, and not in the appliances' time.
        import_module("..connect", __package__)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class Rows(Generic[RowT]):
    """Rows of one type from all appliances of a fleet: `async for row in rows`, then `rows.errors`.

    Attributes:
        errors: the answers of the appliances that did not give everything, with the error; the rows that they gave
            came all the same. Filled while one iterates, and each is logged as a warning.
        lacking: the appliances whose revision has nothing that such rows come from.
    """

    def __init__(
        self, fleet: Fleet, row: type[RowT], since: datetime | None, limits: Limits, per_appliance: int | None
    ) -> None:
        self.errors: list[Answer[None]] = []
        self.lacking: list[Appliance] = []
        self._fleet = fleet
        self._row = row
        self._since = since
        self._limits = limits
        self._per_appliance = per_appliance

    def __aiter__(self) -> AsyncIterator[RowT]:
        return self._iterate()

    async def gather(self) -> list[RowT]:
        """All rows at once."""
        return [row async for row in self]

    async def _iterate(self) -> AsyncGenerator[RowT, None]:
        core = self._fleet._core
        self.errors = []
        self.lacking = []

        async def work(appliance: Appliance, emit: Emit[RowT]) -> None:
            client = await core.client(appliance.name)
            if lacks(client.revision, self._row):
                self.lacking.append(appliance)
            async for row in read(client, self._row, appliance, self._since):
                await emit(row)

        step = self._fleet._step(work, self._limits, self._per_appliance)
        items = fan_out(self._fleet.appliances, step, self._limits, workers=core.workers)
        try:
            async for item in items:
                if not isinstance(item, Answer):
                    yield item
                elif item.error is not None:
                    self.errors.append(item)
                    _log.warning("%s: not all %s could be had: %s", item.appliance.name, self._row.source, item.error)
        finally:
            await items.aclose()


def _words(wanted: str | Iterable[str]) -> frozenset[str]:
    return frozenset((wanted,)) if isinstance(wanted, str) else frozenset(wanted)


__all__ = ["Change", "Fleet", "Rows", "Watch"]
