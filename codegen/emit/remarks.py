"""What a schema says of a value beyond its type, in few words: format, default, lengths, limits, unit."""

from __future__ import annotations

from typing import Any

from codegen import naming
from codegen.emit.document import Json

_FORMATS = {"uuid": "UUID", "byte": "base64", "uri": "URI"}
_IN_TYPES = frozenset(["date", "date-time", "binary", "int32", "int64", "float", "double"])
_UNITS = {
    "ms": "milliseconds",
    "milliseconds": "milliseconds",
    "sec": "seconds",
    "seconds": "seconds",
    "min": "minutes",
    "minutes": "minutes",
    "hours": "hours",
    "days": "days",
    "weeks": "weeks",
    "months": "months",
    "years": "years",
    "bytes": "bytes",
    "kb": "KB",
    "mb": "MB",
    "gb": "GB",
    "tb": "TB",
    "percent": "percent",
    "percents": "percent",
    "percentage": "percent",
}


def remarks(source: Json, wire: str, *, read_only: bool = False) -> list[str]:
    """What is to be said of a property or a parameter.

    Args:
        source: its schema in the document.
        wire: its name in the document, whose last word may be a unit.
        read_only: True for what servers ignore or refuse in a request.
    """
    parts = source.get("allOf", ())
    facts: dict[str, Any] = {key: value for part in (*parts, source) for key, value in part.items()}
    said = [
        *(["read-only"] if read_only else []),
        *(["deprecated"] if facts.get("deprecated") else []),
        *_format(facts),
        *_range(facts, "minLength", "maxLength", "character"),
        *_range(facts, "minItems", "maxItems", "item"),
        *_range(facts, "minimum", "maximum", ""),
        *_unit(facts, wire),
        *_default(facts.get("default")),
    ]
    return naming.unique(said)


def _format(facts: Json) -> list[str]:
    value = facts.get("format")
    if value is None and facts.get("type") == "array":
        value = facts.get("items", {}).get("format")
    if not isinstance(value, str) or value in _IN_TYPES:
        return []
    return [_FORMATS.get(value, value)]


def _range(facts: Json, least: str, most: str, unit: str) -> list[str]:
    low, high = _number(facts.get(least)), _number(facts.get(most))
    if least != "minimum" and low == "0":
        low = None
    units = f" {unit}s" if unit else ""
    if low is not None and high is not None:
        return [f"{low}{units[:-1] if low == '1' else units}"] if low == high else [f"{low} to {high}{units}"]
    if low is not None:
        return [f"at least {low}{units[:-1] if low == '1' else units}"]
    if high is not None:
        return [f"at most {high}{units[:-1] if high == '1' else units}"]
    return []


def _number(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= 2**63 - 1:
        return None
    return str(value)


def _unit(facts: Json, wire: str) -> list[str]:
    words = naming.words(wire)
    if facts.get("type") not in ("integer", "number") or len(words) < 2 or words[-1] not in _UNITS:
        return []
    return [f"in {_UNITS[words[-1]]}"]


def _default(value: Any) -> list[str]:
    if isinstance(value, bool):
        return [f"default {str(value).lower()}"]
    if isinstance(value, str):
        return [f"default `{value}`" if value else "default empty"]
    return [f"default {number}"] if (number := _number(value)) is not None else []
