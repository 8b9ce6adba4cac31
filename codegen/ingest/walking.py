"""Walks through an OpenAPI document: its operations, its schemas, its references."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from codegen.faults import BadInput

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_NAMED = ("properties", "patternProperties", "$defs", "definitions")
_LISTED = ("allOf", "oneOf", "anyOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not")


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation as (path, method, operation), in the document's order."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if isinstance(item, dict) and isinstance(item.get(method), dict):
                yield path, method, item[method]


def schemas(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of a document with its JSON pointer, outermost first."""
    components = document.get("components") or {}
    named = components.get("schemas")
    for name, found in named.items() if isinstance(named, dict) else ():
        yield from below(found, f"#/components/schemas/{_escape(name)}")
    for kind, parts in components.items():
        if kind not in ("schemas", "examples", "securitySchemes", "links"):
            yield from _held(parts, f"#/components/{kind}")
    yield from _held(document.get("paths"), "#/paths")


def below(found: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A schema and every schema in it."""
    if not isinstance(found, dict):
        return
    yield where, found
    for key in _NAMED:
        parts = found.get(key)
        if isinstance(parts, dict):
            for name, part in parts.items():
                yield from below(part, f"{where}/{key}/{_escape(name)}")
    for key in _LISTED:
        parts = found.get(key)
        if isinstance(parts, list):
            for index, part in enumerate(parts):
                yield from below(part, f"{where}/{key}/{index}")
    for key in _SINGLE:
        yield from below(found.get(key), f"{where}/{key}")


def _held(value: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schemas that parameters, headers and media types hold."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key == "schema":
                yield from below(part, f"{where}/schema")
            elif key not in ("example", "examples") and not str(key).startswith("x-"):
                yield from _held(part, f"{where}/{_escape(key)}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _held(part, f"{where}/{index}")


def contents(value: Any) -> Iterator[dict[str, Any]]:
    """Every body, response, parameter and header that has `content`, by media type; what a schema calls so is none."""
    if isinstance(value, dict):
        if isinstance(value.get("content"), dict):
            yield value
        for key, part in value.items():
            if key not in ("schema", "schemas", "content", "securitySchemes"):
                yield from contents(part)
    elif isinstance(value, list):
        for part in value:
            yield from contents(part)


def objects(value: Any, where: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of any kind with its JSON pointer, outermost first."""
    if isinstance(value, dict):
        yield where, value
        for key, part in value.items():
            yield from objects(part, f"{where}/{_escape(key)}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from objects(part, f"{where}/{index}")


def _escape(key: Any) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")


def resolve(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """What a possible reference stands for."""
    for _ in range(32):
        reference = value.get("$ref")
        if not isinstance(reference, str):
            return value
        value = target(document, reference)
    raise BadInput(f"a chain of references without end at {value.get('$ref')}")


def target(document: dict[str, Any], reference: str) -> dict[str, Any]:
    """The object that a local reference names.

    Raises:
        BadInput: it leads nowhere.
    """
    if not reference.startswith("#/"):
        raise BadInput(f"$ref {reference!r} leads out of the document")
    found: Any = document
    for part in reference[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~").replace("%20", " ")
        found = found.get(key) if isinstance(found, dict) else found[int(key)] if _indexes(found, key) else None
    if not isinstance(found, dict):
        raise BadInput(f"$ref {reference!r} leads nowhere")
    return found


def _indexes(found: Any, key: str) -> bool:
    return isinstance(found, list) and key.isdigit() and int(key) < len(found)
