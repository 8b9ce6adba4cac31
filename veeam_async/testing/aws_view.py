"""The world as Veeam Backup for AWS shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .._spec import SpecOperation
from .answers import derived
from .cloud_view import CloudView
from .handlers import JSON, Answer, Call, Handlers
from .kinds import Kind
from .overlay import DROP
from .paging import ORIGIN
from .products import Product, stamp
from .query import read_moment
from .things import GIB, Job, Repository, RestorePoint, Result, Session, Workload
from .views import Playing

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

    fields: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("targetrepositoryid", "repositoryid"), "repository"),
        **dict.fromkeys(("virtualmachineid", "vmid"), "machine"),
        "rdsid": "database",
        "efsid": "files",
        **dict.fromkeys(
            (
                "iamroleid",
                "targetiamroleid",
                "workerroleid",
                "identityid",
                "parentamazonaccountid",
                "amazonaccountid",
                "targetamazonaccountid",
                "serviceamazonaccountid",
            ),
            "role",
        ),
        **dict.fromkeys(("regionid", "sourceregionid", "targetregionid"), "region"),
        "sessionid": "session",
        "tagid": "tag",
        "amazonbucketid": "bucket",
        **dict.fromkeys(("databasecredentialsid", "credentialsid"), "standard account"),
        "parentreiognid": "region",  # as the document spells it
        "restorepointid": "machine restore point",
        **dict.fromkeys(("region.id", "location.id", "regions.id"), "region"),
        **dict.fromkeys(("tag.id", "tags.id"), "tag"),
        **dict.fromkeys(
            ("backupid", "availabilityzoneid", "backupvaultid", "replyid", "excludeditems.id", "deleteditem.id"),
            "nothing",
        ),
        "identity.id": "role",
        "roles.id": "user role",
    }
    lists: ClassVar[Mapping[str, str]] = {
        "role": "/accounts/amazon",
        "user role": "/users/roles",
        "region": "/cloudInfrastructure/regions",
        "tag": "/cloudInfrastructure/tags",
        "bucket": "/cloudInfrastructure/buckets",
        "standard account": "/accounts/standard",
    }
    jobs: ClassVar[Sequence[str]] = (
        "/policies",
        "/virtualMachines/policies",
        "/rds/policies",
        "/efs/policies",
        "/dynamoDb/policies",
        "/fsx/policies",
        "/redshift/policies",
        "/redshiftServerless/policies",
    )

    def __init__(self, handlers: Handlers, product: Product, playing: Playing) -> None:
        super().__init__(handlers, product, playing)
        for kind in self._kinds():
            self.show(kind)
        self.connect()
        self.one("/licensing/license", self.license)
        self.one("/system/version", lambda: {"about": "Veeam Backup for AWS", "version": self.build})
        self.one("/system/time", lambda: {"utcDateTime": self.world.now()}, fresh=True)
        self.one("/statistics/summary", self.summary)
        self.log("/sessions/{sessionId}/log", self._log)
        self.add_actions()

    def _kinds(self) -> Sequence[Kind[Any]]:
        world = self.world
        status_filter = {"lastpolicysessionstatus": lambda job, values: status(world.last_session(job)) in values}
        services: Sequence[tuple[str, list[str], Any]] = (
            ("machine", ["/virtualMachines/policies", "/policies"], self.policy),
            ("database", ["/rds/policies"], self.policy),
            ("files", ["/efs/policies"], self.bare_policy),
            ("nosql", ["/dynamoDb/policies"], self.bare_policy),
            ("fsx", ["/fsx/policies"], self.bare_policy),
            ("redshift", ["/redshift/policies"], self.bare_policy),
            ("serverless", ["/redshiftServerless/policies"], self.bare_policy),
        )
        return (
            *(self.policies(kind, paths, row, status_filter) for kind, paths, row in services),
            Kind(
                name="session", facts=lambda: world.sessions, row=self.session, paths=[self.sessions],
                schemas=["Session"], filters={
                    "policyid": lambda session, values: session.job_id in values,
                    "parentsessionid": lambda session, values: False,
                    "usn": lambda session, values: session.number > int(values[0]),
                    "vmid": lambda session, values: values[0].lower() in session.workloads,
                    "toutc": lambda session, values: stamp(session.started) <= stamp(_moment(values[0], session)),
                },
            ),
            Kind(
                name="repository", facts=lambda: world.repositories, row=self.repository, paths=["/repositories"],
                schemas=["Repository"], make=self.make_repository, apply=self.apply_repository,
                remove=world.repositories.remove,
            ),
            self.workloads("machine", "machine", ["/virtualMachines"], self.machine, schemas=["VirtualMachine"]),
            self.workloads("database", "database", ["/rds"], self.machine),
            self.workloads("files", "files", ["/efs"], self.file_system),
            self.workloads("nosql", "nosql", ["/dynamoDb"], self.file_system),
            self.workloads("fsx", "fsx", ["/fsx"], self.file_system),
            self.workloads("redshift", "redshift", ["/redshift"], self.file_system),
            self.points(
                "machine", ["/virtualMachines/restorePoints", "/vmRestorePoints"], "virtualmachineid", self.point,
            ),
            self.points("database", ["/rds/restorePoints"], "rdsid", self.point),
            self.points("files", ["/efs/restorePoints"], "efsid", self.point),
            self.points("nosql", ["/dynamoDb/restorePoints"], "dynamodbid", self.point),
            Kind(
                name="protected item", facts=self.processed, row=self.protected_item, schemas=["ProtectedItem"],
                id=lambda pair: derived("item", pair[0].id, pair[1].id), title=lambda pair: pair[1].name,
                of={"session": lambda pair: (pair[0].id,)},
            ),
            self.workloads(
                "licensed workload", "machine", ["/licensing/licensedWorkloads"], self.licensed, protected=True
            ),
        )  # fmt: skip

    # Rows

    def policy(self, job: Job) -> Mapping[str, Any]:
        """A row of each list of policies."""
        target = {"targetRepositoryId": job.repository_id}
        sessions = self.world.sessions_of(job)
        finished = [session for session in sessions if session.state == "finished"]
        links = {
            "lastBackupSession": self._link(sessions[-1]) if sessions else DROP,
            "lastFinishedBackupSession": self._link(finished[-1]) if finished else DROP,
        }
        return {
            "id": job.id,
            "priority": self.world.jobs.index(job) + 1,
            "name": job.name,
            "description": job.description,
            "isEnabled": job.enabled,
            "lastPolicySessionStatus": status(self.world.last_session(job)),
            "backupSettings": target,
            "rdsBackupSettings": target,
            "_embeddedResources": links,
        }

    def _link(self, session: Session) -> Mapping[str, Any]:
        """A link to a session."""
        return {"method": "GET", "rel": "session", "href": f"{ORIGIN}{self.base}{self.sessions}/{session.id}"}

    def bare_policy(self, job: Job) -> Mapping[str, Any]:
        """A row of the lists whose rows the document describes in part, or not at all."""
        row = dict(self.policy(job))
        del row["backupSettings"], row["rdsBackupSettings"], row["_embeddedResources"]
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

    def protected_item(self, pair: tuple[Session, Workload]) -> Mapping[str, Any]:
        """What a session did for one workload."""
        session, workload = pair
        words: Mapping[Result | None, str] = {None: "Running", "success": "Success", "warning": "Warning"}
        return {
            "id": derived("item", session.id, workload.id),
            "name": workload.name,
            "status": words.get(session.result, "Failed"),
            "region": workload.region,
        }

    def licensed(self, workload: Workload) -> Mapping[str, Any]:
        """A workload that uses the license."""
        points = [one for one in self.world.restore_points if one.workload_id == workload.id]
        return {
            "id": workload.id,
            "name": workload.name,
            "lastBackupTime": points[-1].created if points else None,
        }

    def summary(self) -> Mapping[str, Any]:
        """The counts of the overview: machines, those of them that are protected, policies, repositories."""
        total, protected = self.protected_count("machine")
        return {
            "instancesCount": total,
            "protectedInstancesCount": protected,
            "policiesCount": sum(job.kind != "network" for job in self.world.jobs),
            "repositoriesCount": len(self.world.repositories),
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
            return self.handlers.made(call, gone=True)
        properties = self.spec.properties(schema)
        link = self._link(session)
        if not properties or "sessionId" in properties:
            base = self.handlers.made_json(call.operation, call.path) if len(properties) > 2 else {}
            return Answer(response.status, {**base, "sessionId": session.id, "_links": [link]})
        return self.handlers.made(call, gone=True)

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
