"""`veeam-async each`: one operation on every appliance of a fleet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from rich.markup import escape

from .._running import run
from ..fleet import Answer, Fleet, FleetView
from .call import plain_answer, prepare, rows_of
from .fleets import open_fleet
from .formats import show, show_query
from .output import Column, json_line, json_text, put, stderr
from .progress import FleetProgress
from .selection import Selection, columns_of
from .status import CommandError, Status
from .words import count, short

if TYPE_CHECKING:
    from ..client import ApplianceClient
    from .fields import Input
    from .printing import Patience


@attrs.define
class Answers:
    """What has come so far, by appliance."""

    values: dict[str, Any] = attrs.field(factory=dict)
    errors: dict[str, str] = attrs.field(factory=dict)

    @property
    def status(self) -> Status:
        """By how many answered."""
        if not self.errors:
            return Status.OK
        return Status.ATTENTION if self.values else Status.FAILED


def call_each(
    path: Path,
    where: Sequence[str],
    name: str,
    given: Input,
    selection: Selection,
    patience: Patience,
    *,
    changes: bool,
    verbose: bool,
) -> int:
    """Call it everywhere, print the answers and then the errors."""
    fleet, view = open_fleet(path, where, verbose=verbose)
    answers = Answers()
    status: int
    try:
        run(_call_each(fleet, view, name, given, patience, answers, changes))
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    else:
        status = answers.status
    _print(answers, selection)
    console = stderr()
    for appliance, message in sorted(answers.errors.items()):
        console.print(f"{escape(appliance)}: [bad]{escape(message)}[/]")
    failed = f", {len(answers.errors)} failed" if answers.errors else ""
    console.print(f"{count(len(answers.values), 'answer')} from {count(len(view), 'appliance')}{failed}")
    return status


async def _call_each(
    fleet: Fleet, view: FleetView, name: str, given: Input, patience: Patience, answers: Answers, changes: bool
) -> None:
    async def work(client: ApplianceClient) -> Any:
        request = prepare(client, name, given)
        if not request.operation.safe and not changes:
            request.close()
            raise CommandError(f"{request.operation.operation_id} may change something: give --yes if that is meant")
        return plain_answer(await request)

    async with fleet:
        with FleetProgress(stderr(), [one.name for one in view], name) as progress:
            async for answer in view.each(work, **attrs.asdict(patience)):
                _take(answer, answers)
                progress.answer(answer.appliance.name, failed=not answer.ok)


def _take(answer: Answer[Any], answers: Answers) -> None:
    if answer.error is None:
        answers.values[answer.appliance.name] = answer.value
    else:
        answers.errors[answer.appliance.name] = short(answer.error)


def _print(answers: Answers, selection: Selection) -> None:
    ordered = sorted(answers.values.items())
    if selection.query is not None or selection.output == "json":
        document = [{"appliance": name, "answer": value} for name, value in ordered]
        if selection.query is not None:
            show_query(document, selection)
        else:
            put(json_text(document) + "\n")
    elif selection.output == "jsonl" and selection.as_they_come and not selection.columns:
        for name, value in ordered:
            put(json_line({"appliance": name, "answer": value}) + "\n")
    else:
        rows = [{"appliance": name, **row} for name, value in ordered for row in rows_of(value) or [{"answer": value}]]
        names = ["appliance", *(name for name in columns_of(rows) if name != "appliance")]
        if rows:
            selection.check(names)
        show([Column(name, name, rank=min(index, 7)) for index, name in enumerate(names)], rows, selection)
