"""What the products have in common in showing the world: kinds of things by path and by schema, actions, long work."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import attrs

from .._spec import Schema, Spec, SpecOperation
from .answers import Answers
from .handlers import JSON, Answer, Call, Handler, Handlers
from .kinds import Kind, Rows, Shown
from .linking import Links, Target
from .logins import common
from .overlay import overlay
from .products import Product
from .query import Row
from .references import Named, NamedFacts
from .things import Session
from .world import World

_SAMPLE = 2


@attrs.frozen(eq=False)
class Playing:
    """What the appliance plays.

    Attributes:
        build: of the release, such as `13.0.1.180`.
        newest: the specification of the newest revision that it serves.
    """

    build: str
    newest: Spec


class View:
    """How one revision shows the world; a subclass for each product.

    Args:
        handlers: of the revision; the view puts the world's collections into their store.
        product: whose view it is.
        playing: the release that the appliance plays.

    Attributes:
        fields: a field's name in lower case to the kind of thing whose id it holds.
        names: the same for fields that hold a name.
        lists: kinds of which the world knows nothing, to the list that answers for them, below `base`.
        jobs: lists of jobs, below `base`: actions on their rows act on jobs.
        sessions: the list of sessions, below `base`.
        infers: let fields that no table lists name rows of the list that is called like them: `teamId` those of
            `/Teams`.
        words: what fields call the rows of a list that is called otherwise, to its path below `base`.
        outside: fields that name what no list of the product has, such as a user of the cloud.
    """

    fields: ClassVar[Mapping[str, str]] = {}
    names: ClassVar[Mapping[str, str]] = {}
    lists: ClassVar[Mapping[str, str]] = {}
    jobs: ClassVar[Sequence[str]] = ()
    sessions: ClassVar[str] = "/sessions"
    infers: ClassVar[bool] = False
    words: ClassVar[Mapping[str, str]] = {}
    outside: ClassVar[Sequence[str]] = ()

    def __init__(self, handlers: Handlers, product: Product, playing: Playing) -> None:
        self.handlers = handlers
        self.spec: Spec = handlers.spec
        self.answers: Answers = handlers.answers
        self.world: World = handlers.world
        self.build = playing.build
        self.base = self.base_path()
        self.special: dict[str, Handler] = common(self.spec, product)
        self._rows: dict[str, Rows[Any]] = {}
        self._by_schema: dict[str, str] = {}
        self._kind_at: dict[str, str] = {}
        self._further: dict[str, Sequence[str]] = {}
        references = self.references = self.answers.references
        references.fields, references.names = self.fields, self.names
        for kind, path in self.lists.items():
            references.things[kind] = self._named(self.base + path)
            self._kind_at[self.base + path] = kind

    def base_path(self) -> str:
        """What every path of the revision begins with."""
        return "/api/v1"

    def _named(self, path: str) -> Callable[[], list[Named]]:
        return lambda: self.handlers.store.named(path)

    # Kinds

    def show(self, kind: Kind[Any]) -> None:
        """Let the lists of a kind show its facts; nothing where the revision has no such list."""
        templates = [self.base + path for path in kind.paths if "GET" in self.spec.paths.get(self.base + path, {})]
        schemas = [name for name in kind.schemas if name in self.spec.schemas]
        if templates or schemas:
            self.references.things[kind.name] = lambda: NamedFacts(
                kind.facts(), lambda fact: (kind.id(fact), kind.title(fact))
            )
        for name in schemas:
            self._by_schema[name] = kind.name
        for template in templates:
            self._show_at(kind, template)
        if schemas and kind.name not in self._rows:
            self._rows[kind.name] = self._make_rows(kind, {"$ref": f"#/components/schemas/{schemas[0]}"})
        for name in schemas:
            rows = self._rows[kind.name]
            if _ref(rows.schema) == name:
                self.references.rows[name] = self._one_of(rows)

    def _make_rows(self, kind: Kind[Any], schema: Schema | None) -> Rows[Any]:
        rows = Rows(kind, self.world, self.spec, self.answers, schema)
        rows.further = self._further.get(kind.name, ())
        self.handlers.store.sources[f"{kind.name} {_ref(rows.schema)}"] = rows
        return rows

    def _show_at(self, kind: Kind[Any], template: str) -> None:
        operation = self.spec.paths[template]["GET"]
        listing = self.spec.listing(operation)
        schema = listing[1] if listing else self._row_schema(template)
        rows = self._rows.get(kind.name)
        if rows is None or rows.schema != (schema or {}):
            rows = self._make_rows(kind, schema)
            self._rows.setdefault(kind.name, rows)
        self._kind_at[template] = kind.name
        shown = Shown(rows)
        self.handlers.store.show(template, lambda values: shown)
        if listing is None:
            self.special[operation.operation_id] = lambda call: self.handlers.page(call, list(shown.rows.values()))

    def _row_schema(self, template: str) -> Schema | None:
        """The schema of a row by the call that gives a single one, for lists that no document describes."""
        placeholder = self.handlers.store.placeholder(template)
        single = self.spec.paths.get(f"{template}/{{{placeholder}}}", {}).get("GET")
        return single.responses[0].content.get(JSON) if single and single.responses else None

    def _one_of(self, rows: Rows[Any]) -> Callable[[int], Any]:
        def give(number: int) -> Any:
            facts = rows.kind.facts()
            return rows.row(facts[number % len(facts)]) if facts else None

        return give

    def _infer(self) -> None:
        store = self.handlers.store

        def key(template: str) -> str:
            kind = self._kind_at.get(template)
            if kind in self._rows:
                return self._rows[kind].kind.key
            return store.key(self.spec.paths[template]["GET"], store.placeholder(template) or "id")

        more = {word: self.base + path for word, path in self.words.items()}
        links = store.links = Links(self.spec, key, self.outside, more)
        for path in links.lists:
            kind_here = self._kind_at.get(path, "")
            if kind_here in self._rows and path in links.own:
                self._further[kind_here] = self._rows[kind_here].further = links.own[path]
            listing = self.spec.listing(self.spec.paths[path]["GET"])
            if listing is not None and not store.shows(path):
                self.references.listed.setdefault(_ref(listing[1]), partial(store.sample, path))

        def link(field: str, holder: str, identity: bool) -> str:
            target = links.target(field, holder, identity=identity)
            if isinstance(target, str):
                return target
            kind = f"{target.path} {target.field}"
            self.references.things.setdefault(kind, partial(self._answering, target))
            return kind

        self.references.link = link

    def _answering(self, target: Target) -> list[Named]:
        """The things of a list, by one of the fields that identify its rows."""
        rows = self._rows.get(self._kind_at.get(target.path, ""))
        if rows is None:
            return self.handlers.store.named(target.path, target.field)
        kind = rows.kind
        return [(rows.own(fact, target.field), kind.title(fact)) for fact in kind.facts()]

    def _one_at(self, path: str) -> Callable[[int], Any]:
        def give(number: int) -> Any:
            first = self.handlers.store.first(path)
            held = self.handlers.store.collection(path, first) if first is not None else None
            rows = list(held.rows.values()) if held is not None else []
            return rows[number % len(rows)] if rows else None

        return give

    def rows_of(self, kind: str) -> Rows[Any]:
        """The rows of a kind."""
        return self._rows[kind]

    def connect(self) -> None:
        """Show kinds wherever else the revision answers with them: lists below rows, and single objects."""
        if self.infers:
            self._infer()
        for path in self.lists.values():
            operation = self.spec.paths.get(self.base + path, {}).get("GET")
            listing = self.spec.listing(operation) if operation else None
            if listing is not None and _ref(listing[1]):
                self.references.rows.setdefault(_ref(listing[1]), self._one_at(self.base + path))
        for operation in self.spec.operations.values():
            if operation.method != "GET" or operation.operation_id in self.special or not operation.responses:
                continue
            listing = self.spec.listing(operation)
            if listing is not None and not self.handlers.store.shows(operation.path):
                kind = self._by_schema.get(_ref(listing[1]))
                if kind is not None:
                    self._show_part(operation, kind, listing[1])
            elif listing is None and not operation.segments[-1].startswith("{"):
                kind = self._by_schema.get(_ref(operation.responses[0].content.get(JSON, {})))
                if kind is not None:
                    self.special[operation.operation_id] = self._single(kind)

    def _show_part(self, operation: SpecOperation, name: str, schema: Schema) -> None:
        source = self._rows[name]
        if source.schema != schema:
            source = self._make_rows(source.kind, schema)
        parents = [self._kind_at.get(path, "") for path in _parents(operation)]
        self._kind_at.setdefault(operation.path, name)

        def show(values: Sequence[str]) -> Shown[Any]:
            return Shown(source, lambda fact: self._belongs(source.kind, fact, parents, values))

        self.handlers.store.show(operation.path, show)

    def _belongs(self, kind: Kind[Any], fact: Any, parents: Sequence[str], values: Sequence[str]) -> bool:
        for parent, value in zip(parents, values, strict=False):
            if parent in kind.of:
                if value.lower() not in kind.of[parent](fact):
                    return False
            else:
                # Nothing says which ones: a few, and the same each time.
                facts = kind.facts()
                first = zlib.crc32(value.lower().encode()) % max(len(facts), 1)
                if fact not in facts[first : first + _SAMPLE]:
                    return False
        return True

    def _single(self, name: str) -> Handler:
        def handler(call: Call) -> Answer | None:
            self.handlers.exists(call)
            rows = self._rows[name]
            facts = rows.kind.facts()
            return Answer(call.operation.responses[0].status, rows.row(facts[-1])) if facts else None

        return handler

    def at(self, method: str, *paths: str) -> SpecOperation | None:
        """The operation at the first of some paths below `base` that the revision has, or None."""
        for path in paths:
            operation = self.spec.paths.get(self.base + path, {}).get(method)
            if operation is not None:
                return operation
        return None

    def one(self, path: str, over: Callable[[], Mapping[str, Any]], *, fresh: bool = False) -> None:
        """Let the GET at a path that answers one object show facts; `fresh` where they change by the clock alone."""
        operation = self.at("GET", path)
        if operation is None or JSON not in operation.responses[0].content:
            return
        response = operation.responses[0]

        def handler(call: Call) -> Answer | None:
            if self.handlers.store.setting(call.path) is not None:
                return None
            self.handlers.exists(call)
            made = self.handlers.made_json(operation, call.path)
            return Answer(response.status, overlay(self.spec, made, over(), response.content[JSON]))

        self.special[operation.operation_id] = handler
        if fresh:
            self.handlers.fresh.add(operation.operation_id)

    def session_row(self, session: Session) -> Row:
        """A session as this revision's list of sessions shows it."""
        return self._rows["session"].row(session)

    def overlay(self, base: Any, over: Mapping[str, Any], schema: Schema) -> Any:
        """Facts written over a made-up value."""
        return overlay(self.spec, base, over, schema)

    def log(self, path: str, show: Callable[[Call, Session], Answer | None]) -> None:
        """Let the GET at a path show a session's log."""
        operation = self.at("GET", path)

        def handler(call: Call) -> Answer | None:
            self.handlers.exists(call)
            try:
                return show(call, self.world.session(next(iter(call.values.values()))))
            except KeyError:
                return None

        if operation is not None:
            self.special[operation.operation_id] = handler


def _ref(schema: Schema) -> str:
    return str(schema.get("$ref", "")).rsplit("/", 1)[-1]


def _parents(operation: SpecOperation) -> list[str]:
    """The lists that an operation's placeholders name rows of, left to right."""
    found = []
    path = ""
    for segment in operation.segments:
        if segment.startswith("{"):
            found.append(path)
        path += "/" + segment
    return found
