"""`veeam-async poll --watch`: only what is new or changed, again and again."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from ..fleet import Answer, Fleet
from ..running import run
from .columns import COLUMNS
from .output import json_line, put, stderr, text
from .status import CommandError, Status
from .words import short

if TYPE_CHECKING:
    from .poll import Patience, Printer


def watch_fleet(
    fleet: Fleet, view: Fleet, printer: Printer, since: datetime | None, every: float, patience: Patience
) -> int:
    """Print each change until Ctrl-C."""
    from .poll import row_type

    if printer.format not in ("table", "jsonl", "csv"):
        raise CommandError(f"--watch goes with table, jsonl and csv, not with {printer.format}")
    console = stderr()
    failing: dict[str, str] = {}

    def failed(answer: Answer[Any]) -> None:
        assert answer.error is not None
        message = short(answer.error)
        if failing.get(answer.appliance.name) != message:
            failing[answer.appliance.name] = message
            console.print(f"{escape(answer.appliance.name)}: [bad]{escape(message)}[/]")

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
                    shown = [row.appliance.name, *(text(getattr(row, column.name)) for column in
                             COLUMNS[printer.source][1:] if column.rank <= 3)]  # fmt: skip
                    put(f"{change.kind:<8}" + "  ".join(part for part in shown if part) + "\n")

    with contextlib.suppress(KeyboardInterrupt):
        run(work())
    return Status.OK
