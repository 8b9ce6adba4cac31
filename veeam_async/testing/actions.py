"""What the products have in common in acting on the world: created rows, actions on jobs and sessions, long work."""

from __future__ import annotations

from collections.abc import Callable

from .._spec import SpecOperation
from .handlers import Answer, Call, Handler
from .kinds import Shown
from .products import Problem, Refused
from .query import Row
from .things import GIB, Job, Repository, Session, SessionKind
from .views import View
from .world import Busy

_VERBS = ("start", "stop", "retry", "enable", "disable")


class ActingView(View):
    """How one revision shows the world and acts on it."""

    # Jobs and repositories by POST, PUT and DELETE

    def make_job(self, kind: str) -> Callable[[Row], Job]:
        """Gives the maker of world jobs of one kind from created rows."""

        def make(row: Row) -> Job:
            job = Job(
                id=str(row["id"]).lower(),
                name=row.get("name") or "New job",
                description=row.get("description") or "",
                kind=kind,  # type: ignore[arg-type]
                enabled=True,
                repository_id=self.world.repositories[0].id,
                next_run=None,
                workloads=[],
                place=self.job_place(row),
            )
            self.apply_job(job, row)
            self.world.jobs.append(job)
            return job

        return make

    def job_place(self, row: Row) -> int:
        """The place that gives a created job the type of its row."""
        return 0

    def apply_job(self, job: Job, row: Row) -> None:
        """Write a changed row onto its job."""
        job.name = row.get("name") or job.name
        job.description = row.get("description") or ""
        if isinstance(row.get("isEnabled"), bool):
            job.enabled = row["isEnabled"]
        if isinstance(row.get("isDisabled"), bool):
            job.enabled = not row["isDisabled"]

    def make_repository(self, row: Row) -> Repository:
        """The world's repository for a created row."""
        repository = Repository(
            id=str(row["id"]).lower(),
            name=row.get("name") or "New repository",
            description=row.get("description") or "",
            server_id=self.world.servers[0].id,
            bucket="new",
            folder=row.get("amazonStorageFolder") or "veeam",
            region=self.world.repositories[0].region if self.world.repositories else "eu-central-1",
            capacity=1024 * GIB,
            used=0,
            online=True,
            encrypted=bool(row.get("enableEncryption")),
        )
        self.world.repositories.append(repository)
        return repository

    def apply_repository(self, repository: Repository, row: Row) -> None:
        """Write a changed row onto its repository."""
        repository.name = row.get("name") or repository.name
        repository.description = row.get("description") or ""

    # Actions

    def add_actions(self) -> None:
        """Let the operations below jobs and sessions act on the world, and long work start sessions."""
        jobs = {self.base + path for path in self.jobs}
        for operation in self.spec.operations.values():
            if operation.method == "GET" or operation.operation_id in self.special:
                continue
            parent, _, verb = operation.path.rpartition("/")
            collection = parent.rpartition("/")[0]
            if collection in jobs and verb in _VERBS:
                self.special[operation.operation_id] = self._job_action(collection, verb)
            elif collection == self.base + self.sessions and verb == "stop":
                self.special[operation.operation_id] = self._stop_session
            elif self.is_long(operation):
                self.special[operation.operation_id] = self._long_work(operation)

    def _job_action(self, collection: str, verb: str) -> Handler:
        def handler(call: Call) -> Answer | None:
            self.handlers.exists(call)
            held = self.handlers.store.collection(collection, collection)
            key = next(iter(call.values.values()))
            if not isinstance(held, Shown) or key.lower() not in held.rows:
                return None
            job: Job = held.source.fact(key)
            return self.act(call, job, verb)

        return handler

    def act(self, call: Call, job: Job, verb: str) -> Answer:
        """Start, stop, enable or disable a job."""
        if verb in ("enable", "disable"):
            job.enabled = verb == "enable"
            self.world.changed()
            return self.done(call, None)
        try:
            if verb == "stop":
                session = self.world.last_session(job)
                if session is None:
                    raise Busy(f"{job.name} does not run.")
                self.world.stop(session)
            else:
                session = self.world.start(job)
        except Busy as error:
            raise self.busy(str(error), job.id) from None
        return self.done(call, session)

    def _stop_session(self, call: Call) -> Answer | None:
        self.handlers.exists(call)
        try:
            session = self.world.stop(next(iter(call.values.values())))
        except KeyError:
            return None
        except Busy as error:
            raise self.busy(str(error), "") from None
        return self.done(call, session)

    def busy(self, text: str, resource_id: str) -> Refused:
        """The error for what cannot be done now."""
        return Refused(Problem(400, text, "UnknownError", resource_id=resource_id))

    # Long work

    def is_long(self, operation: SpecOperation) -> bool:
        """True where an operation starts work that goes on after its answer."""
        raise NotImplementedError

    def done(self, call: Call, session: Session | None) -> Answer:
        """The answer to an action: about its session where it has one and the operation answers with one."""
        raise NotImplementedError

    def _long_work(self, operation: SpecOperation) -> Handler:
        kind: SessionKind = "restore" if "estore" in operation.path.replace("restorePoints", "") else "infrastructure"
        title = str(operation.raw.get("summary") or operation.operation_id)

        def handler(call: Call) -> Answer:
            if operation.method == "POST" and isinstance(call.body, dict) and not operation.path.endswith("}"):
                collection = self.handlers.store.collection(operation.path, call.path)
                if collection is not None:
                    self.handlers.store.create(collection, call.body)
            else:
                self.handlers.exists(call)
                self.handlers.change(call)
            return self.done(call, self.world.start(kind=kind, name=title))

        return handler
