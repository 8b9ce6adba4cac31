"""The world as Veeam Backup & Replication shows it, in all of its revisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from .._spec import SpecOperation
from . import vbr_tables as tables
from .actions import ActingView
from .answers import derived
from .handlers import JSON, Answer, Call, Handlers
from .kinds import Kind
from .products import Product, stamp
from .query import Row
from .things import Job, Server, Session, Task
from .vbr_storage import VbrStorage
from .views import Playing


class VbrView(ActingView):
    """Shows the world in one VBR revision."""

    fields: ClassVar[Mapping[str, str]] = tables.FIELDS
    names: ClassVar[Mapping[str, str]] = tables.NAMES
    lists: ClassVar[Mapping[str, str]] = tables.LISTS
    jobs: ClassVar[Sequence[str]] = ("/jobs",)

    def __init__(self, handlers: Handlers, product: Product, playing: Playing) -> None:
        super().__init__(handlers, product, playing)
        self._own = VbrStorage(self.world, self.spec, playing.newest)
        for kind in self._kinds():
            self.show(kind)
        self.connect()
        self.one("/license", self._own.license)
        self.one("/securityAnalyzer/bestPractices", self._own.practices)
        self.one("/serverInfo", self._server_info)
        self.one("/serverTime", lambda: {"serverTime": self.world.now(), "timeZone": "Etc/UTC"}, fresh=True)
        self.log("/sessions/{id}/logs", self._session_log)
        self.log("/automation/sessions/{id}/logs", self._session_log)
        self._add_task_log()
        self.add_actions()

    def _kinds(self) -> Sequence[Kind[Any]]:
        own, world = self._own, self.world
        infrastructure = "/backupInfrastructure"
        return (
            Kind(
                name="job", facts=own.jobs, row=own.job, paths=["/jobs"], schemas=["JobModel"], type=own.type_of,
                make=self.make_job("machine"), apply=self.apply_job, remove=world.jobs.remove,
            ),
            Kind(
                name="job state", facts=own.jobs, row=own.job_state, paths=["/jobs/states"], schemas=["JobStateModel"],
            ),
            Kind(
                name="session", facts=own.sessions, row=own.session, paths=[self.sessions], schemas=["SessionModel"],
                title=lambda session: session.name,
            ),
            Kind(
                name="automation session", facts=own.automation_sessions, row=own.session,
                paths=["/automation/sessions"],
            ),
            Kind(
                name="task session", facts=own.tasks, row=own.task, paths=["/taskSessions"],
                schemas=["TaskSessionModel"], type=lambda task: tables.TASK_TYPES[task.session.kind],
                of={"session": lambda task: (task.session.id,)},
            ),
            Kind(
                name="server", facts=own.servers, row=own.server, paths=[f"{infrastructure}/managedServers"],
                schemas=["ManagedServerModel"], type=lambda server: own.type_of(server),
                make=self._make_server, remove=world.remove_server,
            ),
            Kind(
                name="proxy", facts=own.proxies, row=own.proxy, paths=[f"{infrastructure}/proxies"],
                schemas=["ProxyModel"], type=lambda proxy: own.type_of(proxy),
                remove=world.proxies.remove,
            ),
            Kind(
                name="proxy state", facts=own.proxies, row=own.proxy_state, paths=[f"{infrastructure}/proxies/states"],
                schemas=["ProxyStateModel"],
            ),
            Kind(
                name="repository", facts=own.repositories, row=own.repository,
                paths=[f"{infrastructure}/repositories"], schemas=["RepositoryModel"],
                type=lambda repository: own.type_of(repository), make=self.make_repository,
                apply=self.apply_repository, remove=world.repositories.remove,
            ),
            Kind(
                name="repository state", facts=own.repositories, row=own.repository_state,
                paths=[f"{infrastructure}/repositories/states"], schemas=["RepositoryStateModel"],
            ),
            Kind(
                name="scale-out", facts=lambda: world.scale_outs, row=own.scale_out,
                paths=[f"{infrastructure}/scaleOutRepositories"], schemas=["ScaleOutRepositoryModel"],
                remove=world.scale_outs.remove,
            ),
            Kind(
                name="credentials", facts=own.credentials, row=own.credential, paths=["/credentials"],
                schemas=["CredentialsModel"], type=lambda one: own.type_of(one),
                make=own.make_credentials, apply=own.apply_credentials, remove=world.credentials.remove,
            ),
            *self._backup_kinds(),
        )  # fmt: skip

    def _backup_kinds(self) -> Sequence[Kind[Any]]:
        own = self._own
        points: dict[str, Any] = {
            "backupidfilter": lambda point, values: derived("backup", point.job_id) in values,
            "backupobjectidfilter": lambda point, values: point.workload_id in values,
        }
        return (
            Kind(
                name="backup", facts=own.backed_up, row=own.backup, paths=["/backups"], schemas=["BackupModel"],
                id=lambda job: derived("backup", job.id), remove=own.forget_backup,
            ),
            Kind(
                name="backup object", facts=own.protected, row=own.backup_object, paths=["/backupObjects"],
                schemas=["BackupObjectModel"], type=own.platform, of={"backup": own.backups_of},
            ),
            Kind(
                name="restore point", facts=own.points, row=own.point,
                paths=["/restorePoints", "/objectRestorePoints"], schemas=["ObjectRestorePointModel"], filters=points,
                of={
                    "backup object": lambda point: (point.workload_id,),
                    "backup": lambda point: (derived("backup", point.job_id),),
                },
                title=own.point_name,
            ),
            Kind(
                name="backup file", facts=own.points, row=own.file, schemas=["BackupFileModel"],
                id=lambda point: derived("file", point.id), title=own.file_name,
                of={"backup": lambda point: (derived("backup", point.job_id),)},
            ),
            Kind(
                name="replica", facts=own.replicated, row=own.replica, paths=["/replicas"], schemas=["ReplicaModel"],
                id=lambda job: derived("replica", job.id),
            ),
            Kind(
                name="replica point", facts=own.replica_points, row=own.replica_point, paths=["/replicaPoints"],
                schemas=["ReplicaPointModel"], id=lambda point: derived("replica point", point.id),
                title=own.point_name, of={"replica": lambda point: (derived("replica", point.job_id),)},
            ),
            Kind(
                name="malware event", facts=own.infected, row=own.malware_event, paths=["/malwareDetection/events"],
                schemas=["SuspiciousActivityEventModel"], id=lambda point: derived("event", point.id),
                title=own.point_name,
            ),
            Kind(
                name="licensed workload", facts=own.licensed, row=own.licensed_workload, paths=["/license/instances"],
                key="instanceId", id=lambda workload: derived("license", workload.id),
            ),
            Kind(name="licensed host", facts=list, row=lambda host: {}, paths=["/license/sockets"], key="hostId"),
        )  # fmt: skip

    def _server_info(self) -> Mapping[str, Any]:
        return {
            "vbrId": derived("vbr", str(self.world.seed)),
            "name": f"{self.world.name}.example.com",
            "buildVersion": self.build,
        }

    def job_place(self, row: Row) -> int:
        return self._own.place_of(Job, str(row.get("type", "")))

    def _make_server(self, row: Row) -> Server:
        kind = str(row.get("type", ""))
        place = self._own.place_of(Server, kind)
        name, text = row["name"], row.get("description") or ""
        key = str(row.get("credentialsId") or "")
        server = Server(str(row["id"]).lower(), name, text, kind.lower().startswith("linux"), True, place, key)
        self.world.servers.append(server)
        return server

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
        return self.handlers.made(call, gone=True)

    def _session_log(self, call: Call, session: Session) -> Answer:
        records = []
        for number, line in enumerate(session.log, 1):
            at: datetime = line.at
            record = {
                "id": number,
                "status": tables.LINES[line.result],
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
        rows = [self.overlay({}, record, items) for record in kept]
        return Answer(200, {"totalRecords": len(rows), "records": rows})

    def _add_task_log(self) -> None:
        operation = self.at("GET", "/taskSessions/{id}/logs")
        if operation is None:
            return

        def handler(call: Call) -> Answer | None:
            self.handlers.exists(call)
            key = call.values["id"].lower()
            task: Task | None = next((task for task in self._own.tasks() if task.id == key), None)
            return self._session_log(call, task.session) if task is not None else None

        self.special[operation.operation_id] = handler


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).rsplit("/", 1)[-1]
