"""The JSON Schema of a fleet file, for editors: `python -m veeam_async.fleet.config_schema > fleet.schema.json`.

An editor that knows TOML takes it from the first line of a fleet file: `#:schema ./fleet.schema.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .config_keys import INNER, PRODUCTS, SECRETS, TYPES
from .secrets import SOURCES

_JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array", dict: "object"}
_NOT_IN_DEFAULTS = ("name", "host")
# What a key takes beyond a type.
_MORE: dict[str, dict[str, Any]] = {
    "product": {"enum": list(PRODUCTS)},
    "port": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 65535}, {"const": "auto"}]},
    "tags": {"type": "array", "items": {"type": "string"}},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "timeout": {"type": "number", "exclusiveMinimum": 0},
    "max_body": {"type": "integer", "minimum": 1},
}


def fleet_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of what `Fleet.from_toml` takes."""
    common = {key: _value(key, types) for key, types in TYPES.items()}
    defaults = {key: value for key, value in common.items() if key not in _NOT_IN_DEFAULTS}
    of_product = {key: value for key, value in defaults.items() if key != "product"}
    appliance = _table(common) | {"required": ["host"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Fleet of Veeam appliances",
        **_table(
            {
                "defaults": _table({**defaults, **dict.fromkeys(PRODUCTS, _table(of_product))}),
                "appliance": {"type": "array", "items": appliance},
            }
        ),
    }


def _table(properties: Mapping[str, Any]) -> dict[str, Any]:
    """A table that takes these keys, and one source at most of each secret."""
    table: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    both = [
        {"not": {"required": [f"{secret}_{one}", f"{secret}_{other}"]}}
        for secret in SECRETS
        if f"{secret}_{SOURCES[0]}" in properties
        for number, one in enumerate(SOURCES)
        for other in SOURCES[number + 1 :]
    ]
    return table | ({"allOf": both} if both else {})


def _value(key: str, types: tuple[type, ...]) -> dict[str, Any]:
    if key in _MORE:
        return _MORE[key]
    if key in INNER:
        return _inner(INNER[key])
    if key.endswith("_command"):
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    return _typed(types)


def _inner(known: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    properties = {name: _typed(types) for name, types in known.items() if name != "proxy"}
    if "proxy" in known:
        properties["proxy"] = _table(properties)
    return _table(properties)


def _typed(types: tuple[type, ...]) -> dict[str, Any]:
    names = [_JSON_TYPES[one] for one in types if not (one is int and float in types)]
    return {"type": names[0] if len(names) == 1 else names}


if __name__ == "__main__":
    print(json.dumps(fleet_schema(), indent=2))  # noqa: T201
