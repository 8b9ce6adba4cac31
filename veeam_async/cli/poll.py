"""`veeam-async poll`: rows of a whole fleet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs

from .._running import run
from ..fleet import Answer, Fleet, FleetView
from .fleets import open_fleet
from .output import stderr
from .printing import Patience, Poll, Printer, row_type, tell
from .progress import FleetProgress
from .prometheus import poll_prometheus
from .status import CommandError, Status
from .watching import watch_fleet

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
        if watch is not None:
            raise CommandError("--watch goes with table, jsonl and csv; `veeam-async exporter` serves metrics")
        return poll_prometheus(fleet, view, source, patience)
    printer = Printer(source, format, raw)
    if watch is not None:
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
