"""OpenAPI 3.1 brought to 3.0: the same facts in the words of the older version, which every tool here reads."""

from __future__ import annotations

import copy
from typing import Any

from codegen.faults import BadInput
from codegen.ingest.walking import operations, schemas


def to_3_0(document: dict[str, Any]) -> dict[str, Any]:
    """The document as OpenAPI 3.0; one that is 3.0 already is given back as it is.

    Raises:
        BadInput: a schema says what 3.0 has no words for.
    """
    if document["openapi"].startswith("3.0"):
        return document
    made = copy.deepcopy(document)
    made["openapi"] = "3.0.3"
    made.pop("webhooks", None)
    made.pop("jsonSchemaDialect", None)
    # Innermost first, so that a rule sees parts that are 3.0 already.
    for where, found in reversed(list(schemas(made))):
        _schema(found, where)
    for _, _, operation in operations(made):
        operation.setdefault("responses", {"default": {}})
    return made


def _schema(found: dict[str, Any], where: str) -> None:
    _boolean_schemas(found)
    _type(found, where)
    if "const" in found:
        constant = found.pop("const")
        if constant is None:
            found["nullable"] = True
        else:
            found.setdefault("enum", [constant])
            found.setdefault("type", _TYPES.get(type(constant), "object"))
    for key, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        value = found.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found[key], found[limit] = True, value
    if isinstance(found.get("enum"), list) and None in found["enum"]:
        found["enum"] = [value for value in found["enum"] if value is not None]
        found["nullable"] = True
    if found.get("type") == "string" and "format" not in found:
        if "contentEncoding" in found:
            found["format"] = "byte" if found["contentEncoding"] == "base64" else "binary"
        elif "contentMediaType" in found:
            found["format"] = "binary"
    if isinstance(found.get("prefixItems"), list):
        found.setdefault("items", _either(found["prefixItems"]))
    if found.get("type") == "array":
        found.setdefault("items", {})
    patterns = found.get("patternProperties")
    if isinstance(patterns, dict) and patterns:
        found.setdefault("additionalProperties", _either(list(patterns.values())))
    _null_parts(found)
    if "$ref" in found and any(key in found for key in _COUNTED):
        # 3.1 lets a reference have neighbours that count; in 3.0 it stands alone.
        found["allOf"] = [{"$ref": found.pop("$ref")}, *found.get("allOf", ())]


# What beside a reference says something about the value.
_COUNTED = (
    "nullable",
    "type",
    "enum",
    "required",
    "properties",
    "items",
    "allOf",
    "anyOf",
    "oneOf",
    "additionalProperties",
)
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def _either(parts: list[Any]) -> dict[str, Any]:
    return parts[0] if len(parts) == 1 else {"anyOf": parts} if parts else {}


def _type(found: dict[str, Any], where: str) -> None:
    kinds = found.get("type")
    if kinds == "null":
        del found["type"]
        found["nullable"] = True
    elif isinstance(kinds, list):
        rest = [kind for kind in kinds if kind != "null"]
        if len(rest) < len(kinds):
            found["nullable"] = True
        if len(rest) == 1:
            found["type"] = rest[0]
        elif rest:
            del found["type"]
            if "anyOf" in found:
                raise BadInput(f"{where}: several types beside anyOf have no form in OpenAPI 3.0")
            found["anyOf"] = [
                {"type": kind} | ({"items": found.get("items", {})} if kind == "array" else {}) for kind in rest
            ]
        else:
            del found["type"]


def _null_parts(found: dict[str, Any]) -> None:
    """`anyOf: [X, null]` is a nullable X."""
    for key in ("anyOf", "oneOf"):
        parts = found.get(key)
        if not isinstance(parts, list):
            continue
        rest = [part for part in parts if part != {"nullable": True}]
        if len(rest) == len(parts):
            continue
        found["nullable"] = True
        if len(rest) > 1:
            found[key] = rest
            continue
        del found[key]
        if rest and "$ref" in rest[0]:
            found["allOf"] = [rest[0]]
        elif rest:
            for name, value in rest[0].items():
                found.setdefault(name, value)


def _boolean_schemas(found: dict[str, Any]) -> None:
    """`true` as a schema is the empty schema; `false` is one that nothing fits."""
    properties = found.get("properties")
    if isinstance(properties, dict):
        for name, part in properties.items():
            if isinstance(part, bool):
                properties[name] = {} if part else {"not": {}}
    if isinstance(found.get("items"), bool):
        found["items"] = {} if found["items"] else {"not": {}}
