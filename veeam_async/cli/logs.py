"""`veeam-async logs`: what a session has done so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from .._running import run
from .._work import Work, find_work
from .columns import word
from .formats import show
from .output import Column, stderr, text
from .progress import busy
from .selection import Selection, columns_of
from .status import CommandError, Status

if TYPE_CHECKING:
    from .target import Target

# Where the products have the time, the verdict and the words of a line, best first.
_TIMES = ("startTime", "logTime", "time", "executionStartTime")
_VERDICTS = ("status", "type")
_WORDS = ("title", "description", "message", "text")


def show_log(target: Target, session: str, selection: Selection) -> int:
    """Print the records of a session's log, oldest first."""

    async def work() -> tuple[Work, list[Any]]:
        async with target.open() as client:
            with busy(f"log of {session}"):
                found = find_work(client.sender, session)
                assert isinstance(found, Work)
                await found.look()
                return found, await found.log_records()

    found, records = run(work())
    if found.kind.log_path is None:
        raise CommandError(f"a {found.kind.kind} has no log", Status.FAILED)
    rows = [record for record in records if isinstance(record, dict)]
    names = columns_of(rows)
    if rows:
        selection.check(names)
    show(_columns(names), rows, selection)
    stderr().print(f"{escape(found.label)}: {len(rows):,} records")
    return Status.OK


def _columns(names: list[str]) -> list[Column]:
    def best(wanted: tuple[str, ...]) -> list[str]:
        return [name for name in wanted if name in names]

    columns = [Column(name, "time", rank=1, show=_moment) for name in best(_TIMES)[:1]]
    columns += [Column(name, "status", show=word) for name in best(_VERDICTS)[:1]]
    columns += [Column(name, name, wrap=True) for name in best(_WORDS)]
    shown = {column.name for column in columns}
    return columns + [Column(name, name, rank=9) for name in names if name not in shown]


def _moment(value: Any) -> str:
    return escape(text(value).replace("T", " ")[:19])
