"""A spec file as plain facts: named schemas and operations, nothing inline, nothing behind a `$ref` but schemas.

Whatever has a shape of its own (an object with properties, an enum) becomes a named schema; aliases are put in where they
stand. What remains of a type is small: a reference, a scalar, an array, a map, a union.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import attrs

from codegen import naming

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
DROPPED_HEADERS = frozenset({"authorization", "content-type", "x-api-version"})
"""Header parameters that the session layer sends by itself."""

Json = Mapping[str, Any]


class SpecError(Exception):
    """What is wrong with a spec or with what was emitted from it: one line each."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@attrs.define
class Property:
    """A property of a model: `type` is a plain schema (reference, scalar, array, map, union)."""

    wire: str
    type: Json
    required: bool
    nullable: bool
    default: Any = None
    format: str | None = None


@attrs.define
class Schema:
    """A named schema.

    Attributes:
        kind: `model` (a class), `enum` (a class of strings) or `alias` (another name for `type`).
        base: the schema it inherits from.
        discriminator: the property that says which child an object is; `mapping` gives the child for each value.
        listed: True where the document names the schema, False where it stood inline.
    """

    name: str
    kind: Literal["model", "enum", "alias"]
    base: str | None = None
    properties: dict[str, Property] = attrs.field(factory=dict)
    additional: Json | None = None
    discriminator: str | None = None
    mapping: dict[str, str] = attrs.field(factory=dict)
    values: list[str] = attrs.field(factory=list)
    type: Json = attrs.field(factory=dict)
    listed: bool = True
    open_values: bool = False


@attrs.define
class Parameter:
    wire: str
    location: Literal["path", "query", "header"]
    type: Json
    required: bool
    array: Literal["none", "repeat", "csv"]
    default: Any = None
    format: str | None = None


@attrs.define
class Content:
    """A body: its media type and its type. `shape` says how it travels."""

    media_type: str
    type: Json
    shape: Literal["json", "form", "multipart", "binary", "text"]


@attrs.define
class Operation:
    operation_id: str
    title: str
    method: str
    path: str
    tag: str
    parameters: list[Parameter]
    body: Content | None
    body_required: bool
    answers: dict[int, list[Content]]
    errors: list[int]
    secured: bool
    safe: bool | None
    inferred: bool
    deprecated: bool


@attrs.define
class Document:
    schemas: dict[str, Schema]
    operations: list[Operation]
    warnings: list[str]


def load(path: Path) -> dict[str, Any]:
    """The JSON of a spec file."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(f"{path}: there is no such spec; `python -m codegen ingest` makes it from a vendor document") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SpecError(f"{path}: cannot be read as JSON: {error}") from None
    if not isinstance(data, dict) or not isinstance(data.get("paths"), dict) or not str(data.get("openapi", "")).startswith("3."):
        raise SpecError(f"{path}: this is no OpenAPI 3 document")
    return data


def read(data: Json, name: str) -> Document:
    """Read a spec.

    Args:
        data: the OpenAPI document.
        name: what to call it in errors, such as `vbr/1.3-rev0`.

    Raises:
        SpecError: a `$ref` leads nowhere, two operations share a name, or something has no counterpart in Python.
    """
    return _Reader(data, name).read()


def media_shape(media_type: str, schema: Json) -> Literal["json", "form", "multipart", "binary", "text"]:
    """How a body of this media type travels."""
    essence = media_type.partition(";")[0].strip().lower()
    if essence == "application/x-www-form-urlencoded":
        return "form"
    if essence.startswith("multipart/"):
        return "multipart"
    if schema.get("format") == "binary":
        return "binary"
    if essence.endswith(("/json", "+json")) or essence == "*/*":
        return "json"
    if essence.startswith("text/") or essence.endswith(("/xml", "+xml")):
        return "text"
    return "binary"


class _Reader:
    def __init__(self, data: Json, name: str) -> None:
        self.data = data
        self.name = name
        components = data.get("components", {})
        self.sources: dict[str, Json] = dict(components.get("schemas", {}))
        self.schemas: dict[str, Schema] = {}
        self.inline: dict[str, Schema] = {}
        self.names = set(self.sources)
        self.open_aliases: list[str] = []
        self.faults: list[str] = []
        self.warnings: list[str] = []
        self.bases: dict[str, str] = {}

    def read(self) -> Document:
        self._find_synthetic_bases()
        for name, source in self.sources.items():
            self.schemas[name] = self._named(name, source)
        operations = list(self._operations())
        self._check_operation_names(operations)
        for schema in self.inline.values():
            self.schemas[schema.name] = schema
        self._check_bases()
        if self.faults:
            raise SpecError(*(f"{self.name}: {fault}" for fault in naming.unique(self.faults)))
        return Document(self.schemas, operations, self.warnings)

    # -- schemas

    def _target(self, reference: str, where: str) -> str | None:
        kind, _, name = reference.rpartition("/")
        name = name.replace("~1", "/").replace("~0", "~")
        if kind != "#/components/schemas" or name not in self.sources:
            self.faults.append(f"{where}: $ref {reference} leads nowhere")
            return None
        return name

    def _component(self, section: str, value: Json, where: str) -> Json:
        for _ in range(10):
            if "$ref" not in value:
                return value
            reference = str(value["$ref"])
            found = self.data.get("components", {}).get(section, {}).get(reference.rpartition("/")[2])
            if found is None or not reference.startswith(f"#/components/{section}/"):
                break
            value = found
        self.faults.append(f"{where}: $ref {value.get('$ref')} leads nowhere")
        return {}

    def _parts(self, source: Json) -> tuple[list[str], list[Json]]:
        """The references and the own parts of an `allOf`, with what stands beside it."""
        references = [str(part["$ref"]) for part in source.get("allOf", ()) if "$ref" in part]
        own = [part for part in source.get("allOf", ()) if "$ref" not in part]
        beside = {key: value for key, value in source.items() if key != "allOf"}
        nested = [self._parts(part) for part in own if "allOf" in part]
        for more_references, more_own in nested:
            references += more_references
            own += more_own
        return references, [beside, *(part for part in own if "allOf" not in part)]

    def _is_model(self, source: Json, seen: frozenset[str] = frozenset()) -> bool:
        if source.get("properties") or "discriminator" in source:
            return True
        if "allOf" in source:
            references, own = self._parts(source)
            if any(part.get("properties") for part in own):
                return True
            names = [reference.rpartition("/")[2] for reference in references]
            return any(name in self.sources and name not in seen and self._is_model(self.sources[name], seen | {name}) for name in names)
        free = source.get("additionalProperties")
        return source.get("type") == "object" and not (isinstance(free, Mapping) and free) and "oneOf" not in source

    def _find_synthetic_bases(self) -> None:
        """A `oneOf` with a discriminator whose members have no base of their own becomes their base."""
        for name, source in self.sources.items():
            if "discriminator" not in source or source.get("properties"):
                continue
            members = [str(part.get("$ref", "")).rpartition("/")[2] for key in ("oneOf", "anyOf") for part in source.get(key, ())]
            members += [str(target).rpartition("/")[2] for target in source["discriminator"].get("mapping", {}).values()]
            for member in members:
                if member in self.sources and not self._parts(self.sources[member])[0]:
                    self.bases.setdefault(member, name)

    def _named(self, name: str, source: Json, *, listed: bool = True) -> Schema:
        where = f"schema {name}"
        values = source.get("enum", source.get("x-known-values"))
        if values is not None and source.get("type", "string") == "string":
            texts = [value for value in values if value is not None]
            if all(isinstance(value, str) for value in texts) and texts:
                return Schema(name, "enum", values=naming.unique(texts), listed=listed, open_values="enum" not in source)
        if not self._is_model(source):
            return Schema(name, "alias", type=self._plain(source, name, where)[0], listed=listed)
        return self._model(name, source, where, listed=listed)

    def _model(self, name: str, source: Json, where: str, *, listed: bool) -> Schema:
        references, parts = self._parts(source)
        schema = Schema(name, "model", listed=listed)
        models = [target for reference in references if (target := self._target(reference, where)) and self._is_model(self.sources[target])]
        schema.base = models[0] if models else self.bases.get(name)
        required: set[str] = set()
        for other in models[1:]:  # one base class; the properties of further ones are copied
            flat = self._flat(other, frozenset({name}))
            required |= set(flat.get("required", ()))
            parts.insert(0, flat)
        properties: dict[str, Json] = {}
        for part in parts:
            required |= set(part.get("required", ()))
            properties |= part.get("properties", {})
            if isinstance(part.get("additionalProperties"), Mapping) and part["additionalProperties"]:
                schema.additional = self._plain(part["additionalProperties"], name + "Value", where)[0]
            if discriminator := part.get("discriminator"):
                self._discriminator(schema, part, discriminator, where)
        for wire, value in properties.items():
            inline = name + "".join(word.capitalize() for word in naming.words(wire))
            plain, nullable = self._plain(value, inline, f"{where}, property {wire}")
            schema.properties[wire] = Property(wire, plain, wire in required, nullable, value.get("default"), self._format(value))
        inherited = self._inherited(schema.base)
        for wire, (value, already, inherited_inline) in inherited.items():
            if wire in required and wire not in properties and not already:  # a child may require what its base does not
                plain, nullable = self._plain(value, inherited_inline, f"{where}, property {wire}")
                schema.properties[wire] = Property(wire, plain, True, nullable, value.get("default"), self._format(value))
        if schema.discriminator and schema.discriminator not in properties and schema.discriminator not in inherited:
            schema.properties[schema.discriminator] = Property(schema.discriminator, {"type": "string"}, True, False)
        return schema

    def _inherited(self, base: str | None) -> dict[str, tuple[Json, bool, str]]:
        """The properties of a base and its own bases: schema, whether required, name for an inline type."""
        found: dict[str, tuple[Json, bool, str]] = {}
        seen: set[str] = set()
        while base and base not in seen and base in self.sources:
            seen.add(base)
            references, parts = self._parts(self.sources[base])
            required = {wire for part in parts for wire in part.get("required", ())}
            for part in parts:
                for wire, value in part.get("properties", {}).items():
                    inline = base + "".join(word.capitalize() for word in naming.words(wire))
                    found.setdefault(wire, (value, wire in required, inline))
            base = next((reference.rpartition("/")[2] for reference in references), self.bases.get(base))
        return found

    def _flat(self, name: str, seen: frozenset[str]) -> dict[str, Any]:
        references, parts = self._parts(self.sources[name])
        flat: dict[str, Any] = {"properties": {}, "required": []}
        targets = [reference.rpartition("/")[2] for reference in references]
        for part in [*(self._flat(target, seen | {name}) for target in targets if target in self.sources and target not in seen), *parts]:
            flat["properties"] |= part.get("properties", {})
            flat["required"] += part.get("required", [])
        return flat

    def _discriminator(self, schema: Schema, part: Json, discriminator: Json, where: str) -> None:
        schema.discriminator = str(discriminator.get("propertyName", ""))
        if not schema.discriminator:
            self.faults.append(f"{where}: discriminator without propertyName")
        for value, reference in discriminator.get("mapping", {}).items():
            target = self._target(reference if "/" in str(reference) else f"#/components/schemas/{reference}", where)
            if target:
                schema.mapping[str(value)] = target
        if not schema.mapping:  # the members' names are the values
            for member in (*part.get("oneOf", ()), *part.get("anyOf", ())):
                target = self._target(str(member.get("$ref", "")), where)
                if target:
                    schema.mapping[target] = target

    def _check_bases(self) -> None:
        for schema in self.schemas.values():
            seen = {schema.name}
            base = schema.base
            while base:
                if base in seen:
                    self.faults.append(f"schema {schema.name}: inherits from itself")
                    break
                seen.add(base)
                base = self.schemas[base].base
            for value, child in schema.mapping.items():
                ancestor: str | None = child
                for _ in range(20):
                    if ancestor is None or ancestor == schema.name:
                        break
                    ancestor = self.schemas[ancestor].base
                if ancestor != schema.name:
                    self.faults.append(f"schema {schema.name}: {child}, its child for {schema.discriminator} {value}, does not inherit from it")

    @staticmethod
    def _format(source: Json) -> str | None:
        value = source.get("format") or (source.get("items", {}).get("format") if source.get("type") == "array" else None)
        return str(value) if value else None

    def _hoist(self, name: str, source: Json, where: str) -> Json:
        if name in self.names:
            name = next(f"{name}{number}" for number in range(2, 10_000) if f"{name}{number}" not in self.names)
        self.names.add(name)
        self.inline[name] = Schema(name, "model", listed=False)  # keeps its place before what stands inside it
        self.inline[name] = self._named(name, source, listed=False)
        return {"$ref": name}

    def _plain(self, source: Json, inline: str, where: str) -> tuple[Json, bool]:
        """The type of a schema as a reference, a scalar, an array, a map or a union, and whether null is allowed."""
        nullable = bool(source.get("nullable"))
        if "$ref" in source:
            target = self._target(str(source["$ref"]), where)
            return self._reference(target, where) if target else {}, nullable or bool(target and self.sources[target].get("nullable"))
        kind = source.get("type")
        if isinstance(kind, list):
            nullable = nullable or "null" in kind
            kinds = [entry for entry in kind if entry != "null"]
            if len(kinds) != 1:
                members = [self._plain({**source, "type": entry, "nullable": False}, inline, where)[0] for entry in kinds]
                return {"union": members} if members else {}, nullable
            kind = kinds[0]
            source = {**source, "type": kind}
        if "allOf" in source:
            references, own = self._parts(source)
            shaped = [part for part in own if set(part) & {"properties", "enum", "oneOf", "anyOf", "items"}]
            if len(references) == 1 and not shaped:
                plain, inner = self._plain({"$ref": references[0]}, inline, where)
                return plain, nullable or inner
            if not references and len(shaped) <= 1:
                merged = {key: value for part in own for key, value in part.items()}
                return self._plain(merged, inline, where)
            return self._hoist(inline, source, where), nullable
        for key in ("oneOf", "anyOf"):
            if key in source and "properties" not in source:
                if "discriminator" in source:
                    return self._hoist(inline, source, where), nullable
                members = []
                for number, part in enumerate(source[key], 1):
                    if part.get("type") == "null":
                        nullable = True
                        continue
                    plain, inner = self._plain(part, f"{inline}{number}" if len(source[key]) > 1 else inline, where)
                    nullable = nullable or inner
                    members.append(plain)
                return (members[0] if len(members) == 1 else {"union": members}) if members else {}, nullable
        if "enum" in source:
            values = source["enum"]
            nullable = nullable or None in values
            if kind in (None, "string") and any(isinstance(value, str) for value in values):
                return self._hoist(inline, {"type": "string", "enum": values}, where), nullable
            kind = kind or {bool: "boolean", int: "integer", float: "number"}.get(type(values[0]) if values else str)
        if "const" in source:
            value = source["const"]
            if isinstance(value, str):
                return self._hoist(inline, {"type": "string", "enum": [value]}, where), nullable
        if kind == "array":
            items = source.get("items", {})
            inner, null = self._plain(items, inline + "Item", where)
            null = null and "$ref" not in items  # rows of a nullable schema are taken to be there
            return {"array": {"union": [inner, {"type": "null"}]} if null and inner else inner}, nullable
        if source.get("properties"):
            return self._hoist(inline, source, where), nullable
        if kind == "object" or "additionalProperties" in source:
            free = source.get("additionalProperties")
            if isinstance(free, Mapping) and free:
                value, null = self._plain(free, inline + "Value", where)
                null = null and "$ref" not in free
                return {"map": {"union": [value, {"type": "null"}]} if null and value else value}, nullable
            return {"map": {}}, nullable
        if kind in ("string", "integer", "number", "boolean"):
            scalar = {"type": kind}
            if source.get("format") in ("date-time", "date", "binary") and kind == "string":
                scalar["format"] = source["format"]
            return scalar, nullable
        return {}, nullable

    def _reference(self, name: str, where: str) -> Json:
        source = self.sources[name]
        is_enum = source.get("type", "string") == "string" and ("enum" in source or "x-known-values" in source)
        if is_enum or self._is_model(source):
            return {"$ref": name}
        if name in self.open_aliases:
            self.warnings.append(f"{where}: {name} contains itself; its depths are Any")
            return {}
        self.open_aliases.append(name)
        plain = self._plain(source, name, where)[0]
        self.open_aliases.pop()
        return plain

    # -- operations

    def _operations(self) -> Iterator[Operation]:
        root_secured = bool(self.data.get("security"))
        for path, item in self.data["paths"].items():
            for method in METHODS:
                if method not in item:
                    continue
                source = item[method]
                operation_id = str(source.get("operationId") or f"{method}_{naming.snake_case(path)}")
                where = f"operation {operation_id}"
                inline = naming.class_name(operation_id[:1].upper() + operation_id[1:])
                body, body_required = self._body(source, inline, where)
                answers, errors = self._answers(source, inline, where)
                security = source.get("security")
                yield Operation(
                    operation_id=operation_id,
                    title=str(source.get("summary") or operation_id).strip(),
                    method=method.upper(),
                    path=path,
                    tag=str((source.get("tags") or ["default"])[0]),
                    parameters=self._parameters(path, item, source, inline, where),
                    body=body,
                    body_required=body_required,
                    answers=answers,
                    errors=errors,
                    secured=root_secured if security is None else bool(security),
                    safe=bool(source["x-safe"]) if "x-safe" in source else None,
                    inferred=bool(source.get("x-inferred")),
                    deprecated=bool(source.get("deprecated")),
                )

    def _parameters(self, path: str, item: Json, source: Json, inline: str, where: str) -> list[Parameter]:
        found: dict[tuple[str, str], Json] = {}
        for entry in (*item.get("parameters", ()), *source.get("parameters", ())):
            parameter = self._component("parameters", entry, where)
            if parameter:
                found[str(parameter.get("in")), str(parameter.get("name"))] = parameter
        parameters = []
        for (location, wire), parameter in found.items():
            if location == "header" and wire.lower() in DROPPED_HEADERS:
                continue
            schema = parameter.get("schema")
            if schema is None or location not in ("path", "query", "header"):
                self.faults.append(f"{where}: parameter {wire} in {location} has no counterpart")
                continue
            name = inline + "".join(word.capitalize() for word in naming.words(wire))
            plain, _ = self._plain(schema, name, f"{where}, parameter {wire}")
            array: Literal["none", "repeat", "csv"] = "none"
            if "array" in plain:
                style = parameter.get("style", "form" if location == "query" else "simple")
                exploded = parameter.get("explode", style == "form")
                array = "repeat" if exploded and location == "query" else "csv"
            parameters.append(
                Parameter(wire, location, plain, location == "path" or bool(parameter.get("required")), array, schema.get("default"), self._format(schema))
            )
        placeholders = [part.partition("}")[0] for part in path.split("{")[1:]]
        declared = [parameter.wire for parameter in parameters if parameter.location == "path"]
        if sorted(placeholders) != sorted(declared):
            self.faults.append(f"{where}: path {path} and its path parameters {declared} do not match")
        return parameters

    def _body(self, source: Json, inline: str, where: str) -> tuple[Content | None, bool]:
        if "requestBody" not in source:
            return None, False
        body = self._component("requestBodies", source["requestBody"], where)
        contents = list(body.get("content", {}).items())
        if not contents:
            return None, False
        contents.sort(key=lambda entry: (entry[0] != "application/json", media_shape(entry[0], entry[1].get("schema", {})) != "json"))
        media_type, chosen = contents[0]
        for other, entry in contents[1:]:
            if entry.get("schema") != chosen.get("schema"):
                self.warnings.append(f"{where}: its body as {other} is left out, {media_type} is offered")
        schema = chosen.get("schema", {})
        return Content(media_type, self._plain(schema, inline + "Body", where)[0], media_shape(media_type, schema)), bool(body.get("required"))

    def _answers(self, source: Json, inline: str, where: str) -> tuple[dict[int, list[Content]], list[int]]:
        answers: dict[int, list[Content]] = {}
        errors: list[int] = []
        responses = source.get("responses", {})
        successes = [code for code in responses if str(code).startswith("2") or (str(code) == "default" and len(responses) == 1)]
        for code, entry in responses.items():
            if code not in successes:
                if str(code).isdigit():
                    errors.append(int(code))
                continue
            response = self._component("responses", entry, f"{where}, answer {code}")
            status = int(code) if str(code).isdigit() else 200
            name = inline + "Answer" + (str(status) if len(successes) > 1 else "")
            plains: dict[str, Json] = {}
            contents = answers.setdefault(status, [])
            for media_type, content in response.get("content", {}).items():
                schema = content.get("schema")
                if schema is None:
                    continue
                key = json.dumps(schema, sort_keys=True)
                if key not in plains:
                    plains[key] = self._plain(schema, name, f"{where}, answer {code}")[0]
                contents.append(Content(media_type, plains[key], media_shape(media_type, schema)))
        if not answers:
            self.warnings.append(f"{where}: no 2xx answer in the document; taken to be 200 with any content")
            answers[200] = [Content("application/json", {}, "json")]
        return answers, sorted(set(errors))

    def _check_operation_names(self, operations: list[Operation]) -> None:
        seen: dict[str, Operation] = {}
        for operation in operations:
            other = seen.setdefault(operation.operation_id, operation)
            if other is not operation:
                self.faults.append(
                    f"two operations with one name, {operation.operation_id}: {other.method} {other.path}, {operation.method} {operation.path}"
                )
