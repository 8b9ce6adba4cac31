"""References of a spec that lead nowhere, or to a thing of another kind, with where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from codegen.emit.document import Json
from veeam_async._spec import METHODS

_SECTIONS = {"parameters": "parameters", "requestBody": "requestBodies", "responses": "responses"}


def broken(document: Json) -> Iterator[str]:
    """One line for each reference that cannot be followed."""
    components = document.get("components", {})
    for section, entries in components.items():
        if isinstance(entries, Mapping):
            for name, entry in entries.items():
                if section == "schemas":
                    yield from _schema(components, entry, f"schema {name}")
                else:
                    yield from _part(components, entry, f"{section} {name}", section)
    for item in document["paths"].values():
        for method in METHODS:
            if method in item:
                where = f"operation {item[method].get('operationId') or method}"
                shared = {"parameters": item["parameters"]} if "parameters" in item else {}
                for source in (shared, item[method]):
                    yield from _operation(components, source, where)


def _operation(components: Json, operation: Json, where: str) -> Iterator[str]:
    for key, section in _SECTIONS.items():
        value = operation.get(key)
        if isinstance(value, list):
            for entry in value:
                yield from _part(components, entry, where, section)
        elif key == "responses" and isinstance(value, Mapping):
            for entry in value.values():
                yield from _part(components, entry, where, section)
        elif value is not None:
            yield from _part(components, value, where, section)


def _part(components: Json, part: Any, where: str, section: str) -> Iterator[str]:
    """A parameter, body or response: it may be a reference to one of its kind, or has schemas inside."""
    for _ in range(50):
        if not isinstance(part, Mapping) or "$ref" not in part:
            break
        target = _target(components, part["$ref"], section)
        if target is None:
            yield f"{where}: $ref {part['$ref']} leads nowhere"
            return
        part = target
    else:
        yield f"{where}: its references lead in a circle"
        return
    if isinstance(part, Mapping):
        yield from _schema(components, part.get("schema", {}), where)
        for content in part.get("content", {}).values():
            yield from _schema(components, content.get("schema", {}), where)


def _schema(components: Json, schema: Any, where: str) -> Iterator[str]:
    if isinstance(schema, list):
        for part in schema:
            yield from _schema(components, part, where)
    if not isinstance(schema, Mapping):
        return
    reference = schema.get("$ref")
    if reference is not None and _target(components, reference, "schemas") is None:
        yield f"{where}: $ref {reference} leads nowhere"
    discriminator = schema.get("discriminator", {})
    mapping = discriminator.get("mapping", {}) if isinstance(discriminator, Mapping) else {}
    for value in mapping.values():
        target = value if "/" in str(value) else f"#/components/schemas/{value}"
        if _target(components, target, "schemas") is None:
            yield f"{where}: $ref {value} leads nowhere"
    for key in ("items", "additionalProperties", "allOf", "oneOf", "anyOf"):
        yield from _schema(components, schema.get(key), where)
    properties = schema.get("properties", {})
    if isinstance(properties, Mapping):
        for wire, entry in properties.items():
            yield from _schema(components, entry, f"{where}, property {wire}")


def _target(components: Json, reference: Any, section: str) -> Any:
    prefix = f"#/components/{section}/"
    if not isinstance(reference, str) or not reference.startswith(prefix):
        return None
    name = reference.removeprefix(prefix).replace("~1", "/").replace("~0", "~")
    return components.get(section, {}).get(name)
