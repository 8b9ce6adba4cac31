"""Reading a spec: its operations, and all that they say of parameters, bodies and responses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Literal

from codegen import naming
from codegen.emit import references, shape
from codegen.emit.document import DROPPED_HEADERS, Content, Document, Json, Location, Operation, Parameter, Shape
from codegen.emit.schemas import SchemaReader
from codegen.faults import BadInput
from veeam_async._spec import Spec, SpecOperation

_LOCATIONS: dict[str, Location] = {"path": "path", "query": "query", "header": "header"}


def read(data: Json, name: str) -> Document:
    """Read a spec.

    Args:
        data: the OpenAPI document.
        name: what to call it in errors, such as `vbr/1.3-rev0`.

    Raises:
        BadInput: a `$ref` leads nowhere, two operations share a name, or something has no counterpart in Python.
    """
    faults = list(shape.faults(data)) or list(references.broken(data))
    if faults:
        raise BadInput(*(f"{name}: {fault}" for fault in faults[:100]))
    product, _, revision = name.partition("/")
    return _Reader(Spec(product, revision, dict(data)), name).read()


def media_shape(media_type: str, schema: Json) -> Shape:
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
    def __init__(self, spec: Spec, name: str) -> None:
        self.spec = spec
        self.name = name
        self.schemas = SchemaReader(spec.schemas)
        self.faults = self.schemas.faults
        self.warnings = self.schemas.warnings

    def read(self) -> Document:
        self.schemas.read()
        operations = [
            self._operation(operation) for methods in self.spec.paths.values() for operation in methods.values()
        ]
        self._check_operation_names(operations)
        schemas = self.schemas.finish()
        if self.faults:
            raise BadInput(*(f"{self.name}: {fault}" for fault in naming.unique(self.faults)))
        return Document(schemas, operations, self.warnings)

    def _operation(self, source: SpecOperation) -> Operation:
        raw = source.raw
        operation_id = str(raw.get("operationId") or f"{source.method.lower()}_{naming.snake_case(source.path)}")
        where = f"operation {operation_id}"
        inline = naming.pascal_case(operation_id)
        self.schemas.tag = source.tag
        body = self._body(source, inline, where)
        responses = self._responses(source, inline, where)
        security = raw.get("security", self.spec.document.get("security"))
        return Operation(
            operation_id=operation_id,
            title=str(raw.get("summary") or operation_id).strip(),
            method=source.method,
            path=source.path,
            tag=source.tag,
            parameters=list(self._parameters(source, inline, where)),
            body=body,
            body_required=source.body_required and body is not None,
            responses=responses,
            errors=sorted(set(source.errors)),
            elsewhere=_is_elsewhere(raw, responses),
            secured=security is None or bool(security),
            safe=bool(raw["x-safe"]) if "x-safe" in raw else None,
            inferred=bool(raw.get("x-inferred")),
            deprecated=bool(raw.get("deprecated")),
        )

    def _parameters(self, source: SpecOperation, inline: str, where: str) -> Iterator[Parameter]:
        declared = []
        for parameter in source.parameters:
            wire, place = str(parameter.get("name")), str(parameter.get("in"))
            location = _LOCATIONS.get(place)
            if location == "header" and wire.lower() in DROPPED_HEADERS:
                continue
            content = parameter.get("content", {}).get("application/json")
            schema = parameter.get("schema") if content is None else content.get("schema", {})
            if schema is None or location is None:
                self.faults.append(f"{where}: parameter {wire} in {place} has no counterpart")
                continue
            if location == "path":
                declared.append(wire)
            plain, _ = self.schemas.plain(schema, inline + naming.pascal_case(wire), f"{where}, parameter {wire}")
            yield Parameter(
                wire,
                location,
                plain,
                location == "path" or bool(parameter.get("required")),
                _array(parameter, plain) if content is None else "none",
                content is not None,
                schema,
                bool(parameter.get("deprecated")),
            )
        placeholders = [part.partition("}")[0] for part in source.path.split("{")[1:]]
        if sorted(placeholders) != sorted(declared):
            self.faults.append(f"{where}: path {source.path} and its path parameters {declared} do not match")

    def _body(self, source: SpecOperation, inline: str, where: str) -> Content | None:
        contents = list(source.body.items())
        if not contents:
            return None
        contents.sort(
            key=lambda entry: (entry[0] != "application/json", media_shape(entry[0], entry[1]) != "json"),
        )
        media_type, schema = contents[0]
        for other, entry in contents[1:]:
            if entry != schema:
                self.warnings.append(f"{where}: its body as {other} is left out, {media_type} is offered")
        plain = self.schemas.plain(schema, inline + "Body", where)[0]
        return Content(media_type, plain, media_shape(media_type, schema))

    def _responses(self, source: SpecOperation, inline: str, where: str) -> dict[int, list[Content]]:
        responses: dict[int, list[Content]] = {}
        for response in source.responses:
            name = inline + "Response" + (str(response.status) if len(source.responses) > 1 else "")
            plains: dict[str, Json] = {}
            contents = responses.setdefault(response.status, [])
            for media_type, schema in response.content.items():
                key = json.dumps(schema, sort_keys=True)
                if key not in plains:
                    plains[key] = self.schemas.plain(schema, name, f"{where}, response {response.status}")[0]
                contents.append(Content(media_type, plains[key], media_shape(media_type, schema)))
        declared = source.raw.get("responses", {})
        if list(declared) != ["default"] and not any(str(status).startswith("2") for status in declared):
            self.warnings.append(f"{where}: no 2xx response in the document; taken to be 200 with any content")
        return responses

    def _check_operation_names(self, operations: list[Operation]) -> None:
        seen: dict[str, Operation] = {}
        for operation in operations:
            other = seen.setdefault(operation.operation_id, operation)
            if other is not operation:
                places = f"{other.method} {other.path}, {operation.method} {operation.path}"
                self.faults.append(f"two operations with one name, {operation.operation_id}: {places}")


def _is_elsewhere(raw: Json, responses: Mapping[int, list[Content]]) -> bool:
    """Whether a 202 without a body says in `Location` where the answer of the other status will be."""
    headers = raw.get("responses", {}).get("202", {}).get("headers", {})
    return "Location" in headers and len(responses) == 2 and responses.get(202) == []


def _array(parameter: Json, plain: Json) -> Literal["none", "repeat", "csv"]:
    """How a parameter with several values is written."""
    if "array" not in plain:
        return "none"
    style = parameter.get("style", "form" if parameter["in"] == "query" else "simple")
    exploded = parameter.get("explode", style == "form")
    return "repeat" if exploded and parameter["in"] == "query" else "csv"
