"""`veeam-async poll --watch`: only what is new or changed, again and again."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.text import Text

from .._running import run
from ..fleet import Answer, Fleet, FleetView, Row
from .columns import COLUMNS
from .output import Column, json_line, put, stderr, stdout, text
from .printing import Patience, Printer, row_type
from .status import CommandError, Status
from .words import short

# From this width on a line has more than the most important values.
ROOMY = 120


def _shown(column: Column, value: Any) -> str:
    # In what scrolls by, and stays, "two hours ago" would not be true for long.
    return escape(text(value)) if isinstance(value, datetime) else column.show(value)


def watch_fleet(
    fleet: Fleet, view: FleetView, printer: Printer, since: datetime | None, every: float, patience: Patience
) -> int:
    """Print each change until Ctrl-C."""
    if printer.format not in ("table", "jsonl", "csv"):
        raise CommandError(f"--watch goes with table, jsonl and csv, not with {printer.format}")
    console = stderr()
    failing: dict[str, str] = {}
    lines = stdout()
    columns = [column for column in COLUMNS[printer.source][1:] if column.rank <= (3 if lines.width >= ROOMY else 1)]

    def failed(answer: Answer[Any]) -> None:
        assert answer.error is not None
        message = short(answer.error)
        if failing.get(answer.appliance.name) != message:
            failing[answer.appliance.name] = message
            console.print(f"{escape(answer.appliance.name)}: [bad]{escape(message)}[/]")

    def line(kind: str, row: Row) -> None:
        values = (_shown(column, getattr(row, column.name)) for column in columns)
        shown = f"{kind:<8}" + "  ".join([escape(row.appliance.name), *(value for value in values if value)])
        if lines.is_terminal:
            lines.print(shown)
        else:
            put(Text.from_markup(shown).plain + "\n")

    async def work() -> None:
        async with fleet:
            watch = view.watch(
                row_type(printer.source), every=every, since=since, concurrency=patience.concurrency,
                timeout=patience.timeout, at_once=True, on_error=failed, ignore=("progress",),
            )  # fmt: skip
            async for change in watch:
                row = change.row
                failing.pop(row.appliance.name, None)
                if printer.format == "jsonl":
                    put(json_line({"change": change.kind, **printer.plain(row)}) + "\n")
                elif printer.format == "csv":
                    printer.row(row)
                else:
                    line(change.kind, row)

    with contextlib.suppress(KeyboardInterrupt):
        run(work())
    return Status.OK
