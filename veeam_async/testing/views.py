"""What the three products have in common in showing the world: the actions on jobs and sessions, and long work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from .._spec import Schema, Spec, SpecOperation
from .answers import Answers
from .facts import Facts, lay, plain
from .handlers import JSON, Answer, Call, Handler, Handlers, common
from .products import Problem, Product, Refused
from .query import Row
from .world import GIB, Busy, Job, Repository, Session, SessionKind, World


class View:
    """One revision's way to show the world; a subclass for each product.

    Args:
        handlers: of the revision; the view puts the world's collections into their store.
        product: whose view it is.
    """

    jobs: ClassVar[Mapping[str, str]] = {}
    """Path of each list of jobs: the kind of world job that it shows, or `*` for all."""
    sessions: str = ""
    """Path of the list of sessions."""

    def __init__(self, handlers: Handlers, product: Product) -> None:
        self.handlers = handlers
        self.spec: Spec = handlers.spec
        self.answers: Answers = handlers.answers
        self.world: World = handlers.world
        self.special: dict[str, Handler] = common(self.spec, product)

    # Collections

    def show(
        self, path: str, facts: Callable[[], Sequence[Any]], over: Callable[[Any], Mapping[str, Any]], **options: Any
    ) -> None:
        """Let the list at a path show facts; nothing where the revision has no such list, or one without a schema."""
        operation = self.spec.paths.get(path, {}).get("GET")
        if operation is None:
            return
        listing = self.spec.listing(operation)
        if listing is not None:
            held = Facts(self.world, self.spec, self.answers, listing[1], facts, over, **options)
            self.handlers.store.hold(path, held)
        else:
            rows = self._untyped(facts, over)
            self.special[operation.operation_id] = lambda call: self.handlers.page(call, rows())

    def _untyped(
        self, facts: Callable[[], Sequence[Any]], over: Callable[[Any], Mapping[str, Any]]
    ) -> Callable[[], list[Row]]:
        def rows() -> list[Row]:
            return [plain(over(fact)) for fact in facts()]

        return rows

    def one(self, operation_id: str, over: Callable[[], Mapping[str, Any]], *, fresh: bool = False) -> None:
        """Let an operation that answers one object show facts in it; `fresh` where they change by the clock alone."""
        operation = self.spec.operations.get(operation_id)
        if operation is None:
            return
        response = operation.responses[0]
        base = self.answers.of(operation, response.status, JSON, operation.path)

        def handler(call: Call) -> Answer | None:
            if self.handlers.store.setting(call.path) is not None:
                return None
            return Answer(response.status, lay(self.spec, base, over(), response.content[JSON]))

        self.special[operation_id] = handler
        if fresh:
            self.handlers.fresh.add(operation_id)

    def jobs_of(self, kind: str) -> Callable[[], list[Job]]:
        """Gives the world's jobs of one kind, or all."""
        return lambda: [job for job in self.world.jobs if kind in (job.kind, "*")]

    # Jobs by POST, PUT and DELETE

    def make_job(self, kind: str) -> Callable[[Row], Job]:
        """Gives the maker of world jobs of one kind from created rows."""

        def make(row: Row) -> Job:
            job = Job(
                id=str(row["id"]).lower(),
                name=row.get("name") or "New job",
                description=row.get("description") or "",
                kind="machine" if kind == "*" else kind,  # type: ignore[arg-type]
                enabled=True,
                repository_id=self.world.repositories[0].id,
                next_run=None,
                workloads=[],
            )
            self.apply_job(job, row)
            self.world.jobs.append(job)
            return job

        return make

    def apply_job(self, job: Job, row: Row) -> None:
        """Write a changed row onto its job."""
        job.name = row.get("name") or job.name
        job.description = row.get("description") or ""
        if isinstance(row.get("isEnabled"), bool):
            job.enabled = row["isEnabled"]
        if isinstance(row.get("isDisabled"), bool):
            job.enabled = not row["isDisabled"]

    # Repositories

    def show_repositories(self, path: str, over: Callable[[Repository], Mapping[str, Any]], **options: Any) -> None:
        """Let the list at a path show the repositories, and make, change and forget them."""
        world = self.world
        self.show(
            path,
            lambda: world.repositories,
            over,
            make=self.make_repository,
            apply=self.apply_repository,
            remove=lambda fact: world.repositories.remove(fact),
            **options,
        )

    def make_repository(self, row: Row) -> Repository:
        """The world's repository for a created row."""
        repository = Repository(
            id=str(row["id"]).lower(),
            name=row.get("name") or "New repository",
            description=row.get("description") or "",
            server_id=self.world.servers[0].id,
            bucket="new",
            folder=row.get("amazonStorageFolder") or "veeam",
            region=self.world.repositories[0].region,
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
        for operation in self.spec.operations.values():
            if operation.method == "GET" or operation.operation_id in self.special:
                continue
            parent, _, verb = operation.path.rpartition("/")
            collection = parent.rpartition("/")[0]
            if collection in self.jobs and verb in ("start", "stop", "retry", "enable", "disable"):
                self.special[operation.operation_id] = self._job_action(collection, verb)
            elif collection == self.sessions and verb == "stop":
                self.special[operation.operation_id] = self._stop_session
            elif self.is_long(operation):
                self.special[operation.operation_id] = self._long_work(operation)

    def _job_action(self, collection: str, verb: str) -> Handler:
        def handler(call: Call) -> Answer | None:
            self.handlers.exists(call)
            held = self.handlers.store.collection(collection, collection)
            key = next(iter(call.values.values()))
            if not isinstance(held, Facts) or key.lower() not in held.rows:
                return None
            job: Job = held.fact(key)
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
            held = self.handlers.store.own_row(operation, call.values)
            if operation.method == "POST" and isinstance(call.body, dict) and not operation.path.endswith("}"):
                collection = self.handlers.store.collection(operation.path, call.path)
                if collection is not None:
                    self.handlers.store.create(collection, call.body)
            else:
                self.handlers.exists(call)
                if held is not None and held[1] in held[0].rows:
                    if operation.method == "DELETE":
                        self.handlers.store.remove(*held)
                    elif isinstance(call.body, dict):
                        sent = next(iter(operation.body.values()), {})
                        whole = sent.get("$ref") == held[0].schema.get("$ref")
                        self.handlers.store.change(*held, call.body, whole=whole)
            return self.done(call, self.world.start(kind=kind, name=title))

        return handler

    def session_row(self, session: Session) -> Row:
        """A session as this revision's list of sessions shows it."""
        held = self.handlers.store.collection(self.sessions, self.sessions)
        assert isinstance(held, Facts)
        return held.row(session)

    def log(self, operation_id: str, show: Callable[[Call, Session], Answer]) -> None:
        """Let an operation show a session's log."""

        def handler(call: Call) -> Answer | None:
            self.handlers.exists(call)
            try:
                return show(call, self.world.session(next(iter(call.values.values()))))
            except KeyError:
                return None

        if operation_id in self.spec.operations:
            self.special[operation_id] = handler

    def lay(self, base: Any, over: Mapping[str, Any], schema: Schema) -> Any:
        """Facts laid over a made-up value."""
        return lay(self.spec, base, over, schema)
