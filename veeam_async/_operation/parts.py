"""Parts of parsed JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def value_at(raw: Any, path: str | None) -> Any:
    """The value at a path whose dots lead into objects, or None."""
    for key in path.split(".") if path else ():
        if not isinstance(raw, Mapping):
            return None
        raw = raw.get(key)
    return raw if path else None


def positive(value: Any) -> int | None:
    """A whole number above 0, or None."""
    return value if isinstance(value, int) and value > 0 else None


def row_key(row: dict[str, Any]) -> int:
    """What is alike in two rows of the same thing. Two things may share an id, and differ in type or name."""
    key = (row["id"], row.get("type"), row.get("name"))
    try:
        # Hashes, so that a million of them can be held.
        return hash(key)
    except TypeError:
        return hash(str(key))
