"""The state behind a revision's operations: collections whose rows can be listed, made, changed and removed by path."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping
from typing import Any

from .._spec import Schema, Spec, SpecOperation
from .answers import Answers
from .products import Problem, Refused
from .query import Row


class Collection:
    """Rows that live under one concrete path, by their id in lower case.

    Args:
        key: the field that tells the rows apart.
        schema: of a row.
        rows: by their key's value in lower case.
    """

    def __init__(self, key: str, schema: Schema, rows: dict[str, Row]) -> None:
        self.key = key
        self.schema = schema
        self.rows = rows

    def add(self, row: Row) -> None:
        """Put a row in; one of the same id is replaced."""
        self.rows[str(row[self.key]).lower()] = row

    def replace(self, key: str, row: Row) -> None:
        """Put another row in the place of one."""
        self.rows[key] = row

    def delete(self, key: str) -> None:
        """Take a row out."""
        del self.rows[key]

    def take_over(self, other: Collection) -> None:
        """Hold what another collection of the same rows holds."""
        self.rows = dict(other.rows)


class Store:
    """The collections and remembered settings of one revision of one appliance.

    Args:
        spec: the revision.
        answers: makes the rows that nobody put in.
    """

    def __init__(self, spec: Spec, answers: Answers) -> None:
        self.spec = spec
        self.answers = answers
        self._collections: dict[str, Collection] = {}
        self._settings: dict[str, Any] = {}
        self.version = 0

    def take_over(self, other: Store) -> None:
        """Hold what another store of the same revision holds, changed from now on without its knowledge."""
        for path, held in other._collections.items():
            own = self._collections.get(path)
            if own is None:
                self._collections[path] = Collection(held.key, held.schema, dict(held.rows))
            else:
                own.take_over(held)
        self._settings = dict(other._settings)

    def key(self, operation: SpecOperation, placeholder: str = "") -> str:
        """The field that tells the rows of a list apart, or an empty string where none does."""
        found = self.spec.listing(operation)
        properties = self.spec.properties(found[1]) if found else {}
        names = [placeholder, "id", placeholder[:1].lower() + placeholder[1:]]
        names += ["name"] if placeholder.lower().endswith("name") else []
        return next((name for name in names if name and name in properties), "")

    def collection(self, template: str, path: str, placeholder: str = "id") -> Collection | None:
        """The rows under a path, made at first sight.

        Args:
            template: the path as the spec has it.
            path: the concrete path.
            placeholder: name of the placeholder that follows it in the paths of single rows.

        Returns:
            None where the path lists nothing, or nothing that can be told apart.
        """
        held = self._collections.get(path)
        if held is not None:
            return held
        operation = self.spec.paths.get(template, {}).get("GET")
        listing = self.spec.listing(operation) if operation else None
        if operation is None or listing is None:
            return None
        placeholder = self.placeholder(template) or placeholder
        key = self.key(operation, placeholder)
        if not key:
            return None
        held = Collection(key, listing[1], {})
        for row in self.answers.rows(listing[1], template, path):
            held.add(row)
        self._collections[path] = held
        return held

    def hold(self, path: str, collection: Collection) -> None:
        """Say what a path holds, in place of made rows."""
        self._collections[path] = collection

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
        if collection.key == "id":
            row["id"] = str(mark)
        collection.add(row)
        return collection.rows[str(row[collection.key]).lower()]

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

    def remove(self, collection: Collection, key: str) -> None:
        """Take a row out."""
        self.version += 1
        collection.delete(key)

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


def missing(key: str) -> Refused:
    """The error for a row that is not there."""
    return Refused(Problem(404, f"There is no object with id {key}.", resource_id=key))
