"""Actions and long work of Veeam Backup for Microsoft Azure, and what reports it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from .._spec import Schema, SpecOperation
from .cloud_view import CloudView
from .handlers import JSON, Answer, Call, Handler, Handlers
from .overlay import OneOf
from .paging import ORIGIN
from .products import Problem, Product, Refused, stamp
from .query import Row
from .things import Job, Result, Session
from .views import Playing

STATUSES: Mapping[Result, str] = {
    "success": "Success",
    "warning": "Warning",
    "failed": "Error",
    "canceled": "Canceled",
}
BUSY = {"starting": "Pending", "running": "Running", "stopping": "Canceling"}
BACKUPS = {
    "machine": OneOf("PolicyBackup"),
    "database": OneOf("SqlPolicyBackup"),
    "files": OneOf("FileSharePolicySnapshot"),
    "nosql": OneOf("PostgresDbPolicyBackup", "PolicyBackup"),
    "network": OneOf("VnetPolicyBackup"),
}
POLICIES = {
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
    return STATUSES[session.result] if session.result else BUSY[session.state]


def span(seconds: float) -> str:
    """A length of time as the appliances write it."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


class AzureWork(CloudView):
    """How one Azure revision acts on the world and answers for work that goes on."""

    def __init__(self, handlers: Handlers, product: Product, playing: Playing) -> None:
        super().__init__(handlers, product, playing)
        self._operations: dict[str, tuple[Session, Any]] = {}

    def base_path(self) -> str:
        return f"/api/{self.spec.revision}"

    def add_work(self) -> None:
        """Let the revision's operations act on the world."""
        self.log("/jobSessions/{sessionId}/log", self._log)
        operation = self.at("GET", "/operations/{operationId}")
        if operation is not None:
            self.special[operation.operation_id] = self._operation
        self._add_network_actions()
        self.add_actions()
        self._add_asynchronous()

    def network(self) -> Job | None:
        """The job that protects virtual networks, or None."""
        return next((job for job in self.world.jobs if job.kind == "network"), None)

    def busy(self, text: str, resource_id: str) -> Refused:
        return Refused(Problem(409, text, resource_id=resource_id))

    def _add_network_actions(self) -> None:
        for verb in ("start", "stop", "enable", "disable"):
            operation = self.spec.paths.get(f"{self.base}/policy/vnet/{verb}", {}).get("POST")
            if operation is not None:
                self.special[operation.operation_id] = self._network_action(verb)

    def _network_action(self, verb: str) -> Handler:
        def handler(call: Call) -> Answer | None:
            job = self.network()
            return self.act(call, job, verb) if job is not None else None

        return handler

    # Long work

    def is_long(self, operation: SpecOperation) -> bool:
        answers = [response.content.get(JSON) for response in operation.responses if response.status == 202]
        return any(self._shape(schema) for schema in answers)

    def _shape(self, schema: Schema | None) -> str:
        """`session`, `list`, `page` or an empty string: how an answer gives a session."""
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
        return self.handlers.made(call, gone=True)

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
                "status": STATUSES[line.result] if line.result else "Running",
                "message": line.text,
                "executionStartTime": line.at,
                "executionDuration": span(line.seconds),
            }
            for line in session.log
        ]
        items = self.spec.properties(self.handlers.schema(call.operation, 200) or {})["log"]["items"]
        return Answer(200, {"jobSessionId": session.id, "log": [self.overlay({}, line, items) for line in lines]})
