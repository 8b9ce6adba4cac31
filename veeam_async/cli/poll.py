"""`veeam-async poll`: rows of a whole fleet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
from rich.markup import escape

from ..fleet import ROW_TYPES, Answer, Fleet, FleetView, Row
from ..fleet.rows import columns
from ..running import run
from .columns import COLUMNS
from .fleets import open_fleet
from .output import csv_text, duration, json_line, json_text, put, stderr, stdout, table
from .progress import FleetProgress
from .status import CommandError, Status
from .words import short

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_since(given: str | None) -> datetime | None:
    """`30m`, `24h`, `7d` ago, or a date or time in ISO 8601, in this machine's zone where it names none."""
    if given is None:
        return None
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", given.strip()):
        return datetime.now(UTC) - timedelta(**{UNITS[match[2]]: float(match[1])})
    try:
        return datetime.fromisoformat(given).astimezone(UTC)
    except ValueError:
        raise CommandError(f"--since {given}: give an age such as 30m, 24h, 7d, or a date such as 2026-03-14") from None


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


def poll_fleet(
    path: Path,
    source: str,
    since: str | None,
    where: Sequence[str],
    format: str,
    patience: Patience,
    *,
    raw: bool,
    watch: float | None,
) -> int:
    """Poll once, or watch until Ctrl-C."""
    after = parse_since(since)
    if after is not None and source != "sessions":
        raise CommandError("--since goes with sessions: other rows have no time to filter by")
    fleet, view = open_fleet(path, where)
    if format == "prometheus":
        from .prometheus import poll_prometheus

        if watch is not None:
            raise CommandError("--watch goes with table, jsonl and csv; `veeam-async exporter` serves metrics")
        return poll_prometheus(fleet, view, source, patience)
    printer = Printer(source, format, raw)
    if watch is not None:
        from .watching import watch_fleet

        if patience.deadline is not None:
            raise CommandError("--deadline does not go with --watch, which has no end; --timeout does")
        return watch_fleet(fleet, view, printer, after, watch, patience)
    poll = Poll()
    status: int
    try:
        run(once(fleet, view, printer, poll, after, patience))
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    else:
        status = poll.status
    printer.end(poll)
    tell(poll, len(view), interrupted=status == Status.INTERRUPTED)
    return status


async def once(
    fleet: Fleet,
    view: FleetView,
    printer: Printer,
    poll: Poll,
    since: datetime | None,
    patience: Patience,
) -> None:
    """One round; rows and errors are in `poll` at every moment, so that Ctrl-C loses none."""
    kind = row_type(printer.source)
    async with fleet:
        with FleetProgress(stderr(), [one.name for one in view], printer.source) as progress:
            rows = view.rows(kind, since=since, **attrs.asdict(patience))
            async with aclosing(rows.answers()) as items:
                async for item in items:
                    if isinstance(item, Answer):
                        poll.answered += 1
                        if item.error is not None:
                            poll.errors.append(item)
                        poll.lacking = [one.name for one in rows.lacking]
                        progress.answer(item.appliance.name, failed=not item.ok)
                    else:
                        poll.rows.append(item)
                        printer.row(item)
                        progress.row()


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


def elapsed(answer: Answer[Any]) -> str:
    """How long an appliance took."""
    return duration(answer.elapsed)
