"""What one more listing completes: newest restore points, last runs, silent jobs; and what that costs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from veeam_async.errors import ForbiddenError, VeeamError
from veeam_async.fleet import Appliance, Fleet, Job, JobState, Protected, RestorePoint, Result, Rows, failed_kinds
from veeam_async.fleet.rhythm import silent
from veeam_async.testing import SimulatedAppliance, World
from veeam_async.testing.generator import Inventory, generate, restore_point
from veeam_async.testing.things import GIB, Session, Workload

NOW = datetime.now(UTC).replace(microsecond=0)
HERE = Appliance("here", "127.0.0.1", None)
REVISIONS = ("1.0-rev2", "1.1-rev0", "1.2-rev1", "1.3-rev0", "1.3-rev1", "1.3-rev2")


def large(workloads: int, *, age: timedelta = timedelta(hours=20), points: int = 2) -> World:
    """A world with one large job whose workloads have restore points, the newest of that age, one a day before it."""
    facts = generate(1, NOW.replace(minute=0, second=0))
    job = facts.jobs[0]
    job.workloads = [f"00000000-0000-4000-8000-{number:012}" for number in range(workloads)]
    facts.workloads = [
        Workload(key, f"machine-{number}", "machine", 64 * GIB, True, "eu", False)
        for number, key in enumerate(job.workloads)
    ]
    facts.jobs = [job]
    facts.sessions = []
    facts.restore_points = []
    for day in reversed(range(points)):
        add_run(facts, NOW - age - timedelta(days=day))
    return World(1, now=NOW, inventory=facts)


def add_run(facts: Inventory | World, started: datetime, result: Any = "success") -> None:
    job = facts.jobs[0]
    session = Session(
        id=f"10000000-0000-4000-8000-{len(facts.sessions):012}", name=job.name, kind="backup", job_id=job.id,
        state="finished", result=result, started=started, ended=started + timedelta(minutes=9), progress=100,
        message="", workloads=list(job.workloads), log=[], number=len(facts.sessions) + 1,
    )  # fmt: skip
    facts.sessions.append(session)
    if result == "failed":
        return
    workloads = {workload.id: workload for workload in facts.workloads}
    for number, key in enumerate(job.workloads):
        random = Random(f"{session.id} {key}")
        created = started + timedelta(seconds=number % 400)
        facts.restore_points.append(restore_point(random, job, session, workloads[key], created, full=False))


@asynccontextmanager
async def serving(product: str, revision: str, world: World) -> AsyncIterator[tuple[Fleet, SimulatedAppliance]]:
    """An appliance that shows a world, and a fleet of it alone."""
    async with SimulatedAppliance(product, revision, world=world) as one:
        appliance = Appliance("one", one.url, one.credentials, product=product, revision=revision)  # type: ignore[arg-type]
        async with Fleet([appliance]) as fleet:
            yield fleet, one
    assert one.errors == []


async def whole(rows: Rows[Any]) -> list[Any]:
    gathered = await rows.gather()
    assert rows.errors == []
    return gathered


# ---------------------------------------------------------------------------------------------- newest restore points


@pytest.mark.parametrize("revision", REVISIONS)
async def test_newest_restore_points_in_few_requests(revision: str) -> None:
    """Each workload has the time of its newest restore point; eight requests where all ran within a day."""
    world = large(500)
    async with serving("vbr", revision, world) as (fleet, one):
        rows = await whole(fleet.protected())
        assert len(rows) == 500
        assert {row.id: row.last_backup for row in rows} == newest_points(world)
        assert all(row.horizon is None and row.restore_points == 2 for row in rows)
        assert all(row.size == (64 * GIB if revision >= "1.3" else None) for row in rows)
        assert sum(one.counts.values()) + one.count("login") <= 8


async def test_a_fleet_of_large_appliances() -> None:
    """Of every workload of every appliance the newest restore point, in few requests to each of them.

    The environment's VEEAM_ROWS_APPLIANCES says how many there are: 100 takes some minutes.
    """
    world = large(500)
    count = int(os.environ.get("VEEAM_ROWS_APPLIANCES", "6"))
    async with AsyncExitStack() as stack:
        simulated = [
            await stack.enter_async_context(SimulatedAppliance("vbr", REVISIONS[number % 6], world=world, record=False))
            for number in range(count)
        ]
        fleet = await stack.enter_async_context(
            Fleet(
                Appliance(f"vbr-{number}", one.url, one.credentials, revision=one.revision)
                for number, one in enumerate(simulated)
            )
        )
        newest = newest_points(world)
        # All of them answer from this process: so many at a time as it can serve within the time of one.
        reading = fleet.protected(concurrency=4)
        rows = await reading.gather()
        assert reading.errors == []
        assert [row for row in rows if row.last_backup != newest[row.id]] == []
        assert Counter(row.appliance.name for row in rows) == {f"vbr-{number}": 500 for number in range(count)}
        assert max(sum(one.counts.values()) + one.count("login") for one in simulated) <= 8


def newest_points(world: World) -> dict[str, datetime]:
    return {point.workload_id: point.created for point in world.restore_points}


@pytest.mark.parametrize("revision", ["1.1-rev0", "1.3-rev2"])
async def test_older_than_a_day(revision: str) -> None:
    """The search goes on to the horizon for what is older, and the row says where it ended."""
    world = large(3, age=timedelta(days=20), points=1)
    async with serving("vbr", revision, world) as (fleet, one):
        rows = await whole(fleet.protected())
        assert {row.id: row.last_backup for row in rows} == newest_points(world)
        assert all(row.horizon is None for row in rows)
        assert one.count("GetAllObjectRestorePoints") == 3
        rows = await whole(fleet.protected(horizon=timedelta(days=10)))
        assert [row.last_backup for row in rows] == [None] * 3
        assert all(abs(row.horizon - (datetime.now(UTC) - timedelta(days=10))) < timedelta(minutes=1) for row in rows)
        assert "horizon" in rows[0].to_dict()


@pytest.mark.parametrize("revision", REVISIONS)
async def test_workloads_of_one_name(revision: str) -> None:
    """Two workloads of one name have each its own newest restore point, whichever of them ran last."""
    world = large(4)
    one, other, *_ = world.workloads
    other.name = one.name
    world.restore_points = [point for point in world.restore_points if point.workload_id != other.id] + [
        restore_point(Random(3), world.jobs[0], world.sessions[-1], other, NOW - timedelta(days=3), full=True)
    ]
    world.restore_points.sort(key=lambda point: point.created)
    world.changed()
    async with serving("vbr", revision, world) as (fleet, simulated):
        rows = await whole(fleet.protected())
        assert {row.id: row.last_backup for row in rows} == newest_points(world)
        # One page for the others, one small request for each of the two.
        assert simulated.count("GetAllObjectRestorePoints") == 3


async def test_many_of_one_name_are_bounded() -> None:
    """Beyond fifty workloads that cannot be distinguished the others stay without a time, and claim no search."""
    world = large(60)
    for workload in world.workloads:
        workload.name = "web"
    world.changed()
    async with serving("vbr", "1.3-rev0", world) as (fleet, one):
        rows = await whole(fleet.protected())
        assert sum(row.last_backup is not None for row in rows) == 50
        assert all(row.horizon is None for row in rows)
        assert one.count("GetAllObjectRestorePoints") == 50


async def test_restore_points_that_may_not_be_read() -> None:
    """Where the listing of restore points fails the rows come all the same, and the error says of which rows it is."""
    world = large(3)
    async with serving("vbr", "1.3-rev0", world) as (fleet, one):
        one.faults.add(operation="GetAllObjectRestorePoints", status=403)
        reading = fleet.protected()
        rows = await reading.gather()
        assert [(row.last_backup, row.horizon, row.restore_points) for row in rows] == [(None, None, 2)] * 3
        (answer,) = reading.errors
        assert isinstance(answer.error, ForbiddenError)
        assert failed_kinds(answer) == {Protected, RestorePoint}


async def test_an_appliance_that_is_lost_meanwhile() -> None:
    """What an appliance gave until its restore points could not be read at all comes, and then the error."""
    world = large(3)
    async with serving("vbr", "1.3-rev0", world) as (fleet, one):
        one.faults.add(operation="GetAllObjectRestorePoints", cut="before")
        reading = fleet.protected()
        assert len(await reading.gather()) == 3
        (answer,) = reading.errors
        assert isinstance(answer.error, VeeamError)


# -------------------------------------------------------------------------------------------------------- last runs


@pytest.mark.parametrize(("product", "revision"), [("aws", "1.7-rev0"), ("azure", "v8.1")])
async def test_last_runs_from_one_listing(product: str, revision: str) -> None:
    """Policies say when they ran last; one listing of sessions for all of them, none where they say it themselves."""
    world = World(5)
    async with serving(product, revision, world) as (fleet, one):
        rows = {row.id: row for row in await whole(fleet.jobs())}
        for job in world.jobs:
            last = world.last_session(job)
            if job.id in rows:
                assert rows[job.id].last_run == (last and last.started), job.name
        listing = "GetSessions" if product == "aws" else "JobSessions_GetJobSessions"
        assert 1 <= one.count(listing) <= 3


async def test_policies_of_one_name() -> None:
    """Policies of one name that no link distinguishes have no last run rather than that of another."""
    world = World(5)
    database, files = (next(job for job in world.jobs if job.kind == kind) for kind in ("database", "files"))
    for session in world.sessions_of(files):
        session.name = database.name
    files.name = database.name
    world.changed()
    async with serving("aws", "1.7-rev0", world) as (fleet, _):
        rows = {row.id: row for row in await whole(fleet.jobs())}
        assert rows[database.id].last_run is rows[files.id].last_run is None
        assert rows[database.id].horizon is None


# ----------------------------------------------------------------------------------------------------------- silence

DAY = timedelta(days=1)


def runs(*ages: float, failed: int = 0) -> list[Job]:
    """Runs that began so many days ago; the last `failed` of them failed."""
    results = [Result.SUCCESS] * (len(ages) - failed) + [Result.FAILED] * failed
    pairs = zip(ages, results, strict=True)
    return [Job(appliance=HERE, id="1", last_run=NOW - age * DAY, last_result=result) for age, result in pairs]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (runs(5, 4, 3, 2, 1), False),
        (runs(8, 7, 6, 5, 4), True),
        # It runs on weekdays, and it is Monday.
        (runs(17, 16, 15, 14, 13, 10, 9, 8, 7, 6, 3), False),
        (runs(18, 17, 16, 15, 14, 11, 10, 9, 8, 7, 4.6), True),
        # One outage is not a rhythm.
        (runs(18, 7, 6, 5, 4, 3), True),
        # It runs as often as ever, and fails.
        (runs(6, 5, 4, 3, 2, 1, failed=3), True),
        (runs(3.2, 2.2, 1.2, 0.2, failed=1), False),
        (runs(4, 3, 2, 1, failed=4), True),
        (runs(2, 1), None),
        ([], None),
    ],
)
def test_silence(known: list[Job], expected: bool | None) -> None:
    """A job is silent when its last success is longer ago than its own rhythm allows."""
    job = Job(appliance=HERE, id="1", state=JobState.IDLE)
    assert silent(job, known, NOW) is expected
    assert silent(Job(appliance=HERE, id="1", state=JobState.DISABLED), known, NOW) is None


@pytest.mark.parametrize(("product", "revision"), [("vbr", "1.0-rev2"), ("vbr", "1.3-rev2"), ("aws", "1.7-rev0"),
                                                   ("azure", "v8")])  # fmt: skip
async def test_silent_jobs(product: str, revision: str) -> None:
    """`jobs(silent=True)` finds the job that stopped, by one listing; without it nothing is asked and nothing said."""
    world = large(2, age=timedelta(days=4), points=6)
    async with serving(product, revision, world) as (fleet, one):
        mine = {world.jobs[0].id}
        plain = [row for row in await whole(fleet.jobs()) if row.id in mine]
        assert [row.silent for row in plain] == [None]
        assert product != "vbr" or one.count("GetAllSessions") == 0
        reported = [row for row in await whole(fleet.jobs(silent=True)) if row.id in mine]
        assert [row.silent for row in reported] == [True]
        add_run(world, NOW - timedelta(hours=2))
        world.changed()
        reported = [row for row in await whole(fleet.jobs(silent=True)) if row.id in mine]
        assert [row.silent for row in reported] == [False]
        assert [row.last_run for row in reported] == [NOW - timedelta(hours=2)]


# ----------------------------------------------------------------------------------------------- why runs went wrong


@pytest.mark.parametrize("revision", REVISIONS)
async def test_why_a_job_failed(revision: str) -> None:
    """The text of the last session comes from one listing that begins where that run began; good jobs cost none."""
    world = large(2, age=timedelta(days=3), points=1)
    async with serving("vbr", revision, world) as (fleet, simulated):
        (job,) = await whole(fleet.jobs(reasons=True))
        assert (job.last_result, job.last_error) == (Result.SUCCESS, None)
        assert simulated.counts["GetAllSessions"] == 0
        add_run(world, NOW - timedelta(days=2), "failed")
        world.sessions[-1].message = "The network path was not found."
        world.changed()
        (job,) = await whole(fleet.jobs(reasons=True))
        assert (job.last_result, job.last_error) == (Result.FAILED, "The network path was not found.")
        # A day, and then back to where the run began: no week, no month.
        asked = [seen for seen in simulated.requests if seen.operation_id == "GetAllSessions"]
        assert len(asked) == 2
        assert job.horizon is None


async def test_who_does_not_ask_why_pays_nothing() -> None:
    """Without reasons a failed job costs no listing of sessions; ONE and the console say why all the same."""
    world = World(7)
    for product, revision, said in (("vbr", "1.3-rev2", False), ("m365", "v8", False), ("spc", "3.7", True)):
        async with serving(product, revision, world) as (fleet, simulated):
            failed = [job for job in await whole(fleet.rows(Job)) if job.last_result is Result.FAILED]
            assert failed
            assert any(job.last_error for job in failed) is said
            assert not simulated.counts["GetAllSessions"] + simulated.counts["JobSession_Get"]


async def test_why_a_job_failed_cannot_be_read() -> None:
    """Where sessions are refused the jobs come all the same, without the text, and the answer says so."""
    world = large(2)
    add_run(world, NOW - timedelta(hours=1), "failed")
    async with serving("vbr", "1.3-rev2", world) as (fleet, simulated):
        simulated.faults.add(operation="GetAllSessions", status=403)
        rows = fleet.jobs(reasons=True)
        (job,) = await rows.gather()
        assert (job.last_result, job.last_error) == (Result.FAILED, None)
        assert isinstance(rows.errors[0].error, ForbiddenError)
        assert failed_kinds(rows.errors[0]) >= {Job}


async def test_silent_and_failed() -> None:
    """Judging the rhythm of jobs reads all runs, so that nothing more is asked to say why one failed."""
    world = large(2, age=timedelta(hours=30), points=6)
    add_run(world, NOW - timedelta(hours=2), "failed")
    world.sessions[-1].message = "Out of space."
    world.changed()
    async with serving("vbr", "1.3-rev2", world) as (fleet, simulated):
        (job,) = await whole(fleet.jobs(silent=True, reasons=True))
        assert (job.last_error, job.silent) == ("Out of space.", False)
        assert simulated.counts["GetAllSessions"] == 1


async def test_names_of_what_m365_refers_to() -> None:
    """Repositories of jobs, jobs of sessions and why jobs failed: one listing each, however many rows there are."""
    world = World(7)
    async with serving("m365", "v8", world) as (fleet, simulated):
        jobs = await whole(fleet.jobs(silent=True))
        assert simulated.counts["BackupRepository_GetRepositories"] == simulated.counts["JobSession_Get"] == 1
        assert {job.repository_name for job in jobs} <= {one.name for one in world.repositories}
        assert any(job.silent is not None for job in jobs)
        sessions = await whole(fleet.sessions())
        assert {one.name for one in sessions} == {one.name for one in world.sessions if one.kind != "infrastructure"}
        assert simulated.counts["Job_Get"] == 2
