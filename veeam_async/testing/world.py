"""A small believable world of backup facts, the same whichever product shows it.

Units are the same everywhere: bytes, seconds, aware datetimes in UTC with whole seconds.
"""

from __future__ import annotations

import copy
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal, TypeVar

import attrs

Kind = Literal["machine", "database", "files", "nosql", "network"]
SessionKind = Literal["backup", "restore", "infrastructure"]
State = Literal["starting", "running", "stopping", "finished"]
Result = Literal["success", "warning", "failed", "canceled"]

GIB = 1024**3

_CITIES = ("Berlin", "Oslo", "Lyon", "Porto", "Turin", "Graz", "Ghent", "Bergen", "Malmo", "Tartu", "Brno", "Split")
_WORK = ("web", "mail", "erp", "files", "build", "ldap", "crm", "shop", "wiki", "print", "voip", "proxy")
_MESSAGES: dict[str, str] = {
    "success": "Success",
    "warning": "Processing finished with warnings: free space is low on the target.",
    "failed": "Processing failed: the target could not be reached.",
    "canceled": "Canceled by an operator.",
}


@attrs.define(eq=False)
class Server:
    """A managed server (vbr) or a worker (azure).

    Attributes:
        linux: its family; Windows otherwise.
        online: whether it can be reached.
    """

    id: str
    name: str
    description: str
    linux: bool
    online: bool


@attrs.define(eq=False)
class Repository:
    """A place for backups.

    Attributes:
        server_id: the managed server that holds it, in products that have such.
        bucket, folder: where it is in object storage, or the folder's path on the server.
        capacity, used: bytes.
        online, encrypted: as they say.
    """

    id: str
    name: str
    description: str
    server_id: str
    bucket: str
    folder: str
    region: str
    capacity: int
    used: int
    online: bool
    encrypted: bool

    @property
    def free(self) -> int:
        """Bytes that are not used."""
        return self.capacity - self.used


@attrs.define(eq=False)
class Workload:
    """A machine, a database, a file share or a table that can be protected.

    Attributes:
        kind: what it is.
        size: bytes of its storage.
        protected: whether a job covers it.
        region: where it runs, in the cloud products' words.
    """

    id: str
    name: str
    kind: Kind
    size: int
    protected: bool
    region: str
    linux: bool


@attrs.define(eq=False)
class Job:
    """A backup job (vbr) or a backup policy (aws, azure).

    Attributes:
        kind: what it protects.
        enabled: whether it runs by itself.
        next_run: start of the next run, or None.
        workloads: ids of what it protects.
        outcome: how the runs that are started from now on end.
        seconds: how long such a run takes, in the world's own pace.
    """

    id: str
    name: str
    description: str
    kind: Kind
    enabled: bool
    repository_id: str
    next_run: datetime | None
    workloads: list[str]
    outcome: Result = "success"
    seconds: float = 120.0


@attrs.define(eq=False)
class LogLine:
    """A line of a session's log.

    Attributes:
        at: when.
        text: what happened.
        result: how it went; None while it goes on.
        seconds: how long it took.
    """

    at: datetime
    text: str
    result: Result | None
    seconds: int


@attrs.define(eq=False)
class Session:
    """One run of something.

    Attributes:
        name: the job's name, or what it is about.
        job_id: the job that it is a run of, or None.
        state: how far it is; `progress` in percent.
        result: how it ended; None while it is not over.
        started, ended: `ended` is None while it is not over.
        message: the text about the result; empty while it is not over.
        workloads: ids of what it processed.
    """

    id: str
    name: str
    kind: SessionKind
    job_id: str | None
    state: State
    result: Result | None
    started: datetime
    ended: datetime | None
    progress: int
    message: str
    workloads: list[str]
    log: list[LogLine]
    number: int = 0


@attrs.define(eq=False)
class RestorePoint:
    """A restore point of one workload.

    Attributes:
        created: when.
        size: bytes of the backup.
        full: a full backup; an increment otherwise.
    """

    id: str
    workload_id: str
    job_id: str
    repository_id: str
    session_id: str
    created: datetime
    size: int
    full: bool


@attrs.define(eq=False)
class License:
    """The installed license.

    Attributes:
        id: the vendor's number for it, the support id too.
        expires, support_expires: when they end.
        instances, instances_used: license units.
    """

    id: str
    licensed_to: str
    expires: datetime
    support_expires: datetime
    instances: int
    instances_used: float


class Busy(Exception):
    """The job runs already, or the session is over."""


@attrs.define(eq=False)
class _Run:
    """A session that was started and goes on by the clock."""

    session: Session
    begun: float
    seconds: float
    outcome: Result


_Named = TypeVar("_Named", Job, Repository, Workload, Server)


class World:
    """The facts of one appliance, and the sessions that run in it.

    Args:
        seed: the same seed and the same `now` give the same world.
        now: what the clock shows at first; the real time where none is given. The past is laid out from the full hour.
        time_scale: how much faster than the world's pace a started session runs: at 60 a job of two minutes takes two
            seconds.

    Attributes:
        name: of the appliance's own machine.
        version: of the product.
        servers, repositories, workloads, jobs, restore_points: the facts; change them at will, then call `changed`.
        sessions: the newest last.
        license: the installed license.
        revision: grows with every change; what was read at the same revision is still true.
    """

    def __init__(self, seed: int = 0, *, now: datetime | None = None, time_scale: float = 60.0) -> None:
        self.seed = seed
        self.time_scale = time_scale
        self.revision = 0
        self._began = time.monotonic()
        self._now = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
        self._random = Random(f"world:{seed}")
        self._runs: list[_Run] = []
        self.name = f"backup{seed:02}"
        self.version = "13.0.1.180"
        hour = self._now.replace(minute=0, second=0)
        self.servers = self._make_servers()
        self.repositories = self._make_repositories()
        self.workloads = self._make_workloads()
        self.jobs = self._make_jobs(hour)
        self.sessions: list[Session] = []
        self.restore_points: list[RestorePoint] = []
        self._make_past(hour)
        self.license = License(
            id=f"{self._random.randrange(10**7, 10**8)}",
            licensed_to=f"{self._pick(_CITIES)} Works",
            expires=hour + timedelta(days=120 + self._random.randrange(200)),
            support_expires=hour + timedelta(days=90 + self._random.randrange(200)),
            instances=100,
            instances_used=float(sum(workload.protected for workload in self.workloads)),
        )

    # Time

    def now(self) -> datetime:
        """The world's clock, whole seconds."""
        return self._now + timedelta(seconds=int(time.monotonic() - self._began))

    @property
    def live(self) -> bool:
        """True while a started session is not over."""
        return bool(self._runs)

    def settle(self) -> None:
        """Bring the started sessions to where the clock says they are."""
        moment = time.monotonic()
        for run in list(self._runs):
            self._advance(run, moment)

    def changed(self) -> None:
        """Say that facts were changed by hand."""
        self.revision += 1

    def fork(self) -> World:
        """A world that is the same now and goes its own way from now on."""
        return copy.deepcopy(self)

    # What can be done

    def job(self, key: str) -> Job:
        """The job of that id or name; KeyError where there is none."""
        return self._one(self.jobs, key)

    def repository(self, key: str) -> Repository:
        """The repository of that id or name; KeyError where there is none."""
        return self._one(self.repositories, key)

    def server(self, key: str) -> Server:
        """The server of that id or name; KeyError where there is none."""
        return self._one(self.servers, key)

    def workload(self, key: str) -> Workload:
        """The workload of that id or name; KeyError where there is none."""
        return self._one(self.workloads, key)

    def session(self, key: str) -> Session:
        """The session of that id; KeyError where there is none."""
        self.settle()
        for session in self.sessions:
            if session.id == key.lower():
                return session
        raise KeyError(key)

    def sessions_of(self, job: Job) -> list[Session]:
        """A job's sessions, the newest last."""
        return [session for session in self.sessions if session.job_id == job.id]

    def last_session(self, job: Job) -> Session | None:
        """A job's newest session."""
        return next((session for session in reversed(self.sessions) if session.job_id == job.id), None)

    def start(
        self,
        job: Job | str | None = None,
        *,
        kind: SessionKind = "backup",
        name: str = "",
        seconds: float | None = None,
        outcome: Result | None = None,
    ) -> Session:
        """Start a session; it progresses by the clock and ends.

        Args:
            job: the job to run, its id or its name; None for a session without a job.
            kind: what the session is about.
            name: what it is called; the job's name where empty.
            seconds: how long it takes in the world's pace; the job's own, or 60.
            outcome: how it ends; the job's own, or success.

        Raises:
            Busy: the job runs already.
        """
        self.settle()
        if isinstance(job, str):
            job = self.job(job)
        if job is not None:
            last = self.last_session(job)
            if last is not None and last.state != "finished":
                raise Busy(f"{job.name} runs already.")
        session = Session(
            id=str(uuid.uuid4()),
            name=name or (job.name if job else "Maintenance"),
            kind=kind,
            job_id=job.id if job else None,
            state="starting",
            result=None,
            started=self.now(),
            ended=None,
            progress=0,
            message="",
            workloads=list(job.workloads) if job else [],
            log=[],
            number=len(self.sessions) + 1,
        )
        self._log(session, "Started", None)
        self.sessions.append(session)
        length = seconds if seconds is not None else job.seconds if job else 60.0
        self._runs.append(
            _Run(session, time.monotonic(), length / self.time_scale, outcome or (job.outcome if job else "success"))
        )
        self.revision += 1
        return session

    def stop(self, session: Session | str) -> Session:
        """Ask a session to stop: it is canceled a moment later.

        Raises:
            Busy: it is over already.
        """
        if isinstance(session, str):
            session = self.session(session)
        self.settle()
        if session.state == "finished":
            raise Busy("The session is over.")
        session.state = "stopping"
        self._runs = [run for run in self._runs if run.session is not session]
        self._runs.append(_Run(session, time.monotonic(), 0.5 / self.time_scale, "canceled"))
        self.revision += 1
        return session

    def finish(self, session: Session | str, result: Result = "success", message: str = "") -> Session:
        """End a session now, whatever it was doing."""
        if isinstance(session, str):
            session = self.session(session)
        self._runs = [run for run in self._runs if run.session is not session]
        self._end(session, result, message)
        return session

    # How it goes on

    def _advance(self, run: _Run, moment: float) -> None:
        session = run.session
        part = 1.0 if run.seconds <= 0 else (moment - run.begun) / run.seconds
        if part >= 1.0:
            self._runs.remove(run)
            self._end(session, run.outcome, "")
        elif session.state != "stopping":
            session.state = "running" if part > 0.05 else "starting"
            progress = min(int(part * 100), 99)
            if progress != session.progress:
                session.progress = progress
                self.revision += 1

    def _end(self, session: Session, result: Result, message: str) -> None:
        session.state = "finished"
        session.result = result
        session.ended = max(self.now(), session.started)
        session.progress = 100 if result in ("success", "warning") else session.progress
        session.message = message or _MESSAGES[result]
        for line in session.log:
            line.result = line.result or "success"
        self._log(session, session.message, result)
        if session.kind == "backup" and result in ("success", "warning") and session.job_id:
            # A job may be deleted while it runs: its session ends all the same.
            present = {workload.id for workload in self.workloads}
            for job in (job for job in self.jobs if job.id == session.job_id):
                for workload in present & set(job.workloads):
                    random = Random(session.id + workload)
                    point = self._point(random, job, session, workload, session.ended, full=False)
                    self.restore_points.append(point)
        self.revision += 1

    def _log(self, session: Session, text: str, result: Result | None) -> None:
        session.log.append(LogLine(self.now(), text, result, 0))

    # How it came to be

    def _id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _pick(self, names: tuple[str, ...]) -> str:
        return self._random.choice(names)

    def _make_servers(self) -> list[Server]:
        return [
            Server(
                id=self._id(),
                name=f"{_CITIES[index].lower()}-srv{index + 1:02}.example.com",
                description=f"Server in {_CITIES[index]}",
                linux=index % 2 == 1,
                online=index != 3,
            )
            for index in range(12)
        ]

    def _make_repositories(self) -> list[Repository]:
        made = []
        for index in range(18):
            city = _CITIES[index % 12]
            capacity = self._random.randrange(4, 64) * 512 * GIB
            made.append(
                Repository(
                    id=self._id(),
                    name=f"Repository {city} {index // 12 + 1}",
                    description=f"Backups of {city}",
                    server_id=self.servers[index % 12].id,
                    bucket=f"backup-{city.lower()}",
                    folder=f"veeam-{index + 1}",
                    region=("eu-central-1", "eu-north-1", "eu-west-3")[index % 3],
                    capacity=capacity,
                    used=capacity * self._random.randrange(10, 95) // 100 // GIB * GIB,
                    online=index != 3,
                    encrypted=index % 2 == 0,
                )
            )
        return made

    def _make_workloads(self) -> list[Workload]:
        kinds: tuple[Kind, ...] = ("machine", "machine", "machine", "database", "files", "nosql")
        return [
            Workload(
                id=self._id(),
                name=f"{_WORK[index % 12]}-{_CITIES[index // 12].lower()}-{index + 1:02}",
                kind=kinds[index % 6],
                size=self._random.randrange(16, 2048) * GIB,
                protected=index % 8 != 7,
                region=("eu-central-1", "eu-north-1", "eu-west-3")[index % 3],
                linux=index % 2 == 1,
            )
            for index in range(36)
        ]

    def _make_jobs(self, hour: datetime) -> list[Job]:
        kinds: tuple[Kind, ...] = ("machine", "database", "machine", "files", "machine", "nosql")
        jobs = []
        for index in range(20):
            kind: Kind = "network" if index == 19 else kinds[index % 6]
            enabled = index % 7 != 6
            jobs.append(
                Job(
                    id=self._id(),
                    name=f"{('Nightly', 'Hourly', 'Weekly')[index % 3]} {_CITIES[index % 12]} {index + 1:02}",
                    description=f"Protects {kind} workloads of {_CITIES[index % 12]}",
                    kind=kind,
                    enabled=enabled,
                    repository_id=self.repositories[index % 5].id,
                    next_run=hour + timedelta(hours=2 + index) if enabled else None,
                    workloads=[],
                )
            )
        by_kind = {kind: [job for job in jobs if job.kind == kind] for kind in set(kinds)}
        for index, workload in enumerate(work for work in self.workloads if work.protected):
            candidates = by_kind[workload.kind]
            candidates[index % len(candidates)].workloads.append(workload.id)
        return jobs

    def _make_past(self, hour: datetime) -> None:
        for index, job in enumerate(self.jobs):
            if index == 17:
                continue  # never ran
            for age in range(3, 0, -1):
                started = hour - timedelta(hours=20 * age, minutes=3 * index + 1)
                length = timedelta(seconds=300 + self._random.randrange(3000))
                roll = (index + age) % 8
                result: Result = "success"
                if roll == 0:
                    result = "warning"
                elif roll == 3:
                    result = "failed"
                elif roll == 5 and age > 1:
                    result = "canceled"
                session = self._past_session(job.name, "backup", job, started, started + length, result)
                if result in ("success", "warning"):
                    for workload in job.workloads:
                        point = self._point(self._random, job, session, workload, started, full=age == 3)
                        self.restore_points.append(point)
        kinds: tuple[SessionKind, ...] = ("restore", "infrastructure", "restore", "infrastructure")
        for index, kind in enumerate(kinds):
            started = hour - timedelta(hours=5 * index + 2, minutes=7)
            name = f"{'Restore of' if kind == 'restore' else 'Rescan of'} {_CITIES[index]}"
            self._past_session(name, kind, None, started, started + timedelta(seconds=200), "success")
        running = self.jobs[2]
        session = self._past_session(running.name, "backup", running, hour - timedelta(minutes=9), None, None)
        session.progress = 40
        self.sessions.sort(key=lambda entry: entry.started)
        for number, entry in enumerate(self.sessions, 1):
            entry.number = number

    def _past_session(
        self,
        name: str,
        kind: SessionKind,
        job: Job | None,
        started: datetime,
        ended: datetime | None,
        result: Result | None,
    ) -> Session:
        session = Session(
            id=self._id(),
            name=name,
            kind=kind,
            job_id=job.id if job else None,
            state="finished" if ended else "running",
            result=result,
            started=started,
            ended=ended,
            progress=100 if result in ("success", "warning") else 70,
            message=_MESSAGES[result] if result else "",
            workloads=list(job.workloads) if job else [],
            log=[
                LogLine(started, "Started", "success", 2),
                LogLine(started + timedelta(seconds=2), f"Processing {name}", result, 200),
            ],
        )
        if ended is not None:
            session.log.append(LogLine(ended, session.message, result, 0))
        self.sessions.append(session)
        return session

    def _point(
        self, random: Random, job: Job, session: Session, workload: str, created: datetime, *, full: bool
    ) -> RestorePoint:
        size = self.workload(workload).size
        return RestorePoint(
            id=str(uuid.UUID(int=random.getrandbits(128), version=4)),
            workload_id=workload,
            job_id=job.id,
            repository_id=job.repository_id,
            session_id=session.id,
            created=created,
            size=size // 2 if full else size // 20,
            full=full,
        )

    def _one(self, rows: list[_Named], key: str) -> _Named:
        for row in rows:
            if row.id == key.lower() or row.name == key:
                return row
        raise KeyError(key)

    def points_of(self, workload: Workload) -> Iterator[RestorePoint]:
        """A workload's restore points, the oldest first."""
        return (point for point in self.restore_points if point.workload_id == workload.id)
