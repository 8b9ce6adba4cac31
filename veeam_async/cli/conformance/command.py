"""Reads everything that only reads, one call at a time, and writes the report."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from ..._model import UNSET
from ..._model.classes import is_model, resolve
from ..._model.fields import fields
from ..._operation.sending import NO_OPTIONS
from ..._running import run
from ...errors import ApiError, AuthenticationError, DecodeError, InferredOperationWarning, VeeamError
from ..formats import show
from ..output import Column, json_text, put, stderr
from ..progress import FleetProgress
from ..selection import Selection
from ..status import CommandError, Status
from ..words import count
from .compare import Comparison
from .report import Asked, Report
from .walk import Ids, arguments, reading, why_not

if TYPE_CHECKING:
    from ..._operation.operation import Operation
    from ...client import ApplianceClient
    from ..target import Target

COLUMNS = [
    Column("operation", "operation"),
    Column("model", "model", rank=1),
    Column("field", "field"),
    Column("kind", "departure"),
    Column("seen", "seen", rank=2),
    Column("times", "times", rank=2, right=True),
    Column("different", "values", rank=3, right=True),
]


def check_conformance(target: Target, out: Path | None, selection: Selection) -> int:
    """Compare an appliance with its document; status 1 where it departs from it, 3 where the report has no place."""
    selection.check(column.name for column in COLUMNS)
    folder = out.parent if out is not None else Path()
    if str(out) != "-" and not os.access(folder, os.W_OK):
        raise CommandError(f"--out {out or folder}: {'not writable' if folder.is_dir() else 'there is no such folder'}")
    reports: list[Report] = []
    interrupted = False
    try:
        run(_walk(target, reports))
    except KeyboardInterrupt:
        if not reports:
            raise
        interrupted = True
    report = reports[0]
    path = out if out is not None else Path(f"conformance-{report.product}-{report.revision}.json")
    text = json_text(report.to_dict()) + "\n"
    console = stderr()
    if str(path) == "-":
        put(text)
    else:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"--out {path}: {error.strerror or 'cannot be written'}", Status.FAILED) from None
        show(COLUMNS, [one.to_dict() for one in report.departures], selection)
        console.print(f"{escape(str(path))} holds no value of the appliance: attach it to an issue as it is.")
    outcomes = ", ".join(f"{number} {outcome}" for outcome, number in report.counts().items())
    console.print(f"{count(len(report.asked), 'operation')}: {outcomes}; {count(len(report.departures), 'departure')}")
    if interrupted:
        return Status.INTERRUPTED
    return Status.ATTENTION if report.departures or "undocumented" in report.counts() else Status.OK


async def _walk(target: Target, reports: list[Report]) -> None:
    async with target.open() as client:
        revision = client.revision
        report = Report(version("veeam-async"), revision.product, revision.name)
        await client.login()
        reports.append(report)
        names = [one.operation_id for one in reading(client.operations)]
        with FleetProgress(stderr(), names, "reading") as progress:
            async for asked in compare(client, report):
                failed = asked.outcome in ("failed", "unreadable")
                progress.answer(asked.operation.operation_id, failed=failed)


async def compare(client: ApplianceClient, report: Report) -> AsyncIterator[Asked]:
    """Call everything that only reads, and fill the report while that goes on."""
    comparison = Comparison(client.revision.package, vocabulary(client))
    ids = Ids()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InferredOperationWarning)  # the report says which are
        for operation in reading(client.operations):
            asked = await ask(client, operation, comparison, ids)
            report.asked.append(asked)
            report.departures = comparison.departures
            yield asked


def vocabulary(client: ApplianceClient) -> set[str]:
    """The names of all fields that the revision's document has."""
    from importlib import import_module

    package = client.revision.package
    names: set[str] = set()
    for name in dir(import_module(f"{package}.models")):
        try:
            cls = resolve(name, package)
        except NameError:
            continue
        if is_model(cls):
            names.update(each.wire for each in fields(cls).values())
    return names


async def ask(client: ApplianceClient, operation: Operation[Any], comparison: Comparison, ids: Ids) -> Asked:
    """Call one operation and compare its answer."""
    reason = why_not(operation)
    values = arguments(operation, ids) if reason is None else None
    if reason is not None or values is None:
        return Asked(operation, "skipped", reason=reason or "no listing gave an id for its path")
    started = time.monotonic()
    try:
        reply = await client.sender.fetch(operation, values, UNSET, NO_OPTIONS)
    except AuthenticationError:
        raise
    except ApiError as error:
        return Asked(operation, "refused", error.status, seconds=time.monotonic() - started)
    except VeeamError as error:
        status = error.status if isinstance(error, DecodeError) else None
        reason = type(error).__name__ + (f" at step {error.step}" if error.step else "")
        return Asked(operation, "failed", status, reason, seconds=time.monotonic() - started)
    seconds = time.monotonic() - started
    if reply.status not in operation.responses:
        return Asked(operation, "undocumented", reply.status, "a status that the document does not list", None, seconds)
    try:
        answer = reply.json() if reply.body else None
    except (VeeamError, ValueError):
        return Asked(operation, "unreadable", reply.status, "no JSON", None, seconds)
    departures = comparison.answer(operation, reply.status, answer) if reply.body else 0
    rows = ids.take(operation, ids.values(operation) or {}, answer)
    amount = ("none", "one", "several")[min(rows, 2)] if operation.paging is not None else None
    return Asked(operation, "answered", reply.status, None, amount, seconds, departures)
