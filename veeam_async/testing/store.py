"""The state behind a revision's operations: collections whose rows can be listed, made, changed and removed by path."""

from __future__ import annotations

import copy
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from .._spec import Schema, Spec, SpecOperation
from .answers import Answers, derived
from .collection import Collection, Made, Source
from .linking import Links
from .products import Problem, Refused
from .query import Row
from .references import Named, beside

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
        links: which list answers for what a field names; None where only tables say so.
    """

    def __init__(self, spec: Spec, answers: Answers) -> None:
        self.spec = spec
        self.answers = answers
        self.version = 0
        self._made: dict[str, Made] = {}
        self._settings: dict[str, Any] = {}
        self._shown: dict[str, Show] = {}
        self.sources: dict[str, Source] = {}
        self.links: Links | None = None
        self._making: set[str] = set()
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
        """The field that identifies the rows of a list, or an empty string where none does."""
        found = self.spec.listing(operation)
        properties = self.spec.properties(found[1]) if found else {}
        names = [placeholder, "instanceUid", "id", placeholder[:1].lower() + placeholder[1:]]
        names += ["name"] if placeholder.lower().endswith("name") else []
        if len(placeholder) > len("uuid"):
            # `jobSessionId` for `sessionId`, `credentialsId` for `credentialId`
            plain = {name.lower().replace("sid", "id"): name for name in properties}
            names += [name for lowered, name in plain.items() if lowered.endswith(placeholder.lower())]
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
        self._making.add(path)
        for place in range(len(self._plan(listing, key, path))):
            held.add(self._build(template, path, key, place))
        self._making.discard(path)
        return held

    def _build(self, template: str, path: str, key: str, place: int) -> Row:
        """A row of a list as it is before anybody changes it."""
        listing = self._listing(template) or {}
        name, own, kind = self._plan(listing, key, path)[place]
        row: Row = self.answers.value(listing, _canonical(path), name, kind=kind)
        row[key] = own
        if isinstance(row.get("id"), str) and isinstance(own, str) and key.endswith("Id"):
            row["id"] = own  # two names for one thing
        for field in self.links.own.get(template, ()) if self.links is not None else ():
            if field in row:
                row[field] = self._own(path, name, place, row[field])
        self._name_parents(template, path, row)
        return row

    def _own(self, path: str, name: str, place: int, like: Any) -> Any:
        """A further id of a row."""
        return derived(self.answers.seed, _canonical(path), name, "own") if isinstance(like, str) else place + 1

    def _name_parents(self, template: str, path: str, row: Row) -> None:
        """Let a row's fields that name the rows above it name those of its path."""
        if self.links is None or "{" not in template:
            return
        above = list(self._above(template, path))
        for field in list(row):
            target = self.links.target(field)
            for parent, found in above:
                if isinstance(target, str) or target.path != parent or target.field not in found:
                    continue
                row[field] = found[target.field]
                if isinstance(row.get(beside(field)), str) and isinstance(found.get("name"), str):
                    row[beside(field)] = found["name"]

    def _above(self, template: str, path: str) -> Iterator[tuple[str, Row]]:
        """The rows that a path's placeholders name, with the templates of their lists."""
        wants, haves = template.split("/"), path.split("/")
        for depth, (want, have) in enumerate(zip(wants, haves, strict=True)):
            parent = "/".join(wants[:depth])
            if want.startswith("{") and parent in self.spec.paths:
                held = self.collection(parent, "/".join(haves[:depth]), want[1:-1])
                key = unquote(have).lower()
                if held is not None and key in held.rows:
                    yield parent, held.rows[key]

    def sample(self, template: str, number: int) -> Row | None:
        """A row of the first list of a template as nobody has changed it, or None."""
        path = self.first(template)
        listing = self._listing(template)
        if path is None or listing is None:
            return None
        key = self.key(self.spec.paths[template]["GET"], self.placeholder(template) or "id")
        count = len(self._plan(listing, key, path)) if key else 0
        return self._build(template, path, key, number % count) if count else None

    def first(self, template: str) -> str | None:
        """The path of the list of the first rows above it; None where there are none."""
        if "{" not in template:
            return template
        parts: list[str] = []
        above = ""
        for part in template.split("/"):
            if part.startswith("{"):
                rows = self.named(above) if above in self.spec.paths else []
                if not rows:
                    return None
                part = quote(rows[0][0], safe="")
                above += template[len(above) :].partition("}")[0] + "}"
            else:
                above += f"/{part}" if part else ""
            parts.append(part)
        return "/".join(parts)

    def named(self, template: str, field: str = "") -> list[Named]:
        """Ids and names of the rows of a list, the first of its template; none where it lists nothing.

        Args:
            template: of the list.
            field: which of the rows' fields is the id; the one that is their key where empty.
        """
        path, listing = self.first(template), self._listing(template)
        if path is None or listing is None:
            return []
        shown = self._shown.get(template)
        held = shown(_values(template, path)) if shown is not None else self._made.get(path)
        if held is not None and path not in self._making:
            return held.named(field or held.key)
        key = self.key(self.spec.paths[template]["GET"], self.placeholder(template) or "id")
        title = self.spec.properties(listing).get("name")
        children = self.spec.children(listing)
        titles = {kind: self.spec.properties({"$ref": child}).get("name") for kind, child in children.items()}
        further = bool(field) and field != key
        like = 0 if self.spec.resolve(self.spec.properties(listing).get(field, {})).get("type") == "integer" else ""
        named: list[Named] = []
        for place, (name, own, kind) in enumerate(self._plan(listing, key, path) if key else ()):
            schema = titles.get(kind or "") or title
            own = self._own(path, name, place, like) if further else own
            named.append((str(own), self.answers.text(schema, "name", _canonical(path), name) if schema else ""))
        return named

    def _listing(self, template: str) -> Schema | None:
        operation = self.spec.paths.get(template, {}).get("GET")
        listing = self.spec.listing(operation) if operation else None
        return listing[1] if listing else None

    def _plan(self, schema: Schema, key: str, path: str) -> list[tuple[str, Any, str | None]]:
        """What identifies each made-up row, its key's value, and its subtype."""
        field = self.spec.resolve(self.spec.properties(schema)[key])
        rows: list[tuple[str, Any, str | None]] = []
        for number, (name, kind) in enumerate(self.answers.plan(schema), 1):
            if field.get("type") in ("integer", "number"):
                own: Any = number
            elif field.get("format") == "uuid" or key == "id" or key.endswith(("Id", "Uid")):
                own = derived(self.answers.seed, _canonical(path), name)
            else:
                own = self.answers.key(field, key, _canonical(path), name)
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
            path += "/" + written(segment, values)
        return None

    def own_row(self, operation: SpecOperation, values: Mapping[str, str]) -> tuple[Collection, str] | None:
        """The same for an operation on the row itself: its path ends with the row's placeholder."""
        last = operation.segments[-1]
        if not last.startswith("{"):
            return None
        template = "/" + "/".join(operation.segments[:-1])
        path = "/" + "/".join(written(part, values) for part in operation.segments[:-1])
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
        """A value with another written over it, as far as the schema has a place for it."""
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
    return [unquote(have) for want, have in pairs if want.startswith("{")]


def written(segment: str, values: Mapping[str, str]) -> str:
    """A segment of an operation's path with its value in it, so that no value can be taken for two segments."""
    return quote(values[segment[1:-1]], safe="") if segment.startswith("{") else segment


def _canonical(path: str) -> str:
    """A path without the version in it, so that the same thing has the same id in each."""
    return re.sub(r"^/(?:api/)?v\d[\d.]*(?=/)", "", path)


def missing(key: str) -> Refused:
    """The error for a row that is not there."""
    return Refused(Problem(404, f"There is no object with id {key}.", resource_id=key))
