"""Rows on stdout in the format that was asked for, errors and totals on stderr."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import attrs
from rich.markup import escape

from ..fleet import ROW_TYPES, Answer, Row
from ..fleet.rows import columns
from .columns import COLUMNS
from .formats import RARE, show, show_query
from .monitoring import influx, zabbix
from .output import Column, csv_text, json_line, json_text, put, stderr
from .selection import Cells, Selection
from .status import CommandError, Status
from .words import count, short

# Where each kind of row says how something ended.
_RESULTS = ("last_result", "result")


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
    """Prints rows: as they come where the format allows it, otherwise at the end.

    Args:
        source: the kind of rows.
        selection: what is shown of them.
        raw: with the original object of each row, in JSON.
        results: only rows that ended so.
    """

    def __init__(self, source: str, selection: Selection, *, raw: bool = False, results: Sequence[str] = ()) -> None:
        self.source = source
        self.selection = selection
        self.raw = raw
        self.names = columns(row_type(source))
        self.columns = _all_columns(source)
        self._results = frozenset(results)
        self._result = next((name for name in _RESULTS if name in self.names), None)
        self._printed = 0
        selection.check(self.names)
        if results and self._result is None:
            raise CommandError(f"--result goes with jobs and sessions: {source} have no result")

    @property
    def streams(self) -> bool:
        """True where each row is printed when it comes."""
        return self.selection.output in ("jsonl", "csv", "influx") and self.selection.as_they_come

    @property
    def full(self) -> bool:
        """True where no further row would be printed."""
        return self.streams and self.selection.limit is not None and self._printed >= self.selection.limit

    def wanted(self, row: Row) -> bool:
        """Whether the row ended as asked for."""
        return not self._results or (self._result is not None and getattr(row, self._result) in self._results)

    def cells(self, row: Row) -> Cells:
        """The row by the names of its columns, the appliance by its name."""
        values: dict[str, Any] = {name: getattr(row, name) for name in self.names}
        values["appliance"] = row.appliance.name
        if self.selection.output in ("influx", "zabbix"):
            values |= {"product": row.appliance.product, "labels": row.appliance.labels}
        return values | {"raw": row.raw} if self.raw else values

    def point(self, cells: Cells) -> str:
        """A row as a line of the line protocol, as of now. What a series goes by is in it whatever was chosen."""
        chosen = self.selection.narrow(cells)
        kept = {
            name: value for name, value in cells.items() if name != "labels" and (name in chosen or name in influx.TAGS)
        }
        return influx.point(f"veeam_{row_type(self.source).__name__.lower()}", kept, datetime.now(UTC), cells["labels"])

    def row(self, row: Row) -> None:
        """A row has come."""
        if not self.streams or self.full:
            return
        cells = self.cells(row)
        if self.selection.output == "influx":
            put(self.point(cells))
        elif self.selection.output == "jsonl":
            put(json_line(self.selection.narrow(cells)) + "\n")
        else:
            put(csv_text(self.selection.columns or self.names, [cells], header=not self._printed))
        self._printed += 1

    def end(self, poll: Poll) -> None:
        """All rows that will come are there."""
        if self.streams:
            if self.selection.output == "csv" and not self._printed:
                put(csv_text(self.selection.columns or self.names, []))
            return
        ordered = sorted(poll.rows, key=lambda row: (row.appliance.name, row.name or "", row.id))
        rows = [self.cells(row) for row in ordered]
        if self.selection.output == "influx":
            put("".join(map(self.point, self.selection.apply(rows))))
            return
        if self.selection.output == "zabbix":
            put(zabbix.rows(self.selection.apply(rows)))
            return
        if self.selection.output != "json" and self.selection.query is None:
            show(self.columns, rows, self.selection)
            return
        chosen = [self.selection.narrow(row) for row in self.selection.apply(rows)]
        errors = [{"appliance": one.appliance.name, "error": short(_error(one))} for one in poll.errors]
        document = {"rows": chosen, "errors": errors}
        if self.selection.query is not None:
            show_query(document, self.selection)
        else:
            put(json_text(document) + "\n")


def _all_columns(source: str) -> list[Column]:
    """The columns of a kind of row, those that are seldom asked for at the end."""
    listed = COLUMNS.get(source, [])
    names = [column.name for column in listed]
    others = [name for name in columns(row_type(source)) if name not in names]
    return [*listed, *(Column(name, name.replace("_", " "), rank=RARE if listed else 0) for name in others)]


def row_type(source: str) -> type[Row]:
    """The row type of `jobs`, `sessions`, ..."""
    return next(one for one in ROW_TYPES if one.source == source)


def summarize(poll: Poll, total: int, *, interrupted: bool) -> None:
    """Errors and a line of totals, on stderr."""
    console = stderr()
    for answer in sorted(poll.errors, key=lambda one: one.appliance.name):
        console.print(f"{escape(answer.appliance.name)}: [bad]{escape(short(_error(answer)))}[/]")
    if poll.lacking:
        console.print(f"their revision has nothing of the kind: {escape(', '.join(sorted(poll.lacking)))}")
    line = f"{count(len(poll.rows), 'row')} from {poll.answered - len(poll.errors)} of {count(total, 'appliance')}"
    if poll.errors:
        line += f", {len(poll.errors)} failed"
    if interrupted:
        line = f"interrupted: {line}"
    console.print(line)


def _error(answer: Answer[Any]) -> BaseException:
    assert answer.error is not None
    return answer.error
