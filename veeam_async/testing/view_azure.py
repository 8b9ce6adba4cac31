"""The world as Veeam Backup for Microsoft Azure shows it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from .._spec import Schema, SpecOperation
from .facts import DROP, OneOf, lay
from .handlers import JSON, ORIGIN, Answer, Call, Handler, Handlers
from .products import Problem, Product, Refused, stamp
from .query import Row
from .view_cloud import CloudView
from .world import GIB, Job, Repository, RestorePoint, Result, Server, Session, Workload

_STATUSES: Mapping[Result, str] = {
    "success": "Success",
    "warning": "Warning",
    "failed": "Error",
    "canceled": "Canceled",
}
_BUSY = {"starting": "Pending", "running": "Running", "stopping": "Canceling"}
_BACKUPS = {
    "machine": OneOf("PolicyBackup"),
    "database": OneOf("SqlPolicyBackup"),
    "files": OneOf("FileSharePolicySnapshot"),
    "nosql": OneOf("PostgresDbPolicyBackup", "PolicyBackup"),
    "network": OneOf("VnetPolicyBackup"),
}
_POLICIES = {
    "machine": "VirtualMachines",
    "database": "AzureSql",
    "files": "FileShares",
    "nosql": OneOf("CosmosDb"),
    "network": OneOf("Vnet"),
}


def status(session: Session | None) -> str:
    """The status of a session, or of a policy by its last one."""
    if session is None:
        return "NeverExecuted"
    return _STATUSES[session.result] if session.result else _BUSY[session.state]


def span(seconds: float) -> str:
    """A length of time as the appliances write it."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


class AzureView(CloudView):
    """Shows the world in one Azure revision."""

    _KINDS: ClassVar[Mapping[str, str]] = {
        "policies/virtualMachines": "machine",
        "policies/sql": "database",
        "policies/fileShares": "files",
        "policies/cosmosDb": "nosql",
        "policy/slaBased/virtualMachines": "none",
    }

    def __init__(self, handlers: Handlers, product: Product) -> None:
        super().__init__(handlers, product)
        world = self.world
        base = self.base = f"/api/{self.spec.revision}"
        self.sessions = f"{base}/jobSessions"
        self.jobs = {f"{base}/{path}": kind for path, kind in self._KINDS.items()}  # type: ignore[misc]
        self._operations: dict[str, tuple[Session, Any]] = {}
        for path, kind in self.jobs.items():
            self.show_policies(
                path,
                kind,
                self.policy,
                {"lastjobstatus": lambda job, values: status(world.last_session(job)) in values},
            )
        self.show(
            self.sessions,
            lambda: world.sessions,
            self.session,
            filters={
                "resourceid": lambda session, values: values[0].lower() in session.workloads,
                "filter": lambda session, values: values[0].lower() in session.name.lower(),
            },
        )
        self.show_repositories(f"{base}/repositories", self.repository)
        self.show(f"{base}/workers", lambda: world.servers, self.worker, key="resourceId")
        for path, kind in (
            ("virtualMachines", "machine"),
            ("databases", "database"),
            ("fileShares", "files"),
            ("cosmosDb", "nosql"),
        ):
            self.show(f"{base}/{path}", self.workloads(kind), self.workload)
        for path, kind, filter_name in (
            ("virtualMachines", "machine", "virtualmachineid"),
            ("sql", "database", "databaseid"),
            ("fileShares", "files", "fileshareid"),
            ("cosmosDb", "nosql", "cosmosdbaccountid"),
        ):
            self.show(f"{base}/protectedItem/{path}", self.workloads(kind, protected=True), self.protected)
            end = "cosmosDb/repository" if path == "cosmosDb" else path
            self.show_points(f"{base}/restorePoints/{end}", kind, filter_name, self.point)
        self.show(f"{base}/protectedItem/vnet", list, self.protected)
        self.one("VnetPolicy_GetPolicy", self.network_policy)
        self.one("License_GetLicense", self.license)
        self.one("System_GetAbout", lambda: {"serverVersion": world.version})
        self.one("System_GetServerDateTimeInfo", self.clock, fresh=True)
        self.log("JobSessions_GetJobSessionLog", self._log)
        self.special["AsyncOperation_GetOperation"] = self._operation
        self._add_network_actions()
        self.add_actions()
        self._add_asynchronous()

    # Rows

    def clock(self) -> Mapping[str, Any]:
        """The answer of System_GetServerDateTimeInfo."""
        return {"utcDateTime": self.world.now(), "timeZone": "Etc/UTC"}

    def policy(self, job: Job) -> Mapping[str, Any]:
        """A row of each list of policies."""
        last = status(self.world.last_session(job))
        return {
            "id": job.id,
            "priority": self.world.jobs.index(job) + 1,
            "name": job.name,
            "description": job.description,
            "isEnabled": job.enabled,
            "snapshotStatus": last,
            "backupStatus": last,
            "archiveStatus": "NeverExecuted",
            "healthCheckStatus": "NeverExecuted",
            "indexingStatus": "NeverExecuted",
            "configurationStatus": "NeverExecuted",
            "nextExecutionTime": job.next_run,
        }

    def network_policy(self) -> Mapping[str, Any]:
        """The answer of VnetPolicy_GetPolicy."""
        job = self._network()
        return {
            "id": job.id,
            "name": job.name,
            "isEnabled": job.enabled,
            "nextExecutionTime": job.next_run,
            "targetRepositoryId": job.repository_id,
        }

    def session(self, session: Session) -> Mapping[str, Any]:
        """A row of JobSessions_GetJobSessions."""
        row: dict[str, Any] = {
            "id": session.id,
            "type": OneOf("RestoreVms") if session.kind == "restore" else OneOf("RepositoryEdit"),
            "localizedType": session.name,
            "executionStartTime": session.started,
            "executionStopTime": session.ended,
            "executionDuration": span((session.ended - session.started).total_seconds()) if session.ended else None,
            "status": status(session),
            "backupJobInfo": DROP,
            "healthCheckJobInfo": DROP,
            "restoreJobInfo": DROP,
            "fileLevelRestoreJobInfo": DROP,
            "fileShareFileLevelRestoreJobInfo": DROP,
            "repositoryJobInfo": DROP,
            "restorePointDataRetrievalJobInfo": DROP,
            "retentionJobInfo": DROP,
        }
        job = next((job for job in self.world.jobs if job.id == session.job_id), None)
        if job is not None:
            row["type"] = _BACKUPS[job.kind]
            row["backupJobInfo"] = {
                "policyId": job.id,
                "policyName": job.name,
                "policyType": _POLICIES[job.kind],
                "protectedInstancesCount": len(job.workloads),
                "policyRemoved": False,
            }
        elif session.kind == "infrastructure":
            row["repositoryJobInfo"] = {"repositoryName": session.name, "repositoryRemoved": False}
        return row

    def repository(self, repository: Repository) -> Mapping[str, Any]:
        """A row of Repository_GetRepositories."""
        return {
            "id": repository.id,
            "name": repository.name,
            "description": repository.description,
            "azureStorageContainer": {"name": repository.bucket},
            "azureStorageFolder": {"name": repository.folder},
            "enableEncryption": repository.encrypted,
            "regionName": repository.region,
            "repositoryType": "Backup",
            "status": "Ready" if repository.online else "Failed",
            "storageTier": "Hot",
        }

    def worker(self, server: Server) -> Mapping[str, Any]:
        """A row of Worker_GetWorkers."""
        return {"resourceId": server.id, "name": server.name, "status": "Idle" if server.online else "Stopped"}

    def workload(self, workload: Workload) -> Mapping[str, Any]:
        """A row of the lists of machines, databases, file shares and accounts."""
        return {
            "id": workload.id,
            "name": workload.name,
            "osType": "Linux" if workload.linux else "Windows",
            "regionName": workload.region,
            "totalSizeInGB": workload.size // GIB,
            "sizeInMb": workload.size // 1024**2,
            "size": workload.size,
            "sourceSizeBytes": workload.size,
            "isDeleted": False,
        }

    def protected(self, workload: Workload) -> Mapping[str, Any]:
        """A row of the lists of protected items."""
        points = list(self.world.points_of(workload))
        last = points[-1].created if points else None
        return {
            "id": workload.id,
            "name": workload.name,
            "osType": "Linux" if workload.linux else "Windows",
            "regionName": workload.region,
            "region": {"name": workload.region},
            "totalSizeInGB": workload.size // GIB,
            "sizeInMb": workload.size // 1024**2,
            "backupSizeBytes": workload.size,
            "lastBackup": last,
            "latestBackup": last,
        }

    def point(self, point: RestorePoint) -> Mapping[str, Any]:
        """A row of the lists of restore points."""
        workload = self.world.workload(point.workload_id)
        return {
            "id": point.id,
            "type": "Full" if point.full else "Incremental",
            "pointInTime": point.created,
            "pointInTimeLocalTime": point.created,
            "backupSizeBytes": point.size,
            "sizeInBytes": point.size,
            "isCorrupted": False,
            "vmName": workload.name,
            "databaseName": workload.name,
            "fileShareName": workload.name,
            "accountName": workload.name,
            "resourceHashId": workload.id,
            "databaseId": workload.id,
            "fileShareId": workload.id,
            "accountId": workload.id,
            "regionName": workload.region,
            "backupDestination": OneOf("AzureBlob"),
            "state": "Ok",
            "jobSessionId": point.session_id,
            "immutableTill": point.created + timedelta(days=30),
        }

    def license(self) -> Mapping[str, Any]:
        """The answer of License_GetLicense."""
        own = self.world.license
        return {
            "licenseType": "Subscription",
            "isFreeEdition": False,
            "totalInstancesUses": own.instances_used,
            "instances": own.instances,
            "company": own.licensed_to,
            "licenseExpires": own.expires,
            "licenseId": own.id,
            "supportId": own.id,
            "gracePeriodDays": 30,
        }

    # Facts by kind

    def _network(self) -> Job:
        return next(job for job in self.world.jobs if job.kind == "network")

    # Actions

    def busy(self, text: str, resource_id: str) -> Refused:
        return Refused(Problem(409, text, resource_id=resource_id))

    def _add_network_actions(self) -> None:
        for verb in ("start", "stop", "enable", "disable"):
            operation = self.spec.paths.get(f"{self.base}/policy/vnet/{verb}", {}).get("POST")
            if operation is not None:
                self.special[operation.operation_id] = self._network_action(verb)

    def _network_action(self, verb: str) -> Handler:
        return lambda call: self.act(call, self._network(), verb)

    # Long work

    def is_long(self, operation: SpecOperation) -> bool:
        answers = [response.content.get(JSON) for response in operation.responses if response.status == 202]
        return any(self._shape(schema) for schema in answers)

    def _shape(self, schema: Schema | None) -> str:
        """`session`, `list`, `page` or an empty string: how an answer tells of a session."""
        name = str((schema or {}).get("$ref", "")).rsplit("/", 1)[-1]
        if name == "JobSession":
            return "session"
        if name == "PageOfJobSession":
            return "page"
        items = str((schema or {}).get("items", {}).get("$ref", "")).rsplit("/", 1)[-1]
        return "list" if items == "JobSession" else ""

    def done(self, call: Call, session: Session | None) -> Answer:
        for response in call.operation.responses:
            shape = self._shape(response.content.get(JSON))
            if session is None or not shape:
                continue
            row = self.session_row(session)
            if shape == "list":
                return Answer(response.status, [row])
            if shape == "page":
                return Answer(response.status, {"offset": 0, "limit": 1, "totalCount": 1, "results": [row]})
            return Answer(response.status, row)
        return self.handlers.made(call)

    def _add_asynchronous(self) -> None:
        for operation in self.spec.operations.values():
            for response in operation.responses:
                schema = response.content.get(JSON)
                name = str((schema or {}).get("$ref", "")).rsplit("/", 1)[-1]
                if response.status == 202 and name.startswith("AsyncOperationOf"):
                    self.special[operation.operation_id] = self._asynchronous(operation, schema or {})

    def _asynchronous(self, operation: SpecOperation, schema: Schema) -> Handler:
        only = operation.responses[0].status == 202
        before = self.special.get(operation.operation_id)

        def handler(call: Call) -> Answer | None:
            if not only and not call.host.behaviour.asynchronous:
                return before(call) if before is not None else None
            self.handlers.exists(call)
            result = self._result(call, schema, only)
            session = self.world.start(kind="infrastructure", name=str(operation.raw.get("summary") or call.path))
            key = str(uuid.uuid4())
            self._operations[key] = (session, result)
            return Answer(202, self._operation_row(key, session, None))

        return handler

    def _result(self, call: Call, schema: Schema, only: bool) -> Any:
        if not only:
            held = self.handlers.plain(call)
            if held.status == 200:
                return held.payload
        properties = self.spec.properties(schema)
        return self.answers.value(properties["result"], call.operation.operation_id, call.path)

    def _operation_row(self, key: str, session: Session, result: Any) -> Row:
        row = {
            "id": key,
            "startTime": stamp(session.started),
            "status": status(session),
            "_links": {"self": {"href": f"{ORIGIN}{self.base}/operations/{key}"}},
        }
        if result is not None:
            row["result"] = result
        if session.result in ("failed", "canceled"):
            row["error"] = {"title": "The operation failed.", "status": 500, "detail": session.message}
        return row

    def _operation(self, call: Call) -> Answer | None:
        self.world.settle()
        held = self._operations.get(call.values["operationId"].lower())
        if held is None:
            if call.host.behaviour.unknown_ids == "answer":
                return None
            raise Refused(Problem(404, "There is no such operation."))
        session, result = held
        over = session.result in ("success", "warning")
        return Answer(200, self._operation_row(call.values["operationId"].lower(), session, result if over else None))

    def _log(self, call: Call, session: Session) -> Answer:
        lines: Sequence[Mapping[str, Any]] = [
            {
                "logTime": line.at,
                "status": _STATUSES[line.result] if line.result else "Running",
                "message": line.text,
                "executionStartTime": line.at,
                "executionDuration": span(line.seconds),
            }
            for line in session.log
        ]
        items = self.spec.properties(self.handlers.schema(call.operation, 200) or {})["log"]["items"]
        return Answer(200, {"jobSessionId": session.id, "log": [lay(self.spec, {}, line, items) for line in lines]})
