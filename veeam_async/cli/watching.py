"""`veeam-async poll --watch`: only what is new or changed, again and again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from rich.cells import cell_len
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from .._running import run
from ..fleet import Answer, Fleet, FleetView, Row
from .formats import RARE
from .output import Column, csv_text, fitted, json_line, put, stderr, stdout, text
from .printing import Patience, Printer, row_type
from .selection import Cells
from .status import CommandError, Status
from .words import count, short

# What is above and below the rows of a live table: borders, heading, two lines of state.
_AROUND = 7
# Cells that a column of lines has at least; longer values push what follows to the right, nothing is cut.
_WIDTHS = {"appliance": 16, "name": 28, "kind": 20, "message": 40, "path": 30}
_WIDTH = 12


def watch_fleet(
    fleet: Fleet, view: FleetView, printer: Printer, since: datetime | None, every: float, patience: Patience
) -> int:
    """Show each change until Ctrl-C."""
    selection = printer.selection
    if selection.output not in ("table", "wide", "jsonl", "csv", "influx"):
        raise CommandError(f"--watch goes with table, wide, jsonl, csv and influx, not with {selection.output}")
    if selection.query is not None or selection.sort is not None or selection.limit is not None:
        raise CommandError("--query, --sort and --limit need all rows at once: they do not go with --watch")
    shown: Shown
    if selection.output == "jsonl":
        shown = Plain(lambda kind, cells: json_line({"change": kind, **selection.narrow(cells)}) + "\n")
    elif selection.output == "influx":
        shown = Plain(lambda _, cells: printer.point(cells))
    elif selection.output == "csv":
        names = ("change", *(selection.columns or printer.names))
        put(csv_text(names, []))
        shown = Plain(lambda kind, cells: csv_text(names, [{"change": kind, **cells}], header=False))
    elif stdout().is_terminal and selection.output == "table":
        shown = Screen(stdout(), _columns(printer), f"{printer.source} of {count(len(view), 'appliance')}", every)
    else:
        shown = Lines(_columns(printer))

    async def work() -> None:
        async with fleet:
            watch = view.watch(
                row_type(printer.source), every=every, since=since, concurrency=patience.concurrency,
                timeout=patience.timeout, at_once=True, on_error=shown.failed, ignore=("progress",),
            )  # fmt: skip
            async for change in watch:
                if printer.wanted(change.row):
                    shown.change(change.kind, change.row, printer.cells(change.row))

    with shown, contextlib.suppress(KeyboardInterrupt):
        run(work())
    return Status.OK


def _columns(printer: Printer) -> list[Column]:
    chosen = printer.selection.columns
    by_name = {column.name: column for column in printer.columns}
    most = RARE if printer.selection.output == "wide" else RARE - 1
    return [by_name[name] for name in chosen] or [column for column in printer.columns if column.rank <= most]


class Shown(contextlib.AbstractContextManager[None], Protocol):
    """Where changes and failures are shown."""

    def change(self, kind: str, row: Row, cells: Cells) -> None: ...
    def failed(self, answer: Answer[Any]) -> None: ...


class Plain(contextlib.AbstractContextManager[None]):
    """A text for each change on stdout, and each new failure on stderr."""

    def __init__(self, line: Callable[[str, Cells], str]) -> None:
        self._line = line
        self._failing: dict[str, str] = {}

    def __exit__(self, *error: object) -> None:
        pass

    def change(self, kind: str, row: Row, cells: Cells) -> None:
        """Print a change."""
        self._failing.pop(row.appliance.name, None)
        put(self._line(kind, cells))

    def failed(self, answer: Answer[Any]) -> None:
        """Say that an appliance fails, once for each reason."""
        assert answer.error is not None
        message = short(answer.error)
        if self._failing.get(answer.appliance.name) != message:
            self._failing[answer.appliance.name] = message
            stderr().print(f"{escape(answer.appliance.name)}: [bad]{escape(message)}[/]")


class Lines(Plain):
    """Changes as lines with a heading, the same columns in each."""

    def __init__(self, columns: list[Column]) -> None:
        super().__init__(lambda kind, cells: self._cells([kind, *(_still(column, cells) for column in columns)]))
        self._widths = [8, *(max(len(one.heading), _WIDTHS.get(one.name, _WIDTH)) for one in columns)]
        self._columns = columns

    def __enter__(self) -> None:
        put(self._cells(["change", *(column.heading for column in self._columns)]))

    def _cells(self, values: list[str]) -> str:
        padded = (
            value + " " * max(width - cell_len(value), 0) for value, width in zip(values, self._widths, strict=True)
        )
        return "  ".join(padded).rstrip() + "\n"


def _still(column: Column, cells: Cells) -> str:
    # In what scrolls by, and stays, "two hours ago" would not be true for long.
    value = cells.get(column.name)
    shown = text(value) if isinstance(value, datetime) else Text.from_markup(column.show(value)).plain
    return shown or "-"


class Screen(contextlib.AbstractContextManager[None]):
    """A table on a terminal that is drawn anew with each change, what changed last at the top.

    Args:
        console: the terminal.
        columns: of the rows.
        title: above the table.
        every: seconds between two rounds.
    """

    def __init__(self, console: Console, columns: list[Column], title: str, every: float) -> None:
        self._console = console
        self._columns = [columns[0], Column("change", ""), *columns[1:]]
        self._title = title
        self._every = every
        self._rows: dict[tuple[str, str], Cells] = {}
        self._failing: dict[str, str] = {}
        self._live = Live(console=console, get_renderable=self._table, vertical_overflow="crop")

    def __enter__(self) -> None:
        self._live.start()

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def change(self, kind: str, row: Row, cells: Cells) -> None:
        """Take a row in, as the newest."""
        self._failing.pop(row.appliance.name, None)
        key = row.appliance.name, row.id
        self._rows.pop(key, None)
        self._rows[key] = {**cells, "change": f"{kind} {datetime.now():%H:%M:%S}"}

    def failed(self, answer: Answer[Any]) -> None:
        """Say below the table that an appliance fails."""
        assert answer.error is not None
        self._failing[answer.appliance.name] = short(answer.error)

    def _table(self) -> Group:
        failing = [
            Text.from_markup(f"{escape(name)}: [bad]{escape(message)}[/]")
            for name, message in list(self._failing.items())[:5]
        ]
        for line in failing:
            line.truncate(self._console.width, overflow="ellipsis")
        room = max(self._console.height - _AROUND - len(failing), 1)
        newest = list(self._rows.values())[-room:][::-1]
        shown, _ = fitted(self._columns, newest, self._console.width, self._title)
        more = len(self._rows) - room
        state = f"{datetime.now():%H:%M:%S}, every {self._every:g} s, {count(len(self._rows), 'row')}"
        state += f", {more:,} more" if more > 0 else ""
        return Group(shown, *failing, Text(f"{state}. Ctrl-C ends it.", style="faint"))
