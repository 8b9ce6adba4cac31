"""Rows of products where one login covers what many servers have: the same facts as the servers show themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fleet.shown import shown
from veeam_async.fleet import (
    Alarm,
    AlarmState,
    Answer,
    Appliance,
    Fleet,
    Job,
    License,
    LicenseStatus,
    Protected,
    Repository,
    Row,
    Session,
    Severity,
    failed_kinds,
)
from veeam_async.fleet.rows import sources
from veeam_async.registry import revisions
from veeam_async.testing import Behaviour, SimulatedAppliance, World

OTHERS = [(revision.product, revision.name) for revision in revisions() if revision.product in ("m365", "spc", "one")]
SHOWN = [("vbr", "1.3-rev1"), *OTHERS]
# Fields that each of these products fills from the facts of a world.
JOB = {
    "m365": ("name", "last_result", "last_run", "next_run", "repository_id"),
    "spc": ("name", "description", "last_result", "last_run", "repository_name"),
    "one": ("name", "description", "last_result", "last_run"),
}


@pytest.fixture
async def fleet() -> AsyncIterator[tuple[Fleet, World]]:
    """One world, shown by an appliance of each."""
    world = World(7)
    async with shown(SHOWN, world) as fleet:
        yield fleet, world


async def by_name(fleet: Fleet, kind: type[Row]) -> dict[str, dict[str, Any]]:
    """Rows by appliance, then by their name; all appliances answer."""
    rows = fleet.rows(kind, deadline=60)
    found: dict[str, dict[str, Any]] = {}
    for row in await rows.gather():
        found.setdefault(row.appliance.name, {})[row.name or row.id] = row
    assert not rows.errors
    return found


async def test_jobs(fleet: tuple[Fleet, World]) -> None:
    """Each job of the world is there by its name, with the same facts wherever a product says them."""
    found = await by_name(fleet[0], Job)
    facts = found["vbr 1.3-rev1"]
    for product, revision in OTHERS:
        rows = found[f"{product} {revision}"]
        assert facts.keys() <= rows.keys()
        for name, row in facts.items():
            for field in JOB[product]:
                assert getattr(rows[name], field) == (getattr(row, field) or None), (product, revision, name, field)
            assert row.appliance.name != rows[name].appliance.name


async def test_repositories(fleet: tuple[Fleet, World]) -> None:
    """Sizes and names are those of the servers."""
    found = await by_name(fleet[0], Repository)
    for product, revision in OTHERS:
        rows = found[f"{product} {revision}"]
        for one in fleet[1].repositories:
            row = rows[one.name]
            assert (row.capacity, row.free, row.online) == (one.capacity, one.free, one.online)
            assert row.used == (None if product == "one" else one.used if product == "spc" else one.capacity - one.free)


async def test_sessions(fleet: tuple[Fleet, World]) -> None:
    """The sessions of m365 are the world's; those of spc are the last run of each job."""
    rows = await fleet[0].rows(Session, deadline=60).gather()
    world = fleet[1]
    for revision in ("v7", "v8"):
        mine = {row.id: row for row in rows if row.appliance.name == f"m365 {revision}"}
        for session in world.sessions:
            if session.kind == "backup":
                row = mine[session.id]
                assert (row.job_id, row.started, row.ended) == (session.job_id, session.started, session.ended)
                assert row.result == session.result
    last = {job.name: world.last_session(job) for job in world.jobs}
    for row in (row for row in rows if row.appliance.product == "spc"):
        session_ = last[row.name or ""]
        assert session_ is not None
        assert (row.started, row.result) == (session_.started, session_.result)


async def test_licenses_and_protected(fleet: tuple[Fleet, World]) -> None:
    """The license's dates and owner are the world's, and so is the newest backup of each machine."""
    world = fleet[1]
    for row in await fleet[0].rows(License, deadline=60).gather():
        assert (row.licensed_to, row.status) == (world.license.licensed_to, LicenseStatus.VALID)
        assert row.expires == world.license.expires
    found = await by_name(fleet[0], Protected)
    for product, revision in OTHERS:
        rows = found[f"{product} {revision}"]
        for workload in world.workloads:
            if workload.protected and workload.name in rows:
                points = list(world.points_of(workload))
                assert rows[workload.name].last_backup == (points[-1].created if points else None)
                assert rows[workload.name].size == (None if product == "m365" else workload.size)


SEVERITIES = {"warning": Severity.WARNING, "failed": Severity.CRITICAL, "resolved": None}


async def test_alarms(fleet: tuple[Fleet, World]) -> None:
    """Alarms are about the sessions that went wrong, with the same facts wherever they are raised."""
    reading = fleet[0].alarms(deadline=60)
    rows = await reading.gather()
    assert reading.errors == []
    assert {one.product for one in reading.lacking} == {"vbr", "m365"}
    facts = fleet[1].alarms()
    assert {fact.status for fact in facts} == SEVERITIES.keys()
    for who in ("spc 3.6.2", "spc 3.7", "one 2.3"):
        mine = {(row.time, row.object_name): row for row in rows if row.appliance.name == who}
        assert mine.keys() == {(fact.time, fact.subject) for fact in facts}
        for fact in facts:
            row = mine[fact.time, fact.subject]
            assert (row.name, row.message) == (fact.name, fact.message)
            assert row.severity is SEVERITIES[fact.status]
            assert row.state is (AlarmState.RESOLVED if fact.status == "resolved" else AlarmState.ACTIVE)
            assert row.repeats == 1
            assert row.comment is None


@pytest.mark.parametrize(
    ("status", "severity", "state"),
    [
        ("Acknowledged", None, AlarmState.ACKNOWLEDGED),
        ("Information", Severity.INFO, AlarmState.ACTIVE),
        ("Info", Severity.INFO, AlarmState.ACTIVE),
        ("Remediated", None, AlarmState.RESOLVED),
        ("Unknown", None, None),
    ],
)
def test_words_of_alarms(status: str, severity: Severity | None, state: AlarmState | None) -> None:
    """What a person acknowledged has no severity any more; what is over is resolved."""
    here = Appliance("here", "127.0.0.1", None)
    for product, raw in (("spc", {"lastActivation": {"status": status}}), ("one", {"status": status})):
        (source,) = sources(product, Alarm)
        (row,) = source.rows([raw], here)
        assert (row.severity, row.state) == (severity, state)


async def test_one_listing_for_the_names_of_alarms() -> None:
    """Names of alarms come from one listing of the rules; without it the alarms come, and the answer says so."""
    async with SimulatedAppliance("spc", "3.7") as simulated:
        one = Appliance("console", simulated.url, simulated.credentials, product="spc")
        async with Fleet([one]) as fleet:
            rows = fleet.alarms()
            named = await rows.gather()
            assert [seen.operation_id for seen in simulated.requests].count("GetAlarms") == 1
            assert not rows.errors
            simulated.faults.add(operation="GetAlarms", status=403)
            nameless = await rows.gather()
    assert all(row.name for row in named)
    assert [row.id for row in nameless] == [row.id for row in named]
    assert {row.name for row in nameless} == {None}
    (answer,) = rows.errors
    assert failed_kinds(answer) == {Alarm}


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_companies_are_labels(asynchronous: bool) -> None:
    """A row of spc says whose it is, by one listing for all rows, whether the server answers at once or later."""
    behaviour = Behaviour(asynchronous=asynchronous)
    async with SimulatedAppliance("spc", "3.7", behaviour=behaviour) as simulated:
        one = Appliance("console", simulated.url, simulated.credentials, product="spc", labels={"site": "oslo"})
        async with Fleet([one]) as fleet:
            jobs = await fleet.jobs().gather()
        asked = [seen.operation_id for seen in simulated.requests]
    assert asked.count("GetOrganizations") == 1
    owned = [dict(job.appliance.labels) for job in jobs if "organization" in job.appliance.labels]
    assert owned
    for labels in owned:
        assert labels.pop("site") == "oslo"
        assert labels.pop("organization")
        assert len(labels) <= 1 and labels.keys() <= {"company", "reseller", "provider", "unknown"}
    assert {job.appliance.name for job in jobs} == {"console"}


async def test_companies_that_cannot_be_read() -> None:
    """Without the listing of companies, rows have the id alone, and the appliance's answer says what was refused."""
    async with SimulatedAppliance("spc", "3.7") as simulated:
        simulated.faults.add(operation="GetOrganizations", status=403)
        async with Fleet([Appliance("console", simulated.url, simulated.credentials, product="spc")]) as fleet:
            rows = fleet.jobs()
            jobs = await rows.gather()
    assert [answer.error.operation for answer in rows.errors if answer.error] == ["GetOrganizations"]  # type: ignore[attr-defined]
    assert Job in failed_kinds(rows.errors[0])
    assert any(job.appliance.labels.keys() == {"organization"} for job in jobs)


async def test_one_in_ten_broken() -> None:
    """A fleet of all six products in mixed revisions, one in ten broken: one answer each, equal facts in equal rows."""
    world = World(7)
    kinds = [(revision.product, revision.name) for revision in revisions()]
    simulated: dict[str, SimulatedAppliance] = {}
    fleet = Fleet()
    try:
        for number in range(30):
            product, name = kinds[number % len(kinds)]
            one = SimulatedAppliance(product, name, world=world)
            await one.start()
            label = f"{number:02} {product}"
            simulated[label] = one
            if number % 10 == 9:
                one.faults.add(status=500, operation="*")
            fleet.add(Appliance(label, one.url, one.credentials, product=product, revision=name))  # type: ignore[arg-type]
        async with fleet:
            answers: dict[str, Answer[int]] = {}
            rows: dict[str, dict[str, Job]] = {}
            async for item in fleet.jobs(deadline=60).answers():
                if isinstance(item, Answer):
                    assert item.appliance.name not in answers
                    answers[item.appliance.name] = item
                else:
                    rows.setdefault(item.appliance.name, {})[item.name or item.id] = item
            raised: dict[str, set[tuple[object, ...]]] = {}
            async for alarm in fleet.alarms(deadline=60):
                fact = (alarm.time, alarm.name, alarm.object_name, alarm.message, alarm.severity, alarm.state)
                raised.setdefault(alarm.appliance.name, set()).add(fact)
    finally:
        await asyncio.gather(*(one.stop() for one in simulated.values()))
    assert answers.keys() == simulated.keys()
    assert {name for name, answer in answers.items() if not answer.ok} == {
        name for name in simulated if int(name[:2]) % 10 == 9
    }
    watching = {name for name, answer in answers.items() if answer.ok and name.partition(" ")[2] in ("spc", "one")}
    assert raised.keys() == watching
    assert len(watching) >= 3
    # The console and ONE raise the same alarms about the same world.
    assert len(set(map(frozenset, raised.values()))) == 1
    for job in world.jobs:
        for name, found in rows.items():
            row = found.get(job.name)
            # The clouds show the jobs of their own kind alone.
            if row is not None and name.partition(" ")[2] not in ("aws", "azure"):
                last = world.last_session(job)
                assert row.last_run == (last.started if last else None), (name, job.name)
