"""The facts that a VBR revision shows, and each of them as the fields of a row."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

from .._spec import Spec
from . import vbr_tables as tables
from .answers import derived
from .overlay import DROP, OneOf
from .query import Row
from .things import Credentials, Job, Proxy, Repository, RestorePoint, Server, Session, Task, Workload
from .world import World

_workload = attrgetter("workload_id")
_ZERO = "00000000-0000-0000-0000-000000000000"


_MODELS: Mapping[type[Any], str] = {
    Job: "JobModel",
    Server: "ManagedServerModel",
    Repository: "RepositoryModel",
    Proxy: "ProxyModel",
    Credentials: "CredentialsModel",
}


def _children(spec: Spec, name: str) -> dict[str, str]:
    return {value.lower(): value for value in spec.children(spec.schemas[name])} if name in spec.schemas else {}


def _by_workload(points: Iterable[RestorePoint]) -> dict[str, list[RestorePoint]]:
    return {key: list(group) for key, group in groupby(sorted(points, key=_workload), key=_workload)}


class VbrRows:
    """What one revision shows of a world.

    Args:
        world: the world.
        spec: the revision.
        newest: the newest revision of the appliance.
    """

    def __init__(self, world: World, spec: Spec, newest: Spec) -> None:
        self.world = world
        self._children = {name: _children(spec, name) for name in _MODELS.values()}
        # An appliance has what its newest revision has words for; older revisions show what they have words for.
        known = {name: _children(newest, name) for name in _MODELS.values()}
        self._types: dict[type[Any], tuple[OneOf, ...]] = {
            thing: tuple(one for one in types if one.known(known[_MODELS[thing]])) or types
            for thing, types in tables.TYPES.items()
        }
        extent = spec.schemas.get("PerformanceExtentModel", {})
        status = spec.properties(extent).get("status", {}) if extent else {}
        self._list_of_states = spec.resolve(status).get("type") == "array"
        self._cached: tuple[int, dict[str, Any]] = (-1, {})

    # What it shows: things that the revision has a word for, and what belongs to them

    def _once(self, name: str, make: Any) -> Any:
        if self._cached[0] != self.world.revision:
            self._cached = (self.world.revision, {})
        kept = self._cached[1]
        if name not in kept:
            kept[name] = make()
        return kept[name]

    def type_of(self, thing: Any) -> OneOf:
        """The words for a thing's type."""
        types = self._types[type(thing)]
        place: int = thing.place
        return types[place % len(types)]

    def place_of(self, kind: type[Any], word: str) -> int:
        """The place that gives a thing the type of that word; 0 where no type has it."""
        for place, words in enumerate(self._types[kind]):
            if word.lower() in (one.lower() for one in words.words):
                return place
        return 0

    def _shown(self, things: Iterable[Any]) -> list[Any]:
        """Those of some things that the revision has a type for."""
        kept = []
        for thing in things:
            children = self._children[_MODELS[type(thing)]]
            if not children or self.type_of(thing).known(children) is not None:
                kept.append(thing)
        return kept

    def jobs(self) -> list[Job]:
        """The jobs whose type the revision knows."""
        jobs: list[Job] = self._once("jobs", lambda: self._shown(self.world.jobs))
        return jobs

    def _hidden_jobs(self) -> set[str]:
        shown = {job.id for job in self.jobs()}
        return {job.id for job in self.world.jobs} - shown

    def sessions(self) -> list[Session]:
        """The sessions of those jobs, and those of no job."""
        hidden = self._hidden_jobs()
        return [session for session in self.world.sessions if session.job_id not in hidden]

    def automation_sessions(self) -> list[Session]:
        """The sessions of no job."""
        return [session for session in self.world.sessions if session.kind == "infrastructure"]

    def tasks(self) -> list[Task]:
        """What the sessions do, workload by workload."""
        tasks: list[Task] = self._once("tasks", self._make_tasks)
        return tasks

    def _make_tasks(self) -> list[Task]:
        workloads = {workload.id: workload for workload in self.world.workloads}
        points = {(point.session_id, point.workload_id): point for point in self.world.restore_points}
        tasks = []
        for session in self.sessions():
            for key in session.workloads or ("",):
                made = points.get((session.id, key))
                tasks.append(Task(derived("task", session.id, key), session, workloads.get(key), made))
        return tasks

    def servers(self) -> list[Server]:
        """The servers whose type the revision knows."""
        return self._shown(self.world.servers)

    def proxies(self) -> list[Proxy]:
        """The proxies whose type the revision knows."""
        return self._shown(self.world.proxies)

    def repositories(self) -> list[Repository]:
        """The repositories whose type the revision knows."""
        return self._shown(self.world.repositories)

    def credentials(self) -> list[Credentials]:
        """The credentials whose type the revision knows."""
        return self._shown(self.world.credentials)

    def points(self) -> list[RestorePoint]:
        """The restore points of the jobs that are shown."""
        points: list[RestorePoint] = self._once("points", self._make_points)
        return points

    def _make_points(self) -> list[RestorePoint]:
        shown = {job.id for job in self.jobs()}
        return [point for point in self.world.restore_points if point.job_id in shown]

    def points_of(self, workload: Workload) -> list[RestorePoint]:
        """A workload's restore points among them, the oldest first."""
        points: dict[str, list[RestorePoint]] = self._once("points of", lambda: _by_workload(self.points()))
        return points.get(workload.id, [])

    def backed_up(self) -> list[Job]:
        """The jobs that have restore points: each stands for its backup."""
        ids = {point.job_id for point in self.points()}
        return [job for job in self.jobs() if job.id in ids]

    def protected(self) -> list[Workload]:
        """The workloads that the jobs that are shown protect."""
        covered = {key for job in self.jobs() for key in job.workloads} | {one.workload_id for one in self.points()}
        return [workload for workload in self.world.workloads if workload.id in covered]

    def replicated(self) -> list[Job]:
        """The replication jobs."""
        return [job for job in self.backed_up() if self.type_of(job).words[0] == "VSphereReplica"]

    def replica_points(self) -> list[RestorePoint]:
        """The restore points of replicas."""
        ids = {job.id for job in self.replicated()}
        return [point for point in self.points() if point.job_id in ids]

    def infected(self) -> list[RestorePoint]:
        """The restore points that malware was found in."""
        return self.points()[1::12][:5]

    def licensed(self) -> list[Workload]:
        """The workloads that use the license, whether or not the revision shows their jobs."""
        return [workload for workload in self.world.workloads if workload.protected]

    def job_of(self, workload: Workload) -> Job | None:
        """The job that protects a workload, or made its restore points."""
        jobs: dict[str, Job] = self._once("job of", lambda: {key: job for job in self.jobs() for key in job.workloads})
        job = jobs.get(workload.id)
        if job is None:
            ids = {point.job_id for point in self.points_of(workload)}
            job = next((job for job in self.jobs() if job.id in ids), None)
        return job

    def platform(self, workload: Workload) -> OneOf:
        """The platform that a workload is on, by the job that protects it."""
        job = self.job_of(workload)
        return self.platform_of(job)

    def platform_of(self, job: Job | None) -> OneOf:
        """The platform of a job's workloads."""
        return tables.platform(self.type_of(job).words[0] if job else "")

    def backups_of(self, workload: Workload) -> Container[str]:
        """The backups that hold a workload."""
        return {derived("backup", point.job_id) for point in self.points_of(workload)}

    # Rows

    def job(self, job: Job) -> Mapping[str, Any]:
        """A job."""
        return {"id": job.id, "name": job.name, "description": job.description, "isDisabled": not job.enabled}

    def job_state(self, job: Job) -> Mapping[str, Any]:
        """A job's state."""
        session = self.world.last_session(job)
        repository = next((one for one in self.world.repositories if one.id == job.repository_id), None)
        busy = session is not None and session.state != "finished"
        if session is not None and busy:
            words = OneOf(session.state, "running")
        else:
            words = OneOf("inactive") if job.enabled else OneOf("disabled")
        return {
            "id": job.id,
            "name": job.name,
            "type": self.type_of(job),
            "description": job.description,
            "status": words,
            "lastRun": session.started if session else None,
            "lastResult": tables.RESULTS[session.result if session else None],
            "nextRun": job.next_run,
            "nextRunPolicy": None,
            "workload": "vm",
            "repositoryId": repository.id if repository else None,
            "repositoryName": repository.name if repository else None,
            "objectsCount": len(job.workloads),
            "sessionId": session.id if session else None,
            "highPriority": False,
            "progressPercent": session.progress if session and busy else 0,
            "runAfterJob": DROP,
            "sessionProgress": DROP if session is None else self._progress(session),
        }

    def _progress(self, session: Session) -> Mapping[str, Any]:
        """How far a session is; what its tasks did adds up to it."""
        sizes = [self._sizes(task) for task in self.tasks() if task.session is session]
        seconds = int(((session.ended or self.world.now()) - session.started).total_seconds())
        return {
            "bottleneck": OneOf("Source"),
            "duration": f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}",
            "processingRate": f"{sum(size[1] for size in sizes) // max(seconds, 1) // 1024**2} MB/s",
            "processedSize": sum(size[0] for size in sizes),
            "readSize": sum(size[1] for size in sizes),
            "transferredSize": sum(size[2] for size in sizes),
            "progressPercent": session.progress,
        }

    @staticmethod
    def _sizes(task: Task) -> tuple[int, int, int]:
        if task.workload is None or task.point is None:
            return 0, 0, 0
        return task.workload.size, task.point.size, task.point.size // 2

    def session(self, session: Session) -> Mapping[str, Any]:
        """A session."""
        job = next((job for job in self.world.jobs if job.id == session.job_id), None)
        return {
            "id": session.id,
            "name": session.name,
            "jobId": session.job_id or _ZERO,
            "activityId": session.job_id or _ZERO,
            "sessionType": tables.SESSION_TYPES[session.kind],
            "creationTime": session.started,
            "endTime": session.ended,
            "state": tables.STATES[session.state],
            "progressPercent": session.progress,
            "result": {
                "result": tables.RESULTS[session.result],
                "message": session.message,
                "isCanceled": session.result == "canceled",
            },
            "resourceId": None,
            "resourceReference": "",
            "parentSessionId": None,
            "relatedSessionId": None,
            "originalSessionId": None,
            "usn": session.number,
            "platformName": self.platform_of(job),
            "platformId": _ZERO,
            "initiatedBy": "EXAMPLE\\operator",
            "progress": self._progress(session) if session.kind == "backup" else DROP,
            "retryInfo": DROP,
        }

    def task(self, task: Task) -> Mapping[str, Any]:
        """A task session."""
        session = task.session
        processed, read, transferred = self._sizes(task)
        job = next((job for job in self.world.jobs if job.id == session.job_id), None)
        return {
            "id": task.id,
            "sessionId": session.id,
            "sessionType": tables.SESSION_TYPES[session.kind],
            "creationTime": session.started,
            "endTime": session.ended,
            "name": task.workload.name if task.workload else session.name,
            "platformName": self.platform_of(job),
            "platformId": _ZERO,
            "restorePointId": task.point.id if task.point else None,
            "restorePointReference": "",
            "algorithm": OneOf("Full" if task.point and task.point.full else "Increment", "Incremental"),
            "repositoryId": job.repository_id if job else None,
            "usn": session.number,
            "state": tables.STATES[session.state],
            "result": {
                "result": tables.RESULTS[session.result],
                "message": session.message,
                "isCanceled": session.result == "canceled",
            },
            "progress": {**self._progress_of(task), "processedSize": processed, "readSize": read,
                         "transferredSize": transferred},
        }  # fmt: skip

    def _progress_of(self, task: Task) -> Mapping[str, Any]:
        session = task.session
        seconds = int(((session.ended or self.world.now()) - session.started).total_seconds())
        duration = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        return {"bottleneck": OneOf("Source"), "duration": duration, "progressPercent": session.progress}

    def server(self, server: Server) -> Mapping[str, Any]:
        """A managed server."""
        return {
            "id": server.id,
            "name": server.name,
            "description": server.description,
            "status": "Available" if server.online else "Unavailable",
            "credentialsId": self._shown_credentials(server),
        }

    def _shown_credentials(self, server: Server) -> str | None:
        shown = [one.id for one in self.credentials()]
        if server.credentials_id in shown or not shown:
            return server.credentials_id or None
        return shown[server.place % len(shown)]

    def proxy(self, proxy: Proxy) -> Mapping[str, Any]:
        """A proxy."""
        return {
            "id": proxy.id,
            "name": proxy.name,
            "description": proxy.description,
            "server": {"hostId": proxy.server_id, "hostName": proxy.name},
        }

    def proxy_state(self, proxy: Proxy) -> Mapping[str, Any]:
        """A proxy's state."""
        server = next((one for one in self.world.servers if one.id == proxy.server_id), None)
        return {
            "id": proxy.id,
            "name": proxy.name,
            "type": self.type_of(proxy),
            "description": proxy.description,
            "hostId": proxy.server_id,
            "hostName": server.name if server else proxy.name,
            "isDisabled": not proxy.enabled,
            "isOnline": server is not None and server.online,
            "isOutOfDate": False,
        }

    def credential(self, credentials: Credentials) -> Mapping[str, Any]:
        """A credentials record."""
        return {
            "id": credentials.id,
            "username": credentials.name,
            "description": credentials.description,
            "creationTime": credentials.created,
        }

    def make_credentials(self, row: Row) -> Credentials:
        """The world's record for a created row."""
        place = self.place_of(Credentials, str(row.get("type", "")))
        name, text = str(row.get("username", "")), row.get("description") or ""
        made = Credentials(str(row["id"]).lower(), name, text, self.world.now(), place)
        self.world.credentials.append(made)
        return made

    @staticmethod
    def apply_credentials(credentials: Credentials, row: Row) -> None:
        """Write a changed row onto its record."""
        credentials.name = row.get("username") or credentials.name
        credentials.description = row.get("description") or ""
