"""Which operations only read, and what they can be asked for: ids come from the listings that were read before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ..._operation.operation import Operation, Parameter

# Fields of a row that may hold its id, best first, after one that is called like the parameter.
_IDS = ("id", "instanceUid", "uid", "resourceId")
# Rows of a listing whose ids are used, and rows that a page is asked for.
_IDS_EACH = 1
_ROWS = 5
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Ids:
    """The ids that listings gave, by the path of the listing: for `/jobs/{id}/x` those of `/jobs`."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[dict[str, str], dict[str, Any]]]] = {}

    def take(self, operation: Operation[Any], values: dict[str, str], answer: Any) -> int:
        """Keep the first rows of an answer; gives how many rows it has."""
        rows = _rows(answer)
        if rows:
            kept = self._rows.setdefault(operation.path, [])
            kept += [(values, row) for row in rows[:_IDS_EACH]]
        return len(rows)

    def values(self, operation: Operation[Any]) -> dict[str, str] | None:
        """Values for the path parameters; None where no listing gave any."""
        values: dict[str, str] = {}
        for match in _PLACEHOLDER.finditer(operation.path):
            found = self._value(operation.path[: match.start()].rstrip("/"), match[1], values)
            if found is None:
                return None
            values = {**values, **found}
        return values

    def _value(self, listing: str, name: str, values: dict[str, str]) -> dict[str, str] | None:
        for above, row in self._rows.get(listing, ()):
            if any(values.get(key, value) != value for key, value in above.items()):
                continue
            for key in (name, *_IDS):
                if isinstance(row.get(key), (str, int)) and not isinstance(row[key], bool) and row[key] != "":
                    return {**above, name: str(row[key])}
        return None


def _rows(answer: Any) -> list[dict[str, Any]]:
    if isinstance(answer, dict):
        lists = [value for value in answer.values() if isinstance(value, list)]
        answer = lists[0] if lists else []
    return [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else []


def reading(operations: Sequence[Operation[Any]]) -> Iterator[Operation[Any]]:
    """The operations that only read and need no body, those that give ids ahead of those that need them."""
    chosen = [one for one in operations if one.method == "GET" and one.safe and one.body is None]
    yield from sorted(chosen, key=lambda one: one.path.count("{"))


def why_not(operation: Operation[Any]) -> str | None:
    """Why an operation is not called, or None."""
    types = [media for each in operation.responses.values() for media in each.media_types]
    if types and not any("json" in media for media in types):
        return "its answer is a file"
    needed = [one.wire for one in operation.parameters if one.required and one.location != "path"]
    return f"it needs {', '.join(needed)}" if needed else None


def arguments(operation: Operation[Any], ids: Ids) -> dict[str, Any] | None:
    """Values by the Python names of parameters; None where an id is not known."""
    values = ids.values(operation)
    if values is None:
        return None
    by_wire: dict[str, Parameter] = {one.wire: one for one in operation.parameters if one.location == "path"}
    named: dict[str, Any] = {by_wire[wire].name: value for wire, value in values.items() if wire in by_wire}
    names = {one.name for one in operation.parameters}
    if operation.paging is not None and operation.paging.limit in names:
        named[operation.paging.limit] = _ROWS
    return named
