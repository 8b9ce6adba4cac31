"""`veeam-async demo`: simulated appliances of all products, polled as one fleet."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import attrs
from rich.markup import escape

from .._running import run
from ..fleet import Answer, Fleet, FleetView, Job, Repository, Result, Row, Session
from .columns import word
from .fleets import open_fleet
from .output import Column, ago, duration, size, stderr, stdout, table
from .progress import FleetProgress
from .simulation import known_revisions, require_testing
from .status import Status
from .words import count as counted
from .words import said

# A time that a person waits for, and longer than any healthy appliance takes.
PATIENCE = 8.0
# Clients and appliances share one process here: not all at once, or each would seem as slow as all of them together.
TOGETHER = 8
# A repository with less of its capacity left is worth a look, and rows of the tables about what is wrong.
FULL = 0.1
SHOWN = 8


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
    rows: list[Row] = attrs.field(factory=list, repr=False)

    def take(self, row: Row) -> None:
        """Count a row."""
        self.revision = f"{row.appliance.product} {row.appliance.revision}"
        self.rows.append(row)
        match row:
            case Job():
                self.jobs[row.last_result.value if row.last_result else "never ran"] += 1
            case Session():
                self.sessions[row.result.value if row.result else "running"] += 1
            case Repository():
                self.repositories += 1
                self.free += row.free or 0


def run_demo(count: int) -> int:
    """Start the appliances, poll them, print what an operator wants to see and what to try next."""
    require_testing()
    console = stderr()
    revisions = known_revisions([], [])
    console.print(
        f"Starting {count} simulated appliances of {len({one.partition('/')[0] for one in revisions})} products in "
        f"{len(revisions)} revisions on loopback; one is down and one is stuck."
    )
    summaries = run(_demo(count, revisions))
    table(COLUMNS, [attrs.asdict(one, recurse=False) for one in summaries], stdout())
    rows = [row for one in summaries for row in one.rows]
    _part("Failed jobs", FAILED, failed_jobs(rows))
    _part("Repositories that are almost full", ALMOST_FULL, full_repositories(rows))
    _totals(summaries)
    _next()
    return Status.OK


async def _demo(count: int, revisions: list[str]) -> list[Summary]:
    from ..testing import SimulatedFleet

    with tempfile.TemporaryDirectory(prefix="veeam-demo-") as folder:
        # A world of its own for each appliance.
        simulated = SimulatedFleet(count, revisions, worlds=count, faulty=2 / count, troubles=["dead", "hangs"])
        async with simulated:
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
            rows = view.rows(
                Job, Session, Repository, reasons=True, concurrency=TOGETHER, timeout=PATIENCE, deadline=60
            )
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


def failed_jobs(rows: list[Row]) -> list[dict[str, Any]]:
    """The jobs whose last run failed, the newest failure first, with the message of that session."""
    sessions = [row for row in rows if isinstance(row, Session) and row.result == Result.FAILED and row.message]
    sessions.sort(key=lambda row: str(row.started))
    # By the id of the session where the product says it, else the newest one that is called like the job.
    messages: dict[tuple[str, str | None], str | None] = {}
    for row in sessions:
        messages[row.appliance.name, row.name] = messages[row.appliance.name, row.id] = row.message
    failed = [row for row in rows if isinstance(row, Job) and row.last_result == Result.FAILED]
    return [
        {
            "appliance": job.appliance.name,
            "name": job.name,
            "last_run": job.last_run,
            "message": messages.get((job.appliance.name, job.session_id or job.name)),
        }
        for job in sorted(failed, key=lambda job: str(job.last_run), reverse=True)
    ]


def full_repositories(rows: list[Row]) -> list[dict[str, Any]]:
    """The repositories that have little room left, the fullest first."""
    full = [
        (row.free / row.capacity, row)
        for row in rows
        if isinstance(row, Repository) and row.capacity and row.free is not None and row.free / row.capacity < FULL
    ]
    return [
        {"appliance": row.appliance.name, "name": row.name, "free": row.free, "capacity": row.capacity, "left": left}
        for left, row in sorted(full, key=lambda pair: pair[0])
    ]


def _part(title: str, columns: list[Column], rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    out = stdout()
    more = f", the first {SHOWN} of {len(rows):,}" if len(rows) > SHOWN else ""
    out.print(f"\n[bold]{title}[/]{more}")
    table(columns, rows[:SHOWN], out)


def _totals(summaries: list[Summary]) -> None:
    good = [one for one in summaries if not one.error]
    jobs = sum((one.jobs for one in good), Counter[str]())
    sessions = sum((one.sessions for one in good), Counter[str]())
    free = size(sum(one.free for one in good))
    stdout().print(
        f"\n{len(good)} of {counted(len(summaries), 'appliance')} answered: {jobs.total():,} jobs ({_words(jobs)}), "
        f"{sessions.total():,} sessions ({_words(sessions)}), "
        f"{sum(one.repositories for one in good):,} repositories with {escape(free)} free"
    )


def _next() -> None:
    command = "veeam-async"
    if shutil.which(command) is None:
        command = os.path.relpath(Path(sys.executable).with_name(command))
    fleet = Path("simulated", "fleet.toml")
    console = stderr()
    console.print("Try next, the first in a terminal of its own:", markup=False)
    for arguments in ("simulate 6 --faults", f"check {fleet}", f"poll {fleet} jobs --result failed"):
        console.print(f"  {command} {arguments}", markup=False)


def _words(counts: Any) -> str:
    return ", ".join(f"{number:,} {word(name)}" for name, number in sorted(counts.items()))


def _bytes(value: Any) -> str:
    return escape(size(value) if value else "")


COLUMNS = [
    Column("appliance", "appliance"),
    Column("revision", "revision", rank=1),
    Column("jobs", "jobs by last result", show=_words, wrap=True),
    Column("sessions", "sessions by result", rank=2, show=_words, wrap=True),
    Column("repositories", "repositories", rank=4, show=lambda value: f"{value:,}" if value else "", right=True),
    Column("free", "free", rank=4, show=_bytes, right=True),
    Column("elapsed", "took", rank=3, show=duration, right=True),
    Column("error", "error", show=lambda value: f"[bad]{escape(value)}[/]" if value else "", wrap=True),
]
FAILED = [
    Column("appliance", "appliance"),
    Column("name", "job"),
    Column("last_run", "last run", rank=1, show=lambda value: escape(ago(value))),
    Column("message", "error", wrap=True),
]
ALMOST_FULL = [
    Column("appliance", "appliance"),
    Column("name", "repository"),
    Column("left", "left", show=lambda value: f"{value:.0%}", right=True),
    Column("free", "free", show=_bytes, right=True),
    Column("capacity", "capacity", rank=1, show=_bytes, right=True),
]
