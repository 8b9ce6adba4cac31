"""One world, shown by every revision of every product: rows of the same facts are equal, field by field."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from tests.fleet.shown import shown
from veeam_async.fleet import (
    Alarm,
    AlarmState,
    Fleet,
    Job,
    JobState,
    License,
    LicenseStatus,
    Protected,
    Repository,
    Row,
    Session,
    SessionState,
    Severity,
)
from veeam_async.registry import revisions
from veeam_async.testing import World

ALL = [(revision.product, revision.name) for revision in revisions()]
EVERY = {product for product, _ in ALL}
CLOUDS = {"aws", "azure"}
SERVERS = EVERY - CLOUDS
SEVERITY = {"warning": Severity.WARNING, "failed": Severity.CRITICAL, "resolved": None}


@pytest.fixture
async def fleet() -> AsyncIterator[tuple[Fleet, World]]:
    """An appliance of each revision, all with the same world."""
    world = World(7)
    async with shown(ALL, world) as fleet:
        yield fleet, world


async def compared(fleet: Fleet, kind: type[Row], key: str, facts: dict[Any, dict[str, Any]]) -> dict[str, set[str]]:
    """Compare the rows of facts with them; gives which products say a field.

    Args:
        fleet: who is asked.
        kind: the type of the rows.
        key: the field that says which fact a row is about; others are not the world's.
        facts: by that field, what is true; the row may say it or be silent.
    """
    rows = fleet.rows(kind, reasons=True, deadline=120)
    said: defaultdict[str, set[str]] = defaultdict(set)
    seen: defaultdict[str, set[Any]] = defaultdict(set)
    for row in await rows.gather():
        fact = facts.get(getattr(row, key))
        if fact is None:
            continue
        seen[row.appliance.name].add(getattr(row, key))
        for field, true in fact.items():
            value = getattr(row, field)
            assert value is None or value == true, (row.appliance.name, getattr(row, key), field, value, true)
            if value is not None:
                said[field].add(row.appliance.product)
    assert rows.errors == []
    assert set(seen) == {one.name for one in fleet} - {one.name for one in rows.lacking}
    return dict(said)


def by(key: str, facts: Iterable[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    return {fact[key]: fact for fact in facts}


async def test_jobs(fleet: tuple[Fleet, World]) -> None:
    """What a job is, how it ended and why, and where its backups go."""
    fleet_, world = fleet
    facts = []
    for job in world.jobs:
        last = world.last_session(job)
        facts.append({
            "name": job.name,
            "description": job.description,
            "state": JobState.IDLE if job.enabled else JobState.DISABLED,
            "last_result": last and last.result,
            "last_error": last.message if last and last.result in ("failed", "warning") else None,
            "last_run": last and last.started,
            "next_run": job.next_run,
            "repository_id": job.repository_id,
            "repository_name": world.repository(job.repository_id).name,
            "objects": len(job.workloads),
        })  # fmt: skip
        if last and last.state != "finished":
            facts[-1]["state"] = JobState.RUNNING
    assert {"success", "failed", "warning"} <= {fact["last_result"] for fact in facts}
    said = await compared(fleet_, Job, "name", by("name", facts))
    for field in ("name", "description", "state", "last_result", "last_run"):
        assert said[field] == EVERY
    assert said["last_error"] == EVERY - {"azure"}
    assert said["next_run"] == {"vbr", "azure", "m365"}
    assert said["repository_id"] == {"vbr", "m365", *CLOUDS}
    assert said["repository_name"] == EVERY - {"one"}
    assert said["objects"] == {"vbr", "azure"}


async def test_sessions(fleet: tuple[Fleet, World]) -> None:
    """When a session ran and how it ended, with the name of its job."""
    fleet_, world = fleet
    facts = [
        {
            "started": session.started,
            "ended": session.ended,
            "name": session.name,
            "state": SessionState.FINISHED,
            "result": session.result,
            "message": session.message,
        }
        for session in world.sessions
        if session.kind == "backup" and session.ended
    ]
    said = await compared(fleet_, Session, "started", by("started", facts))
    for field in ("ended", "name", "state", "result"):
        assert said[field] == EVERY - {"one"}
    assert said["message"] == EVERY - {"one", "azure"}


async def test_repositories(fleet: tuple[Fleet, World]) -> None:
    """Sizes in bytes, and whether it can be used."""
    fleet_, world = fleet
    facts = [
        {"name": one.name, "capacity": one.capacity, "free": one.free, "used": one.used, "online": one.online}
        for one in world.repositories
    ]
    said = await compared(fleet_, Repository, "name", by("name", facts))
    assert said["capacity"] == said["free"] == SERVERS
    assert said["used"] == SERVERS - {"one"}
    assert said["online"] == EVERY - {"aws"}


async def test_protected(fleet: tuple[Fleet, World]) -> None:
    """The size of a workload, its restore points and the newest of them."""
    fleet_, world = fleet
    facts = []
    for workload in world.workloads:
        points = list(world.points_of(workload))
        if workload.protected and points:
            facts.append({
                "name": workload.name,
                "size": workload.size,
                "restore_points": len(points),
                "last_backup": points[-1].created,
            })  # fmt: skip
    said = await compared(fleet_, Protected, "name", by("name", facts))
    assert said["size"] == EVERY - {"m365"}
    assert said["restore_points"] == {"vbr", "spc"}
    assert said["last_backup"] == EVERY - {"aws"}


async def test_licenses(fleet: tuple[Fleet, World]) -> None:
    """Whose license it is, when it ends, and how much of it is used; the console has one for each server as well."""
    fleet_, world = fleet
    own = world.license
    fact = {
        "licensed_to": own.licensed_to,
        "status": LicenseStatus.VALID,
        "expires": own.expires,
        "support_expires": own.support_expires,
        "instances": own.instances,
    }
    said = await compared(fleet_, License, "licensed_to", by("licensed_to", [fact]))
    for field in ("status", "expires", "instances"):
        assert said[field] == EVERY
    assert said["support_expires"] == {"vbr", "spc", "one"}
    used: defaultdict[str, float] = defaultdict(float)
    for row in await fleet_.licenses().gather():
        used[row.appliance.name] += row.instances_used or 0.0
    assert set(used.values()) == {own.instances_used}


async def test_alarms(fleet: tuple[Fleet, World]) -> None:
    """What is raised, about what, how bad it is, and whether it is over."""
    fleet_, world = fleet
    facts = [
        {
            "time": alarm.time,
            "name": alarm.name,
            "message": alarm.message,
            "object_name": alarm.subject,
            "severity": SEVERITY[alarm.status],
            "state": AlarmState.RESOLVED if alarm.status == "resolved" else AlarmState.ACTIVE,
            "repeats": 1,
        }
        for alarm in world.alarms()
    ]
    said = await compared(fleet_, Alarm, "time", by("time", facts))
    assert set(said) == set(facts[0])
    assert set(map(frozenset, said.values())) == {frozenset({"spc", "one"})}
