from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from tests.testing.caller import NEWEST, Caller, calling
from veeam_async.testing import Behaviour, World
from veeam_async.testing.world import GIB, Busy

NOW = datetime(2026, 5, 4, 13, 37, tzinfo=UTC)


def facts(world: World) -> list[Any]:
    rows: list[Any] = [
        *world.servers,
        *world.repositories,
        *world.workloads,
        *world.jobs,
        *world.sessions,
        *world.restore_points,
    ]
    return [attrs.asdict(row) for row in [*rows, world.license]]


# The facts themselves


def test_the_same_seed_and_moment_give_the_same_world() -> None:
    """A world depends on its seed and the hour it starts in, and on nothing else."""
    assert facts(World(1, now=NOW)) == facts(World(1, now=NOW + timedelta(minutes=20)))
    assert facts(World(1, now=NOW)) != facts(World(2, now=NOW))


def test_the_world_holds_every_kind_of_thing() -> None:
    """Results of every sort, a running session, a job that never ran, one that is off, workloads with and without."""
    world = World(now=NOW)
    assert {session.result for session in world.sessions} == {"success", "warning", "failed", "canceled", None}
    assert {job.kind for job in world.jobs} == {"machine", "database", "files", "nosql", "network"}
    assert {job.enabled for job in world.jobs} == {True, False}
    assert any(world.last_session(job) is None for job in world.jobs)
    assert {workload.protected for workload in world.workloads} == {True, False}
    assert all(repository.used <= repository.capacity for repository in world.repositories)
    assert all(session.started.tzinfo is not None for session in world.sessions)


def test_a_started_session_progresses_and_ends() -> None:
    """A job that is started runs for its time, then ends as it was set to, with restore points."""
    world = World(now=NOW, time_scale=1000)
    job = world.jobs[0]
    points = len(world.restore_points)
    session = world.start(job, seconds=0)
    assert session.state == "starting" and world.live
    world.settle()
    assert (session.state, session.result, session.progress) == ("finished", "success", 100)
    assert session.ended is not None and not world.live
    assert len(world.restore_points) == points + len(job.workloads)


def test_a_job_does_not_run_twice_at_once() -> None:
    """A job that runs cannot be started, and a session that is over cannot be stopped."""
    world = World(now=NOW, time_scale=1)
    session = world.start(world.jobs[0].name)
    with pytest.raises(Busy):
        world.start(world.jobs[0])
    world.finish(session, "failed", "The disk is full.")
    assert (session.state, session.message) == ("finished", "The disk is full.")
    with pytest.raises(Busy):
        world.stop(session)


def test_a_fork_is_on_its_own() -> None:
    """What happens in a forked world does not happen in the first one."""
    world = World(now=NOW)
    other = world.fork()
    other.start(other.jobs[0])
    other.jobs[1].name = "renamed"
    assert len(other.sessions) == len(world.sessions) + 1
    assert world.jobs[1].name != "renamed"


# The same facts in each product


def vbr_jobs(rows: list[dict[str, Any]]) -> dict[str, Any]:
    states = {"running": "running", "disabled": "disabled", "inactive": "idle"}
    return {
        row["id"]: (
            row["name"],
            row["description"],
            states[row["status"].lower()],
            {"None": None}.get(row["lastResult"], row["lastResult"].lower()),
        )
        for row in rows
    }


def policies(rows: list[dict[str, Any]], field: str) -> dict[str, Any]:
    results = {
        "Succeeded": "success",
        "Success": "success",
        "Warning": "warning",
        "Failed": "failed",
        "Error": "failed",
    }
    made: dict[str, Any] = {}
    for row in rows:
        if field not in row:  # the document of this list has no field for the last session
            made[row["id"]] = (row["name"], row["description"])
            continue
        state = "running" if row[field] == "Running" else "idle" if row["isEnabled"] else "disabled"
        made[row["id"]] = (row["name"], row["description"], state, results.get(row[field]))
    return made


async def jobs_of(caller: Caller) -> dict[str, Any]:
    match caller.appliance.product.name:
        case "vbr":
            return vbr_jobs((await caller.get("/api/v1/jobs/states"))["data"])
        case "aws":
            found: dict[str, Any] = {}
            for path in ("virtualMachines", "rds", "efs", "dynamoDb"):
                page = await caller.get(f"/api/v1/{path}/policies")
                found |= policies(page["results"], "lastPolicySessionStatus")
            return found
        case _:
            found = {}
            base = f"/api/{caller.appliance.revision}/policies"
            for path in ("virtualMachines", "sql", "fileShares", "cosmosDb"):
                rows = (await caller.get(f"{base}/{path}"))["results"]
                found |= policies(rows, "snapshotStatus" if path == "fileShares" else "backupStatus")
            return found


@pytest.mark.parametrize(
    ("product", "revision"),
    [
        ("vbr", "1.1-rev0"),
        ("vbr", "1.2-rev1"),
        ("vbr", "1.3-rev1"),
        ("aws", "1.7-rev0"),
        ("azure", "v8"),
        ("azure", "v8.1"),
    ],
)
async def test_jobs_are_the_same_in_each_product(product: str, revision: str) -> None:
    """Name, description, state and last result of each job agree with VBR 1.3-rev0 in every product and revision."""
    world = World(4, now=NOW)
    async with calling("vbr", "1.3-rev0", world=world) as one, calling(product, revision, world=world) as two:
        first, second = await jobs_of(one), await jobs_of(two)
        apart = {job.id for job in world.jobs if job.kind == "network"} if product != "vbr" else set()
        known = {key: value[: len(second[key])] for key, value in first.items() if key not in apart}
        assert known == second
        assert len([value for value in second.values() if len(value) == 4]) >= 15


async def sessions_of(caller: Caller) -> dict[str, Any]:
    match caller.appliance.product.name:
        case "vbr":
            return {
                row["id"]: (
                    row["creationTime"],
                    row.get("endTime"),
                    row["state"] == "Stopped",
                    "canceled" if row["result"]["isCanceled"] else row["result"]["result"].lower(),
                )
                for row in (await caller.get("/api/v1/sessions"))["data"]
            }
        case _:
            azure = caller.appliance.product.name == "azure"
            path = "/api/v8.1/jobSessions" if azure else "/api/v1/sessions"
            words = {"Success": "success", "Succeeded": "success", "Error": "failed", "Running": "none"}
            return {
                row["id"]: (
                    row["executionStartTime"],
                    row.get("executionStopTime"),
                    row["status"] != "Running",
                    words.get(row["status"], row["status"].lower()),
                )
                for row in (await caller.get(path))["results"]
            }


async def test_sessions_are_the_same_in_each_product() -> None:
    """Start, end, state and result of each session agree."""
    world = World(4, now=NOW)
    found = []
    for product, revision in NEWEST:
        async with calling(product, revision, world=world) as caller:
            found.append(await sessions_of(caller))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) > 50


async def test_license_and_repositories_are_the_same_in_each_product() -> None:
    """Owner, end and instances of the license, and names of the repositories, agree."""
    world = World(4, now=NOW)
    async with (
        calling("vbr", "1.3-rev0", world=world) as vbr,
        calling("aws", "1.7-rev0", world=world) as aws,
        calling("azure", "v8.1", world=world) as azure,
    ):
        own, two, three = (
            await vbr.get("/api/v1/license"),
            await aws.get("/api/v1/licensing/license"),
            await azure.get("/api/v8.1/license"),
        )
        summary = own["instanceLicenseSummary"]
        mine = (
            own["licensedTo"],
            own["expirationDate"],
            summary["licensedInstancesNumber"],
            summary["usedInstancesNumber"],
        )
        assert mine == (two["licensedTo"], two["licenseExpires"], two["instances"], two["instancesUses"])
        assert mine == (three["company"], three["licenseExpires"], three["instances"], three["totalInstancesUses"])
        states = (await vbr.get("/api/v1/backupInfrastructure/repositories/states"))["data"]
        names = {(row["id"], row["name"]) for row in states}
        assert names == {(row["id"], row["name"]) for row in (await aws.get("/api/v1/repositories"))["results"]}
        assert names == {(row["id"], row["name"]) for row in (await azure.get("/api/v8.1/repositories"))["results"]}
        fact = world.repository(states[0]["id"])
        assert states[0]["capacityGB"] == fact.capacity / GIB and states[0]["freeGB"] == fact.free / GIB


async def test_jobs_of_every_type_are_there() -> None:
    """A list of VBR jobs has each subtype that the revision knows, and the states say the same types."""
    for revision in ("1.2-rev1", "1.3-rev0", "1.3-rev1"):
        async with calling("vbr", revision) as caller:
            spec = caller.appliance.spec
            listing = spec.listing(spec.operations["GetAllJobs"])
            assert listing is not None
            rows = (await caller.get("/api/v1/jobs"))["data"]
            assert {row["type"] for row in rows} == set(spec.children(listing[1]))
            states = {row["id"]: row["type"] for row in (await caller.get("/api/v1/jobs/states"))["data"]}
            assert states == {row["id"]: row["type"] for row in rows}
            servers = (await caller.get("/api/v1/backupInfrastructure/managedServers"))["data"]
            assert len({row["type"] for row in servers}) == len(
                spec.children(spec.lookup("#/components/schemas/ManagedServerModel"))
            )


async def test_a_world_that_is_changed_by_hand_shows_it() -> None:
    """A fact that a test changes is in the next answer."""
    async with calling() as caller:
        await caller.get("/api/v1/jobs")
        world = caller.appliance.world
        world.jobs[0].name = "renamed"
        world.changed()
        assert (await caller.get("/api/v1/jobs"))["data"][0]["name"] == "renamed"


# Paging, order, filters


async def test_pages_are_cut_as_asked_for() -> None:
    """The parameters skip and limit cut, total stays, the server's own limits hold."""
    async with calling() as caller:
        path = "/api/v1/sessions"
        whole = (await caller.get(path))["data"]
        page = await caller.get(path, skip=5, limit=10)
        assert page["data"] == whole[5:15]
        assert page["pagination"] == {"total": len(whole), "count": 10, "skip": 5, "limit": 10}
        assert (await caller.get(path, skip=1000))["data"] == []
        caller.appliance.behaviour.most_rows = 7
        assert len((await caller.get(path, limit=500))["data"]) == 7
        caller.appliance.behaviour.most_rows = None
        caller.appliance.behaviour.default_limit = 3
        assert len((await caller.get(path))["data"]) == 3


@pytest.mark.parametrize(("product", "path"), [("aws", "/api/v1/sessions"), ("azure", "/api/v8.1/jobSessions")])
async def test_pages_of_the_cloud_products(product: str, path: str) -> None:
    """Offset and Limit cut, -1 is all, totalCount stays."""
    async with calling(product, dict(NEWEST)[product]) as caller:
        whole = await caller.get(path, Limit=-1)
        assert len(whole["results"]) == whole["totalCount"] > 50
        page = await caller.get(path, Offset=10, Limit=5)
        assert page["results"] == whole["results"][10:15] and page["totalCount"] == whole["totalCount"]


async def test_pages_asked_for_in_the_body() -> None:
    """Inventory browsing pages by its body."""
    async with calling() as caller:
        body = {"pagination": {"skip": 2, "limit": 2}}
        reply = await caller("POST", "/api/v1/inventory", json=body)
        assert reply.status == 200
        assert reply.json["pagination"]["count"] == 2 == len(reply.json["data"])


async def test_lists_are_sorted() -> None:
    """The parameters orderColumn and orderAsc (vbr) and Sort (aws) order the rows, by nested fields too."""
    async with calling() as caller:
        rows = (await caller.get("/api/v1/sessions", orderColumn="CreationTime", orderAsc="true"))["data"]
        assert [row["creationTime"] for row in rows] == sorted(row["creationTime"] for row in rows)
        rows = (await caller.get("/api/v1/jobs", orderColumn="Name", orderAsc="false"))["data"]
        assert [row["name"] for row in rows] == sorted((row["name"] for row in rows), key=str.lower, reverse=True)
        rows = (await caller.get("/api/v1/sessions", orderColumn="Result", orderAsc="true"))["data"]
        assert [row["result"]["result"] for row in rows] == sorted(row["result"]["result"] for row in rows)
    async with calling("aws", "1.7-rev0") as caller:
        rows = (await caller.get("/api/v1/sessions", Sort="startTimeDesc"))["results"]
        assert [row["executionStartTime"] for row in rows] == sorted(
            (r["executionStartTime"] for r in rows), reverse=True
        )


async def test_names_are_filtered_with_wildcards() -> None:
    """A nameFilter takes * and minds no letter case."""
    async with calling() as caller:
        rows = (await caller.get("/api/v1/jobs", nameFilter="hourly*"))["data"]
        assert rows and all(row["name"].startswith("Hourly") for row in rows)
        assert len((await caller.get("/api/v1/jobs", nameFilter=rows[0]["name"]))["data"]) == 1


async def test_sessions_are_filtered() -> None:
    """Times, states, results, types and jobs filter sessions; several filters all hold."""
    async with calling(world=World(now=NOW)) as caller:
        path = "/api/v1/sessions"
        rows = (await caller.get(path))["data"]
        since = sorted(row["creationTime"] for row in rows)[30]
        assert all(row["creationTime"] >= since for row in (await caller.get(path, createdAfterFilter=since))["data"])
        later = (await caller.get(path, createdAfterFilter=since))["pagination"]["total"]
        assert later + (await caller.get(path, createdBeforeFilter=since))["pagination"]["total"] == len(rows) + 1
        ended = (await caller.get(path, endedAfterFilter=since))["data"]
        assert ended and all(row["endTime"] >= since for row in ended)
        assert {row["state"] for row in (await caller.get(path, stateFilter="Working"))["data"]} == {"Working"}
        failed = (await caller.get(path, resultFilter="Failed"))["data"]
        assert failed and {row["result"]["result"] for row in failed} == {"Failed"}
        kinds = (await caller.get(path, typeFilter="RestoreVm"))["data"]
        assert kinds and {row["sessionType"] for row in kinds} == {"RestoreVm"}
        job = rows[0]["jobId"]
        mine = (await caller.get(path, jobIdFilter=job, resultFilter="Success"))["data"]
        assert all(row["jobId"] == job and row["result"]["result"] == "Success" for row in mine)


async def test_filters_of_the_cloud_products() -> None:
    """Status, Types, times, policies and search patterns filter in AWS and Azure."""
    world = World(now=NOW)
    job = next(job for job in world.jobs if job.kind == "machine" and world.sessions_of(job))
    async with calling("aws", "1.7-rev0", world=world) as aws:
        path = "/api/v1/sessions"
        rows = (await aws.get(path, Status=["Failed", "Canceled"]))["results"]
        assert {row["status"] for row in rows} == {"Failed", "Canceled"}
        assert {row["type"] for row in (await aws.get(path, Types="RestoreTask"))["results"]} == {"RestoreTask"}
        assert {row["name"] for row in (await aws.get(path, PolicyId=job.id))["results"]} == {job.name}
        since = world.sessions[30].started.isoformat().replace("+00:00", "Z")
        assert all(row["executionStartTime"] >= since for row in (await aws.get(path, FromUtc=since))["results"])
        found = (await aws.get("/api/v1/virtualMachines", BackupState="Protected"))["results"]
        assert {row["id"] for row in found} == {w.id for w in world.workloads if w.kind == "machine" and w.protected}
        assert len((await aws.get("/api/v1/repositories", SearchPattern="oslo 1"))["results"]) == 1
    async with calling("azure", "v8.1", world=world) as azure:
        path = "/api/v8.1/jobSessions"
        assert {row["status"] for row in (await azure.get(path, Status="Error"))["results"]} == {"Error"}
        mine = (await azure.get(path, PolicyId=job.id))["results"]
        assert {row["backupJobInfo"]["policyName"] for row in mine} == {job.name}
        policies = (await azure.get("/api/v8.1/policies/virtualMachines", PolicyStatus="Disabled"))["results"]
        assert policies and not any(row["isEnabled"] for row in policies)
        assert len((await azure.get("/api/v8.1/policies/virtualMachines", PolicyName=job.name))["results"]) == 1


async def test_restore_points_of_an_object() -> None:
    """Restore points are found by backup, by object, and under the object's own path."""
    async with calling(world=World(now=NOW)) as caller:
        world = caller.appliance.world
        point = world.restore_points[0]
        path = "/api/v1/restorePoints"
        mine = {one.id for one in world.restore_points if one.workload_id == point.workload_id}
        rows = (await caller.get(path, backupObjectIdFilter=point.workload_id))["data"]
        assert {row["id"] for row in rows} == mine
        under = (await caller.get(f"/api/v1/backupObjects/{point.workload_id}/restorePoints"))["data"]
        assert {row["id"] for row in under} == mine
        backup = next(row for row in (await caller.get("/api/v1/backups"))["data"] if row["jobId"] == point.job_id)
        rows = (await caller.get(path, backupIdFilter=backup["id"]))["data"]
        assert {row["id"] for row in rows} == {one.id for one in world.restore_points if one.job_id == point.job_id}
        objects = (await caller.get(f"/api/v1/backups/{backup['id']}/objects"))["data"]
        assert {row["id"] for row in objects} == {
            o.workload_id for o in world.restore_points if o.job_id == point.job_id
        }
    async with calling("aws", "1.7-rev0", world=World(now=NOW)) as caller:
        path = "/api/v1/virtualMachines/restorePoints"
        point = next(
            o
            for o in caller.appliance.world.restore_points
            if caller.appliance.world.workload(o.workload_id).kind == "machine"
        )
        assert len((await caller.get(path, VirtualMachineId=point.workload_id, onlyLatest="true"))["results"]) == 1


# What is made, changed and removed


async def test_what_post_makes_get_shows_put_changes_and_delete_removes() -> None:
    """A collection without a hand-written view keeps what it is given."""
    async with calling() as caller:
        path = "/api/v1/credentials"
        body = {"type": "Standard", "username": "EXAMPLE\\backup", "password": "x", "description": "made"}
        made = (await caller("POST", path, json=body)).json
        assert made["username"] == body["username"] and made["type"] == "Standard"
        got = await caller.get(f"{path}/{made['id']}")
        assert got == made
        assert made["id"] in {row["id"] for row in (await caller.get(path))["data"]}
        changed = (await caller("PUT", f"{path}/{made['id']}", json={**got, "description": "changed"})).json
        assert changed == {**got, "description": "changed"} == await caller.get(f"{path}/{made['id']}")
        assert (await caller("DELETE", f"{path}/{made['id']}")).status == 204
        assert (await caller("GET", f"{path}/{made['id']}")).status == 404
        assert (await caller("DELETE", f"{path}/{made['id']}")).status == 404


async def test_put_keeps_fields_that_no_document_lists() -> None:
    """GET, change, PUT: what was sent is there again, field by field; what was left out is gone."""
    async with calling(validate=False) as caller:
        row = (await caller.get("/api/v1/jobs"))["data"][0]
        sent = {**row, "name": "renamed", "unheardOf": {"kept": True}}
        del sent["description"]
        assert (await caller("PUT", f"/api/v1/jobs/{row['id']}", json=sent)).status == 200
        got = await caller.get(f"/api/v1/jobs/{row['id']}")
        assert got["unheardOf"] == {"kept": True} and got["name"] == "renamed"
        assert caller.appliance.world.job(row["id"]).name == "renamed"


async def test_a_created_job_is_a_job_of_the_world() -> None:
    """A created job has its own type, shows among the states, can be started, cloned rows aside."""
    async with calling(validate=False) as caller:
        body = {"type": "HyperVBackup", "name": "New one", "isHighPriority": True, "description": "d"}
        made = (await caller("POST", "/api/v1/jobs", json=body)).json
        assert (made["type"], made["isHighPriority"]) == ("HyperVBackup", True)
        state = next(row for row in (await caller.get("/api/v1/jobs/states"))["data"] if row["id"] == made["id"])
        assert (state["name"], state["type"], state["lastResult"]) == ("New one", "HyperVBackup", "None")
        assert (await caller("POST", f"/api/v1/jobs/{made['id']}/start")).status == 201
        assert (await caller("DELETE", f"/api/v1/jobs/{made['id']}")).status == 204
        assert "New one" not in {row["name"] for row in (await caller.get("/api/v1/jobs/states"))["data"]}


async def test_policies_are_made_and_changed_in_the_cloud_products() -> None:
    """A policy that POST makes is in its list; enable and disable switch it; PUT renames it."""
    async with calling("aws", "1.7-rev0", validate=False) as caller:
        path = "/api/v1/virtualMachines/policies"
        made = (await caller("POST", path, json={"name": "New", "description": "d"})).json
        assert (await caller("POST", f"{path}/{made['id']}/disable")).status == 200
        assert (await caller.get(f"{path}/{made['id']}"))["isEnabled"] is False
        assert (await caller("DELETE", f"{path}/{made['id']}")).status == 200
        assert (await caller("GET", f"{path}/{made['id']}")).status == 404
    async with calling("azure", "v8.1", validate=False) as caller:
        path = "/api/v8.1/policies/sql"
        made = (await caller("POST", path, json={"name": "New"})).json
        assert (await caller("PUT", f"{path}/{made['id']}", json={"name": "Newer"})).status in (200, 204)
        assert (await caller.get(f"{path}/{made['id']}"))["name"] == "Newer"


async def test_settings_are_remembered() -> None:
    """What PUT says about a thing of which there is one, GET gives back."""
    async with calling() as caller:
        path = "/api/v1/securityAnalyzer/schedule"
        before = await caller.get(path)
        sent = {**before, "dailyScanEnabled": not before.get("dailyScanEnabled")}
        reply = await caller("PUT", path, json=sent)
        assert reply.status == 200, reply.body
        assert await caller.get(path) == sent


# Long work


async def until_over(caller: Caller, path: str, field: str, running: set[str]) -> list[dict[str, Any]]:
    seen = []
    for _ in range(200):
        seen.append(await caller.get(path))
        if seen[-1][field] not in running:
            return seen
        await asyncio.sleep(0.02)
    raise AssertionError(f"{path} does not end: {seen[-1]}")


BUSY = {"Starting", "Working", "Stopping", "Running", "Pending", "Canceling"}


async def test_a_vbr_job_runs() -> None:
    """Start gives the session; it goes to Stopped with a result and a log; the job's state follows."""
    async with calling(time_scale=600) as caller:
        job = caller.appliance.world.jobs[0]
        session = (await caller("POST", f"/api/v1/jobs/{job.id}/start")).json
        assert (session["jobId"], session["state"], session["name"]) == (job.id, "Starting", job.name)
        state = (await caller.get("/api/v1/jobs/states", idFilter=job.id))["data"][0]
        assert state["sessionId"] == session["id"] and state["status"] in ("starting", "running")
        again = await caller("POST", f"/api/v1/jobs/{job.id}/start")
        assert (again.status, again.json["errorCode"]) == (400, "UnknownError")
        seen = await until_over(caller, f"/api/v1/sessions/{session['id']}", "state", BUSY)
        assert seen[-1]["result"]["result"] == "Success" and seen[-1]["progressPercent"] == 100
        assert [row["progressPercent"] for row in seen] == sorted(row["progressPercent"] for row in seen)
        log = await caller.get(f"/api/v1/sessions/{session['id']}/logs")
        assert log["totalRecords"] == len(log["records"]) == 2
        assert {record["status"] for record in log["records"]} == {"Succeeded"}


async def test_a_vbr_job_is_stopped() -> None:
    """Stop cancels: the session ends as failed and canceled."""
    async with calling(time_scale=20) as caller:
        job = caller.appliance.world.jobs[0]
        session = (await caller("POST", f"/api/v1/jobs/{job.id}/start")).json
        assert (await caller("POST", f"/api/v1/sessions/{session['id']}/stop")).status == 200
        seen = await until_over(caller, f"/api/v1/sessions/{session['id']}", "state", BUSY)
        assert seen[-1]["result"] == {"result": "Failed", "message": "Canceled by an operator.", "isCanceled": True}


async def test_a_job_fails_when_it_is_set_to() -> None:
    """The outcome of a job's next runs is the test's choice."""
    async with calling(time_scale=6000) as caller:
        job = caller.appliance.world.jobs[0]
        job.outcome = "failed"
        session = (await caller("POST", f"/api/v1/jobs/{job.id}/start")).json
        seen = await until_over(caller, f"/api/v1/sessions/{session['id']}", "state", BUSY)
        assert seen[-1]["result"]["result"] == "Failed" and "target" in seen[-1]["result"]["message"]


async def test_other_long_work_of_vbr_gives_a_session_too() -> None:
    """Any operation that answers with a session starts one that can be polled."""
    async with calling(time_scale=6000) as caller:
        server = caller.appliance.world.servers[0]
        reply = await caller("POST", f"/api/v1/backupInfrastructure/managedServers/{server.id}/rescan")
        assert reply.status == 201
        await until_over(caller, f"/api/v1/sessions/{reply.json['id']}", "state", BUSY)


async def test_an_aws_policy_runs() -> None:
    """Start is 202 with a sessionId; the session leaves Running; its log is there; stop cancels."""
    async with calling("aws", "1.7-rev0", time_scale=600) as caller:
        job = next(job for job in caller.appliance.world.jobs if job.kind == "machine" and job.enabled)
        path = f"/api/v1/virtualMachines/policies/{job.id}"
        reply = await caller("POST", f"{path}/start")
        assert reply.status == 202
        session = f"/api/v1/sessions/{reply.json['sessionId']}"
        assert (await caller.get(path))["lastPolicySessionStatus"] == "Running"
        seen = await until_over(caller, session, "status", BUSY)
        assert (seen[-1]["status"], seen[-1]["result"]) == ("Succeeded", "Success")
        assert len((await caller.get(f"{session}/log"))["log"]) == 2
        other = f"/api/v1/sessions/{(await caller('POST', f'{path}/start')).json['sessionId']}"
        assert (await caller("POST", f"{path}/stop")).status == 202
        seen = await until_over(caller, other, "status", BUSY)
        assert (seen[-1]["status"], seen[-1]["result"]) == ("Canceled", "Cancelled")


async def test_an_azure_policy_runs() -> None:
    """Start is 202 with a list of job sessions; each ends; a policy that runs is 409 to a second start."""
    async with calling("azure", "v8.1", time_scale=600) as caller:
        job = next(job for job in caller.appliance.world.jobs if job.kind == "machine" and job.enabled)
        path = f"/api/v8.1/policies/virtualMachines/{job.id}"
        reply = await caller("POST", f"{path}/start")
        assert reply.status == 202 and len(reply.json) == 1
        assert (await caller("POST", f"{path}/start")).status == 409
        session = f"/api/v8.1/jobSessions/{reply.json[0]['id']}"
        seen = await until_over(caller, session, "status", BUSY)
        assert seen[-1]["status"] == "Success" and seen[-1]["executionDuration"]
        assert len((await caller.get(f"{session}/log"))["log"]) == 2


async def test_azure_operations_are_polled_to_their_result() -> None:
    """A 202 with an operation leads to /operations/{id}, which has the result when it is over."""
    async with calling("azure", "v8.1", time_scale=600, behaviour=Behaviour(asynchronous=True)) as caller:
        reply = await caller("GET", "/api/v8.1/databases/" + caller.appliance.world.workloads[3].id)
        assert reply.status == 202 and "result" not in reply.json
        link = reply.json["_links"]["self"]["href"].removeprefix(caller.appliance.url)
        assert link == f"/api/v8.1/operations/{reply.json['id']}"
        seen = await until_over(caller, link, "status", BUSY)
        assert seen[-1]["status"] == "Success"
        assert seen[-1]["result"]["name"] == caller.appliance.world.workloads[3].name
        assert (await caller("GET", "/api/v8.1/operations/11111111-2222-4333-8444-555555555555")).status == 404
        only = await caller("POST", "/api/v8.1/virtualMachines/rescan", json={})
        assert only.status in (202, 400)
