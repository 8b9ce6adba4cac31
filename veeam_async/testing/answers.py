"""Answers from a schema: believable values, the same for the same seed, each subtype of a polymorphic list in it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from .._spec import Schema, Spec, SpecOperation

_ROWS = 7
_DEEP = 8
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class _Endless(Exception):
    """A schema contains itself; whoever holds an optional field or a list leaves it out."""


class Answers:
    """Makes values for the schemas of one revision.

    Args:
        spec: the revision.
        seed: two makers with the same seed give the same answers.
    """

    def __init__(self, spec: Spec, seed: int = 0) -> None:
        self.spec = spec
        self.seed = seed

    def random(self, *key: object) -> Random:
        """A source of numbers that depends on the seed and the key alone."""
        return Random(":".join(str(part) for part in (self.seed, *key)))

    def value(self, schema: Schema, *key: object) -> Any:
        """One value for a schema; the key says which one."""
        return _Maker(self.spec, self.random(*key)).value(schema)

    def rows(self, schema: Schema, *key: object) -> list[Any]:
        """Rows of a list: a handful, and where the rows are polymorphic at least one of each subtype."""
        children = self.spec.children(schema)
        maker = _Maker(self.spec, self.random(*key))
        values: Iterable[str | None] = list(children) if children else [None] * _ROWS
        return [maker.value(schema, kind=value) for value in values]

    def of(self, operation: SpecOperation, status: int, media: str, *key: object) -> Any:
        """The JSON value of an operation's answer, lists as one whole page."""
        for response in operation.responses:
            if response.status == status and media in response.content:
                return self.value(response.content[media], operation.operation_id, *key)
        raise LookupError(f"{operation.operation_id} has no {status} {media}")


class _Maker:
    def __init__(self, spec: Spec, random: Random) -> None:
        self.spec = spec
        self.random = random
        self.turns: dict[str, int] = {}
        self.open: list[str] = []

    def value(self, schema: Schema, name: str = "", *, kind: str | None = None) -> Any:
        reference = schema.get("$ref")
        if reference is None:
            return self._plain(schema, name, kind)
        if self.open.count(reference) > 1 or len(self.open) > 40:
            raise _Endless
        self.open.append(reference)
        try:
            return self._plain(self.spec.lookup(reference), name, kind)
        finally:
            self.open.pop()

    def _plain(self, schema: Schema, name: str, kind: str | None) -> Any:
        if "$ref" in schema:
            return self.value(schema, name, kind=kind)
        children = self.spec.children(schema)
        if children:
            return self._child(schema, children, kind)
        if "enum" in schema:
            return self.random.choice([value for value in schema["enum"] if value is not None])
        if "allOf" in schema or "properties" in schema:
            return self._object(schema)
        if "oneOf" in schema or "anyOf" in schema:
            return self.value((schema.get("oneOf") or schema["anyOf"])[0], name)
        match schema.get("type"):
            case "array":
                return self._array(schema, name)
            case "integer":
                return self._number(schema, name, 1)
            case "number":
                return round(self._number(schema, name, 1) + self.random.choice((0.0, 0.25, 0.5)), 2)
            case "boolean":
                return self.random.random() < 0.5
            case "string":
                return self._string(schema, name)
            case _:
                return self._object(schema)

    def _child(self, schema: Schema, children: dict[str, str], kind: str | None) -> Any:
        if kind is None:
            family = min(children.values())
            values = list(children)
            turn = self.turns.setdefault(family, self.random.randrange(len(values)))
            self.turns[family] = turn + 1
            kind = values[turn % len(values)]
        made = self.value({"$ref": children[kind]})
        made[schema["discriminator"]["propertyName"]] = kind
        return made

    def _object(self, schema: Schema) -> dict[str, Any]:
        properties: dict[str, Schema] = {}
        required: set[str] = set()
        extra: Any = None
        for part in self.spec.parts(schema):
            properties.update(part.get("properties", {}))
            required.update(part.get("required", ()))
            if isinstance(part.get("additionalProperties"), dict):
                extra = part["additionalProperties"]
        made: dict[str, Any] = {}
        for name, entry in properties.items():
            if entry.get("writeOnly") or (name not in required and len(self.open) > _DEEP):
                continue
            try:
                made[name] = self.value(entry, name)
            except _Endless:
                if name in required:
                    raise
        for name in required - set(properties):
            made.setdefault(name, None)
        if extra:
            try:
                made["item"] = self.value(extra, "item")
            except _Endless:
                pass
        return made

    def _array(self, schema: Schema, name: str) -> list[Any]:
        least = schema.get("minItems", 0)
        count = min(max(least, 2 if len(self.open) <= _DEEP else 1), schema.get("maxItems", 2))
        made: list[Any] = []
        for _ in range(count):
            try:
                entry = self.value(schema.get("items", {}), name)
            except _Endless:
                if least:
                    raise
                break
            if not (schema.get("uniqueItems") and entry in made):
                made.append(entry)
        return made

    def _number(self, schema: Schema, name: str, step: int) -> int:
        least, most = schema.get("minimum"), schema.get("maximum")
        low = 0 if least is None else int(least)
        high = low + 100 if most is None else int(most)
        if "percent" in name.lower():
            high = min(high, 100)
        return self.random.randrange(min(low, high), high + step)

    def _string(self, schema: Schema, name: str) -> str:
        random = self.random
        match schema.get("format"):
            case "uuid":
                return str(uuid.UUID(int=random.getrandbits(128), version=4))
            case "date-time":
                moment = _EPOCH + timedelta(seconds=random.randrange(180 * 86400))
                return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
            case "date":
                return (_EPOCH + timedelta(days=random.randrange(180))).strftime("%Y-%m-%d")
            case "time":
                # A time of day is what people read, in the vendor's own examples too: no seconds, no zone.
                return f"{random.randrange(24):02}:{random.randrange(60):02}"
            case "time-span":
                return f"{random.randrange(24):02}:{random.randrange(60):02}:{random.randrange(60):02}"
            case "int64" | "int32" | "integer":
                return str(random.randrange(10**6))
            case "uri":
                return f"https://example.com/{random.randrange(1000)}"
            case "byte":
                return "dmVlYW0="
        if name == "id" or name.endswith("Id"):
            return str(uuid.UUID(int=random.getrandbits(128), version=4))
        text = f"{name or 'text'}-{random.randrange(10**4):04}"
        if len(text) < schema.get("minLength", 0):
            text = text.ljust(schema["minLength"], "x")
        return text[: schema.get("maxLength", len(text))]
