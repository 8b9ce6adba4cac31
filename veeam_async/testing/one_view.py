"""The world as Veeam ONE shows it: what it has collected from a backup server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .._spec import SpecOperation
from .cloud_view import CloudView
from .handlers import Answer, Call, Handlers
from .kinds import Kind
from .overlay import OneOf
from .products import Product
from .things import ALARM_RULES, Alarm, Job, Proxy, Repository, Session, Workload
from .views import Playing

_STATUSES = {None: "Running", "success": "Success", "warning": "Warning", "failed": "Failed", "canceled": "None"}
_ALARMS = {"warning": "Warning", "failed": "Error", "resolved": "Resolved"}
# Each listing of jobs has an id of its own: the path, the field, and which jobs by their place.
_JOBS = (
    ("vmBackupJobs", "vmBackupJobUid", 0),
    ("agentBackupJobs", "agentBackupJobUid", 1),
    ("backupCopyJobs", "backupCopyJobUid", 2),
    ("fileBackupJobs", "fileBackupJobUid", 3),
)


class OneView(CloudView):
    """Shows the world in one revision."""

    fields: ClassVar[Mapping[str, str]] = {"jobuid": "vmBackupJobs"}
    names: ClassVar[Mapping[str, str]] = {"parenthostname": "server name"}
    infers: ClassVar[bool] = True
    sessions: ClassVar[str] = "/none"

    def __init__(self, handlers: Handlers, product: Product, playing: Playing) -> None:
        super().__init__(handlers, product, playing)
        for kind in self._kinds():
            self.show(kind)
        self.references.things["server name"] = lambda: [(one.id, one.name) for one in self.world.servers]
        self.connect()
        machine = f"{self.world.name}.example.com"
        self.one("/about", lambda: {"name": "Veeam ONE", "version": self.build, "machine": machine})
        self.one("/license", self.license)
        self.one("/license/currentUsage", self.usage)
        self._add_log_task()
        self.add_actions()

    def base_path(self) -> str:
        return f"/api/v{self.spec.revision.removeprefix('v')}"

    def _kinds(self) -> Sequence[Kind[Any]]:
        world = self.world
        jobs = [
            Kind(
                name=path, facts=self._jobs(place), row=self._job_row(field), paths=[f"/vbrJobs/{path}"], key=field,
            )
            for path, field, place in _JOBS
        ]  # fmt: skip
        return (
            *jobs,
            Kind(
                name="repository", facts=lambda: world.repositories, row=self.repository, paths=["/vbr/repositories"],
                key="repositoryId", id=lambda one: str(one.place + 1),
            ),
            Kind(
                name="backup server", facts=lambda: [world], row=self.server, paths=["/vbr/backupServers"],
                key="backupServerId", id=lambda one: "1", title=lambda one: one.name,
            ),
            Kind(
                name="proxy", facts=lambda: world.proxies, row=self.proxy, paths=["/vbr/backupProxies"],
                key="backupProxyId", id=lambda one: str(one.place + 1),
            ),
            Kind(
                name="machine", facts=lambda: [one for one in world.workloads if one.protected], row=self.machine,
                paths=["/protectedData/virtualMachines"], key="vmUidInVbr",
            ),
            Kind(
                name="virtual machine", facts=lambda: world.workloads, row=self.virtual_machine, paths=["/vSphere/vms"],
                key="vmId", id=lambda one: str(world.workloads.index(one) + 1),
            ),
            Kind(
                name="alarm", facts=world.alarms, row=self.alarm, paths=["/alarms/triggeredAlarms"],
                key="triggeredAlarmId", id=lambda one: str(one.number),
            ),
        )  # fmt: skip

    def _jobs(self, place: int) -> Any:
        return lambda: [job for job in self.world.jobs if job.place % len(_JOBS) == place]

    def _job_row(self, field: str) -> Any:
        return lambda job: {field: job.id, **self.job(job)}

    # Rows

    def job(self, job: Job) -> Mapping[str, Any]:
        """A job, but for its id."""
        last = self.world.last_session(job)
        done = [one for one in self.world.sessions_of(job) if one.ended]
        lengths = [int((one.ended - one.started).total_seconds()) for one in done if one.ended]
        moved = sum(point.size for point in self.world.restore_points if last and point.session_id == last.id)
        return {
            "backupServerId": 1,
            "name": job.name,
            "description": job.description,
            "status": _STATUSES[last.result] if last else "None",
            "details": [last.message] if last and last.message else [],
            "lastRun": last.started if last else None,
            "lastRunDurationSec": lengths[-1] if lengths else 0,
            "avgDurationSec": sum(lengths) // len(lengths) if lengths else 0,
            "lastTransferredDataBytes": moved,
        }

    def repository(self, repository: Repository) -> Mapping[str, Any]:
        """A repository."""
        return {
            "repositoryId": repository.place + 1,
            "repositoryUidInVbr": repository.id,
            "backupServerId": 1,
            "name": repository.name,
            "path": f"/{repository.bucket}/{repository.folder}",
            "capacityBytes": repository.capacity,
            "freeSpaceBytes": repository.free,
            "state": OneOf("Ok") if repository.online else OneOf("Inaccessible"),
        }

    def server(self, world: Any) -> Mapping[str, Any]:
        """The backup server."""
        return {
            "backupServerId": 1,
            "name": f"{world.name}.example.com",
            "version": "13.0.1.180",
            "isCluster": False,
            "connectionState": OneOf("Connected"),
        }

    def proxy(self, proxy: Proxy) -> Mapping[str, Any]:
        """A proxy."""
        server = next((one for one in self.world.servers if one.id == proxy.server_id), None)
        return {
            "backupProxyId": proxy.place + 1,
            "proxyUidInVbr": proxy.id,
            "backupServerId": 1,
            "name": proxy.name,
            "enabled": proxy.enabled,
            "state": OneOf("Ok") if server is not None and server.online else OneOf("Inaccessible"),
        }

    def machine(self, workload: Workload) -> Mapping[str, Any]:
        """A protected machine."""
        points = [one for one in self.world.restore_points if one.workload_id == workload.id]
        job = next((job for job in self.world.jobs if workload.id in job.workloads), None)
        return {
            "vmId": self.world.workloads.index(workload) + 1,
            "vmUidInVbr": workload.id,
            "backupServerId": 1,
            "backupServerName": f"{self.world.name}.example.com",
            "name": workload.name,
            "usedSourceSizeBytes": workload.size,
            "provisionedSourceSizeBytes": workload.size,
            "lastProtectedDate": points[-1].created if points else None,
            "jobUid": job.id if job else None,
            "jobName": job.name if job else None,
        }

    def virtual_machine(self, workload: Workload) -> Mapping[str, Any]:
        """A machine of the hypervisor, protected or not."""
        jobs = [job.id for job in self.world.jobs if workload.id in job.workloads]
        return {
            "vmId": self.world.workloads.index(workload) + 1,
            "name": workload.name,
            "guestDnsName": f"{workload.name}.example.com",
            "guestOs": "Linux" if workload.linux else "Windows",
            "vmProtectionJobUids": jobs,
        }

    def alarm(self, alarm: Alarm) -> Mapping[str, Any]:
        """An alarm about a session that went wrong."""
        rule = ALARM_RULES.index(alarm.name) + 1
        return {
            "triggeredAlarmId": alarm.number,
            "name": alarm.name,
            "alarmTemplateId": rule,
            "predefinedAlarmId": rule,
            "triggeredTime": alarm.time,
            "status": _ALARMS[alarm.status],
            "description": alarm.message,
            "comment": "",
            "repeatCount": 1,
            "alarmSource": {"objectName": alarm.subject, "objectType": OneOf("VbrJob")},
        }

    def license(self) -> Mapping[str, Any]:
        """The license."""
        own = self.world.license
        return {
            "type": OneOf("Subscription"),
            "expirationDate": own.expires,
            "supportExpirationDate": own.support_expires,
            "instances": own.instances,
            "sockets": 0,
            "company": own.licensed_to,
            "supportId": own.id,
        }

    def usage(self) -> Mapping[str, Any]:
        """What of the license is used."""
        own = self.world.license
        counts = {
            "licensed": own.instances,
            "used": own.instances_used,
            "available": own.instances - own.instances_used,
        }
        return {"units": [{"licenseUnit": "Instances", **{name: f"{count:g}" for name, count in counts.items()}}]}

    # Long work: one task, polled by POST

    def _add_log_task(self) -> None:
        start, poll = self.at("POST", "/about/logs"), self.at("POST", "/about/logs/tasks/{taskId}/status")
        if start is None or poll is None:
            return

        def begin(call: Call) -> Answer:
            session = self.world.start(kind="infrastructure", name="Log collection")
            return Answer(200, {"id": session.id, "state": "Running", "result": None})

        def status(call: Call) -> Answer | None:
            try:
                session = self.world.session(call.values["taskId"])
            except KeyError:
                return None
            state = "Running" if session.result is None else "Completed"
            return Answer(200, {"id": session.id, "state": state, "result": None})

        self.special[start.operation_id] = begin
        self.special[poll.operation_id] = status

    def is_long(self, operation: SpecOperation) -> bool:
        return False

    def done(self, call: Call, session: Session | None) -> Answer:
        return self.handlers.made(call, gone=True)
