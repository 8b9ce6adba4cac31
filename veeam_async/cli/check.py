"""`veeam-async check`: whether each appliance of a fleet can be polled, and what will soon prevent it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from rich.markup import escape

from .._running import run
from ..errors import (
    AuthenticationError,
    BadRequestError,
    ConnectError,
    ForbiddenError,
    NotFoundError,
    RequestTimeout,
    TlsError,
    UnsupportedRevisionError,
    VeeamError,
)
from ..fleet import Appliance, Fleet, FleetView, License, LicenseStatus
from ..fleet.probing import clock_offset
from ..profiles import profile
from ..registry import revision_key
from .fingerprint import days_left, look
from .fleets import open_fleet
from .formats import RARE, show
from .monitoring import checkmk, influx, nagios, prtg, zabbix
from .output import Column, duration, put, stderr
from .printing import Patience
from .progress import FleetProgress
from .selection import Cells, Selection
from .status import Status
from .words import count, short

if TYPE_CHECKING:
    from ..client import ApplianceClient


@attrs.frozen
class Limits:
    """From when on something needs attention.

    Attributes:
        certificate_days, license_days: days before the end.
        clock_seconds: seconds that a clock may be off.
    """

    certificate_days: int = 30
    license_days: int = 30
    clock_seconds: int = 300


@attrs.define
class Report:
    """What was found at one appliance.

    Attributes:
        appliance, host, product: from the fleet file.
        status: `ok`, `attention` or `failed`.
        login: True where the login succeeded.
        revision: the API revision that is spoken.
        offered: revisions that the server has, newest first; empty where it did not say.
        certificate_subject, certificate_issuer, certificate_ends, fingerprint: of the certificate that it shows.
        clock_offset: seconds that its clock is ahead of this machine's.
        license_status, license_ends: of the installed license.
        elapsed: seconds that the check took.
        problems: what an operator has to know, worst first.
    """

    appliance: str
    host: str
    product: str
    status: str = "ok"
    login: bool = False
    revision: str | None = None
    offered: list[str] = attrs.field(factory=list)
    certificate_subject: str | None = None
    certificate_issuer: str | None = None
    certificate_ends: datetime | None = None
    fingerprint: str | None = None
    clock_offset: float | None = None
    license_status: str | None = None
    license_ends: datetime | None = None
    elapsed: float | None = None
    problems: list[str] = attrs.field(factory=list)

    def attention(self, problem: str) -> None:
        """Something will fail soon, or a part does not work."""
        self.problems.append(problem)
        if self.status == "ok":
            self.status = "attention"

    def failed(self, problem: str) -> None:
        """The appliance cannot be polled."""
        self.problems.insert(0, problem)
        self.status = "failed"


@attrs.frozen
class Monitored:
    """A format of a monitoring system.

    Attributes:
        page: makes the text.
        by_status: True where the system reads the exit status; where it reads the text alone, any other status than
            0 would mean that there is nothing to read.
    """

    page: Callable[[Sequence[Cells], datetime], str]
    by_status: bool = False


MONITORED: Mapping[str, Monitored] = {
    "nagios": Monitored(nagios.page, by_status=True),
    "checkmk": Monitored(checkmk.page),
    "zabbix": Monitored(zabbix.page),
    "prtg": Monitored(prtg.page),
    "influx": Monitored(influx.page),
}


def check_fleet(
    path: Path,
    where: Sequence[str],
    limits: Limits,
    selection: Selection,
    patience: Patience,
    *,
    verbose: bool = False,
) -> int:
    """Check every appliance and print what was seen."""
    selection.check(one.name for one in attrs.fields(Report))
    fleet, view = open_fleet(path, where, verbose=verbose)
    reports = {one.name: Report(one.name, one.host, one.product) for one in view}
    interrupted = False
    try:
        run(_check(fleet, view, reports, limits, patience))
    except KeyboardInterrupt:
        interrupted = True
        for report in reports.values():
            if report.elapsed is None:
                report.failed("interrupted before it answered")
    worst = sorted(reports.values(), key=lambda one: (["failed", "attention", "ok"].index(one.status), one.appliance))
    reported = [attrs.asdict(one) for one in worst]
    monitored = MONITORED.get(selection.output)
    if monitored is not None:
        put(monitored.page(reported, datetime.now(UTC)))
        if not (interrupted or monitored.by_status):
            return Status.OK
    else:
        show(COLUMNS, reported, selection)
    counts = {status: sum(one.status == status for one in worst) for status in ("ok", "attention", "failed")}
    stderr().print(
        f"{count(len(worst), 'appliance')}: {counts['ok']} ok, {counts['attention']} need attention, "
        f"{counts['failed']} failed"
    )
    if interrupted:
        return Status.INTERRUPTED
    return Status.FAILED if counts["failed"] else Status.ATTENTION if counts["attention"] else Status.OK


async def _check(
    fleet: Fleet,
    view: FleetView,
    reports: dict[str, Report],
    limits: Limits,
    patience: Patience,
) -> None:
    slots = asyncio.Semaphore(patience.concurrency)

    async def certificate(appliance: Appliance) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience.deadline), slots:
                await _certificate(appliance, reports[appliance.name], limits, min(10.0, patience.timeout))

    async def work(client: ApplianceClient) -> None:
        report = reports[client.name]
        await client.login()
        report.login = True
        _revision(client, report)
        await _clock_and_license(client, view, report, limits)

    async with fleet, asyncio.TaskGroup() as tasks:
        for appliance in view:
            tasks.create_task(certificate(appliance))
        with FleetProgress(stderr(), [one.name for one in view], "checking") as progress:
            async for answer in view.each(work, **attrs.asdict(patience)):
                report = reports[answer.appliance.name]
                report.elapsed = round(answer.elapsed, 3)
                if answer.error is not None:
                    report.failed(f"{_where(answer.error, report)}: {short(answer.error)}")
                progress.answer(report.appliance, failed=not answer.ok)


def _where(error: BaseException, report: Report) -> str:
    if isinstance(error, TlsError):
        return "certificate"
    if isinstance(error, ConnectError):
        return "network"
    if isinstance(error, RequestTimeout):
        return "time"
    if isinstance(error, UnsupportedRevisionError):
        return "revision"
    if isinstance(error, AuthenticationError) or not report.login:
        return "login"
    return "API"


async def _certificate(appliance: Appliance, report: Report, limits: Limits, timeout: float) -> None:
    if appliance.host.startswith("http://"):
        return
    port = appliance.port if isinstance(appliance.port, int) else profile(appliance.product).default_port
    seen = await look(appliance.host, port, timeout)
    if seen.error is not None:
        return  # the call itself says what is wrong with the network
    report.certificate_subject, report.certificate_issuer = seen.subject, seen.issuer
    report.certificate_ends, report.fingerprint = seen.not_after, seen.fingerprint
    left = days_left(seen.not_after)
    pinned = appliance.tls is not None and appliance.tls.fingerprint is not None
    if left is not None and left < limits.certificate_days and not pinned:
        report.attention("the certificate has expired" if left < 0 else f"the certificate ends in {left:.0f} days")


def _revision(client: ApplianceClient, report: Report) -> None:
    report.revision = client.revision.name
    found = client.negotiation
    if found is not None and found.server:
        report.offered = list(found.server)
        if revision_key(found.server[0]) > revision_key(client.revision.name):
            report.attention(f"the server has revision {found.server[0]}, newer than this package")


async def _clock_and_license(client: ApplianceClient, view: FleetView, report: Report, limits: Limits) -> None:
    unanswered: VeeamError | None = None
    try:
        report.clock_offset = await clock_offset(client)
    except VeeamError as error:
        if isinstance(error, (ConnectError, AuthenticationError)):
            raise
        unanswered = error
    if report.clock_offset is not None and abs(report.clock_offset) > limits.clock_seconds:
        side = "ahead" if report.clock_offset > 0 else "behind"
        report.attention(f"its clock is {duration(abs(report.clock_offset))} {side} of this machine's")
    rows = view.where(name=client.name).licenses(timeout=None)
    licenses = await rows.gather()
    for license in licenses:
        _license(license, report, limits)
    if unanswered is not None and not licenses and not rows.errors:
        raise unanswered  # its revision has no license to read: it logs in, and that is all that it does
    for failure in (answer.error for answer in rows.errors if answer.error is not None):
        # Neither this nor the cheapest of calls: it logs in, and that is all that it does.
        useless = unanswered is not None and not isinstance(failure, (ForbiddenError, NotFoundError, BadRequestError))
        if useless or isinstance(failure, (ConnectError, AuthenticationError)):
            raise failure
        report.attention(f"license: {short(failure)}")


def _license(license: License, report: Report, limits: Limits) -> None:
    report.license_status = None if license.status is None else license.status.value
    report.license_ends = license.expires
    left = license.days_left()
    if license.status is not None and license.status != LicenseStatus.VALID:
        report.attention(f"the license is {license.status.value}")
    elif left is not None and left < limits.license_days:
        report.attention("the license has ended" if left < 0 else f"the license ends in {left:.0f} days")
    if license.instances and license.instances_used and license.instances_used > license.instances:
        report.attention(f"{license.instances_used:g} of {license.instances:g} licensed instances are used")


_STATUS_STYLES = {"ok": "good", "attention": "warning", "failed": "bad"}


def _status(value: Any) -> str:
    return f"[{_STATUS_STYLES[value]}]{value}[/]"


def _days(value: Any) -> str:
    left = days_left(value)
    return "" if left is None else f"{left:.0f} d"


def _offset(value: Any) -> str:
    return "" if value is None else "in time" if abs(value) < 5 else f"{'+' if value > 0 else ''}{duration(value)}"


COLUMNS = [
    Column("appliance", "appliance"),
    Column("status", "status", show=_status),
    Column("product", "product", rank=3),
    Column("host", "host", rank=6),
    Column("revision", "revision", rank=2),
    Column("certificate_ends", "certificate", rank=4, show=_days, right=True),
    Column("clock_offset", "clock", rank=5, show=_offset, right=True),
    Column("license_ends", "license", rank=4, show=_days, right=True),
    Column("elapsed", "took", rank=5, show=duration, right=True),
    Column("problems", "what is wrong", show=lambda value: escape("; ".join(value)), wrap=True),
    *(
        Column(name, name.replace("_", " "), rank=RARE)
        for name in (
            "login", "offered", "certificate_subject", "certificate_issuer", "fingerprint", "license_status",
        )
    ),
]  # fmt: skip
