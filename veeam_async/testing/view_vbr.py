"""The world as Veeam Backup & Replication shows it, in all of its revisions."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from .._spec import SpecOperation
from .facts import DROP, Facts, OneOf
from .handlers import JSON, Answer, Call, Handlers
from .products import Product, stamp
from .query import Row
from .views import View
from .world import GIB, Job, Repository, RestorePoint, Result, Server, Session, Workload

_ZERO = "00000000-0000-0000-0000-000000000000"
_PLATFORM = "00000000-0000-0000-0000-000000000001"
_BASE = "/api/v1"
_STATES = {"starting": "Starting", "running": "Working", "stopping": "Stopping", "finished": "Stopped"}
_RESULTS: Mapping[Result | None, str] = {
    None: "None",
    "success": "Success",
    "warning": "Warning",
    "failed": "Failed",
    "canceled": "Failed",
}
_LINES: Mapping[Result | None, str] = {**_RESULTS, "success": "Succeeded"}
_SESSION_TYPES = {
    "backup": OneOf("BackupJob", "Job"),
    "restore": OneOf("RestoreVm"),
    "infrastructure": OneOf("Infrastructure"),
}


def derived(*parts: str) -> str:
    """An id that follows from others, the same each time."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, ":".join(parts)))


class VbrView(View):
    """Shows the world in one VBR revision."""

    jobs: ClassVar[Mapping[str, str]] = {f"{_BASE}/jobs": "*"}
    sessions = f"{_BASE}/sessions"

    def __init__(self, handlers: Handlers, product: Product) -> None:
        super().__init__(handlers, product)
        infrastructure = f"{_BASE}/backupInfrastructure"
        world = self.world
        self.show(
            f"{_BASE}/jobs",
            lambda: world.jobs,
            self.job,
            kind=self._kinds(f"{_BASE}/jobs", lambda: world.jobs),
            make=self.make_job("*"),
            apply=self.apply_job,
            remove=lambda fact: world.jobs.remove(fact),
        )
        self.show(f"{_BASE}/jobs/states", lambda: world.jobs, self.job_state)
        self.show(self.sessions, lambda: world.sessions, self.session)
        self.show(
            f"{infrastructure}/managedServers",
            lambda: world.servers,
            self.server,
            kind=self._kinds(f"{infrastructure}/managedServers", lambda: world.servers),
            make=self._make_server,
            remove=lambda fact: world.servers.remove(fact),
        )
        repositories = f"{infrastructure}/repositories"
        kind = self._kinds(repositories, lambda: world.repositories)
        self.show_repositories(repositories, self.repository, kind=kind)
        self.show(f"{infrastructure}/repositories/states", lambda: world.repositories, self.repository_state)
        self.show(f"{_BASE}/backups", self._backed_up, self.backup, remove=self._forget_backup)
        self.show(
            f"{_BASE}/backupObjects",
            self._protected,
            self.backup_object,
            kind=self._kinds(f"{_BASE}/backupObjects", self._protected),
        )
        points = {
            "backupidfilter": lambda point, values: derived("backup", point.job_id) in values,
            "backupobjectidfilter": lambda point, values: point.workload_id in values,
        }
        self.show(f"{_BASE}/restorePoints", lambda: world.restore_points, self.point, filters=points)
        self.show(f"{_BASE}/objectRestorePoints", lambda: world.restore_points, self.point, filters=points)
        self.one("GetInstalledLicense", self.license)
        self.one("GetServerInfo", self.server_info)
        self.one("GetServerTime", lambda: {"serverTime": world.now(), "timeZone": "Etc/UTC"}, fresh=True)
        self.log("GetSessionLogs", self._log)
        self._add_parts()
        self.add_actions()

    # Rows

    def job(self, job: Job) -> Mapping[str, Any]:
        """A row of GetAllJobs."""
        return {"id": job.id, "name": job.name, "description": job.description, "isDisabled": not job.enabled}

    def job_state(self, job: Job) -> Mapping[str, Any]:
        """A row of GetAllJobsStates."""
        session = self.world.last_session(job)
        repository = self.world.repository(job.repository_id)
        busy = session is not None and session.state != "finished"
        if session is not None and busy:
            status = {"running": "running", "starting": "starting", "stopping": "stopping"}[session.state]
            words = OneOf(status, "running")
        else:
            words = OneOf("inactive") if job.enabled else OneOf("disabled")
        return {
            "id": job.id,
            "name": job.name,
            "type": self._kind(f"{_BASE}/jobs", job),
            "description": job.description,
            "status": words,
            "lastRun": session.started if session else None,
            "lastResult": _RESULTS[session.result if session else None],
            "nextRun": job.next_run,
            "nextRunPolicy": None,
            "workload": "vm",
            "repositoryId": repository.id,
            "repositoryName": repository.name,
            "objectsCount": len(job.workloads),
            "sessionId": session.id if session else None,
            "highPriority": False,
            "progressPercent": session.progress if session and busy else 0,
            "runAfterJob": DROP,
            "sessionProgress": DROP,
        }

    def session(self, session: Session) -> Mapping[str, Any]:
        """A row of GetAllSessions."""
        return {
            "id": session.id,
            "name": session.name,
            "jobId": session.job_id or _ZERO,
            "activityId": session.job_id or _ZERO,
            "sessionType": _SESSION_TYPES[session.kind],
            "creationTime": session.started,
            "endTime": session.ended,
            "state": _STATES[session.state],
            "progressPercent": session.progress,
            "result": {
                "result": _RESULTS[session.result],
                "message": session.message,
                "isCanceled": session.result == "canceled",
            },
            "resourceId": None,
            "resourceReference": "",
            "parentSessionId": None,
            "relatedSessionId": None,
            "usn": session.number,
            "platformName": "VMware",
            "platformId": _ZERO,
            "initiatedBy": "EXAMPLE\\operator",
        }

    def server(self, server: Server) -> Mapping[str, Any]:
        """A row of GetAllManagedServers."""
        return {
            "id": server.id,
            "name": server.name,
            "description": server.description,
            "status": "Available" if server.online else "Unavailable",
        }

    def repository(self, repository: Repository) -> Mapping[str, Any]:
        """A row of GetAllRepositories."""
        return {"id": repository.id, "name": repository.name, "description": repository.description}

    def repository_state(self, repository: Repository) -> Mapping[str, Any]:
        """A row of GetAllRepositoriesStates."""
        server = self.world.server(repository.server_id)
        return {
            "id": repository.id,
            "name": repository.name,
            "type": self._kind(f"{_BASE}/backupInfrastructure/repositories", repository),
            "description": repository.description,
            "hostId": server.id,
            "hostName": server.name,
            "path": f"/{repository.bucket}/{repository.folder}",
            "capacityGB": repository.capacity / GIB,
            "freeGB": repository.free / GIB,
            "usedSpaceGB": repository.used / GIB,
            "isOnline": repository.online,
            "isOutOfDate": False,
            "scaleOutRepositoryDetails": DROP,
        }

    def backup(self, job: Job) -> Mapping[str, Any]:
        """A row of GetAllBackups: one for each job that has restore points."""
        repository = self.world.repository(job.repository_id)
        return {
            "id": derived("backup", job.id),
            "jobId": job.id,
            "name": job.name,
            "platformName": "VMware",
            "platformId": _PLATFORM,
            "creationTime": min(point.created for point in self.world.restore_points if point.job_id == job.id),
            "repositoryId": repository.id,
            "repositoryName": repository.name,
            "jobType": self._kind(f"{_BASE}/jobs", job),
        }

    def backup_object(self, workload: Workload) -> Mapping[str, Any]:
        """A row of GetAllBackupObjects."""
        points = list(self.world.points_of(workload))
        job = next((job for job in self.world.jobs if workload.id in job.workloads), None)
        last = self.world.last_session(job) if job else None
        return {
            "id": workload.id,
            "name": workload.name,
            "type": "VM",
            "platformId": _PLATFORM,
            "restorePointsCount": len(points),
            "lastRunFailed": last is not None and last.result == "failed",
        }

    def point(self, point: RestorePoint) -> Mapping[str, Any]:
        """A row of GetAllObjectRestorePoints."""
        workload = self.world.workload(point.workload_id)
        return {
            "id": point.id,
            "name": workload.name,
            "platformName": "VMware",
            "platformId": _PLATFORM,
            "creationTime": point.created,
            "backupId": derived("backup", point.job_id),
            "type": "Full" if point.full else "Increment",
            "sessionId": point.session_id,
            "malwareStatus": "Clean",
            "originalSize": workload.size,
        }

    def license(self) -> Mapping[str, Any]:
        """The answer of GetInstalledLicense."""
        own = self.world.license
        return {
            "status": "Valid" if own.expires > self.world.now() else "Expired",
            "expirationDate": own.expires,
            "type": OneOf("Subscription"),
            "edition": OneOf("EnterprisePlus"),
            "licensedTo": own.licensed_to,
            "supportId": own.id,
            "supportExpirationDate": own.support_expires,
            "socketLicenseSummary": DROP,
            "capacityLicenseSummary": DROP,
            "instanceLicenseSummary": {
                "licensedInstancesNumber": float(own.instances),
                "usedInstancesNumber": own.instances_used,
            },
        }

    def server_info(self) -> Mapping[str, Any]:
        """The answer of GetServerInfo."""
        return {
            "vbrId": derived("vbr", str(self.world.seed)),
            "name": f"{self.world.name}.example.com",
            "buildVersion": self.world.version,
        }

    # Types

    def _children(self, path: str) -> list[str]:
        operation = self.spec.paths.get(path, {}).get("GET")
        listing = self.spec.listing(operation) if operation else None
        return list(self.spec.children(listing[1])) if listing else []

    def _kinds(self, path: str, facts: Callable[[], list[Any]]) -> Callable[[Any], str | None] | None:
        # Every subtype in turn, so that a list holds each of them.
        values = self._children(path)
        return (lambda fact: values[facts().index(fact) % len(values)]) if values else None

    def _kind(self, path: str, fact: Any) -> str:
        held = self.handlers.store.collection(path, path)
        assert isinstance(held, Facts)
        return held.kind(fact) or ""

    # Made by POST

    def _make_server(self, row: Row) -> Server:
        server = Server(str(row["id"]).lower(), row["name"], row.get("description") or "", True, True)
        self.world.servers.append(server)
        return server

    def _backed_up(self) -> list[Job]:
        ids = {point.job_id for point in self.world.restore_points}
        return [job for job in self.world.jobs if job.id in ids]

    def _protected(self) -> list[Workload]:
        return [workload for workload in self.world.workloads if workload.protected]

    def _forget_backup(self, job: Job) -> None:
        self.world.restore_points[:] = [point for point in self.world.restore_points if point.job_id != job.id]

    # Parts of rows

    def _add_parts(self) -> None:
        def points(call: Call) -> Answer:
            self.handlers.exists(call)
            rows = self._rows(f"{_BASE}/restorePoints") or self._rows(f"{_BASE}/objectRestorePoints")
            ids = {point.id for point in self.world.restore_points if point.workload_id == call.values["id"].lower()}
            return self.handlers.page(call, [row for key, row in rows.items() if key in ids])

        def objects(call: Call) -> Answer:
            self.handlers.exists(call)
            key = call.values["id"].lower()
            points = self.world.restore_points
            ids = {point.workload_id for point in points if derived("backup", point.job_id) == key}
            rows = self._rows(f"{_BASE}/backupObjects")
            return self.handlers.page(call, [row for key, row in rows.items() if key in ids])

        for operation_id, handler in (("GetBackupObjectRestorePoints", points), ("GetBackupObjects", objects)):
            if operation_id in self.spec.operations:
                self.special[operation_id] = handler

    def _rows(self, path: str) -> dict[str, Row]:
        held = self.handlers.store.collection(path, path)
        return held.rows if held is not None else {}

    # Long work

    def is_long(self, operation: SpecOperation) -> bool:
        return any(
            _name(response.content.get(JSON, {})) in ("SessionModel", "SessionsResult")
            for response in operation.responses
        )

    def done(self, call: Call, session: Session | None) -> Answer:
        for response in call.operation.responses:
            name = _name(response.content.get(JSON, {}))
            if session is not None and name == "SessionModel":
                return Answer(response.status, self.session_row(session))
            if session is not None and name == "SessionsResult":
                counted = {"total": 1, "count": 1, "skip": 0, "limit": 200}
                return Answer(response.status, {"data": [self.session_row(session)], "pagination": counted})
        return self.handlers.made(call)

    def _log(self, call: Call, session: Session) -> Answer:
        records = []
        for number, line in enumerate(session.log, 1):
            at: datetime = line.at
            record = {
                "id": number,
                "status": _LINES[line.result],
                "startTime": stamp(at),
                "updateTime": stamp(at),
                "title": line.text,
                "description": "",
            }
            records.append(record)
        wanted = {value.lower() for value in call.query.get("statusFilter", ())}
        kept = [record for record in records if not wanted or str(record["status"]).lower() in wanted]
        schema = self.handlers.schema(call.operation, 200) or {}
        items = self.spec.properties(schema)["records"]["items"]
        rows = [self.lay({}, record, items) for record in kept]
        return Answer(200, {"totalRecords": len(rows), "records": rows})


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).rsplit("/", 1)[-1]
