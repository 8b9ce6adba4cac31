"""The state behind a revision's operations: collections whose rows can be listed, made, changed and removed by path."""

from __future__ import annotations

import copy
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from .._spec import Schema, Spec, SpecOperation
from .answers import Answers, derived
from .products import Problem, Refused
from .query import Row
from .references import Named


class Collection(Protocol):
    """Rows that live under one concrete path."""

    @property
    def key(self) -> str:
        """The field that tells the rows apart."""
        ...

    @property
    def schema(self) -> Schema:
        """Of a row."""
        ...

    @property
    def rows(self) -> Mapping[str, Row]:
        """The rows by their key in lower case."""
        ...

    def find(self, query: Mapping[str, Sequence[str]]) -> tuple[list[Row], dict[str, Sequence[str]]]:
        """The rows that pass the filters that rows cannot answer, and the parameters that are left."""
        ...

    def add(self, row: Row) -> None:
        """Put a row in; one of the same key is replaced."""
        ...

    def replace(self, key: str, row: Row) -> None:
        """Put another row in the place of one."""
        ...

    def delete(self, key: str) -> None:
        """Take a row out."""
        ...


class Source(Protocol):
    """Rows of the world, and what POST and PUT said of them."""

    def take_over(self, other: Any) -> None:
        """Know what other rows of the same kind got."""
        ...


class Made:
    """Rows that nobody put in but the schema, and what POST, PUT and DELETE did to them.

    Args:
        key: the field that tells the rows apart.
        schema: of a row.
        rows: by their key in lower case.
    """

    def __init__(self, key: str, schema: Schema, rows: dict[str, Row]) -> None:
        self.key = key
        self.schema = schema
        self.rows = rows

    def find(self, query: Mapping[str, Sequence[str]]) -> tuple[list[Row], dict[str, Sequence[str]]]:
        """All rows and all parameters."""
        return list(self.rows.values()), dict(query)

    def add(self, row: Row) -> None:
        """Put a row in; one of the same key is replaced."""
        self.rows[str(row[self.key]).lower()] = row

    def replace(self, key: str, row: Row) -> None:
        """Put another row in the place of one."""
        self.rows[key] = row

    def delete(self, key: str) -> None:
        """Take a row out."""
        del self.rows[key]


Show = Callable[[Sequence[str]], Collection]
"""Gives the collection under a path whose placeholders have these values, left to right."""


class Store:
    """The collections and remembered settings of one revision of one appliance.

    Args:
        spec: the revision.
        answers: makes the rows that nobody put in.

    Attributes:
        version: grows with every change.
        sources: what the collections that somebody shows are made of, by kind and schema.
    """

    def __init__(self, spec: Spec, answers: Answers) -> None:
        self.spec = spec
        self.answers = answers
        self.version = 0
        self._made: dict[str, Made] = {}
        self._settings: dict[str, Any] = {}
        self._shown: dict[str, Show] = {}
        self.sources: dict[str, Source] = {}
        self._doomed: list[tuple[float, Collection, str]] = []

    def take_over(self, other: Store) -> None:
        """Hold what another store of the same revision holds, changed from now on without its knowledge."""
        self._made = {path: Made(held.key, held.schema, dict(held.rows)) for path, held in other.made.items()}
        self._settings = dict(other.settings)
        for name, source in other.sources.items():
            if name in self.sources:
                self.sources[name].take_over(source)

    @property
    def made(self) -> Mapping[str, Made]:
        """The collections that nobody shows, by path."""
        return self._made

    @property
    def settings(self) -> Mapping[str, Any]:
        """What was put at paths that hold one thing."""
        return self._settings

    def show(self, template: str, collection: Show) -> None:
        """Say what the paths of a template hold, in place of made-up rows."""
        self._shown[template] = collection

    def shows(self, template: str) -> bool:
        """True where somebody says what the paths of a template hold."""
        return template in self._shown

    def key(self, operation: SpecOperation, placeholder: str = "") -> str:
        """The field that tells the rows of a list apart, or an empty string where none does."""
        found = self.spec.listing(operation)
        properties = self.spec.properties(found[1]) if found else {}
        names = [placeholder, "id", "instanceUid", placeholder[:1].lower() + placeholder[1:]]
        names += ["name"] if placeholder.lower().endswith("name") else []
        return next((name for name in names if name and name in properties), "")

    def collection(self, template: str, path: str, placeholder: str = "id") -> Collection | None:
        """The rows under a path, made at first sight.

        Args:
            template: the path as the spec has it.
            path: the concrete path.
            placeholder: name of the placeholder that follows it in the paths of single rows.

        Returns:
            None where the path lists nothing, or nothing that distinguishes them.
        """
        shown = self._shown.get(template)
        if shown is not None:
            return shown(_values(template, path))
        held = self._made.get(path)
        if held is not None:
            return held
        listing = self._listing(template)
        key = self.key(self.spec.paths[template]["GET"], self.placeholder(template) or placeholder) if listing else ""
        if listing is None or not key:
            return None
        held = Made(key, listing, {})
        # Before the rows are made: they may name one another.
        self._made[path] = held
        for name, own, kind in self._plan(listing, key, path):
            row = self.answers.value(listing, _canonical(path), name, kind=kind)
            row[key] = own
            if isinstance(row.get("id"), str) and key.endswith("Id"):
                row["id"] = own  # two names for one thing
            held.add(row)
        return held

    def named(self, path: str) -> list[Named]:
        """Ids and names of the rows under a path without placeholders; none where it lists nothing."""
        shown = self._shown.get(path)
        listing = self._listing(path)
        if listing is None:
            return []
        held = shown([]) if shown is not None else self._made.get(path)
        if held is not None and held.rows:
            return [(str(row[held.key]), str(row.get("name", ""))) for row in held.rows.values()]
        key = self.key(self.spec.paths[path]["GET"], self.placeholder(path) or "id")
        name = self.spec.properties(listing).get("name")
        return [
            (str(own), self.answers.text(name, "name", _canonical(path), place) if name else "")
            for place, own, _ in (self._plan(listing, key, path) if key else ())
        ]

    def _listing(self, template: str) -> Schema | None:
        operation = self.spec.paths.get(template, {}).get("GET")
        listing = self.spec.listing(operation) if operation else None
        return listing[1] if listing else None

    def _plan(self, schema: Schema, key: str, path: str) -> list[tuple[str, Any, str | None]]:
        """What tells each made-up row apart, its key's value, and its subtype."""
        field = self.spec.resolve(self.spec.properties(schema)[key])
        rows: list[tuple[str, Any, str | None]] = []
        for number, (name, kind) in enumerate(self.answers.plan(schema), 1):
            if field.get("type") in ("integer", "number"):
                own: Any = number
            elif field.get("format") == "uuid" or key == "id" or key.endswith(("Id", "Uid")):
                own = derived(self.answers.seed, _canonical(path), name)
            else:
                own = self.answers.text(field, key, _canonical(path), name)
            rows.append((name, own, kind))
        return rows

    def placeholder(self, template: str) -> str:
        """Name of the placeholder in the path of a single row of a collection, or an empty string."""
        depth = template.rstrip("/") + "/{"
        for path in self.spec.paths:
            if path.startswith(depth) and path.endswith("}") and path.count("/") == depth.count("/"):
                return path.rsplit("{", 1)[1][:-1]
        return ""

    def row(self, operation: SpecOperation, values: Mapping[str, str]) -> tuple[Collection, str] | None:
        """The collection and the key of the row that an operation's path names first, if there is one."""
        template = ""
        path = ""
        for segment in operation.segments:
            if segment.startswith("{"):
                held = self.collection(template, path, segment[1:-1])
                if held is not None:
                    return held, values[segment[1:-1]].lower()
            template += "/" + segment
            path += "/" + (values[segment[1:-1]] if segment.startswith("{") else segment)
        return None

    def own_row(self, operation: SpecOperation, values: Mapping[str, str]) -> tuple[Collection, str] | None:
        """The same for an operation on the row itself: its path ends with the row's placeholder."""
        last = operation.segments[-1]
        if not last.startswith("{"):
            return None
        template = "/" + "/".join(operation.segments[:-1])
        path = "/" + "/".join(values[part[1:-1]] if part.startswith("{") else part for part in operation.segments[:-1])
        held = self.collection(template, path, last[1:-1])
        return (held, values[last[1:-1]].lower()) if held is not None else None

    def create(self, collection: Collection, body: Mapping[str, Any]) -> Row:
        """Add a row made of a body: what the body does not say is made up, the id always."""
        self.version += 1
        mark = uuid.uuid4()
        kind = self._kind(collection.schema, body)
        base = self.answers.value({"$ref": kind} if kind else collection.schema, "created", mark)
        row: Row = self.fit(base, body, {"$ref": kind} if kind else collection.schema)
        discriminator = self.spec.resolve(collection.schema).get("discriminator")
        if kind and discriminator:
            row[discriminator["propertyName"]] = body[discriminator["propertyName"]]
        field = self.spec.resolve(self.spec.properties(collection.schema).get(collection.key, {}))
        if field.get("type") in ("integer", "number"):
            row[collection.key] = 1 + max((int(one[collection.key]) for one in collection.rows.values()), default=0)
        elif collection.key == "id" or field.get("format") == "uuid":
            row[collection.key] = str(mark)
        collection.add(row)
        # A list may show a part of what there is.
        return collection.rows.get(str(row[collection.key]).lower(), row)

    def change(self, collection: Collection, key: str, body: Mapping[str, Any], *, whole: bool) -> Row:
        """Change a row by a body: replaced by it where the body is a whole row, else the fields that it has."""
        self.version += 1
        old = collection.rows[key]
        if whole:
            row = copy.deepcopy(dict(body))
        else:
            row = self.fit(copy.deepcopy(old), body, collection.schema)
        row[collection.key] = old[collection.key]
        collection.replace(key, row)
        return collection.rows[key]

    def remove(self, collection: Collection, key: str, lag: float = 0.0) -> None:
        """Take a row out, now or so many seconds later."""
        if lag > 0:
            self._doomed.append((time.monotonic() + lag, collection, key))
            return
        self.version += 1
        collection.delete(key)

    def settle(self) -> None:
        """Take out what was to be gone by now."""
        now = time.monotonic()
        for doomed in [entry for entry in self._doomed if entry[0] <= now]:
            self._doomed.remove(doomed)
            if doomed[2] in doomed[1].rows:
                self.remove(doomed[1], doomed[2])

    def setting(self, path: str) -> Any:
        """What was put at a path that holds one thing, or None."""
        return self._settings.get(path)

    def remember(self, path: str, value: Any) -> None:
        """Keep what was put at a path that holds one thing."""
        self.version += 1
        self._settings[path] = value

    def _kind(self, schema: Schema, body: Mapping[str, Any]) -> str:
        resolved = self.spec.resolve(schema)
        children = self.spec.children(resolved)
        return children.get(body.get(resolved["discriminator"]["propertyName"], ""), "") if children else ""

    def fit(self, base: Any, over: Any, schema: Schema) -> Any:
        """A value with another laid over it, as far as the schema has a place for it."""
        resolved = self.spec.resolve(schema)
        properties = self.spec.properties(resolved)
        if isinstance(over, Mapping) and properties:
            made = dict(base) if isinstance(base, dict) else self.answers.value(schema, "fit", sorted(over))
            for name, value in over.items():
                if name in properties:
                    made[name] = self.fit(made.get(name), value, properties[name])
            return made
        if isinstance(over, list) and resolved.get("type") == "array":
            return [self.fit(None, entry, resolved.get("items", {})) for entry in over]
        if over is None:
            return None if resolved.get("nullable") else base
        if self._fits(over, resolved):
            return copy.deepcopy(over)
        return base

    def _fits(self, value: Any, schema: Schema) -> bool:
        if "enum" in schema:
            return value in schema["enum"]
        match schema.get("type"):
            case "string":
                return isinstance(value, str)
            case "integer":
                return isinstance(value, int) and not isinstance(value, bool)
            case "number":
                return isinstance(value, int | float) and not isinstance(value, bool)
            case "boolean":
                return isinstance(value, bool)
            case "array":
                items = schema.get("items", {})
                return isinstance(value, list) and all(self._fits(entry, self.spec.resolve(items)) for entry in value)
            case _:
                return isinstance(value, dict)


def _values(template: str, path: str) -> list[str]:
    pairs = zip(template.split("/"), path.split("/"), strict=True)
    return [have for want, have in pairs if want.startswith("{")]


def _canonical(path: str) -> str:
    """A path without the version in it, so that the same thing has the same id in each."""
    return re.sub(r"^/(?:api/)?v\d[\d.]*(?=/)", "", path)


def missing(key: str) -> Refused:
    """The error for a row that is not there."""
    return Refused(Problem(404, f"There is no object with id {key}.", resource_id=key))
