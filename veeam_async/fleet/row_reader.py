"""Rows of a fleet by their types: `jobs()`, `sessions()`, `rows(Job, Session)` and the like."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypedDict, TypeVar, Unpack

from .appliance import Appliance
from .core import Core
from .fanout import Limits
from .reading import Depth
from .row_stream import Rows
from .rows import (
    Alarm,
    Finding,
    Job,
    License,
    Protected,
    Proxy,
    Repository,
    RestorePoint,
    Row,
    Server,
    Session,
    Task,
)
from .watch import as_time

RowT = TypeVar("RowT", bound=Row)


class Reading(TypedDict, total=False):
    """Keyword arguments of `rows` that `jobs` and the like take as well."""

    concurrency: int
    per_appliance: int | None
    timeout: float | None
    deadline: float | None
    attempts: int
    buffer: int


class RowReader:
    """What gives rows: a fleet and its views."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def appliances(self) -> tuple[Appliance, ...]:
        """The appliances that are read."""
        raise NotImplementedError

    def jobs(
        self,
        *,
        silent: bool = False,
        reasons: bool = False,
        horizon: timedelta = timedelta(days=30),
        **limits: Unpack[Reading],
    ) -> Rows[Job]:
        """Backup jobs and policies with their states; keyword arguments as for `rows`.

        Args:
            silent: True reads all sessions back to the horizon, one listing an appliance, and sets `Job.silent`: the
                last success is longer ago than one and a half times the longest pause between runs (the longest pause
                of all left aside where four or more are known). A job that runs on weekdays is not silent on Monday.
            reasons: True fills `Job.last_error` on every product, as for `rows`.
            horizon: how far back sessions are read.
            **limits: as for `rows`.
        """
        return self.rows(Job, silent=silent, reasons=reasons, horizon=horizon, **limits)

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

    def protected(self, *, horizon: timedelta = timedelta(days=30), **limits: Unpack[Reading]) -> Rows[Protected]:
        """Workloads that have backups; keyword arguments as for `rows`.

        Args:
            horizon: how far back restore points are looked through for the newest of each workload.
            **limits: as for `rows`.
        """
        return self.rows(Protected, horizon=horizon, **limits)

    def tasks(self, *, since: datetime | timedelta | None = None, **limits: Unpack[Reading]) -> Rows[Task]:
        """What sessions did for each workload; arguments as for `sessions`."""
        return self.rows(Task, since=since, **limits)

    def proxies(self, **limits: Unpack[Reading]) -> Rows[Proxy]:
        """The machines that move data; keyword arguments as for `rows`."""
        return self.rows(Proxy, **limits)

    def restore_points(
        self, *, since: datetime | timedelta | None = None, **limits: Unpack[Reading]
    ) -> Rows[RestorePoint]:
        """Restore points; arguments as for `sessions`. Many: give `since` where the newest are enough."""
        return self.rows(RestorePoint, since=since, **limits)

    def findings(self, *, since: datetime | timedelta | None = None, **limits: Unpack[Reading]) -> Rows[Finding]:
        """Malware, suspicious activity, settings against good practice; arguments as for `sessions`."""
        return self.rows(Finding, since=since, **limits)

    def alarms(self, **limits: Unpack[Reading]) -> Rows[Alarm]:
        """Alarms that the appliances raise, of spc and one; keyword arguments as for `rows`."""
        return self.rows(Alarm, **limits)

    def rows(
        self,
        *kinds: type[RowT],
        since: datetime | timedelta | None = None,
        horizon: timedelta = timedelta(days=30),
        silent: bool = False,
        reasons: bool = False,
        concurrency: int = 200,
        per_appliance: int | None = None,
        timeout: float | None = 300.0,
        deadline: float | None = None,
        attempts: int = 1,
        buffer: int = 1000,
    ) -> Rows[RowT]:
        """Rows of one or several types from all appliances, as they come.

        Args:
            *kinds: some of `ROW_TYPES`; each appliance is read in this order.
            since: for sessions, tasks, restore points and findings: only those of at or after that moment, or of so
                long ago.
            horizon: how far back listings are read that complete rows: restore points for protected workloads of vbr,
                sessions for policies of aws and azure. They are read newest first, a day, a week, then the whole,
                until every row is complete; a row for which nothing was found says so in `horizon`.
            silent: as for `jobs`.
            reasons: True fills `Job.last_error` where that costs one more listing (vbr, m365), of sessions that failed,
                read only from appliances where a job went wrong.
            concurrency: appliances that are read at the same time.
            per_appliance: as for `each`.
            timeout: seconds for one appliance; time in which the consumer is busy does not count.
            deadline: seconds for everything.
            attempts: as for `each`; more than 1 can give a row twice.
            buffer: rows that wait for the consumer before reading pauses.

        Returns:
            To be used with `async for`; afterwards `errors` says which appliances did not give everything. `answers()`
            gives the answer of each appliance as well, `batches()` whole pages.

        Raises:
            ValueError: no type is named.
        """
        limits = Limits(concurrency=concurrency, timeout=timeout, deadline=deadline, attempts=attempts, buffer=buffer)
        if not kinds:
            raise ValueError("rows of which type? Name one, such as Job")
        return Rows(
            lambda: self.appliances,
            kinds,
            self._core.client,
            lambda work: self._core.step(work, limits, per_appliance),
            limits,
            depth=Depth(since=as_time(since), horizon=horizon, silent=silent, reasons=reasons),
            workers=self._core.workers,
        )
