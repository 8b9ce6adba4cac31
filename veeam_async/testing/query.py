"""Filters, order and pages of a list, by the spec's query parameters and the names of the rows' fields."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

Row = dict[str, Any]

_PAGING = {"skip", "limit", "offset", "ordercolumn", "orderasc", "sort"}
_MOMENTS = {
    "created": "creationTime",
    "ended": "endTime",
    "lastrun": "lastRun",
    "fromutc": "executionStartTime",
    "toutc": "executionStartTime",
}
# Where the parameter's name does not give the field's: parameter (lower case, without `filter`) to dotted fields.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "result": ("result.result", "result"),
    "lastresult": ("lastResult",),
    "type": ("type", "sessionType"),
    "types": ("type",),
    "jobstatus": ("status",),
    "policystatus": ("isEnabled",),
    "policyname": ("name",),
    "searchpattern": ("name",),
    "namesearchpattern": ("name",),
    "policyid": ("backupJobInfo.policyId", "policyId"),
    "serverstate": ("status",),
    "backupid": ("backupId",),
    "virtualmachineid": ("resourceId", "resourceHashId"),
}
_LOOSE = {"searchpattern", "namesearchpattern", "policyname", "filter"}


@attrs.frozen
class Page:
    """Part of a list: the rows, how many there are in all, and the bounds that were applied."""

    rows: Sequence[Row]
    total: int
    skip: int
    limit: int


def select(rows: Iterable[Row], query: Mapping[str, Sequence[str]]) -> list[Row]:
    """The rows that pass all filters of a query; parameters that fit no field of the rows filter nothing."""
    kept = list(rows)
    for name, values in query.items():
        if name.lower() in _PAGING or not values or not kept:
            continue
        test = _test(name, values, kept)
        if test is not None:
            kept = [row for row in kept if test(row)]
    return kept


def _test(name: str, values: Sequence[str], rows: Sequence[Row]) -> Callable[[Row], bool] | None:
    stem = name.lower().removesuffix("filter") or name.lower()
    moment = re.fullmatch(r"(\w+?)(after|before)", stem) or re.fullmatch(r"((?:from|to)utc)()", stem)
    if moment and moment[1] in _MOMENTS:
        return _moment(_MOMENTS[moment[1]], values[0], late=moment[2] == "after" or moment[1] == "fromutc")
    for path in _FIELDS.get(stem, ()) or (_own_field(stem, rows),):
        if path and any(_get(row, path) is not None for row in rows):
            return _equal(path, values, loose=stem in _LOOSE, enabled=stem == "policystatus")
    return None


def _own_field(stem: str, rows: Sequence[Row]) -> str:
    for row in rows:
        for field in row:
            if field.lower() == stem or field.lower() == stem.removesuffix("s"):
                return field
    return ""


def _moment(field: str, text: str, *, late: bool) -> Callable[[Row], bool] | None:
    bound = read_moment(text)
    if bound is None:
        return None

    def test(row: Row) -> bool:
        have = read_moment(_get(row, field))
        if have is None:
            return False
        return have >= bound if late else have <= bound

    return test


def _equal(path: str, values: Sequence[str], *, loose: bool, enabled: bool) -> Callable[[Row], bool]:
    wanted = [value.lower() for value in values]
    if enabled:
        wanted = ["true" if value == "enabled" else "false" for value in wanted]

    def one(have: Any) -> bool:
        text = _text(have)
        for want in wanted:
            if text == want or ("*" in want and fnmatch.fnmatchcase(text, want)) or (loose and want in text):
                return True
        return False

    def test(row: Row) -> bool:
        have = _get(row, path)
        return any(one(entry) for entry in have) if isinstance(have, list) else have is not None and one(have)

    return test


def _text(value: Any) -> str:
    return str(value).lower()


def _get(row: Any, path: str) -> Any:
    for part in path.split("."):
        if not isinstance(row, dict):
            return None
        row = row.get(part)
    return row


def read_moment(text: Any) -> datetime | None:
    """An ISO 8601 moment (no zone is UTC) or a bare date; None for anything else."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except (AttributeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def order(rows: list[Row], query: Mapping[str, Sequence[str]]) -> list[Row]:
    """The rows in the order that `orderColumn`/`orderAsc` (VBR) or `Sort` (AWS, Azure) ask for."""
    keys: list[tuple[str, bool]] = []
    for name, values in query.items():
        if name.lower() == "ordercolumn":
            keys.append((values[0], _one(query, "orderasc").lower() == "true"))
        elif name.lower() == "sort":
            for value in values:
                match = re.fullmatch(r"(\w+?)(Asc|Desc)", value, re.IGNORECASE)
                if match:
                    keys.append((match[1], match[2].lower() == "asc"))
    for column, ascending in reversed(keys):
        field = _column(column, rows)
        if field:
            rows = sorted(rows, key=lambda row: _sortable(_get(row, field)), reverse=not ascending)
    return rows


def _column(column: str, rows: Sequence[Row]) -> str:
    stem = column.lower()
    candidates = {stem, "execution" + stem}
    for row in rows:
        for field in row:
            if field.lower() in candidates:
                return field + ".result" if isinstance(row[field], dict) and "result" in row[field] else field
    return ""


def _sortable(value: Any) -> tuple[int, float, str]:
    if isinstance(value, bool | int | float):
        return 1, float(value), ""
    return (0, 0.0, "") if value is None else (2, 0.0, str(value).lower())


def _one(query: Mapping[str, Sequence[str]], name: str) -> str:
    for key, values in query.items():
        if key.lower() == name and values:
            return values[0]
    return ""


def page(
    rows: Sequence[Row], skip: int | None, limit: int | None, *, default: int = 200, most: int | None = None
) -> Page:
    """Cut a page out of a list.

    Args:
        rows: all rows, filtered and sorted.
        skip: rows to leave out, or None.
        limit: rows wanted; below zero for all; None for the server's own choice.
        default: the server's own choice.
        most: the most that the server gives, whatever is asked for; None for no such bound.
    """
    skip = max(skip or 0, 0)
    limit = default if limit is None else limit
    count = len(rows) if limit < 0 else limit
    if most is not None:
        count = min(count, most)
    return Page(rows[skip : skip + count], len(rows), skip, limit)


def number(query: Mapping[str, Sequence[str]], *names: str) -> int | None:
    """The integer that the first of some parameters carries (names in lower case), or None."""
    for name in names:
        text = _one(query, name)
        try:
            return int(text)
        except ValueError:
            continue
    return None
