"""Rows: the mapping tables against the documents, and the same facts shown by every product."""

from __future__ import annotations

import asyncio
import linecache
import pickle
import re
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
import orjson
import pytest

from tests.listings import ServedListing
from tests.listings import serve as serve_listing
from tests.scripted import Scripted
from veeam_async import Password
from veeam_async._model import Model, fields
from veeam_async._operation import seen
from veeam_async._operation.operation import Revision
from veeam_async.errors import ForbiddenError, VeeamError
from veeam_async.fleet import (
    ROW_TYPES,
    Alarm,
    Answer,
    Appliance,
    Finding,
    Fleet,
    Job,
    JobState,
    License,
    LicenseStatus,
    Protected,
    Proxy,
    Repository,
    RestorePoint,
    Result,
    Row,
    RowsError,
    Server,
    Session,
    SessionState,
    Severity,
    Task,
)
from veeam_async.fleet.pages import find_operation
from veeam_async.fleet.rows import completions, lookups, sources, values
from veeam_async.fleet.rows.document import markdown
from veeam_async.fleet.rows.mapping import Combine, Take
from veeam_async.registry import revisions
from veeam_async.testing import SimulatedAppliance, World
from veeam_async.testing.versions import serve

# What the others show of a world is in `test_rows_of_one_login`.
ALL = [(revision.product, revision.name) for revision in revisions() if revision.product in ("vbr", "aws", "azure")]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


# ------------------------------------------------------------------------------------------- tables and documents

# What an older revision's document does not have; the row's field is None there.
_DATES = {
    f"GetInstalledLicense.{part}LicenseSummary.{date}"
    for part in ("instance", "socket") for date in ("expirationDate", "supportExpirationDate")
}  # fmt: skip
_PROGRESS = {
    f"GetAllSessions.progress.{field}"
    for field in ("processedSize", "readSize", "transferredSize", "processingRate", "bottleneck")
}  # fmt: skip
_BEFORE_2 = {*_PROGRESS, "GetAllBackupObjects.size", "GetAllBackupObjects.backupId"}
_BEFORE_1_2 = {
    "GetAllTaskSessions", "ViewSuspiciousActivityEvents", "GetBestPracticesComplianceResult",
    *(f"GetAllObjectRestorePoints.{field}" for field in ("type", "sessionId", "malwareStatus")),
}  # fmt: skip
_BEFORE_1_3 = {
    "GetAllProxiesStates",
    "GetAllBackupObjects.lastRunFailed",
    "GetAllObjectRestorePoints.originalSize",
    *_BEFORE_2,
}
LACKING = {
    ("vbr", "1.0-rev2"): {
        "GetAllSessions.jobId", "GetAllRepositoriesStates.isOnline", "GetAllManagedServers.status",
        "GetServerInfo", "GetInstalledLicense", *_BEFORE_1_2, *_BEFORE_1_3,
    },
    ("vbr", "1.1-rev0"): {
        "GetAllSessions.jobId", "GetAllRepositoriesStates.isOnline", "GetAllManagedServers.status",
        "GetInstalledLicense", *_BEFORE_1_2, *_BEFORE_1_3,
    },
    ("vbr", "1.2-rev1"): {
        "GetAllTaskSessions.progress.progressPercent", "ViewSuspiciousActivityEvents.creationTimeUtc",
        "ViewSuspiciousActivityEvents.machine.restorePointId", "GetAllSessions.activityId", *_BEFORE_1_3, *_DATES,
    },
    ("vbr", "1.3-rev0"): {"GetAllSessions.activityId", *_BEFORE_2, *_DATES},
    ("vbr", "1.3-rev1"): {"GetAllSessions.activityId", *_BEFORE_2, *_DATES},
    ("vbr", "1.3-rev2"): {
        "GetAllSessions.activityId", "GetInstalledLicense.expirationDate", "GetInstalledLicense.supportExpirationDate",
    },
    # The document of this one is put together from evidence, and there is none of this field.
    ("aws", "1.7-rev0"): {"EfsPoliciesGetAll.lastPolicySessionStatus"},
    ("m365", "v7"): {"JobSession_Get.jobId"},
    # It knows of EC2 alone.
    ("aws", "1.0-rev0"): {
        "DynamoDbPoliciesGetAll", "EfsPoliciesGetAll", "FsxPoliciesGetAll", "GetVpcPolicy", "RdsGetAll",
        "RdsPoliciesGetAll", "RedshiftPoliciesGetAll", "RedshiftServerlessPoliciesGetAll",
        "GetSessions.extendedSessionType", "GetSessions.name", "RepositoriesGetAll.storageClass",
        "VirtualMachines.instanceSizeGigabytes", "VirtualMachines.region.name",
    },
}  # fmt: skip


def class_of(revision: Revision, name: str) -> type[Model] | None:
    found = getattr(import_module(f"{revision.package}.models"), name, None)
    return found if isinstance(found, type) and issubclass(found, Model) else None


def has(revision: Revision, name: str, path: str) -> bool:
    wire, _, rest = path.partition(".")
    model = class_of(revision, name)
    if model is None:
        return True  # free-form: the document says nothing
    for field in fields(model).values():
        if field.wire == wire:
            part = field.annotation.replace(" | None", "").replace(" | Unset", "")
            return not rest or has(revision, part, rest)
    return False


@pytest.mark.parametrize("revision", revisions(), ids=lambda one: f"{one.product}-{one.name}")
def test_tables_name_what_the_documents_have(revision: Revision) -> None:
    """Every operation, parameter and field that a table names is in the document, or known to be lacking there."""
    lacking = set()
    for row in ROW_TYPES:
        completing = completions(revision.product, row)
        naming = [one.source for one in lookups(revision.product, row)]
        for source in (*sources(revision.product, row), *(one.source for one in completing), *naming):
            operation = find_operation(revision, source.operation)
            if operation is None:
                lacking.add(source.operation)
                continue
            wires = {parameter.wire for parameter in operation.parameters}
            assert {*source.query, *([source.since] if source.since else ())} <= wires
            assert {one.until for one in completing if one.source is source} <= wires
            assert {one.single for one in completing if one.source is source and one.single} <= wires
            model = operation.paging.row if operation.paging else operation.responses[200].type
            # Tasks are of several types; those of backups say what the table takes.
            model = model.replace("TaskSessionModel", "BackupTaskSessionModel")
            if operation.paging is None and source.results is not None:
                page = class_of(revision, model)
                if page is None:
                    continue
                model = next(f.annotation for f in fields(page).values() if f.wire == source.results)
                model = model.replace(" | None", "").replace(" | Unset", "").removeprefix("list[").removesuffix("]")
            for rule in source.fields.values():
                for path in rule.paths if isinstance(rule, (Take, Combine)) else ():
                    if not has(revision, model, path):
                        lacking.add(f"{source.operation}.{path}")
    assert lacking == LACKING.get((revision.product, revision.name), set())


# What each product knows nothing of.
WITHOUT: dict[str, set[type[Row]]] = {
    "vbr": {Alarm},
    "aws": {Task, Proxy, Finding, Alarm},
    "azure": {Task, Proxy, Finding, Alarm},
    "m365": {Task, Proxy, Finding, Alarm, RestorePoint},
    "spc": {Task, Proxy, Finding, RestorePoint},
    "one": {Task, Proxy, Finding, RestorePoint, Session},
}


@pytest.mark.parametrize("product", WITHOUT)
@pytest.mark.parametrize("row", ROW_TYPES, ids=lambda row: row.__name__)
def test_every_product_has_every_row(product: str, row: type[Row]) -> None:
    """Each product has a table for each type of row that it knows, and tables fill only fields that the type has."""
    tables = sources(product, row)
    assert bool(tables) == (row not in WITHOUT[product])
    names = {field.name for field in attrs.fields(row)} - {"appliance", "json", "raw_type"}
    for source in tables:
        assert "id" in source.fields
        assert set(source.fields) <= names
    for lookup in lookups(product, row):
        assert lookup.key is None or lookup.key in lookup.source.fields
        assert set(lookup.source.fields) - {lookup.key} <= names - {"id"}


# ------------------------------------------------------------------------------------------- the same facts everywhere


@pytest.fixture
async def fleet() -> AsyncIterator[tuple[Fleet, World]]:
    """One world, shown by an appliance of every product and revision."""
    world = World(7)
    free = [job for job in world.jobs if all(one.state == "finished" for one in world.sessions_of(job))]
    world.start(free[0], seconds=10**6)
    world.finish(world.start(free[1]), "canceled")
    simulated = [SimulatedAppliance(product, name, world=world) for product, name in ALL]
    await asyncio.gather(*(one.start() for one in simulated))
    try:
        async with Fleet(
            Appliance(
                f"{product} {name}",
                one.url,
                one.credentials,
                product=product,  # type: ignore[arg-type]
                revision=name,
                tags=("b", "a"),
                labels={"customer": "example"},
            )
            for (product, name), one in zip(ALL, simulated, strict=True)
        ) as fleet:
            yield fleet, world
    finally:
        await asyncio.gather(*(one.stop() for one in simulated))
    assert [one.errors for one in simulated] == [[] for _ in simulated]


def by_appliance(rows: list[Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {f"{product} {name}": {} for product, name in ALL}
    for row in rows:
        assert row.id not in found[row.appliance.name]
        found[row.appliance.name][row.id] = row
    return found


def same(row: Row, **facts: Any) -> None:
    """What the row says is the fact; what it cannot say is None."""
    for name, fact in facts.items():
        value = getattr(row, name)
        assert value is None or value == fact, (row.appliance.name, name, value, fact)


def says(rows: dict[str, dict[str, Any]], name: str) -> set[str]:
    """The appliances whose rows fill a field."""
    return {who for who, mine in rows.items() if any(getattr(row, name) is not None for row in mine.values())}


VBR = {f"vbr {name}" for product, name in ALL if product == "vbr"}
AWS = {f"aws {name}" for product, name in ALL if product == "aws"}
AZURE = {f"azure {name}" for product, name in ALL if product == "azure"}


async def test_jobs(fleet: tuple[Fleet, World]) -> None:
    """Jobs and policies of every product say the same of the same facts."""
    fleet_, world = fleet
    reading = fleet_.jobs()
    rows = by_appliance(await reading.gather())
    assert reading.errors == []
    jobs = {job.id: job for job in world.jobs}
    for who, mine in rows.items():
        # The network job has no id in AWS: an appliance has exactly one.
        expected = {id for id, job in jobs.items() if not (who in AWS and job.kind == "network")}
        if who == "aws 1.0-rev0":
            expected = {id for id, job in jobs.items() if job.kind == "machine"}
        assert mine.keys() - {"vpc"} == expected
        for id in expected:
            job, row = jobs[id], mine[id]
            last = world.last_session(job)
            runs = last is not None and last.state != "finished"
            same(
                row,
                name=job.name,
                description=job.description,
                last_run=last and last.started,
                next_run=job.next_run,
                repository_id=job.repository_id,
                repository_name=world.repository(job.repository_id).name,
                objects=len(job.workloads),
                session_id=last and last.id,
            )
            if runs:
                assert row.state in (JobState.RUNNING, JobState.STARTING, JobState.STOPPING)
            else:
                assert row.state is (JobState.IDLE if job.enabled else JobState.DISABLED)
                # The state of a vbr job does not know canceled runs: they count as failed.
                canceled = who in VBR and last is not None and last.result == "canceled"
                result = "failed" if canceled else last and last.result
                assert row.last_result == result
            # The network policy of aws has neither a session of its own nor a link to one.
            assert row.last_run == (last and last.started)
            assert (row.horizon is None) == (last is not None or who in VBR or job.kind != "network")
    everywhere = VBR | AWS | AZURE
    assert says(rows, "name") == says(rows, "state") == says(rows, "last_result") == everywhere
    assert says(rows, "next_run") == VBR | AZURE
    assert says(rows, "last_run") == says(rows, "session_id") == everywhere
    assert says(rows, "objects") == VBR | AZURE


async def test_sessions(fleet: tuple[Fleet, World]) -> None:
    """Sessions of every product say the same of the same facts."""
    fleet_, world = fleet
    reading = fleet_.sessions()
    rows = by_appliance(await reading.gather())
    assert reading.errors == []
    sessions = {session.id: session for session in world.sessions}
    assert {"success", "warning", "failed", "canceled"} <= {session.result for session in sessions.values()}
    for mine in rows.values():
        assert mine.keys() == sessions.keys()
        for id, session in sessions.items():
            row = mine[id]
            if session.state == "finished":
                assert row.state is SessionState.FINISHED
                assert row.result == session.result
                assert (row.started, row.ended) == (session.started, session.ended)
                assert row.duration == (session.ended - session.started).total_seconds()  # type: ignore[operator]
                same(row, message=session.message)
                if session.kind == "backup":
                    same(row, bottleneck="Source", **amounts(world, session))
            else:
                assert row.state in (SessionState.RUNNING, SessionState.STARTING, SessionState.WAITING)
                assert (row.result, row.started, row.ended) == (None, session.started, None)
            same(row, job_id=session.job_id)
    assert says(rows, "job_id") == VBR | AZURE
    assert says(rows, "message") == VBR | AWS
    assert says(rows, "progress") == VBR
    for field in ("processed", "read", "transferred", "speed", "bottleneck"):
        assert says(rows, field) == {"vbr 1.3-rev2"}


def amounts(world: World, session: Any) -> dict[str, int]:
    """Bytes that a session went through, read and sent, by the restore points that it made."""
    points = [point for point in world.restore_points if point.session_id == session.id]
    sizes = {workload.id: workload.size for workload in world.workloads}
    return {
        "processed": sum(sizes[point.workload_id] for point in points),
        "read": sum(point.size for point in points),
        "transferred": sum(point.size // 2 for point in points),
    }


async def test_sessions_since(fleet: tuple[Fleet, World]) -> None:
    """`since` gives what began at or after that moment, and the appliances do the filtering."""
    fleet_, world = fleet
    since = sorted(session.started for session in world.sessions)[-20]
    rows = by_appliance(await fleet_.sessions(since=since).gather())
    expected = {session.id for session in world.sessions if session.started >= since}
    assert len(expected) >= 20
    assert all(mine.keys() == expected for mine in rows.values())
    recent = await fleet_.sessions(since=timedelta(seconds=-60)).gather()
    assert recent == []


async def test_repositories(fleet: tuple[Fleet, World]) -> None:
    """Repositories of every product say the same of the same facts, sizes in bytes."""
    fleet_, world = fleet
    rows = by_appliance(await fleet_.repositories().gather())
    for who, mine in rows.items():
        assert mine.keys() == {repository.id for repository in world.repositories}
        for repository in world.repositories:
            row = mine[repository.id]
            assert (row.name, row.description) == (repository.name, repository.description)
            assert repository.folder in row.path
            same(row, encrypted=repository.encrypted, online=repository.online)
            same(row, capacity=repository.capacity, free=repository.free, used=repository.used)
            assert row.location is not None or who in VBR
    assert says(rows, "capacity") == says(rows, "free") == says(rows, "used") == VBR
    assert says(rows, "online") == VBR - {"vbr 1.0-rev2", "vbr 1.1-rev0"} | AZURE
    assert says(rows, "encrypted") == AWS | AZURE


async def test_servers(fleet: tuple[Fleet, World]) -> None:
    """Each appliance is a server with its version; managed servers and workers say the same of the same facts."""
    fleet_, world = fleet
    rows = by_appliance(await fleet_.servers().gather())
    for who, mine in rows.items():
        product, _, revision = who.partition(" ")
        own = [(row.version, row.online) for row in mine.values() if row.kind == "Appliance"]
        # The oldest one has no call that describes itself.
        assert own == [(serve(product, revision=revision).release.build, True)] * (who != "vbr 1.0-rev2")
        others = {row.name: row for row in mine.values() if row.kind != "Appliance"}
        assert others.keys() == (set() if who in AWS else {server.name for server in world.servers})
        for server in world.servers if others else ():
            same(others[server.name], online=server.online, description=server.description)


async def test_licenses(fleet: tuple[Fleet, World]) -> None:
    """Licenses of every product say the same; a revision without that call is listed as lacking it."""
    fleet_, world = fleet
    reading = fleet_.licenses()
    rows = await reading.gather()
    assert reading.errors == []
    assert {appliance.name for appliance in reading.lacking} == {"vbr 1.0-rev2", "vbr 1.1-rev0"}
    assert len(rows) == len(ALL) - 2
    for row in rows:
        assert row.status is LicenseStatus.VALID
        assert (row.licensed_to, row.expires) == (world.license.licensed_to, world.license.expires)
        assert (row.instances, row.instances_used) == (world.license.instances, world.license.instances_used)
        same(row, support_expires=world.license.support_expires)
        left = row.days_left()
        assert left is not None
        assert 100 < left < 400


async def test_protected(fleet: tuple[Fleet, World]) -> None:
    """Protected workloads say the same of the same facts, as far as the product knows them."""
    fleet_, world = fleet
    reading = fleet_.protected()
    rows = by_appliance(await reading.gather())
    assert reading.errors == []
    protected = {workload.name: workload for workload in world.workloads if workload.protected}
    tellable = {name for name, one in protected.items() if one.kind in ("machine", "database")}
    for who, mine in rows.items():
        named = {row.name: row for row in mine.values()}
        # The simulated appliance of this revision does not know the words of its filter.
        assert tellable <= named.keys() or who == "aws 1.0-rev0"
        if who not in AWS:
            assert protected.keys() <= named.keys()
        for name, workload in protected.items():
            if name in named:
                same(named[name], size=workload.size, location=workload.region)
                if who not in AWS:
                    points = list(world.points_of(workload))
                    assert named[name].last_backup == (points[-1].created if points else None)
    unsized = {"vbr 1.0-rev2", "vbr 1.1-rev0", "vbr 1.2-rev1", "aws 1.0-rev0"}
    assert says(rows, "size") == rows.keys() - unsized
    assert says(rows, "restore_points") == says(rows, "backup_id") == VBR


async def test_tasks(fleet: tuple[Fleet, World]) -> None:
    """What sessions did for each workload, from 1.2-rev1 on; the appliances that do not say it are listed."""
    fleet_, world = fleet
    reading = fleet_.tasks()
    rows = by_appliance(await reading.gather())
    assert reading.errors == []
    reporting = VBR - {"vbr 1.0-rev2", "vbr 1.1-rev0"}
    assert {appliance.name for appliance in reading.lacking} == rows.keys() - reporting
    sessions = {session.id: session for session in world.sessions}
    points = {point.id: point for point in world.restore_points}
    for who in reporting:
        assert rows[who]
        for row in rows[who].values():
            session = sessions[row.session_id]
            assert (row.started, row.ended) == (session.started, session.ended)
            assert row.result == session.result or row.kind != "Backup"
            assert row.duration == (session.ended and (session.ended - session.started).total_seconds())
            if row.restore_point_id is not None:
                point = points[row.restore_point_id]
                assert (row.name, row.processed) == (
                    world.workload(point.workload_id).name,
                    world.workload(point.workload_id).size,
                )
                assert (row.read, row.transferred) == (point.size, point.size // 2)
                assert row.repository_id == point.repository_id
    since = sorted(session.started for session in world.sessions)[-20]
    recent = await fleet_.tasks(since=since).gather()
    assert {row.session_id for row in recent} <= {session.id for session in world.sessions if session.started >= since}
    assert recent


async def test_proxies(fleet: tuple[Fleet, World]) -> None:
    """The machines that move data; one listing an appliance, whichever of two its revision has."""
    fleet_, world = fleet
    reading = fleet_.proxies()
    rows = by_appliance(await reading.gather())
    assert reading.errors == []
    for who in VBR:
        assert 0 < len(rows[who]) <= len(world.proxies)
        for proxy in world.proxies:
            if proxy.id in rows[who]:
                row = rows[who][proxy.id]
                assert (row.name, row.description) == (proxy.name, proxy.description)
                server = world.server(proxy.server_id)
                same(row, enabled=proxy.enabled, online=server.online, location=server.name, outdated=False)
    reported = {f"vbr {name}" for name in ("1.3-rev0", "1.3-rev1", "1.3-rev2")}
    assert says(rows, "enabled") == says(rows, "online") == says(rows, "location") == reported
    assert says(rows, "kind") == VBR


async def test_restore_points(fleet: tuple[Fleet, World]) -> None:
    """Restore points of every product say the same of the same facts."""
    fleet_, world = fleet
    reading = fleet_.restore_points()
    rows = by_appliance(await reading.gather())
    assert reading.errors == []
    points = {point.id: point for point in world.restore_points}
    for who, mine in rows.items():
        assert mine
        for id, row in mine.items():
            workload = world.workload(points[id].workload_id)
            assert row.created == points[id].created
            same(row, name=workload.name, workload_id=workload.id, workload_size=workload.size)
            same(row, session_id=points[id].session_id, size=points[id].size)
            assert row.corrupted in (None, False)
            if row.immutable_until is not None:
                assert row.immutable_until == points[id].created + timedelta(days=30)
        machines = {id for id, point in points.items() if world.workload(point.workload_id).kind == "machine"}
        assert who in VBR or machines <= mine.keys()
    assert says(rows, "name") == VBR | AZURE
    assert says(rows, "size") == AWS | AZURE
    assert says(rows, "malware") == VBR - {"vbr 1.0-rev2", "vbr 1.1-rev0"}
    newest = max(point.created for point in points.values())
    recent = by_appliance(await fleet_.restore_points(since=newest).gather())
    assert all(row.created == newest for mine in recent.values() for row in mine.values())


async def test_findings(fleet: tuple[Fleet, World]) -> None:
    """Malware that was found, and practices that are not followed."""
    fleet_, world = fleet
    reading = fleet_.findings()
    rows = by_appliance(await reading.gather())
    assert reading.errors == []
    reporting = VBR - {"vbr 1.0-rev2", "vbr 1.1-rev0"}
    assert {appliance.name for appliance in reading.lacking} == rows.keys() - reporting
    points = {point.id: point for point in world.restore_points}
    for who in reporting:
        malware = [row for row in rows[who].values() if row.kind != "BestPractice"]
        practices = [row for row in rows[who].values() if row.kind == "BestPractice"]
        assert malware
        for row in malware:
            if row.restore_point_id is None:
                assert who == "vbr 1.2-rev1"
                continue
            point = points[row.restore_point_id]
            assert (row.time, row.workload_id) == (point.created, point.workload_id)
            assert row.name == world.workload(point.workload_id).name
            assert row.severity in list(Severity)
        assert {row.name for row in practices} == {"Backups are encrypted", "Remote Registry is off"}
        assert {(row.severity, row.dismissed) for row in practices} == {(Severity.WARNING, False), (None, True)}


async def test_one_call_that_fails(fleet: tuple[Fleet, World]) -> None:
    """An operation that a role may not call costs its own rows; the others come, and the errors are reported."""
    fleet_, world = fleet
    async with SimulatedAppliance("azure", "v8.1", world=world) as simulated:
        simulated.faults.add(operation="SqlPolicy_GetPolicies", status=403)
        fleet_.add(Appliance("one", simulated.url, simulated.credentials, product="azure"))
        reading = fleet_.where(name="one").jobs()
        kinds = {job.kind for job in await reading.gather()}
        assert "VirtualMachines" in kinds
        assert "Sql" not in kinds
        assert "CosmosDb" in kinds
        (failed,) = reading.errors
        assert isinstance(failed.error, ForbiddenError)
        assert failed.error.operation == "SqlPolicy_GetPolicies"
        simulated.faults.add(operation="FileSharePolicy_GetPolicies", status=403)
        await reading.gather()
        assert isinstance(reading.errors[0].error, RowsError)
        assert len(reading.errors[0].error.errors) == 2
        await fleet_.remove("one")


async def test_a_login_that_fails_is_one_error(fleet: tuple[Fleet, World]) -> None:
    """Where no token can be obtained, the many operations behind a row cost one login and one error."""
    fleet_, world = fleet
    async with SimulatedAppliance("aws", "1.7-rev0", world=world) as simulated:
        simulated.faults.add(operation="login", html=True)
        fleet_.add(Appliance("one", simulated.url, simulated.credentials, product="aws", revision="1.7-rev0"))
        reading = fleet_.where(name="one").protected()
        assert await reading.gather() == []
        (failed,) = reading.errors
        assert isinstance(failed.error, VeeamError)
        assert not isinstance(failed.error, RowsError)
        assert simulated.count("login") == 1
        await fleet_.remove("one")


async def test_json(fleet: tuple[Fleet, World]) -> None:
    """A row as a dict is what JSON takes, without the original model; the model is beside it."""
    fleet_, _ = fleet
    for row in await fleet_.jobs().gather():
        shown = row.to_dict()
        assert orjson.loads(orjson.dumps(shown)) == shown
        assert f"{shown['product']} {shown['revision']}" == shown["appliance"] == row.appliance.name
        assert (shown["tags"], shown["labels"]) == (["a", "b"], {"customer": "example"})
        assert "raw" not in row.to_dict()
        assert isinstance(row.raw, (Model, dict))


# ------------------------------------------------------------------------------------------- what servers get wrong

HERE = Appliance("here", "127.0.0.1", None)


def vbr_session(**raw: Any) -> Session:
    (source,) = sources("vbr", Session)
    objects = [{"id": "1", "state": "Stopped", **raw}]
    (row,) = source.rows(objects, HERE)
    assert row == source.row_of(objects[0], HERE)
    return row


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"result": "Success"}, Result.SUCCESS),
        ({"result": "success"}, Result.SUCCESS),
        ({"result": "None"}, None),
        ({"result": None}, None),
        ({"result": "Failed", "isCanceled": True}, Result.CANCELED),
        ("Warning", Result.WARNING),
        (None, None),
        ({"result": "Exploded"}, "Exploded"),
    ],
)
def test_result_of_a_session(result: Any, expected: Any) -> None:
    """A session's result is an object, a string or null, in any letter case; an unknown word is kept."""
    assert vbr_session(result=result).result == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-01T12:00:00Z", NOON),
        ("2026-03-01T12:00:00", NOON),
        ("2026-03-01T12:00:00.0000000Z", NOON),
        ("2026-03-01t12:00:00z", NOON),
        ("2026-03-01T14:00:00+02:00", NOON),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("yesterday", None),
        (20260301, None),
        ({}, None),
    ],
)
def test_moment(value: Any, expected: datetime | None) -> None:
    """Timestamps become aware: without a zone it is UTC; the year 1 and unreadable text are nothing."""
    assert values.moment(value) == expected


def test_odd_numbers() -> None:
    """-1 stands for unknown or unlimited, floats stand for whole numbers, booleans for none."""
    assert values.gib(1.5) == 1024**3 * 3 // 2
    assert values.gib(-1) is None
    assert values.whole(3.0) == 3
    assert values.whole(True) is None
    assert values.number("12") is None
    assert values.whole(1e30) is None
    assert values.gib(1e308) is None
    assert values.percent(101) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("131,9 MB/s", 138307174),
        ("2 KB/s", 2048),
        ("0.5  gb/s", 2**29),
        ("7 B/s", 7),
        (512, 512),
        ("fast", None),
        ("5 miles", None),
        ("x MB/s", None),
        ([], None),
    ],
)
def test_rate(value: Any, expected: int | None) -> None:
    """Speeds come as text with a unit and a comma or a point, or as bytes a second."""
    assert values.rate(value) == expected


def test_last_part_of_a_link() -> None:
    """The id of what a link leads to is the last part of its path."""
    assert values.last_part("https://a.example.com/api/v1/sessions/7?x=1/2") == "7"
    assert values.last_part("/sessions/7/") == "7"
    assert values.last_part("") is values.last_part(None) is None


@pytest.mark.parametrize("odd", [12345, 1e308, -1, True, [], ["x"], {}, {"a": {}}, "", "\ud83d", "x" * 10_000, None])
@pytest.mark.parametrize("product", ["vbr", "aws", "azure"])
def test_an_odd_value_costs_that_value_alone(product: str, odd: Any) -> None:
    """Whatever stands where a field is due: there is a row, its other fields are there, and it can be written."""
    for kind in ROW_TYPES:
        for source in sources(product, kind):
            wires = {path.partition(".")[0] for rule in source.fields.values() for path in getattr(rule, "paths", ())}
            for wire in wires - {"id"}:
                row = source.row_of({"id": "1", wire: odd}, HERE)
                (same,) = source.rows([{"policiesCount": 1, "id": "1", wire: odd}, None, 1, "x", []], HERE) or (row,)
                assert same == row
                assert row.name is None or isinstance(row.name, str)
                orjson.dumps(str(row.to_dict()).encode("utf-8", "replace").decode())


def test_memory_of_rows_that_are_kept() -> None:
    """Rows take at most half as much again as the JSON objects that they were made of and refer to."""
    session = {
        "id": "00000000-0000-4000-8000-{:012}", "name": "backup {}", "jobId": "10000000-0000-4000-8000-{:012}",
        "sessionType": "BackupJob", "creationTime": "2026-03-01T12:00:00.1234567+01:00",
        "endTime": "2026-03-01T12:10:00.1234567+01:00", "state": "Stopped", "progressPercent": 100,
        "result": {"result": "Success", "message": "no {}", "isCanceled": False}, "usn": 1, "platformName": "VMware",
        "resourceId": "20000000-0000-4000-8000-{:012}", "initiatedBy": "EXAMPLE\\operator {}",
    }  # fmt: skip
    line = orjson.dumps(session).decode()
    body = orjson.dumps([orjson.loads(re.sub(r"\{:?0?1?2?\}", f"{number:012}", line)) for number in range(2000)])
    (source,) = sources("vbr", Session)
    source.rows(orjson.loads(body)[:10], HERE)
    tracemalloc.start()
    try:
        objects = orjson.loads(body)
        before, _ = tracemalloc.get_traced_memory()
        rows = source.rows(objects, HERE)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(rows) == 2000
    assert after <= 1.5 * before


async def test_memory_of_rows_that_are_not_kept(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long listing holds no more at any time than a short one."""
    monkeypatch.setattr(seen, "REMEMBERED", 1000)
    answer = {"access_token": "a", "token_type": "bearer", "refresh_token": "r", "expires_in": 900}
    server.on("POST", "/api/oauth2/token", answer)
    here = Appliance("here", server.url, Password("u", "p"), revision="1.3-rev0")
    peaks = []
    for rows in (3_000, 3_000, 15_000):
        serve_listing(server, ServedListing(rows, cap=100))
        async with Fleet([here]) as fleet:
            async for _ in fleet.sessions():
                break
            tracemalloc.start()
            try:
                assert len([None async for _ in fleet.sessions()]) == rows
                peaks.append(tracemalloc.get_traced_memory()[1])
            finally:
                tracemalloc.stop()
    # The list that counts them, and the requests that the server keeps, are a few bytes for each row.
    assert peaks[2] < peaks[1] + 12_000 * 40


def test_a_number_for_a_name() -> None:
    """A name that comes as a number is its digits."""
    assert vbr_session(name=12345).name == "12345"


def test_the_source_of_compiled_tables() -> None:
    """The code that makes rows is where a traceback or a debugger looks for it."""
    vbr_session()
    assert linecache.getline("<rows Session of GetAllSessions>", 1) == "def make(objects, appliance, raw_type, rows):\n"


def test_unknown_states() -> None:
    """A state that no table knows is kept in the vendor's word, and says that it is unknown."""
    state = vbr_session(state="Hibernating").state
    assert state == "Hibernating"
    assert state is not None
    assert state.is_unknown


def test_zero_id() -> None:
    """The zero UUID is no id."""
    assert vbr_session(jobId="00000000-0000-0000-0000-000000000000").job_id is None


def test_field_that_the_revision_lacks() -> None:
    """A field that came although the revision's document lacks it is read all the same."""
    assert vbr_session(jobId="j").job_id == "j"


async def test_a_row_holds_no_secret(fleet: tuple[Fleet, World]) -> None:
    """A row's pickle and its fields hold no credentials; it knows its appliance, product, revision and model."""
    fleet_, _ = fleet
    password = next(iter(fleet_)).credentials.password  # type: ignore[union-attr]
    async for row in fleet_.repositories():
        assert password.encode() not in pickle.dumps(row)
        assert password not in repr(attrs.asdict(row))
        again = pickle.loads(pickle.dumps(row))
        assert again == row
        assert again.raw.to_dict() == row.json
        assert (again.appliance.name, again.appliance.revision) == (
            f"{row.appliance.product} {row.appliance.revision}",
            fleet_[row.appliance.name].revision,
        )


async def test_rows_with_the_answers(fleet: tuple[Fleet, World]) -> None:
    """`answers()` gives each appliance's rows and then its answer with their number; `batches()` gives whole pages."""
    fleet_, _ = fleet
    counts: Counter[str] = Counter()
    answered = {}
    async for item in fleet_.rows(Job, Repository).answers():
        if isinstance(item, Answer):
            answered[item.appliance.name] = item.result()
        else:
            assert item.appliance.name not in answered
            counts[item.appliance.name] += 1
    assert answered == counts
    assert set(answered) == {one.name for one in fleet_}
    pages = [page async for page in fleet_.rows(Job, Repository).batches()]
    assert all(len({(type(row), row.appliance.name) for row in page}) == 1 for page in pages)
    assert sum(map(len, pages)) == sum(counts.values())
    with pytest.raises(ValueError, match="which type"):
        fleet_.rows()


def test_days_left() -> None:
    """Days left are counted from now, below zero when it is over, None where it does not end."""
    row = License(appliance=HERE, id="1", expires=NOON + timedelta(hours=36))
    assert row.days_left(NOON) == 1.5
    assert row.days_left(NOON + timedelta(days=2)) == -0.5
    assert License(appliance=HERE, id="1").days_left() is None


def test_rows_compare_without_raw() -> None:
    """Rows are equal when what they say is equal, wherever they come from and whatever they were made of."""
    other = Appliance("there", "127.0.0.1", None)
    assert Job(appliance=HERE, id="1", json={}) == Job(appliance=other, id="1")
    assert Repository(appliance=HERE, id="1") != Repository(appliance=HERE, id="2")
    one: list[Row] = [Server(appliance=HERE, id="1"), Protected(appliance=HERE, id="1")]
    assert one[0] != one[1]


def test_the_page_about_rows() -> None:
    """docs/rows.md says what the tables say."""
    page = Path(__file__).parents[2] / "docs" / "rows.md"
    assert page.read_text(encoding="utf-8") == markdown()
