"""Makes the facts of a world from a seed: small, believable, and the same for the same seed and hour."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from random import Random

import attrs

from .things import (
    GIB,
    Credentials,
    Job,
    Kind,
    License,
    LogLine,
    Proxy,
    Repository,
    RestorePoint,
    Result,
    ScaleOut,
    Server,
    Session,
    SessionKind,
    Workload,
)

_CITIES = ("Berlin", "Oslo", "Lyon", "Porto", "Turin", "Graz", "Ghent", "Bergen", "Malmo", "Tartu", "Brno", "Split")
_WORK = ("web", "mail", "erp", "files", "build", "ldap", "crm", "shop", "wiki", "print", "voip", "proxy")
# The servers that hold repositories and proxies: machines, and no hypervisors, where a product distinguishes them.
_HOLDERS = (0, 1, 3, 4, 11)
# One of each kind of workload at least.
_UNPROTECTED = (7, 15, 22, 31, 35)
_REGIONS = ("eu-central-1", "eu-north-1", "eu-west-3")

MESSAGES: dict[Result, str] = {
    "success": "Success",
    "warning": "Processing finished with warnings: free space is low on the target.",
    "failed": "Processing failed: the target could not be reached.",
    "canceled": "Canceled by an operator.",
}
_FAILURES = (
    MESSAGES["failed"],
    "Processing failed: the snapshot could not be created within 30 minutes.",
    "Processing failed: access denied for the account of the job.",
    "Processing failed: not enough free space on the repository.",
    "Processing failed: the host is in maintenance mode.",
)


@attrs.define(eq=False)
class Inventory:
    """All facts of a world.

    Attributes:
        sessions: the oldest first.
    """

    license: License
    credentials: list[Credentials] = attrs.field(factory=list)
    servers: list[Server] = attrs.field(factory=list)
    proxies: list[Proxy] = attrs.field(factory=list)
    repositories: list[Repository] = attrs.field(factory=list)
    scale_outs: list[ScaleOut] = attrs.field(factory=list)
    workloads: list[Workload] = attrs.field(factory=list)
    jobs: list[Job] = attrs.field(factory=list)
    sessions: list[Session] = attrs.field(factory=list)
    restore_points: list[RestorePoint] = attrs.field(factory=list)


def generate(seed: int, hour: datetime) -> Inventory:
    """The facts for a seed, with a past that ends at a full hour."""
    return _Generator(seed, hour).made


def restore_point(
    random: Random, job: Job, session: Session, workload: Workload, created: datetime, *, full: bool
) -> RestorePoint:
    """A restore point of a workload that a session of a job made."""
    return RestorePoint(
        id=str(uuid.UUID(int=random.getrandbits(128), version=4)),
        workload_id=workload.id,
        job_id=job.id,
        repository_id=job.repository_id,
        session_id=session.id,
        created=created,
        size=workload.size // 2 if full else workload.size // 20,
        full=full,
    )


class _Generator:
    def __init__(self, seed: int, hour: datetime) -> None:
        self._seed = seed
        self._random = Random(f"world:{seed}")
        self._hour = hour
        self.made = Inventory(license=self._license())
        self.made.credentials = self._credentials()
        self.made.servers = self._servers()
        self.made.proxies = self._proxies()
        self.made.repositories = self._repositories()
        self.made.scale_outs = self._scale_outs()
        self.made.workloads = self._workloads()
        self.made.jobs = self._jobs()
        self.made.license.instances_used = float(sum(workload.protected for workload in self.made.workloads))
        self._past()

    def _id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _license(self) -> License:
        return License(
            id=f"{self._random.randrange(10**7, 10**8)}",
            licensed_to=f"{self._random.choice(_CITIES)} Works",
            expires=self._hour + timedelta(days=120 + self._random.randrange(200)),
            support_expires=self._hour + timedelta(days=90 + self._random.randrange(200)),
            instances=100,
            instances_used=0.0,
        )

    def _credentials(self) -> list[Credentials]:
        return [
            Credentials(
                id=self._id(),
                name=f"EXAMPLE\\svc-{city.lower()}" if place % 2 == 0 else f"svc-{city.lower()}",
                description=f"Service account in {city}",
                created=self._hour - timedelta(days=400 - place),
                place=place,
            )
            for place, city in enumerate(_CITIES[:6])
        ]

    def _servers(self) -> list[Server]:
        return [
            Server(
                id=self._id(),
                name=f"{city.lower()}-srv{place + 1:02}.example.com",
                description=f"Server in {city}",
                linux=place % 2 == 1,
                online=place != 3,
                place=place,
                credentials_id=self.made.credentials[place % 6].id,
            )
            for place, city in enumerate(_CITIES)
        ]

    def _proxies(self) -> list[Proxy]:
        return [
            Proxy(
                id=self._id(),
                name=self.made.servers[holder].name,
                description=f"Proxy on {self.made.servers[holder].name}",
                server_id=self.made.servers[holder].id,
                enabled=place != 3,
                place=place,
            )
            for place, holder in enumerate(_HOLDERS)
        ]

    def _repositories(self) -> list[Repository]:
        made = []
        for place in range(18):
            city = _CITIES[place % 12]
            capacity = self._random.randrange(4, 64) * 512 * GIB
            made.append(
                Repository(
                    id=self._id(),
                    name=f"Repository {city} {place // 12 + 1}",
                    description=f"Backups of {city}",
                    server_id=self.made.servers[_HOLDERS[place % 5]].id,
                    bucket=f"backup-{city.lower()}",
                    folder=f"veeam-{place + 1}",
                    region=_REGIONS[place % 3],
                    capacity=capacity,
                    used=capacity * self._random.randrange(10, 95) // 100 // GIB * GIB,
                    online=place != 3,
                    encrypted=place % 2 == 0,
                    place=place,
                )
            )
        return made

    def _scale_outs(self) -> list[ScaleOut]:
        return [
            ScaleOut(
                id=self._id(),
                name=f"Scale-out {_CITIES[place]}",
                description=f"Extents around {_CITIES[place]}",
                extent_ids=[self.made.repositories[number].id for number in numbers],
            )
            for place, numbers in enumerate(((12, 13, 14), (10, 16, 17)))
        ]

    def _workloads(self) -> list[Workload]:
        kinds: tuple[Kind, ...] = ("machine", "machine", "machine", "database", "files", "nosql")
        return [
            Workload(
                id=self._id(),
                name=f"{_WORK[place % 12]}-{_CITIES[place // 12].lower()}-{place + 1:02}",
                kind=kinds[place % 6],
                size=self._random.randrange(16, 2048) * GIB,
                protected=place not in _UNPROTECTED,
                region=_REGIONS[place % 3],
                linux=place % 2 == 1,
            )
            for place in range(36)
        ]

    def _jobs(self) -> list[Job]:
        kinds: tuple[Kind, ...] = ("machine", "database", "machine", "files", "machine", "nosql")
        jobs = []
        # Appliances of a fleet differ in how many they have.
        for place in range(20 + self._seed * 5 % 13):
            kind: Kind = "network" if place == 19 else kinds[place % 6]
            enabled = place % 7 != 6
            jobs.append(
                Job(
                    id=self._id(),
                    name=f"{('Nightly', 'Hourly', 'Weekly')[place % 3]} {_CITIES[place % 12]} {place + 1:02}",
                    description=f"Protects {kind} workloads of {_CITIES[place % 12]}",
                    kind=kind,
                    enabled=enabled,
                    repository_id=self.made.repositories[place % 5].id,
                    next_run=self._hour + timedelta(hours=2 + place) if enabled else None,
                    workloads=[],
                    place=place,
                )
            )
        by_kind = {kind: [job for job in jobs if job.kind == kind] for kind in set(kinds)}
        for number, workload in enumerate(work for work in self.made.workloads if work.protected):
            candidates = by_kind[workload.kind]
            candidates[number % len(candidates)].workloads.append(workload.id)
        return jobs

    # The past

    def _past(self) -> None:
        workloads = {workload.id: workload for workload in self.made.workloads}
        for place, job in enumerate(self.made.jobs):
            if place == 17:
                continue  # never ran
            for age in range(3, 0, -1):
                minutes = 3 * place + 1 + self._seed * 37 % 240
                started = self._hour - timedelta(hours=20 * age, minutes=minutes)
                ended = started + timedelta(seconds=300 + self._random.randrange(3000))
                result = _result(place + self._seed, age)
                session = self._session(job.name, "backup", job, started, ended, result)
                if result in ("success", "warning"):
                    for key in job.workloads:
                        full = age == 3
                        point = restore_point(self._random, job, session, workloads[key], started, full=full)
                        self.made.restore_points.append(point)
        kinds: tuple[SessionKind, ...] = ("restore", "infrastructure", "restore", "infrastructure")
        for number, kind in enumerate(kinds):
            started = self._hour - timedelta(hours=5 * number + 2, minutes=7)
            name = f"{'Restore of' if kind == 'restore' else 'Rescan of'} {_CITIES[number]}"
            self._session(name, kind, None, started, started + timedelta(seconds=200), "success")
        running = self.made.jobs[2]
        self._session(running.name, "backup", running, self._hour - timedelta(minutes=9), None, None).progress = 40
        self.made.sessions.sort(key=lambda session: session.started)
        for number, session in enumerate(self.made.sessions, 1):
            session.number = number

    def _session(
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
            message=_message(result, self._seed + (job.place if job else 0)),
            workloads=list(job.workloads) if job else [],
            log=[
                LogLine(started, "Started", "success", 2),
                LogLine(started + timedelta(seconds=2), f"Processing {name}", result, 200),
            ],
        )
        if ended is not None:
            session.log.append(LogLine(ended, session.message, result, 0))
        self.made.sessions.append(session)
        return session


def _result(place: int, age: int) -> Result:
    roll = (place + age) % 8
    if roll == 0:
        return "warning"
    if roll == 3:
        return "failed"
    return "canceled" if roll == 5 and age > 1 else "success"


def _message(result: Result | None, number: int) -> str:
    if result == "failed":
        return _FAILURES[number % len(_FAILURES)]
    return MESSAGES[result] if result else ""
