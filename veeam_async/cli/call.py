"""`veeam-async call`: one operation of one appliance."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from rich.markup import escape

from .._operation.finding import find_operation, spelling
from .._running import run
from ..downloads import Download
from ..errors import SessionFailed
from ..listing import Listing
from .dry import show_request
from .formats import show, show_query
from .output import Column, json_line, json_text, put, size, stderr
from .progress import busy
from .selection import Selection, columns_of
from .status import CommandError, Interrupted, Status, usage
from .wait import print_failure, wait_with_progress, work_ids

if TYPE_CHECKING:
    from .._operation.request import Request
    from ..client import ApplianceClient
    from .fields import Input
    from .target import Target


@attrs.frozen
class How:
    """How a call is made.

    Attributes:
        all_rows: every page of a listing.
        wait_for: wait for the work that the call starts.
        out: file for a download; `-` is stdout.
        dry_run: show the request instead of sending it.
    """

    all_rows: bool = False
    wait_for: bool = False
    out: Path | None = None
    dry_run: bool = False


@attrs.define
class Progress:
    """How far a call has come, for who interrupts it.

    Attributes:
        changing: True while a call that may change something has no answer.
        work: ids of what goes on on the appliance.
    """

    changing: bool = False
    work: list[str] = attrs.field(factory=list)

    def interrupted(self, target: Target) -> Interrupted:
        """What to say after Ctrl-C."""
        if self.work:
            options = "" if target.fleet is None else f" --fleet {target.fleet}"
            commands = "; ".join(f"veeam-async wait{options} {target.host} {one}" for one in self.work)
            return Interrupted(f"interrupted; the work goes on on the appliance, follow it with: {commands}")
        if self.changing:
            return Interrupted("interrupted before the answer: the appliance may have carried out the call")
        return Interrupted("interrupted")


def call_operation(target: Target, name: str, given: Input, how: How, selection: Selection) -> int:
    """Call it and print the answer."""
    if how.dry_run:
        return show_request(target, name, given)
    _check(how, selection)
    progress = Progress()

    async def work() -> int:
        async with target.open() as client:
            request = prepare(client, name, given)
            if how.all_rows:
                return await _every_row(request, selection)
            if how.out is not None:
                return await _download(request, how.out)
            return await _answer(client, request, how, selection, progress)

    try:
        return run(work())
    except KeyboardInterrupt:
        raise progress.interrupted(target) from None


def _check(how: How, selection: Selection) -> None:
    if how.all_rows and how.wait_for:
        raise CommandError("--all reads a listing, --wait waits for work: give one of them")
    if how.out is not None and (how.all_rows or how.wait_for):
        raise CommandError("--out is for a download: it does not go with --all and --wait")
    if selection.query is not None:
        selection.check(())


def prepare(client: ApplianceClient, name: str, given: Input) -> Request[Any]:
    """The request for an operation in any letter case, with what was typed.

    Raises:
        CommandError: there is no such operation, or what was typed does not fit it.
    """
    with usage():
        operation = find_operation(client.revision, spelling(client.revision, name))
    values = given.values(operation)
    with usage():
        return client.call(operation.operation_id, **values)


async def _every_row(request: Request[Any], selection: Selection) -> int:
    if not isinstance(request, Listing):
        request.close()
        raise CommandError(f"{request.operation.operation_id} is no listing: --all does not go with it")
    streams = selection.output in ("json", "jsonl") and selection.as_they_come
    rows: list[Any] = []
    with busy(f"reading {request.operation.operation_id}") as at_work, usage():
        async for row in request:
            rows.append(row)
            if streams:
                put(json_line(_narrowed(row, selection)) + "\n")
            at_work.count(len(rows))
            if selection.limit is not None and selection.sort is None and len(rows) >= selection.limit:
                break
    if not streams:
        print_value([plain_answer(row) for row in rows], selection)
    return Status.OK


def _narrowed(row: Any, selection: Selection) -> Any:
    plain = plain_answer(row)
    return selection.narrow(plain) if isinstance(plain, dict) else plain


async def _download(request: Request[Any], out: Path) -> int:
    if not isinstance(request, Download):
        request.close()
        raise CommandError(f"{request.operation.operation_id} is no download: --out does not go with it")
    with busy("downloading") as at_work:
        if str(out) == "-":
            async with request.stream() as body:
                async for chunk in body.chunks():
                    sys.stdout.buffer.write(chunk)
                sys.stdout.buffer.flush()
            return Status.OK
        written = await request.to_file(out, progress=lambda got, total: at_work.bytes(got, total))
    stderr().print(f"{escape(str(out))}: {size(written)}")
    return Status.OK


async def _answer(
    client: ApplianceClient, request: Request[Any], how: How, selection: Selection, progress: Progress
) -> int:
    operation = request.operation
    progress.changing = not operation.safe
    with busy(f"{operation.operation_id} at {client.name}"):
        answer = await request
    progress.changing = False
    if how.wait_for:
        progress.work = work_ids(client, answer)
        try:
            answer = await wait_with_progress(client, answer, None)
        except SessionFailed as failure:
            progress.work = []
            print_failure(failure)
            return Status.FAILED
        progress.work = []
    if answer is None:
        if operation.safe is False:
            stderr().print(f"{operation.operation_id}: done")
        return Status.OK
    print_value(answer if isinstance(answer, (bytes, str)) else plain_answer(answer), selection)
    return Status.OK


def plain_answer(value: Any) -> Any:
    """Plain JSON of models, so that columns and queries go by the appliance's own names."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    return [plain_answer(item) for item in value] if isinstance(value, list) else value


def print_value(answer: Any, selection: Selection) -> None:
    """Print an answer: JSON as it is, or its rows as a table."""
    if isinstance(answer, bytes):
        if sys.stdout.isatty():
            raise CommandError(f"the answer is a file of {size(len(answer))}: give --out FILE", Status.FAILED)
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()
        return
    if isinstance(answer, str):
        put(answer + "\n")
        return
    if selection.query is not None:
        show_query(answer, selection)
        return
    rows = rows_of(answer)
    if rows is None or (selection.output == "json" and not selection.columns):
        put((json_line(answer) if selection.output == "jsonl" else json_text(answer)) + "\n")
        return
    names = columns_of(rows)
    selection.check(names)
    show([Column(name, name, rank=min(index, 7)) for index, name in enumerate(names)], rows, selection)


def rows_of(answer: Any) -> list[dict[str, Any]] | None:
    """The rows of a page or a list of objects; the object itself as one row; None where it is neither."""
    if isinstance(answer, dict):
        for value in answer.values():
            if isinstance(value, list) and all(isinstance(row, dict) for row in value):
                return value
        return [answer]
    if isinstance(answer, list) and all(isinstance(row, dict) for row in answer):
        return answer
    return None
