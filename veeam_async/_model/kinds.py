"""Values that are no objects where one is due, in words."""

from __future__ import annotations

from typing import Any, Final

from ..errors import DecodeError

_KINDS: Final = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


def object_due(name: str, value: Any) -> DecodeError:
    """The error for a value that is not the object or the array that `name` stands for."""
    kind = _KINDS.get(type(value), "a number" if isinstance(value, (int, float)) else type(value).__name__)
    due = "an array" if name.startswith("list[") else "an object"
    return DecodeError(f"{due} was due for {name}, {kind} came")
