"""Reading a spec: its operations, and all that they say of parameters, bodies and answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal

from codegen import naming
from codegen.document import (
    DROPPED_HEADERS,
    METHODS,
    Content,
    Document,
    Json,
    Location,
    Operation,
    Parameter,
    SpecError,
)
from codegen.schemas import SchemaReader, format_of

_LOCATIONS: dict[str, Location] = {"path": "path", "query": "query", "header": "header"}


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
        self.schemas = SchemaReader(data.get("components", {}).get("schemas", {}))
        self.faults = self.schemas.faults
        self.warnings = self.schemas.warnings

    def read(self) -> Document:
        self.schemas.read()
        operations = list(self._operations())
        self._check_operation_names(operations)
        schemas = self.schemas.finish()
        if self.faults:
            raise SpecError(*(f"{self.name}: {fault}" for fault in naming.unique(self.faults)))
        return Document(schemas, operations, self.warnings)

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

    def _operations(self) -> Iterator[Operation]:
        for path, item in self.data["paths"].items():
            for method in METHODS:
                if method not in item:
                    continue
                source = item[method]
                operation_id = str(source.get("operationId") or f"{method}_{naming.snake_case(path)}")
                where = f"operation {operation_id}"
                self.schemas.tag = str((source.get("tags") or ["default"])[0])
                inline = naming.pascal_case(operation_id)
                body, body_required = self._body(source, inline, where)
                answers, errors = self._answers(source, inline, where)
                security = source.get("security", self.data.get("security"))
                yield Operation(
                    operation_id=operation_id,
                    title=str(source.get("summary") or operation_id).strip(),
                    method=method.upper(),
                    path=path,
                    tag=self.schemas.tag,
                    parameters=self._parameters(path, item, source, inline, where),
                    body=body,
                    body_required=body_required,
                    answers=answers,
                    errors=errors,
                    secured=security is None or bool(security),
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
        for (place, wire), parameter in found.items():
            location = _LOCATIONS.get(place)
            if location == "header" and wire.lower() in DROPPED_HEADERS:
                continue
            schema = parameter.get("schema")
            if schema is None or location is None:
                self.faults.append(f"{where}: parameter {wire} in {place} has no counterpart")
                continue
            name = inline + naming.pascal_case(wire)
            plain, _ = self.schemas.plain(schema, name, f"{where}, parameter {wire}")
            array: Literal["none", "repeat", "csv"] = "none"
            if "array" in plain:
                style = parameter.get("style", "form" if location == "query" else "simple")
                exploded = parameter.get("explode", style == "form")
                array = "repeat" if exploded and location == "query" else "csv"
            parameters.append(
                Parameter(
                    wire,
                    location,
                    plain,
                    location == "path" or bool(parameter.get("required")),
                    array,
                    schema.get("default"),
                    format_of(schema),
                )
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
        contents.sort(
            key=lambda entry: (
                entry[0] != "application/json",
                media_shape(entry[0], entry[1].get("schema", {})) != "json",
            )
        )
        media_type, chosen = contents[0]
        for other, entry in contents[1:]:
            if entry.get("schema") != chosen.get("schema"):
                self.warnings.append(f"{where}: its body as {other} is left out, {media_type} is offered")
        schema = chosen.get("schema", {})
        return Content(
            media_type, self.schemas.plain(schema, inline + "Body", where)[0], media_shape(media_type, schema)
        ), bool(body.get("required"))

    def _answers(self, source: Json, inline: str, where: str) -> tuple[dict[int, list[Content]], list[int]]:
        answers: dict[int, list[Content]] = {}
        errors: list[int] = []
        responses = source.get("responses", {})
        successes = [
            code for code in responses if str(code).startswith("2") or (str(code) == "default" and len(responses) == 1)
        ]
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
                    plains[key] = self.schemas.plain(schema, name, f"{where}, answer {code}")[0]
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
                places = f"{other.method} {other.path}, {operation.method} {operation.path}"
                self.faults.append(f"two operations with one name, {operation.operation_id}: {places}")
