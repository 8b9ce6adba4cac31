"""Rows on stdout in the format that was asked for, errors and totals on stderr."""

from __future__ import annotations

from typing import Any

import attrs
from rich.markup import escape

from ..fleet import ROW_TYPES, Answer, Row
from ..fleet.rows import columns
from .columns import COLUMNS
from .output import csv_text, json_line, json_text, put, stderr, stdout, table
from .status import Status
from .words import short


@attrs.frozen
class Patience:
    """How long is waited, and for how many at a time.

    Attributes:
        timeout: seconds for one appliance.
        deadline: seconds for the whole fleet, or None.
        concurrency: appliances that are worked on at the same time.
    """

    timeout: float
    deadline: float | None
    concurrency: int


@attrs.define
class Poll:
    """What one round has brought so far."""

    rows: list[Row] = attrs.field(factory=list)
    errors: list[Answer[int]] = attrs.field(factory=list)
    lacking: list[str] = attrs.field(factory=list)
    answered: int = 0

    @property
    def status(self) -> Status:
        """By how many appliances answered."""
        if not self.errors:
            return Status.OK
        return Status.ATTENTION if self.answered > len(self.errors) else Status.FAILED


class Printer:
    """Prints rows: as they come where the format allows it, otherwise at the end."""

    def __init__(self, source: str, format: str, raw: bool) -> None:
        self.source = source
        self.format = format
        self.raw = raw
        self.names = list(columns(row_type(source)))
        self._first = True

    def plain(self, row: Row) -> dict[str, Any]:
        """The row for JSON."""
        values = row.to_dict()
        return values | {"raw": row.raw} if self.raw else values

    def row(self, row: Row) -> None:
        """A row has come."""
        if self.format == "jsonl":
            put(json_line(self.plain(row)) + "\n")
        elif self.format == "csv":
            put(csv_text(self.names, [row.to_dict()], header=self._first))
            self._first = False

    def _cells(self, row: Row) -> dict[str, Any]:
        return {name: getattr(row, name) for name in self.names} | {"appliance": row.appliance.name}

    def end(self, poll: Poll) -> None:
        """All rows that will come are there."""
        rows = sorted(poll.rows, key=lambda row: (row.appliance.name, row.name or "", row.id))
        if self.format == "json":
            errors = [{"appliance": one.appliance.name, "error": short(_error(one))} for one in poll.errors]
            put(json_text({"rows": [self.plain(row) for row in rows], "errors": errors}) + "\n")
        elif self.format == "csv" and self._first:
            put(csv_text(self.names, []))
        elif self.format == "table" and rows:
            shown = [
                {name: getattr(row, name) for name in self.names} | {"appliance": row.appliance.name} for row in rows
            ]
            table(COLUMNS[self.source], shown, stdout())


def row_type(source: str) -> type[Row]:
    """The row type of `jobs`, `sessions`, ..."""
    return next(one for one in ROW_TYPES if one.source == source)


def tell(poll: Poll, total: int, *, interrupted: bool) -> None:
    """Errors and a line of totals, on stderr."""
    console = stderr()
    for answer in sorted(poll.errors, key=lambda one: one.appliance.name):
        console.print(f"{escape(answer.appliance.name)}: [bad]{escape(short(_error(answer)))}[/]")
    if poll.lacking:
        console.print(f"nothing of the kind in the revision of: {escape(', '.join(sorted(poll.lacking)))}")
    line = f"{len(poll.rows):,} rows from {poll.answered - len(poll.errors)} of {total} appliances"
    if poll.errors:
        line += f", {len(poll.errors)} failed"
    if interrupted:
        line = f"interrupted: {line}"
    console.print(line)


def _error(answer: Answer[Any]) -> BaseException:
    assert answer.error is not None
    return answer.error
