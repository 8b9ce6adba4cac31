"""`veeam-async demo`: simulated appliances of all three products, polled as one fleet."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import attrs
from rich.markup import escape

from .._running import run
from ..fleet import Answer, Fleet, FleetView, Job, Repository, Row, Session
from .columns import word
from .fleets import open_fleet
from .output import Column, duration, size, stderr, stdout, table
from .progress import FleetProgress
from .simulation import known_revisions, require_testing
from .status import Status
from .words import said

# A time that a person waits for, and longer than any healthy appliance takes.
PATIENCE = 5.0
# Clients and appliances share one process here: not all at once, or each would seem as slow as all of them together.
TOGETHER = 8


@attrs.define
class Summary:
    """What one appliance had to say."""

    appliance: str
    revision: str = ""
    jobs: Counter[str] = attrs.field(factory=Counter)
    sessions: Counter[str] = attrs.field(factory=Counter)
    free: int = 0
    repositories: int = 0
    elapsed: float = 0.0
    error: str = ""

    def take(self, row: Row) -> None:
        """Count a row."""
        self.revision = f"{row.appliance.product} {row.appliance.revision}"
        match row:
            case Job():
                self.jobs[row.last_result.value if row.last_result else "never ran"] += 1
            case Session():
                self.sessions[row.result.value if row.result else "running"] += 1
            case Repository():
                self.repositories += 1
                self.free += row.free or 0


def run_demo(count: int) -> int:
    """Start the appliances, poll them, print one table and one line of totals."""
    require_testing()
    console = stderr()
    revisions = known_revisions([], [])
    console.print(
        f"Starting {count} simulated appliances of {len({one.partition('/')[0] for one in revisions})} products in "
        f"{len(revisions)} revisions on loopback; one is down and one is stuck."
    )
    summaries = run(_demo(count, revisions))
    table(COLUMNS, [attrs.asdict(one) for one in summaries], stdout())
    _totals(summaries)
    return Status.OK


async def _demo(count: int, revisions: list[str]) -> list[Summary]:
    from ..testing import SimulatedFleet

    with tempfile.TemporaryDirectory(prefix="veeam-demo-") as folder:
        async with SimulatedFleet(count, revisions, faulty=2 / count, troubles=["dead", "hangs"]) as simulated:
            path = simulated.write_toml(Path(folder, "fleet.toml"))
            fleet, view = open_fleet(path, [])
            started = time.monotonic()
            summaries = await poll(fleet, view)
            stderr().print(f"Polled in {duration(time.monotonic() - started)}; the stuck one was given {PATIENCE:g} s.")
    return sorted(summaries, key=lambda one: one.appliance)


async def poll(fleet: Fleet, view: FleetView) -> list[Summary]:
    """Jobs, sessions and repositories of every appliance: one summary each, whatever state it is in."""
    summaries = {one.name: Summary(one.name) for one in view}
    async with fleet:
        with FleetProgress(stderr(), list(summaries), "polling") as progress:
            rows = view.rows(Job, Session, Repository, concurrency=TOGETHER, timeout=PATIENCE, deadline=60)
            async for item in rows.answers():
                summary = summaries[item.appliance.name]
                if not isinstance(item, Answer):
                    summary.take(item)
                    progress.row()
                    continue
                summary.elapsed = item.elapsed
                if item.error is not None:
                    summary.error = said(item.error)
                progress.answer(summary.appliance, failed=not item.ok)
    return list(summaries.values())


def _totals(summaries: list[Summary]) -> None:
    good = [one for one in summaries if not one.error]
    jobs = sum((one.jobs for one in good), Counter[str]())
    sessions = sum((one.sessions for one in good), Counter[str]())
    free = size(sum(one.free for one in good))
    stdout().print(
        f"{len(good)} of {len(summaries)} appliances answered: {jobs.total():,} jobs ({_words(jobs)}), "
        f"{sessions.total():,} sessions ({_words(sessions)}), "
        f"{sum(one.repositories for one in good):,} repositories with {escape(free)} free"
    )


def _words(counts: Any) -> str:
    return ", ".join(f"{number:,} {word(name)}" for name, number in sorted(counts.items()))


COLUMNS = [
    Column("appliance", "appliance"),
    Column("revision", "revision", rank=1),
    Column("jobs", "jobs by last result", show=_words, wrap=True),
    Column("sessions", "sessions by result", rank=2, show=_words, wrap=True),
    Column("repositories", "repositories", rank=4, show=lambda value: f"{value:,}" if value else "", right=True),
    Column("free", "free", rank=4, show=lambda value: escape(size(value) if value else ""), right=True),
    Column("elapsed", "took", rank=3, show=duration, right=True),
    Column("error", "error", show=lambda value: f"[bad]{escape(value)}[/]" if value else "", wrap=True),
]
