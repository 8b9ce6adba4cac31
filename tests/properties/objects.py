"""JSON objects from the schemas of a revision, and what can go wrong with them, by a source of chance.

The objects come from `specs/`, not from the generated code, so that the two are proven against each other.
"""

from __future__ import annotations

import json
import uuid
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from attrs import frozen

SPECS = Path(__file__).parent.parent.parent / "specs"
# Below this depth optional fields are left out and lists are empty, so that recursive schemas end.
_DEEP = 4
ODD_TIMESTAMPS = (
    "2026-03-01T10:20:30.1234567+01:00", "2026-03-01T10:20:30z", "2026-02-28T24:00:00Z", "0001-01-01T00:00:00",
    "9999-12-31T23:59:59.9999999", "2026-03-01", "never", "", "2026-03-01T10:20:30", "2026-13-45T99:99:99Z",
)  # fmt: skip
ODD_TEXTS = ("", "\u0000", "\ud800", "é" * 300, "None", "null", "0", "__class__", "a\nb")
ODD_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**31, 2**63, -(2**80), 1e308, -0.0, "text", [], {}, [None], [[]], {"": None}, [{"a": 1}],
    {"type": {}},
)  # fmt: skip


@frozen(eq=False)
class Document:
    """A revision: its package and its schemas.

    Attributes:
        name: such as `vbr/1.3-rev0`.
        package: the generated package.
        schemas: by name.
        enum_values: every value of every enum.
    """

    name: str
    package: str
    schemas: dict[str, Any]
    enum_values: frozenset[str]

    def objects(self) -> list[str]:
        """The schemas that are objects, by name."""
        return [name for name, schema in self.schemas.items() if "enum" not in schema and self.is_object(schema)]

    def is_object(self, schema: dict[str, Any]) -> bool:
        return "properties" in schema or any("$ref" in part or self.is_object(part) for part in schema.get("allOf", ()))


def names() -> list[str]:
    """Every revision that has a spec."""
    return sorted(f"{path.parent.name}/{path.stem}" for path in SPECS.glob("*/*.json"))


@cache
def document(name: str) -> Document:
    """A revision by its name."""
    product, revision = name.split("/")
    text = (SPECS / product / f"{revision}.json").read_text()
    schemas = json.loads(text)["components"]["schemas"]
    folder = "v" + revision.removeprefix("v").replace(".", "_").replace("-", "_")
    values: set[str] = set()
    _collect(schemas, values)
    return Document(name, f"veeam_async.{product}.{folder}", schemas, frozenset(values))


def _collect(node: Any, values: set[str]) -> None:
    if isinstance(node, dict):
        for listed in ("enum", "x-known-values"):
            values.update(each for each in node.get(listed, ()) if isinstance(each, str))
        for each in node.values():
            _collect(each, values)
    elif isinstance(node, list):
        for each in node:
            _collect(each, values)


class Maker:
    """Makes objects that fit their schemas."""

    def __init__(self, document: Document, random: Random) -> None:
        self.document = document
        self.random = random

    def named(self, name: str, depth: int = 0) -> Any:
        """A value of a named schema: of one of its children where it has any, and of any child's own type."""
        schema = self.document.schemas[name]
        discriminator = schema.get("discriminator")
        if discriminator is not None and discriminator.get("mapping"):
            kind = self.random.choice(sorted(discriminator["mapping"]))
            child = discriminator["mapping"][kind].rsplit("/", 1)[1]
            return self._object(self.document.schemas[child], depth, {discriminator["propertyName"]: kind})
        return self.value(schema, depth)

    def value(self, schema: dict[str, Any], depth: int) -> Any:
        """A value of a schema."""
        if "$ref" in schema:
            return self.named(schema["$ref"].rsplit("/", 1)[1], depth)
        for listed in ("enum", "x-known-values"):
            if listed in schema:
                return self.random.choice(schema[listed])
        parts = schema.get("allOf", ())
        if len(parts) == 1 and "enum" in self.document.schemas.get(parts[0].get("$ref", "").rpartition("/")[2], {}):
            return self.value(parts[0], depth)  # nothing but another name of an enum
        if "properties" in schema or "allOf" in schema:
            return self._object(schema, depth, self._own_type(schema))
        match schema.get("type"):
            case "array":
                count = 0 if depth > _DEEP else self.random.randrange(3)
                return [self.value(schema["items"], depth + 1) for _ in range(count)]
            case "boolean":
                return self.random.random() < 0.5
            case "integer":
                return self.random.choice((0, 1, -1, 200, 2**31, 2**40))
            case "number":
                return self.random.choice((0, 1.5, -2.25, 10**6))
            case "string":
                return self._text(schema.get("format"))
            case "object" if isinstance(schema.get("additionalProperties"), dict):
                count = 0 if depth > _DEEP else self.random.randrange(3)
                return {
                    f"key {number}": self.value(schema["additionalProperties"], depth + 1) for number in range(count)
                }
            case "object" if schema.get("additionalProperties") is False:
                return {}
            case _:
                return self.random.choice(({}, {"free": [1, {"form": None}]}))

    def _own_type(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The value of the discriminator that leads to this schema, where it is somebody's child."""
        for part in schema.get("allOf", ()):
            base = self.document.schemas[part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else {}
            discriminator = base.get("discriminator", {})
            for kind, target in discriminator.get("mapping", {}).items():
                if self.document.schemas[target.rsplit("/", 1)[1]] is schema:
                    return {discriminator["propertyName"]: kind}
        return {}

    def _object(self, schema: dict[str, Any], depth: int, fixed: dict[str, Any]) -> dict[str, Any]:
        properties, required = self._shape(schema)
        found: dict[str, Any] = {}
        for key, inner in properties.items():
            if key in fixed:
                found[key] = fixed[key]
            elif key in required or (depth <= _DEEP and self.random.random() < 0.6):
                nullable = inner.get("nullable") and self.random.random() < 0.2
                found[key] = None if nullable else self.value(inner, depth + 1)
        return found

    def _shape(self, schema: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        properties: dict[str, Any] = {}
        required: set[str] = set()
        for part in (*schema.get("allOf", ()), schema):
            if "$ref" in part:
                inner, needed = self._shape(self.document.schemas[part["$ref"].rsplit("/", 1)[1]])
            elif "allOf" in part and part is not schema:
                inner, needed = self._shape(part)
            else:
                inner, needed = part.get("properties", {}), set(part.get("required", ()))
            properties = properties | inner
            required |= needed
        return properties, required

    def _text(self, form: str | None) -> str:
        match form:
            case "uuid":
                return str(uuid.UUID(int=self.random.getrandbits(128), version=4))
            case "date-time":
                return self.random.choice(ODD_TIMESTAMPS[:5])
            case "date":
                return "2026-03-01"
            case _:
                return self.random.choice(("a", "two words", "ünï", "2026-03-01T00:00:00Z", "7e2f"))


def spoiled(value: Any, random: Random, share: float = 0.15) -> Any:
    """The same JSON with nulls, missing and extra keys, unknown values, other letter case, odd timestamps, huge numbers
    and wrong types strewn in."""  # fmt: skip
    if random.random() < share:
        return _spoil(value, random)
    if isinstance(value, dict):
        found = {key: spoiled(each, random, share) for key, each in value.items() if random.random() >= share / 2}
        if random.random() < share:
            found[random.choice(("extra", "Extra.Key", "", "additional_properties", "_raw", "id"))] = {
                "deep": [1, None]
            }
        return dict(reversed(found.items())) if random.random() < share else found
    if isinstance(value, list):
        return [spoiled(each, random, share) for each in value]
    return value


def _spoil(value: Any, random: Random) -> Any:
    if isinstance(value, str) and random.random() < 0.7:
        return random.choice(
            (value.swapcase(), value + "Newer", random.choice(ODD_TIMESTAMPS), random.choice(ODD_TEXTS))
        )
    return json.loads(json.dumps(random.choice(ODD_VALUES)))
