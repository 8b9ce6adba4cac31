"""The world as Veeam Backup for AWS shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from .._spec import SpecOperation
from .facts import DROP
from .handlers import JSON, ORIGIN, Answer, Call, Handlers
from .products import Product, stamp
from .query import read_moment
from .view_cloud import CloudView
from .world import GIB, Job, Repository, RestorePoint, Result, Session, Workload

_BASE = "/api/v1"
_STATUSES: Mapping[Result, str] = {
    "success": "Succeeded",
    "warning": "Warning",
    "failed": "Failed",
    "canceled": "Canceled",
}
_LINES: Mapping[Result | None, str] = {
    None: "Running",
    "success": "Success",
    "warning": "Warning",
    "failed": "Error",
    "canceled": "Canceled",
}
_TYPES = {"backup": "Policy", "restore": "RestoreTask", "infrastructure": "ConfigurationBackupActivity"}
_EXTENDED = {"backup": "PolicyBackup", "restore": "RestoreVm", "infrastructure": "ConfigurationBackup"}


def status(session: Session | None) -> str:
    """The status of a session, or of a policy by its last one."""
    if session is None:
        return "NeverExecuted"
    return _STATUSES[session.result] if session.result else "Running"


class AwsView(CloudView):
    """Shows the world in one AWS revision."""

    jobs: ClassVar[Mapping[str, str]] = {
        f"{_BASE}/virtualMachines/policies": "machine",
        f"{_BASE}/rds/policies": "database",
        f"{_BASE}/efs/policies": "files",
        f"{_BASE}/dynamoDb/policies": "nosql",
        f"{_BASE}/fsx/policies": "none",
        f"{_BASE}/redshift/policies": "none",
        f"{_BASE}/redshiftServerless/policies": "none",
    }
    sessions = f"{_BASE}/sessions"

    def __init__(self, handlers: Handlers, product: Product) -> None:
        super().__init__(handlers, product)
        world = self.world
        for path, kind in self.jobs.items():
            self.show_policies(
                path,
                kind,
                self.policy if kind in ("machine", "database") else self.bare_policy,
                {"lastpolicysessionstatus": lambda job, values: status(world.last_session(job)) in values},
                extra=kind == "files",  # the document has part of an EFS policy only
            )
        self.show(
            self.sessions,
            lambda: world.sessions,
            self.session,
            filters={
                "policyid": lambda session, values: session.job_id in values,
                "parentsessionid": lambda session, values: False,
                "usn": lambda session, values: session.number > int(values[0]),
                "vmid": lambda session, values: values[0].lower() in session.workloads,
                "toutc": lambda session, values: stamp(session.started) <= stamp(_moment(values[0], session)),
            },
        )
        self.show_repositories(f"{_BASE}/repositories", self.repository)
        machines = f"{_BASE}/virtualMachines"
        self.show(machines, self.workloads("machine"), self.machine)
        self.show(f"{_BASE}/rds", self.workloads("database"), self.machine)
        self.show(f"{_BASE}/efs", self.workloads("files"), self.file_system)
        self.show(f"{_BASE}/dynamoDb", self.workloads("nosql"), self.file_system)
        for path in ("fsx", "redshift"):
            self.show(f"{_BASE}/{path}", self.workloads("none"), self.file_system)
        for path, kind, filter_name in (
            ("virtualMachines", "machine", "virtualmachineid"),
            ("rds", "database", "rdsid"),
            ("efs", "files", "efsid"),
            ("dynamoDb", "nosql", "dynamodbid"),
        ):
            self.show_points(f"{_BASE}/{path}/restorePoints", kind, filter_name, self.point)
        self.one("GetLicense", self.license)
        self.one("GetProductVersion", lambda: {"about": "Veeam Backup for AWS", "version": world.version})
        self.one("GetSystemDateTimeInfo", lambda: {"utcDateTime": world.now()}, fresh=True)
        self.log("GetSessionLog", self._log)
        self.add_actions()

    # Rows

    def policy(self, job: Job) -> Mapping[str, Any]:
        """A row of each list of policies."""
        target = {"targetRepositoryId": job.repository_id}
        return {
            "id": job.id,
            "priority": self.world.jobs.index(job) + 1,
            "name": job.name,
            "description": job.description,
            "isEnabled": job.enabled,
            "lastPolicySessionStatus": status(self.world.last_session(job)),
            "backupSettings": target,
            "rdsBackupSettings": target,
        }

    def bare_policy(self, job: Job) -> Mapping[str, Any]:
        """A row of the lists whose rows the document describes in part, or not at all."""
        row = dict(self.policy(job))
        del row["backupSettings"], row["rdsBackupSettings"]
        return row

    def session(self, session: Session) -> Mapping[str, Any]:
        """A row of GetSessions."""
        ended = session.ended
        spelt = {None: "Running", "success": "Success", "warning": "Warning", "failed": "Failed"}
        return {
            "id": session.id,
            "type": _TYPES[session.kind],
            "extendedSessionType": _EXTENDED[session.kind],
            "name": session.name,
            "executionStartTime": session.started,
            "executionStopTime": ended,
            "executionDuration": int((ended - session.started).total_seconds()) if ended else None,
            "status": status(session),
            "result": spelt.get(session.result, "Cancelled"),
            "reason": session.message,
            "usn": session.number,
        }

    def repository(self, repository: Repository) -> Mapping[str, Any]:
        """A row of RepositoriesGetAll."""
        return {
            "id": repository.id,
            "name": repository.name,
            "description": repository.description,
            "amazonStorageFolder": repository.folder,
            "storageClass": "S3",
            "enableEncryption": repository.encrypted,
            "_embedded": {"bucket": repository.bucket, "region": repository.region},
        }

    def machine(self, workload: Workload) -> Mapping[str, Any]:
        """A row of VirtualMachines or RdsGetAll."""
        policies = sum(workload.id in job.workloads for job in self.world.jobs)
        return {
            "id": workload.id,
            "name": workload.name,
            "instanceSizeGigabytes": workload.size // GIB,
            "policiesCount": policies,
            "backupState": "Protected" if workload.protected else "Unprotected",
            "region": {"name": workload.region},
            "isDeleted": False,
        }

    def file_system(self, workload: Workload) -> Mapping[str, Any]:
        """A row of EfsGetAll, and of the lists whose rows no document describes."""
        return {
            "id": workload.id,
            "name": workload.name,
            "size": workload.size // GIB,
            "region": {"name": workload.region},
        }

    def point(self, point: RestorePoint) -> Mapping[str, Any]:
        """A row of the lists of restore points."""
        return {
            "id": point.id,
            "jobType": "Backup",
            "pointInTime": point.created,
            "backupSizeBytes": point.size,
        }

    def license(self) -> Mapping[str, Any]:
        """The answer of GetLicense."""
        own = self.world.license
        return {
            "licenseType": "Subscription",
            "instances": own.instances,
            "instancesUses": own.instances_used,
            "licensedTo": own.licensed_to,
            "licenseExpires": own.expires,
            "licenseId": own.id,
            "supportId": own.id,
            "_links": DROP,
        }

    # Long work

    def is_long(self, operation: SpecOperation) -> bool:
        if not operation.responses or operation.responses[0].status != 202:
            return False
        schema = operation.responses[0].content.get(JSON)
        if schema is None:
            return False
        properties = self.spec.properties(schema)
        # What 1.7 evidences without a schema answers, as far as anybody saw, as the typed ones do.
        return "sessionId" in properties or not properties

    def done(self, call: Call, session: Session | None) -> Answer:
        response = call.operation.responses[0]
        schema = response.content.get(JSON)
        if session is None or schema is None:
            return self.handlers.made(call)
        properties = self.spec.properties(schema)
        link = {"method": "GET", "rel": "session", "href": f"{ORIGIN}{self.sessions}/{session.id}"}
        if not properties or "sessionId" in properties:
            base = self.handlers.made_json(call.operation, call.path) if len(properties) > 2 else {}
            return Answer(response.status, {**base, "sessionId": session.id, "_links": [link]})
        return self.handlers.made(call)

    def _log(self, call: Call, session: Session) -> Answer:
        lines = [
            {
                "logTime": stamp(line.at),
                "status": _LINES[line.result],
                "message": line.text,
                "executionStartTime": stamp(line.at),
                "executionDuration": line.seconds,
            }
            for line in session.log
        ]
        return Answer(200, {"sessionId": session.id, "log": lines})


def _moment(text: str, session: Session) -> Any:
    return read_moment(text) or session.started
