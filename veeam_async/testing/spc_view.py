"""The world as the Veeam Service Provider Console shows it: two backup servers and the companies that they serve."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from .._spec import SpecOperation
from .answers import derived
from .cloud_view import CloudView
from .handlers import JSON, Answer, Call, Handler, Handlers
from .kinds import Kind
from .overlay import DROP, OneOf
from .paging import ORIGIN
from .products import Problem, Product, Refused
from .things import ALARM_RULES, Alarm, Job, Repository, Session, Workload
from .views import Playing

_STATUSES = {None: "Running", "success": "Success", "warning": "Warning", "failed": "Failed", "canceled": "None"}
_VERBS = {"start": "start", "stop": "stop", "retry": "start", "enable": "enable", "disable": "disable"}
_ALARMS = {"warning": "Warning", "failed": "Error", "resolved": "Resolved"}
_SERVERS = 2
_MEMBERS = "/infrastructure/vb365Servers/{vb365ServerUid}/organizations/{vb365OrganizationUid}"
# What no list answers for: objects of a cloud or a hypervisor, and further ids of a row itself.
_OUTSIDE = ("securityGroupId", "subnetId", "networkId", "hostId", "lastActivation.instanceUid", "uniqueUid", "pluginId")


class SpcView(CloudView):
    """Shows the world in one revision."""

    fields: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("organizationuid", "mappedorganizationuid", "companyuid"), "organization"),
        "backupserveruid": "backup server",
        "locationuid": "location",
        "initiatoruid": "user",
        "managementagentuid": "agent",
        "siteuid": "site",
        "jobuid": "job",
        "licenseid": "license",
        **{f"{word}.id": f"Microsoft 365 {word}" for word in ("site", "team", "user", "group")},
    }
    lists: ClassVar[Mapping[str, str]] = {
        "organization": "/organizations",
        "location": "/organizations/locations",
        "user": "/users",
        "agent": "/infrastructure/managementAgents",
        "site": "/infrastructure/sites",
        **{f"Microsoft 365 {word}": f"{_MEMBERS}/{word}s" for word in ("site", "team", "user", "group")},
    }
    outside: ClassVar[Sequence[str]] = _OUTSIDE
    infers: ClassVar[bool] = True
    sessions: ClassVar[str] = "/none"

    def __init__(self, handlers: Handlers, product: Product, playing: Playing) -> None:
        super().__init__(handlers, product, playing)
        handlers.faults = "errors"
        self._actions: dict[str, Answer] = {}
        for kind in self._kinds():
            self.show(kind)
        license_id = derived("license", self.world.license.id)
        self.references.things["license"] = lambda: [(license_id, self.world.license.licensed_to)]
        self.connect()
        for path, whole in (("/users/me", "/users"), ("/organizations/provider", "/organizations")):
            self.one(path, partial(self._first_of, whole))
        about = {"serverVersion": self.build, "installationId": derived("spc", self.world.seed)}
        self.one("/about", lambda: {"data": about})
        self.one("/licensing/console", lambda: {"data": self.license()})
        self._add_verbs()
        self._add_details()
        self.add_actions()
        self._add_asynchronous()

    def base_path(self) -> str:
        return "/api/v3"

    def _first_of(self, path: str) -> Mapping[str, Any]:
        named = self.handlers.store.named(self.base + path)
        return {"data": {"instanceUid": named[0][0], "name": named[0][1]}} if named else {}

    def _server(self, place: int) -> str:
        return derived("backup server", self.world.seed, place % _SERVERS)

    def _server_name(self, place: int) -> str:
        return f"{self.world.name}-{place}.example.com"

    def _kinds(self) -> Sequence[Kind[Any]]:
        world = self.world
        return (
            Kind(
                name="job", facts=lambda: world.jobs, row=self.job, paths=["/infrastructure/backupServers/jobs"],
                schemas=["BackupServerJob"], key="instanceUid", remove=world.jobs.remove,
                of={"backup server": lambda job: (self._server(job.place),)},
            ),
            Kind(
                name="repository", facts=lambda: world.repositories, row=self.repository,
                paths=["/infrastructure/backupServers/repositories"], schemas=["BackupRepository"], key="instanceUid",
                of={"backup server": lambda one: (self._server(one.place),)},
            ),
            Kind(
                name="backup server", facts=lambda: list(range(_SERVERS)), row=self.server,
                paths=["/infrastructure/backupServers"], schemas=["BackupServer"], key="instanceUid",
                id=self._server, title=self._server_name,
            ),
            Kind(
                name="machine", facts=lambda: [one for one in world.workloads if one.protected], row=self.machine,
                paths=["/protectedWorkloads/virtualMachines"], schemas=["ProtectedVirtualMachine"], key="instanceUid",
            ),
            Kind(
                name="alarm", facts=world.alarms, row=self.alarm, paths=["/alarms/active"], schemas=["ActiveAlarm"],
                key="instanceUid", id=lambda one: derived("alarm", one.id),
            ),
            Kind(
                name="alarm rule", facts=lambda: ALARM_RULES, row=self.alarm_rule, paths=["/alarms/templates"],
                schemas=["Alarm"], key="instanceUid", id=self._rule, title=str,
            ),
            Kind(
                name="server license", facts=lambda: list(range(_SERVERS)), row=self.server_license,
                paths=["/licensing/backupServers"], key="backupServerUid", id=self._server,
                title=self._server_name,
            ),
        )  # fmt: skip

    # Rows

    def job(self, job: Job) -> Mapping[str, Any]:
        """A job of a backup server."""
        last = self.world.last_session(job)
        repository = next((one for one in self.world.repositories if one.id == job.repository_id), None)
        done = last is not None and last.ended is not None
        moved = sum(point.size for point in self.world.restore_points if last and point.session_id == last.id)
        return {
            "instanceUid": job.id,
            "uniqueUid": derived("unique", job.id),
            "name": job.name,
            "description": job.description,
            "backupServerUid": self._server(job.place),
            "status": _STATUSES[last.result] if last else "None",
            "lastRun": last.started if last else None,
            "lastEndTime": last.ended if last else None,
            "lastDuration": int((last.ended - last.started).total_seconds()) if done and last and last.ended else None,
            "transferredData": moved,
            "isEnabled": job.enabled,
            "failureMessage": last.message if last and last.result in ("warning", "failed") else None,
            "destination": repository.name if repository else None,
            "lastSessionTasks": DROP,
        }

    def repository(self, repository: Repository) -> Mapping[str, Any]:
        """A repository of a backup server; `expand` fills the rest."""
        host = next((one.name for one in self.world.servers if one.id == repository.server_id), "")
        return {
            "instanceUid": repository.id,
            "name": repository.name,
            "backupServerUid": self._server(repository.place),
            "_embedded": {
                "capacity": repository.capacity,
                "freeSpace": repository.free,
                "usedSpace": repository.used,
                "backupSize": repository.used,
                "hostName": host,
                "path": f"/{repository.bucket}/{repository.folder}",
                "status": OneOf("Healthy") if repository.online else OneOf("Error"),
            },
        }

    def server(self, place: int) -> Mapping[str, Any]:
        """A backup server."""
        return {
            "instanceUid": self._server(place),
            "name": self._server_name(place),
            "version": "13.0.1.180",
            "displayVersion": "13.0.1.180",
            "status": OneOf("Healthy"),
        }

    def machine(self, workload: Workload) -> Mapping[str, Any]:
        """A protected machine."""
        points = [one for one in self.world.restore_points if one.workload_id == workload.id]
        job = next((job for job in self.world.jobs if workload.id in job.workloads), None)
        return {
            "instanceUid": workload.id,
            "backupServerUid": self._server(job.place if job else 0),
            "name": workload.name,
            "objectUid": workload.id,
            "usedSourceSize": workload.size,
            "provisionedSourceSize": workload.size,
            "totalRestorePointSize": sum(point.size for point in points),
            "latestRestorePointSize": points[-1].size if points else 0,
            "restorePoints": len(points),
            "latestRestorePointDate": points[-1].created if points else None,
            "jobUid": job.id if job else None,
        }

    def _rule(self, name: str) -> str:
        return derived("alarm rule", name)

    def alarm(self, alarm: Alarm) -> Mapping[str, Any]:
        """An alarm about a session that went wrong."""
        return {
            "instanceUid": derived("alarm", alarm.id),
            "alarmTemplateUid": self._rule(alarm.name),
            "repeatCount": 1,
            "area": OneOf("vspc"),
            "object": {
                "type": OneOf("BackupServerJob"),
                "objectUid": alarm.subject_id,
                "objectName": alarm.subject,
                "computerName": f"{self.world.name}.example.com",
            },
            "lastActivation": {
                "time": alarm.time,
                "status": _ALARMS[alarm.status],
                "message": alarm.message,
                "remark": None,
            },
        }

    def alarm_rule(self, name: str) -> Mapping[str, Any]:
        """A rule that raises alarms."""
        return {"instanceUid": self._rule(name), "name": name, "isEnabled": True}

    def license(self) -> Mapping[str, Any]:
        """The console's own license."""
        own = self.world.license
        return {
            "licenseeCompany": own.licensed_to,
            "expirationDate": own.expires,
            "supportExpirationDate": own.support_expires,
            "supportId": own.id,
            "status": OneOf("Valid"),
            "instances": float(own.instances),
            "type": OneOf("Subscription"),
        }

    def server_license(self, place: int) -> Mapping[str, Any]:
        """The license of a backup server; what they use adds up to the world's."""
        own = self.world.license
        used = own.instances_used if place == 0 else 0.0
        return {
            "backupServerUid": self._server(place),
            "company": own.licensed_to,
            "expirationDate": own.expires,
            "supportExpirationDate": own.support_expires,
            "status": OneOf("Valid"),
            "units": float(own.instances),
            "usedUnits": used,
            "unitType": OneOf("Instances"),
        }

    def _add_details(self) -> None:
        """Let what is below a row and carries its id carry the id and the name of that row."""
        for operation in self.spec.operations.values():
            *_, above, last = operation.segments
            if operation.method != "GET" or not above.startswith("{") or last.startswith("{"):
                continue
            inner = self.spec.properties(operation.responses[0].content.get(JSON, {})).get("data", {})
            if "instanceUid" in self.spec.properties(inner) and self.spec.listing(operation) is None:
                self.special.setdefault(operation.operation_id, self._detail)

    def _detail(self, call: Call) -> Answer | None:
        self.handlers.exists(call)
        found = self.handlers.store.row(call.operation, call.values)
        row = found[0].rows.get(found[1]) if found is not None else None
        if row is None or self.handlers.store.setting(call.path) is not None:
            return None
        response = call.operation.responses[0]
        over = {name: row[name] for name in ("instanceUid", "name") if name in row}
        made = self.handlers.made_json(call.operation, call.path)
        return Answer(response.status, self.overlay(made, {"data": over}, response.content[JSON]))

    # Actions: nothing to follow but the job's status; any call may be answered elsewhere

    def _add_verbs(self) -> None:
        for verb, action in _VERBS.items():
            operation = self.at("POST", f"/infrastructure/backupServers/jobs/{{jobUid}}/{verb}")
            if operation is not None:
                self.special[operation.operation_id] = self._verb(action)

    def _verb(self, verb: str) -> Handler:
        def handler(call: Call) -> Answer | None:
            try:
                job = self.world.job(call.values["jobUid"])
            except KeyError:
                return None
            return self.act(call, job, verb)

        return handler

    def is_long(self, operation: SpecOperation) -> bool:
        return False

    def done(self, call: Call, session: Session | None) -> Answer:
        return self.handlers.made(call, gone=True)

    def _add_asynchronous(self) -> None:
        base = f"{self.base}/asyncActions"
        info = self.at("GET", "/asyncActions/{actionId}")
        result = self.at("GET", "/asyncActions/{actionId}/result")
        if info is not None and result is not None:
            self.special[info.operation_id] = self._info
            self.special[result.operation_id] = self._result
        for operation in self.spec.operations.values():
            accepts = any(response.status == 202 for response in operation.responses)
            if accepts and not operation.path.startswith(base):
                self.special[operation.operation_id] = self._elsewhere(operation)

    def _elsewhere(self, operation: SpecOperation) -> Handler:
        before = self.special.get(operation.operation_id)

        def handler(call: Call) -> Answer | None:
            if not call.host.behaviour.asynchronous:
                return before(call) if before is not None else None
            answer = (before(call) if before is not None else None) or self.handlers.plain(call)
            key = str(uuid.uuid4())
            self._actions[key] = answer
            return Answer(202, headers={"Location": f"{ORIGIN}{self.base}/asyncActions/{key}"})

        return handler

    def _held(self, call: Call) -> tuple[str, Answer]:
        key = call.values["actionId"].lower()
        if key not in self._actions:
            raise Refused(Problem(404, f"There is no action {key}."))
        return key, self._actions[key]

    def _info(self, call: Call) -> Answer | None:
        if self._is_unknown(call):
            return None
        key, _ = self._held(call)
        made = self.handlers.made_json(call.operation, call.path)
        schema = call.operation.responses[0].content[JSON]
        over = {"data": {"actionId": key, "status": OneOf("succeed")}, "errors": None}
        return Answer(200, self.overlay(made, over, schema))

    def _result(self, call: Call) -> Answer | None:
        return None if self._is_unknown(call) else self._held(call)[1]

    def _is_unknown(self, call: Call) -> bool:
        """True for an action that nobody began, where any id is to be answered."""
        return call.host.behaviour.unknown_ids == "answer" and call.values["actionId"].lower() not in self._actions
