"""Answers from a schema: believable values, the same for the same seed, each subtype of a polymorphic list in it.

A value depends on the seed, on what it is asked for and on its place in the answer, and on nothing else: a field that
two revisions have in common has the same value in both.
"""

from __future__ import annotations

import copy
import uuid
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from .._spec import Schema, Spec, SpecOperation
from .patterns import fitting
from .references import References, beside
from .things import GIB
from .wording import noun, text

_ROWS = 7
_DEEP = 8
# Places below each other: a schema can contain itself without a reference to it, as one of several in `allOf`.
_DEEPEST = 40
# The largest answer in a vendor's document has 3,500.
_MOST_PLACES = 5_000
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_MIX = 0x9E3779B97F4A7C15


class _Endless(Exception):
    """A schema contains itself; whoever holds an optional field or a list leaves it out."""


class _Absent(Exception):
    """A field names a thing that the revision does not show; whoever may leave it out does."""


class Answers:
    """Makes values for the schemas of one revision.

    Args:
        spec: the revision.
        seed: two makers with the same seed give the same answers.
        references: what fields may name; nothing where None.
    """

    def __init__(self, spec: Spec, seed: int = 0, references: References | None = None) -> None:
        self.spec = spec
        self.seed = seed
        self.references = References() if references is None else references

    def value(self, schema: Schema, *key: object, kind: str | None = None) -> Any:
        """One value for a schema; the key says which one, `kind` the discriminator's value."""
        maker = self._maker(*key)
        try:
            return maker.value(schema, kind=kind)
        except _Absent:
            maker.forced = True
            return maker.value(schema, kind=kind)

    def text(self, schema: Schema, name: str, *key: object) -> str:
        """The text that `value` has for a plain field of an object."""
        maker = self._maker(*key)
        value = maker.below(name, schema, name)
        return str(value)

    def key(self, schema: Schema, name: str, *key: object) -> str:
        """A text that distinguishes a row from others, so that it names nothing else."""
        maker = _Maker(self.spec, References(), ":".join(str(part) for part in (self.seed, *key)))
        return str(maker.below(name, schema, name))

    def rows(self, schema: Schema, *key: object) -> list[Any]:
        """Rows of a list: a handful, and where the rows are polymorphic at least one of each subtype."""
        return [self.value(schema, *key, name, kind=kind) for name, kind in self.plan(schema)]

    def plan(self, schema: Schema) -> list[tuple[str, str | None]]:
        """What identifies the rows of a list, and each one's subtype; the same in each revision that has it."""
        children = self.spec.children(schema)
        if children:
            return [(value.lower(), value) for value in children]
        return [(str(number), None) for number in range(_ROWS)]

    def of(self, operation: SpecOperation, status: int, media: str, *key: object) -> Any:
        """The JSON value of an operation's answer, lists as one whole page."""
        for response in operation.responses:
            if response.status == status and media in response.content:
                return self.value(response.content[media], operation.operation_id, *key)
        raise LookupError(f"{operation.operation_id} has no {status} {media}")

    def _maker(self, *key: object) -> _Maker:
        return _Maker(self.spec, self.references, ":".join(str(part) for part in (self.seed, *key)))


def derived(*parts: object) -> str:
    """An id that follows from others, the same each time."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, ":".join(str(part) for part in parts)))


class _Maker:
    def __init__(self, spec: Spec, references: References, key: str) -> None:
        self.spec = spec
        self.references = references
        self.place = ""
        self.open: list[str] = []
        self.forced = False
        # Of schemas that hold each other by many fields, an answer would be as large as all paths through them.
        self.left = _MOST_PLACES
        self._key = key.encode()
        self._start = zlib.crc32(self._key)

    def number(self) -> int:
        """A number that depends on the key and the place alone."""
        mixed = (zlib.crc32(self.place.encode(), self._start) + 1) * _MIX
        return (mixed ^ mixed >> 29) & 0xFFFFFFFF

    def identity(self) -> str:
        """A UUID that depends on the key and the place alone."""
        digest = blake2b(self.place.encode(), key=self._key[:64], digest_size=16).digest()
        return str(uuid.UUID(bytes=digest, version=4))

    def choice(self, values: Iterable[Any]) -> Any:
        """One of some values: the same in each revision that has it and had no better one."""
        start = zlib.crc32(self.place.encode(), self._start)
        return max(values, key=lambda value: zlib.crc32(str(value).lower().encode(), start) * _MIX & 0xFFFFFFFF)

    def below(self, place: str, schema: Schema, name: str) -> Any:
        """A value at a place below this one."""
        before = self.place
        if before.count("/") >= _DEEPEST:
            raise _Endless
        self.place = f"{before}/{place}"
        self.left -= 1
        try:
            return self.value(schema, name)
        finally:
            self.place = before

    def value(self, schema: Schema, name: str = "", *, kind: str | None = None) -> Any:
        reference = schema.get("$ref")
        if reference is None:
            return self._plain(schema, name, kind)
        if self.open.count(reference) > 1 or len(self.open) > 40:
            raise _Endless
        if self.open and self.left >= 0:
            row = self.references.row(reference.rsplit("/", 1)[-1], self.number())
            if row is not None:
                self.left -= _places(row)
                return copy.deepcopy(row)
        self.open.append(reference)
        try:
            return self._plain(self.spec.lookup(reference), name, kind)
        finally:
            self.open.pop()

    def _plain(self, schema: Schema, name: str, kind: str | None) -> Any:
        if "$ref" in schema:
            return self.value(schema, name, kind=kind)
        children = self.spec.children(schema)
        if children and (kind is None or kind in children):
            return self._child(schema, children, kind)
        if "x-known-values" in schema:
            return self.choice(schema["x-known-values"])
        if "enum" in schema:
            values = [value for value in schema["enum"] if value is not None]
            return self.choice(values) if values else None
        wrapped = self._wrapped(schema)
        if wrapped is not None:
            return self.value(wrapped, name, kind=kind)
        if "allOf" in schema or "properties" in schema:
            return self._object(schema)
        if "oneOf" in schema or "anyOf" in schema:
            return self.value((schema.get("oneOf") or schema["anyOf"])[0], name)
        match schema.get("type"):
            case "array":
                return self._array(schema, name)
            case "integer":
                return self._whole(schema, name)
            case "number":
                return round(self._number(schema, name) + (0.0, 0.25, 0.5)[self.number() % 3], 2)
            case "boolean":
                return self.number() % 2 == 0
            case "string":
                return self._string(schema, name)
            case _:
                return self._object(schema)

    def _wrapped(self, schema: Schema) -> Schema | None:
        """What a schema stands for that is nothing but `allOf` of one reference; None for a child of a family."""
        parts = schema.get("allOf", ())
        if len(parts) != 1 or "$ref" not in parts[0] or "properties" in schema:
            return None
        target = self.spec.resolve(parts[0])
        wrapped: Schema = parts[0]
        return None if "discriminator" in target else wrapped

    def _child(self, schema: Schema, children: dict[str, str], kind: str | None) -> Any:
        if kind is None:
            kind = str(self.choice(children))
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
            optional = name not in required
            if entry.get("writeOnly") or (optional and (len(self.open) > _DEEP or self.left < 0)):
                continue
            try:
                made[name] = self.below(name, entry, name)
            except _Endless:
                if name in required:
                    raise
            except _Absent:
                if name in required:
                    made[name] = self._unavoidable(name, entry)
        for name in required - set(properties):
            made.setdefault(name, None)
        if extra and self.left >= 0:
            try:
                made["item"] = self.below("item", extra, "item")
            except (_Endless, _Absent):
                pass
        self._agree(made)
        return made

    def _unavoidable(self, name: str, entry: Schema) -> Any:
        """A value for a required field that can name nothing: null, or an object without it, or an id of nothing."""
        if self.spec.resolve(entry).get("nullable"):
            return None
        if self.place:
            raise _Absent
        self.forced = True
        try:
            return self.below(name, entry, name)
        finally:
            self.forced = False

    def _agree(self, made: dict[str, Any]) -> None:
        """Let the names in an object be those of the things whose ids stand beside them."""
        holder = _holder(f"{self.place}/x")
        for field, key in made.items():
            if isinstance(key, str) and self.references.is_reference(field, holder):
                named = beside(field)
                name = self.references.name_of(field, key, holder) if isinstance(made.get(named), str) else None
                if name is not None:
                    made[named] = name

    def _array(self, schema: Schema, name: str) -> list[Any]:
        least = schema.get("minItems", 0)
        usual = 0 if self.left < 0 else 2 if len(self.open) <= _DEEP else 1
        count = min(max(least, usual), schema.get("maxItems", 2))
        made: list[Any] = []
        for index in range(count):
            try:
                entry = self.below(str(index), schema.get("items", {}), name)
            except (_Endless, _Absent):
                if least:
                    raise
                break
            if not (schema.get("uniqueItems") and entry in made):
                made.append(entry)
        return made

    def _whole(self, schema: Schema, name: str) -> int:
        """A whole number, which can be the id of something."""
        named = name.lower().endswith(("id", "ids"))
        key = self.references.pick(name, self.number(), _holder(self.place)) if named else ""
        return int(key) if key and key.isdigit() else self._number(schema, name)

    def _number(self, schema: Schema, name: str) -> int:
        least, most = schema.get("minimum"), schema.get("maximum")
        low = 0 if least is None else int(least)
        high = low + 100 if most is None else int(most)
        if "percent" in name.lower():
            high = min(high, 100)
        low = min(low, high)
        if name.lower().endswith("bytes") and most is None and schema.get("format") != "int32":
            # Capacities lie above what is used and free of them.
            return (low + self.number() % 100 + (100 if "capacity" in name.lower() else 1)) * GIB
        return low + self.number() % (high - low + 1)

    def _string(self, schema: Schema, name: str) -> str:
        number = self.number()
        holder = _holder(self.place)
        identity = name == "id" or schema.get("format") == "uuid"
        if self.references.is_reference(name, holder, identity=identity):
            key = self.references.pick(name, number, holder, identity=identity)
            if key is None and identity and not self.forced:
                raise _Absent
            if key is not None or identity:
                return key or self.identity()
        match schema.get("format"):
            case "uuid":
                return self.identity()
            case "date-time":
                return (_EPOCH + timedelta(seconds=number % (180 * 86400))).strftime("%Y-%m-%dT%H:%M:%SZ")
            case "date":
                return (_EPOCH + timedelta(days=number % 180)).strftime("%Y-%m-%d")
            case "time":
                # A time of day is what people read, in the vendor's own examples too: no seconds, no zone.
                return f"{number % 24:02}:{number // 24 % 60:02}"
            case "time-span":
                return f"{number % 24:02}:{number // 24 % 60:02}:{number // 1440 % 60:02}"
            case "int64" | "int32" | "integer":
                return str(number % 10**6)
            case "uri":
                return f"https://example.com/{number % 1000}"
            case "byte":
                return "dmVlYW0="
        if name == "id":
            return self.identity()
        made = self.references.name(name, number) or text(name, noun(holder) or self._subject(), number)
        if "pattern" in schema:
            made = fitting(made, schema["pattern"])
        if len(made) < schema.get("minLength", 0):
            made = made.ljust(schema["minLength"], "x")
        return made[: schema.get("maxLength", len(made))]

    def _subject(self) -> str:
        """What the key's path is about: a noun for its last word that is no id."""
        path = self._key.decode().partition("/")[2].partition(":")[0]
        return noun(next((part for part in reversed(path.split("/")) if part.isalpha()), ""))


def _places(value: Any) -> int:
    """How many values there are in a JSON value, itself included."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_places, inside))


def _holder(place: str) -> str:
    """The name of the field that holds the object in which a place is."""
    return next((part for part in reversed(place.split("/")[:-1]) if part and not part.isdigit()), "")
