"""`veeam-async poll`: rows of a whole fleet."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs

from .._running import run
from ..fleet import Answer, Fleet, FleetView
from .fleets import open_fleet
from .formats import FORMATS
from .output import stderr
from .parquet import check_parquet, write_parquet
from .printing import Patience, Poll, Printer, row_type, summarize
from .progress import FleetProgress
from .prometheus import poll_prometheus
from .selection import Selection
from .status import CommandError, Status
from .watching import watch_fleet

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

# The rows that have a time to filter by.
SINCE = ("sessions", "tasks", "restore_points", "findings")

# Formats that are about the fleet as a whole instead of its rows.
OTHER_FORMATS: Mapping[str, Callable[[Fleet, FleetView, str, Patience], int]] = {"prometheus": poll_prometheus}


def parse_since(given: str | None) -> datetime | None:
    """`30m`, `24h`, `7d` ago, or a date or time in ISO 8601, in this machine's zone where it names none."""
    if given is None:
        return None
    try:
        if match := re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smhdw])", given.strip(), re.ASCII):
            return datetime.now(UTC) - timedelta(**{UNITS[match[2]]: float(match[1])})
        return datetime.fromisoformat(given).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CommandError(f"--since {given}: give an age such as 30m, 24h, 7d, or a date such as 2026-03-14") from None


@attrs.frozen
class Request:
    """What `poll` was asked for.

    Attributes:
        source: the kind of rows.
        since: as it was typed.
        where: conditions on appliances, as they were typed.
        results: only rows that ended so.
        raw: with the original objects.
        watch: seconds between two rounds, or None for one round.
        verbose: show each request.
        out: file for rows as Parquet.
    """

    source: str
    since: str | None = None
    where: Sequence[str] = ()
    results: Sequence[str] = ()
    raw: bool = False
    watch: float | None = None
    verbose: bool = False
    out: Path | None = None


def poll_fleet(path: Path, request: Request, selection: Selection, patience: Patience) -> int:
    """Poll once, or watch until Ctrl-C."""
    after = parse_since(request.since)
    if after is not None and request.source not in SINCE:
        raise CommandError(f"--since goes with {', '.join(SINCE)}: other rows have no time to filter by")
    if request.watch is not None and patience.deadline is not None:
        raise CommandError("--deadline does not go with --watch, which has no end; --timeout does")
    check_parquet(request.out, selection)
    other = OTHER_FORMATS.get(selection.output)
    if other is not None:
        if request.watch is not None:
            raise CommandError("--watch goes with table, jsonl and csv; `veeam-async exporter` serves metrics")
        fleet, view = open_fleet(path, request.where, verbose=request.verbose)
        return other(fleet, view, request.source, patience)
    if request.raw and selection.output not in ("json", "jsonl"):
        raise CommandError(f"--raw goes with -o json and -o jsonl, not with {selection.output}")
    printer = Printer(request.source, selection, raw=request.raw, results=request.results)
    fleet, view = open_fleet(path, request.where, verbose=request.verbose)
    if request.watch is not None:
        return watch_fleet(fleet, view, printer, after, request.watch, patience)
    poll = Poll()
    status: int
    try:
        run(once(fleet, view, printer, poll, after, patience))
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    else:
        status = poll.status
    if request.out is not None:
        write_parquet(request.out, poll.rows, row_type(request.source), selection)
    else:
        printer.end(poll)
    summarize(poll, len(view), interrupted=status == Status.INTERRUPTED)
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
            rows = view.rows(kind, since=since, reasons=True, **attrs.asdict(patience))
            async with aclosing(rows.answers()) as items:
                async for item in items:
                    if isinstance(item, Answer):
                        poll.answered += 1
                        if item.error is not None:
                            poll.errors.append(item)
                        poll.lacking = [one.name for one in rows.lacking]
                        progress.answer(item.appliance.name, failed=not item.ok)
                    elif printer.wanted(item):
                        poll.rows.append(item)
                        printer.row(item)
                        progress.row()


def formats() -> list[str]:
    """The formats that rows of a fleet can be printed in."""
    return [*FORMATS, *OTHER_FORMATS]
