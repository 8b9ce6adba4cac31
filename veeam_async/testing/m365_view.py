"""The world as Veeam Backup for Microsoft 365 shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .._spec import SpecOperation
from .answers import derived
from .cloud_view import CloudView
from .handlers import JSON, Answer, Call, Handlers
from .kinds import Kind
from .overlay import DROP
from .products import Product
from .query import Row
from .things import Job, Proxy, Repository, RestorePoint, Result, Session, Workload
from .views import Playing

_STATUSES: Mapping[Result | None, str] = {
    None: "Running",
    "success": "Success",
    "warning": "Warning",
    "failed": "Failed",
    "canceled": "Stopped",
}


# Every fifth job is a copy job.
_COPY = 4


class M365View(CloudView):
    """Shows the world in one revision: workloads are users, a job in five copies what others back up."""

    fields: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("repositoryid", "targetrepositoryid", "backuprepositoryid"), "repository"),
        **dict.fromkeys(("jobid", "backupjobid"), "job"),
        **dict.fromkeys(("sessionid", "mainsessionid", "jobsessionid"), "session"),
        "proxyid": "proxy",
        "organizationid": "organization",
        "proxypoolid": "proxy pool",
        "encryptionkeyid": "encryption key",
        "retrievalid": "nothing",
    }
    lists: ClassVar[Mapping[str, str]] = {
        "organization": "/Organizations",
        "proxy pool": "/ProxyPools",
        "encryption key": "/EncryptionKeys",
    }
    jobs: ClassVar[Sequence[str]] = ("/Jobs", "/CopyJobs")
    infers: ClassVar[bool] = True
    sessions: ClassVar[str] = "/JobSessions"

    def __init__(self, handlers: Handlers, product: Product, playing: Playing) -> None:
        super().__init__(handlers, product, playing)
        for kind in self._kinds():
            self.show(kind)
        self.connect()
        self.one(
            "/ServiceInstance", lambda: {"version": self.build, "installationId": derived("m365", self.world.seed)}
        )
        self.one("/License", self.license)
        self.log("/JobSessions/{id}/LogItems", self._log)
        self.log("/JobSessions/{jobSessionId}/LogItems", self._log)
        self.add_actions()

    def base_path(self) -> str:
        return f"/{self.spec.revision}"

    def _is_copy(self, job: Job) -> bool:
        return job.place % 5 == _COPY

    def make_copy_job(self, row: Row) -> Job:
        """A world job that is shown as a copy job, of a created row."""
        job = self.make_job("machine")(row)
        job.place = _COPY
        return job

    def _kinds(self) -> Sequence[Kind[Any]]:
        world = self.world
        return (
            Kind(
                name="job", facts=lambda: [job for job in world.jobs if not self._is_copy(job)], row=self.job,
                paths=["/Jobs"], schemas=["RESTJob"], make=self.make_job("machine"), apply=self.apply_job,
                remove=world.jobs.remove, of={"repository": lambda job: (job.repository_id,)},
            ),
            Kind(
                name="copy job", facts=lambda: [job for job in world.jobs if self._is_copy(job)], row=self.job,
                paths=["/CopyJobs"], schemas=["RESTCopyJob"], make=self.make_copy_job, apply=self.apply_job,
                remove=world.jobs.remove,
            ),
            Kind(
                name="session", facts=lambda: [one for one in world.sessions if one.kind == "backup"],
                row=self.session, paths=["/JobSessions"], schemas=["RESTJobSession"],
                of={"job": lambda one: (one.job_id,), "copy job": lambda one: (one.job_id,)}, filters={
                    "jobid": lambda one, values: one.job_id in values,
                    "jobtype": lambda one, values: self._job_type(one) in values,
                },
            ),
            Kind(
                name="restore session", facts=lambda: [one for one in world.sessions if one.kind == "restore"],
                row=self.restore, paths=["/RestoreSessions"], schemas=["RESTRestoreSession"],
            ),
            Kind(
                name="repository", facts=lambda: world.repositories, row=self.repository,
                paths=["/BackupRepositories"], schemas=["RESTBackupRepository"], make=self.make_repository,
                apply=self.apply_repository, remove=world.repositories.remove,
            ),
            Kind(name="proxy", facts=lambda: world.proxies, row=self.proxy, paths=["/Proxies"], schemas=["RESTProxy"]),
            Kind(
                name="user", facts=lambda: world.workloads, row=self.user, paths=["/LicensedUsers"],
                schemas=["RESTLicensedUser"],
            ),
            Kind(
                name="restore point", facts=lambda: world.restore_points, row=self.point, paths=["/RestorePoints"],
                schemas=["RESTRestorePoint"], filters={
                    "jobid": lambda point, values: point.job_id in values,
                    "repositoryid": lambda point, values: point.repository_id in values,
                },
            ),
        )  # fmt: skip

    # Rows

    def job(self, job: Job) -> Mapping[str, Any]:
        """A job or a copy job."""
        last = self.world.last_session(job)
        good = [one for one in self.world.sessions_of(job) if one.result in ("success", "warning")]
        return {
            "id": job.id,
            "name": job.name,
            "description": job.description,
            "repositoryId": job.repository_id,
            "isEnabled": job.enabled,
            "lastStatus": _STATUSES[last.result] if last else "Stopped",
            "lastRun": last.started if last else None,
            "lastBackup": good[-1].ended if good else None,
            "nextRun": job.next_run,
            "_links": {},
        }

    def _job_type(self, session: Session) -> str:
        job = next((job for job in self.world.jobs if job.id == session.job_id), None)
        return "Copy" if job is not None and self._is_copy(job) else "Backup"

    def session(self, session: Session) -> Mapping[str, Any]:
        """A session of a job; v7 names the job in a link only."""
        job = next((job for job in self.world.jobs if job.id == session.job_id), None)
        done = sum(point.size for point in self.world.restore_points if point.session_id == session.id)
        return {
            "id": session.id,
            "jobId": session.job_id,
            "repositoryId": job.repository_id if job else None,
            "mainSessionId": session.id,
            "details": session.message or session.name,
            "creationTime": session.started,
            "endTime": session.ended,
            "progress": len(session.workloads),
            "jobType": self._job_type(session),
            "status": _STATUSES[session.result],
            "statistics": {"transferredDataBytes": done, "processedObjects": len(session.workloads)},
            "_links": {
                "self": {"href": f"{self.base}/JobSessions/{session.id}"},
                "job": {"href": f"{self.base}/Jobs/{session.job_id}"},
            },
        }

    def restore(self, session: Session) -> Mapping[str, Any]:
        """A restore session."""
        return {
            "id": session.id,
            "name": session.name,
            "creationTime": session.started,
            "endTime": session.ended,
            "state": "Stopped" if session.ended else "Working",
            "result": _STATUSES[session.result] if session.result in ("success", "warning", "failed") else "Success",
            "details": session.message,
        }

    def repository(self, repository: Repository) -> Mapping[str, Any]:
        """A backup repository; every third is object storage."""
        proxies = self.world.proxies
        return {
            "id": repository.id,
            "name": repository.name,
            "description": repository.description,
            "path": f"D:\\{repository.bucket}\\{repository.folder}",
            "capacityBytes": repository.capacity,
            "freeSpaceBytes": repository.free,
            "objectStorageEncryptionEnabled": repository.encrypted,
            "proxyId": proxies[repository.place % len(proxies)].id if proxies else None,
            "isOutOfOrder": not repository.online,
            "isOutOfSync": not repository.online,
            "maintenanceMode": "None",
            "objectStorage": DROP,
            "_links": {},
        }

    def proxy(self, proxy: Proxy) -> Mapping[str, Any]:
        """A backup proxy."""
        server = next((one for one in self.world.servers if one.id == proxy.server_id), None)
        return {
            "id": proxy.id,
            "hostName": proxy.name,
            "fqdn": proxy.name,
            "description": proxy.description,
            "status": "Online" if server is not None and server.online else "Offline",
            "version": self.build,
            "_links": {},
        }

    def _points(self, workload: Workload) -> list[RestorePoint]:
        return [point for point in self.world.restore_points if point.workload_id == workload.id]

    def user(self, workload: Workload) -> Mapping[str, Any]:
        """A licensed user, who stands for a workload."""
        points = self._points(workload)
        return {
            "id": workload.id,
            "name": workload.name,
            "isBackedUp": bool(points),
            "lastBackupDate": points[-1].created if points else None,
            "licenseState": "Licensed" if workload.protected else "New",
            "_links": {},
        }

    def point(self, point: RestorePoint) -> Mapping[str, Any]:
        """A restore point."""
        return {
            "id": point.id,
            "jobId": point.job_id,
            "repositoryId": point.repository_id,
            "backupTime": point.created,
            "isDeleted": False,
            "_links": {},
        }

    def license(self) -> Mapping[str, Any]:
        """The license."""
        own = self.world.license
        return {
            "licenseID": derived("license", own.id),
            "status": "Valid" if own.expires > self.world.now() else "Expired",
            "licenseExpires": own.expires,
            "type": "Subscription",
            "licensedTo": own.licensed_to,
            "totalNumber": own.instances,
            "usedNumber": int(own.instances_used),
            "newNumber": sum(not one.protected for one in self.world.workloads),
            "supportID": own.id,
        }

    # Long work: never 202; a job's start answers its session

    def is_long(self, operation: SpecOperation) -> bool:
        return any(_name(one.content) in ("RESTJobSession", "RESTRestoreSession") for one in operation.responses)

    def done(self, call: Call, session: Session | None) -> Answer:
        for response in call.operation.responses:
            name = _name(response.content)
            if session is not None and name == "RESTJobSession":
                return Answer(response.status, self.session_row(session))
            if session is not None and name == "RESTRestoreSession":
                return Answer(response.status, self.rows_of("restore session").row(session))
        return self.handlers.made(call, gone=True)

    def _log(self, call: Call, session: Session) -> Answer | None:
        listing = self.spec.listing(call.operation)
        if listing is None:
            return None
        words: Mapping[Result | None, str] = {"success": "Success", "warning": "Warning", "failed": "Error"}
        rows = [
            self.overlay(
                self.answers.value(listing[1], "line", session.id, number),
                {
                    "id": derived("line", session.id, number),
                    "title": line.text,
                    "message": line.text,
                    "status": words.get(line.result, "Running"),
                    "type": words.get(line.result, "Running"),
                    "creationTime": line.at,
                    "endTime": line.at,
                    "_links": {},
                },
                listing[1],
            )
            for number, line in enumerate(session.log)
        ]
        return self.handlers.page(call, rows)


def _name(content: Mapping[str, Any]) -> str:
    return str(content.get(JSON, {}).get("$ref", "")).rsplit("/", 1)[-1]
