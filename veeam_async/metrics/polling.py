"""One poll of one appliance: its rows, and what its certificate and its clock say."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import attrs

from ..errors import AuthenticationError, VeeamError
from ..fleet import (
    Answer,
    Appliance,
    Finding,
    FleetView,
    Job,
    License,
    Protected,
    Proxy,
    Row,
    RowsError,
    Server,
    Session,
    SessionState,
    failed_kinds,
)
from ..fleet.probing import certificate_end, clock_offset
from .snapshot import Snapshot, reason_of

_log = logging.getLogger("veeam_async.metrics")

# What changes slowly, or is long to list, is not read in every poll.
_SLOW: tuple[type[Row], ...] = (Server, License, Protected, Proxy, Finding)
_CHECK_SECONDS = 10.0
# By how much a reading of sessions goes back before what is known, for those that show up late.
_OVERLAP = timedelta(minutes=10)


@attrs.frozen
class Plan:
    """What a poll reads.

    Attributes:
        rows: the types of rows.
        sessions: how far back sessions and findings are read.
        slow_every: seconds from one reading of what changes slowly, such as licenses, to the next, and from one
            look at the certificate to the next.
        silent_every: seconds from one judgement of silent jobs to the next; None for none.
        timeout: seconds for the rows of one appliance.
        checks: True looks at certificate and clock too.
    """

    rows: Sequence[type[Row]]
    sessions: timedelta
    slow_every: float
    silent_every: float | None
    timeout: float
    checks: bool


class Poller:
    """Polls the appliances of a fleet one at a time, and notes what came in their snapshots."""

    def __init__(self, fleet: FleetView, plan: Plan) -> None:
        self._fleet = fleet
        self._plan = plan
        self._looked: dict[str, float] = {}
        self._judged: dict[str, float] = {}

    async def poll(self, appliance: Appliance, snapshot: Snapshot, *, everything: bool = False) -> None:
        """Read the rows that are due; with `everything` those that are not due too."""
        now = asyncio.get_running_loop().time()
        due = [kind for kind in self._plan.rows if everything or self._is_due(snapshot, kind, now)]
        view = self._fleet.where(name=appliance.name)
        rows: list[Row] = []
        window = datetime.now(UTC) - self._plan.sessions
        since = window if everything or Finding in due else _since(snapshot, window)
        stream = view.rows(*due, since=since, concurrency=1, timeout=self._plan.timeout)
        answer: Answer[int] | None = None
        async with contextlib.aclosing(stream.answers()) as items:
            async for item in items:
                if isinstance(item, Answer):
                    answer = item
                else:
                    rows.append(item)
        if answer is None:
            return  # it has left the fleet
        self._note(answer, rows, due, snapshot, now)
        _leave_window(snapshot, window)
        if snapshot.up and self._plan.checks:
            await self._check(view, appliance, snapshot, now)
        if snapshot.up and Job in due:
            await self._judge(view, appliance, snapshot, now)

    def late(self, snapshot: Snapshot) -> None:
        """A poll was given up because the time for all appliances is over."""
        snapshot.up, snapshot.attempt = False, time.time()
        snapshot.failures["timeout"] += 1

    def forget(self, names: Collection[str]) -> None:
        """Appliances have left the fleet."""
        for name in names:
            self._looked.pop(name, None)
            self._judged.pop(name, None)

    def _is_due(self, snapshot: Snapshot, kind: type[Row], now: float) -> bool:
        before = snapshot.read.get(kind)
        # What failed is read again with the next poll.
        return kind not in _SLOW or before is None or now - before >= self._plan.slow_every

    def _note(
        self, answer: Answer[int], rows: Sequence[Row], due: Sequence[type[Row]], snapshot: Snapshot, now: float
    ) -> None:
        error = answer.error
        failed = failed_kinds(answer)
        snapshot.attempt = time.time()
        if error is not None and not answer.skipped:
            for one in error.errors if isinstance(error, RowsError) else (error,):
                snapshot.failures[reason_of(one)] += 1
        # One thing that fails, or that the role may not see, does not make the appliance down; no row at all does.
        if error is not None and not (failed and rows):
            if snapshot.up is not False:
                level = logging.WARNING if isinstance(error, AuthenticationError) else logging.INFO
                _log.log(level, "%s: %s", answer.appliance.name, error)
            snapshot.up = False
            return
        snapshot.up, snapshot.success, snapshot.elapsed = True, snapshot.attempt, answer.elapsed
        # Some servers give a row twice; a series must not come twice.
        by_kind: dict[type[Row], dict[str, Row]] = {kind: {} for kind in due}
        for row in rows:
            by_kind[type(row)][row.id] = row
        for kind in due:
            snapshot.complete[kind] = kind not in failed
            read = by_kind[kind]
            if kind in failed or kind is Session:
                # What came is no more than a part: of the listing, or of the window.
                read = {row.id: row for row in snapshot.rows.get(kind, ())} | read
            snapshot.rows[kind] = tuple(read.values())
            if kind not in failed:
                snapshot.read[kind] = now
        if rows:
            snapshot.revision = rows[0].appliance.revision
        versions = (row.version for row in by_kind.get(Server, {}).values() if isinstance(row, Server))
        snapshot.version = next(filter(None, versions), snapshot.version)
        snapshot.remember_runs()

    async def _check(self, view: FleetView, appliance: Appliance, snapshot: Snapshot, now: float) -> None:
        """Certificate and clock; what does not answer leaves the value of before."""
        with contextlib.suppress(VeeamError, TimeoutError):
            client = await view.client(appliance.name)
            snapshot.revision = client.revision.name
            async with asyncio.timeout(_CHECK_SECONDS):
                snapshot.clock = await clock_offset(client)
        if _is_time(self._looked, appliance.name, self._plan.slow_every, now):
            with contextlib.suppress(VeeamError):
                ends = await certificate_end(appliance, _CHECK_SECONDS)
                snapshot.certificate = snapshot.certificate if ends is None else ends.timestamp()

    async def _judge(self, view: FleetView, appliance: Appliance, snapshot: Snapshot, now: float) -> None:
        """Which jobs are silent. That reads the sessions of a month, so it is asked seldom, and may fail."""
        every = self._plan.silent_every
        if every is not None and _is_time(self._judged, appliance.name, every, now):
            jobs = view.jobs(silent=True, concurrency=1, timeout=self._plan.timeout)
            snapshot.judge(await jobs.gather())


def _since(snapshot: Snapshot, window: datetime) -> datetime:
    """From when on sessions are read: from before the oldest that was not over, and the newest that is known."""
    known = [row for row in snapshot.rows.get(Session, ()) if isinstance(row, Session)]
    started = [row.started for row in known if row.started is not None]
    if not started or not snapshot.complete.get(Session, False):
        return window
    unfinished = [row.started for row in known if row.started and row.state is not SessionState.FINISHED]
    return max(window, min([max(started), *unfinished]) - _OVERLAP)


def _leave_window(snapshot: Snapshot, window: datetime) -> None:
    """Forget sessions that began before the window."""
    if Session in snapshot.rows:
        snapshot.rows[Session] = tuple(
            row
            for row in snapshot.rows[Session]
            if not isinstance(row, Session) or row.started is None or row.started >= window
        )


def _is_time(last: dict[str, float], name: str, every: float, now: float) -> bool:
    """True, and noted, where the last time is long enough ago."""
    if name in last and now - last[name] < every:
        return False
    last[name] = now
    return True
