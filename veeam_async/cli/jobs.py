"""`veeam-async jobs start NAME`, `jobs stop NAME`: by the name that people know, on whichever appliance it is."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import attrs
from rich.markup import escape

from .._operation.finding import all_operations
from .._running import run
from ..errors import SessionFailed
from ..fleet import Fleet, FleetView, Job
from ..fleet.rows import sources
from ..fleet.rows.mapping import Constant
from .fleets import open_fleet
from .output import json_text, put, stderr
from .progress import busy
from .status import CommandError, Interrupted, Status
from .wait import print_failure, wait_with_progress, work_ids
from .words import explain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._operation.operation import Operation, Revision
    from ..client import ApplianceClient

Verb = Literal["start", "stop"]


@attrs.define
class Change:
    """What is asked for, and how far it has come.

    Attributes:
        verb: `start` or `stop`.
        name: name or id of the job.
        path: the fleet file.
        wait: wait until the session has ended.
        dry_run: say what would be sent.
        timeout: seconds to wait at most.
        work: the ids of the sessions that go on.
        appliance: where it goes on.
    """

    verb: Verb
    name: str
    path: Path
    wait: bool = False
    dry_run: bool = False
    timeout: float | None = None
    work: list[str] = attrs.field(factory=list)
    appliance: str = ""

    @property
    def follow(self) -> str:
        """The commands that wait on for the sessions."""
        return "; ".join(f"veeam-async wait --fleet {self.path} {self.appliance} {one}" for one in self.work)


def change_job(change: Change, where: Sequence[str], *, verbose: bool) -> int:
    """Find the job and start or stop it."""
    fleet, view = open_fleet(change.path, where, verbose=verbose)
    try:
        return run(_change(fleet, view, change))
    except KeyboardInterrupt:
        if change.work:
            raise Interrupted(f"interrupted; the session goes on, follow it with: {change.follow}") from None
        raise


async def _change(fleet: Fleet, view: FleetView, change: Change) -> int:
    async with fleet:
        job = await _find(view, change.name)
        client = await view.client(job.appliance.name)
        operation, parameter = operation_for(client.revision, job, change.verb)
        if change.dry_run:
            path = operation.path.replace(f"{{{parameter}}}", job.id)
            put(f"{operation.method} {client.base_url}{path}\n")
            stderr().print("not sent (--dry-run)")
            return Status.OK
        names = {each.wire: each.name for each in operation.parameters}
        with busy(f"{change.verb} {job.name} on {job.appliance.name}"):
            answer = await client.call(operation.operation_id, **{names[parameter]: job.id})
        change.appliance = job.appliance.name
        change.work = work_ids(client, answer)
        done = {"start": "started", "stop": "asked to stop"}[change.verb]
        stderr().print(f"{escape(f'{job.name} on {job.appliance.name}')}: {done}")
        return await _follow(client, answer, change)


async def _follow(client: ApplianceClient, answer: Any, change: Change) -> int:
    if not change.wait or not change.work:
        if change.work and change.verb == "start":
            stderr().print(f"Follow it with: {change.follow}", markup=False)
        if change.wait:
            raise CommandError("the appliance named no session to wait for", Status.ATTENTION)
        if answer is not None:
            put(json_text(answer) + "\n")
        return Status.OK
    try:
        ended = await wait_with_progress(client, answer, change.timeout)
    except SessionFailed as failure:
        change.work = []
        print_failure(failure)
        return Status.FAILED
    change.work = []
    put(json_text(ended) + "\n")
    return Status.OK


async def _find(view: FleetView, name: str) -> Job:
    rows = view.jobs()
    with busy(f"looking for {name} on {len(view)} appliances"):
        jobs = await rows.gather()
    matches = [job for job in jobs if name in (job.id, job.name)]
    matches = matches or [job for job in jobs if (job.name or "").lower() == name.lower()]
    if len(matches) == 1:
        return matches[0]
    silent = "".join(f"; {explain(answer.error)}" for answer in rows.errors if answer.error is not None)
    if matches:
        # Appliances answer in any order; the list reads the same each time.
        places = ", ".join(sorted(f"{job.appliance.name} ({job.id})" for job in matches))
        raise CommandError(f"several jobs are called {name!r}: {places}; narrow it with --where name=")
    close = difflib.get_close_matches(name, [job.name or "" for job in jobs], n=3)
    hint = f"; did you mean {' or '.join(close)}?" if close else f" among {len(jobs):,}"
    raise CommandError(f"there is no job {name!r}{hint}{silent}")


def operation_for(revision: Revision, job: Job, verb: Verb) -> tuple[Operation[Any], str]:
    """The operation that starts or stops a job, and the name of its id in the path.

    A product has one for each listing that jobs come from: the one below that listing's path.

    Raises:
        CommandError: the revision has none for this kind of job.
    """
    operations = all_operations(revision)
    by_id = {operation.operation_id: operation for operation in operations}
    for source in sources(revision.product, Job):
        kind = source.fields.get("kind")
        if source.operation not in by_id or (isinstance(kind, Constant) and kind.value != job.kind):
            continue
        base = by_id[source.operation].path.removesuffix("/states")
        for operation in operations:
            match = re.fullmatch(rf"{re.escape(base)}/\{{(\w+)\}}/{verb}", operation.path)
            if match and operation.method == "POST":
                return operation, match[1]
    raise CommandError(
        f"{revision.product} {revision.name} has no operation to {verb} a job of kind {job.kind}", Status.FAILED
    )
