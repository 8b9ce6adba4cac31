"""Type expressions: the annotations that the package's codec reads, such as `list[JobModel] | None | Unset`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import LiteralString

_PLAIN = frozenset(["str", "int", "float", "bool", "bytes", "list", "dict", "None"])
IMPORTS: dict[str, LiteralString] = {
    "Any": "from typing import Any",
    "Unset": "from veeam_async._model import Unset",
    "Upload": "from veeam_async.uploads import Upload",
    "date": "from datetime import date",
    "datetime": "from datetime import datetime",
}
"""Where the names of type expressions come from that are no models."""


def members(expression: str) -> list[str]:
    """The members of a union: `list[A | B] | None` has two."""
    parts, depth, start = [], 0, 0
    for position, letter in enumerate(expression):
        depth += (letter == "[") - (letter == "]")
        if letter == "|" and depth == 0:
            parts.append(expression[start:position].strip())
            start = position + 1
    return [*parts, expression[start:].strip()]


def union(expressions: Iterable[str]) -> str:
    """One type expression for values of any of `expressions`: null last, and `Any` where anything may come."""
    parts = list(dict.fromkeys(part for expression in expressions for part in members(expression)))
    if "Any" in parts:
        return "Any"
    return " | ".join([*(part for part in parts if part != "None"), *(["None"] if "None" in parts else [])])


def names(expressions: Iterable[str]) -> list[str]:
    """The names that type expressions take from somewhere else, sorted."""
    used = {name for expression in expressions for name in re.findall(r"[A-Za-z_]\w*", expression)}
    return sorted(used - _PLAIN)
