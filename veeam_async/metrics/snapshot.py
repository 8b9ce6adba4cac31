"""What an exporter knows of an appliance."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from itertools import accumulate

import attrs

from ..errors import (
    AuthenticationError,
    ConnectError,
    DecodeError,
    ForbiddenError,
    IncompleteListing,
    RequestTimeout,
    ServerError,
    TlsError,
    UnauthorizedError,
    UnsupportedRevisionError,
)
from ..events import Event, RequestAnswered, RequestRetried, TokenRenewed
from ..fleet import Job, Result, Row, Session
from .families import BUCKETS

_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (TlsError, "tls"),
    (ConnectError, "network"),
    (RequestTimeout, "timeout"),
    (AuthenticationError, "login"),
    (UnauthorizedError, "login"),
    (ForbiddenError, "forbidden"),
    (UnsupportedRevisionError, "revision"),
    (ServerError, "server"),
    (DecodeError, "answer"),
    (IncompleteListing, "incomplete"),
)
_GOOD = (Result.SUCCESS, Result.WARNING)


def reason_of(error: BaseException) -> str:
    """The word for a failure in `veeam_poll_failures_total`."""
    return next((word for kind, word in _REASONS if isinstance(error, kind)), "other")


class Durations:
    """How long things took, by bucket."""

    __slots__ = ("_counts", "total")

    def __init__(self) -> None:
        self._counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def buckets(self, *, whole: bool) -> list[tuple[str, int]]:
        """How many took no longer than each bound; without `whole` only how many there were."""
        sums = [*zip((*map(str, BUCKETS), "+Inf"), accumulate(self._counts), strict=True)]
        return sums if whole else sums[-1:]


@attrs.define
class Runs:
    """What is remembered of a job's runs, beyond what its row says.

    Attributes:
        success: start of the last run that ended well or with a warning.
        last: the last finished run.
        silent: whether the job is longer without a success than its rhythm allows.
    """

    success: datetime | None = None
    last: Session | None = None
    silent: bool | None = None


@attrs.define
class Snapshot:
    """What is known of an appliance.

    Attributes:
        up: whether the last poll was answered; None before the first.
        attempt, success: Unix times of the last poll and of the last one that was answered.
        elapsed: seconds that the last answered poll took.
        revision, version: of the API and of the product; empty while unknown.
        failures: how many polls and listings failed, by reason.
        rows: the rows that came last, by type.
        complete: for each type that was read, whether all rows came.
        read: loop time at which each type was read last.
        runs: by job id.
        certificate: end of the certificate as Unix time.
        clock: seconds that its clock is ahead.
    """

    up: bool | None = None
    attempt: float | None = None
    success: float | None = None
    elapsed: float | None = None
    revision: str = ""
    version: str = ""
    failures: Counter[str] = attrs.field(factory=Counter)
    rows: dict[type[Row], tuple[Row, ...]] = attrs.field(factory=dict)
    complete: dict[type[Row], bool] = attrs.field(factory=dict)
    read: dict[type[Row], float] = attrs.field(factory=dict)
    runs: dict[str, Runs] = attrs.field(factory=dict)
    certificate: float | None = None
    clock: float | None = None
    requests: Durations = attrs.field(factory=Durations)
    login_time: Durations = attrs.field(factory=Durations)
    codes: Counter[int] = attrs.field(factory=Counter)
    logins: Counter[str] = attrs.field(factory=Counter)
    retries: int = 0

    def count(self, event: Event) -> None:
        """An event of its client."""
        match event:
            case RequestAnswered():
                self.requests.add(event.elapsed)
                self.codes[event.status] += 1
            case TokenRenewed():
                self.login_time.add(event.elapsed)
                self.logins[event.how] += 1
            case RequestRetried():
                self.retries += 1
            case _:
                pass

    def remember_runs(self) -> None:
        """Take from jobs and sessions what a later answer may not say any more."""
        jobs = [row for row in self.rows.get(Job, ()) if isinstance(row, Job)]
        for job in jobs:
            if job.last_run is not None and job.last_result in _GOOD:
                runs = self._runs(job.id)
                runs.success = _later(runs.success, job.last_run)
        for session in self.rows.get(Session, ()):
            if not isinstance(session, Session) or session.job_id is None or session.ended is None:
                continue
            runs = self._runs(session.job_id)
            if session.result in _GOOD:
                runs.success = _later(runs.success, session.started)
            if runs.last is None or runs.last.ended is None or session.ended >= runs.last.ended:
                runs.last = attrs.evolve(session, json=None, message=None)
        if jobs:
            ids = {job.id for job in jobs}
            self.runs = {id: runs for id, runs in self.runs.items() if id in ids}

    def judge(self, jobs: Iterable[Job]) -> None:
        """Jobs that say whether they are silent."""
        for job in jobs:
            self._runs(job.id).silent = job.silent

    def _runs(self, job: str) -> Runs:
        runs = self.runs.get(job)
        if runs is None:
            runs = self.runs[job] = Runs()
        return runs


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return one if other is None else other if one is None else max(one, other)
