"""Every id, name and sum in an answer is answered by the other answers of the same appliance, in every revision."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from typing import Any

import pytest

from tests.testing.caller import REVISIONS, calling
from tests.testing.walking import UUID, Walk, texts
from veeam_async.testing import World

# Objects of their own within a settings object or a row, which nothing else names.
OWN = {
    ("trafficRules", "id"), ("records", "id"), ("subscriptions", "id"), ("advancedOptions", "id"), ("vbrId",),
    ("primaryNode", "id"), ("secondaryNode", "id"), ("licenseId",), ("licenseID",), ("licenseIds",), ("uniqueUid",),
    ("installationId",), ("installationUid",), ("pluginId",), ("lastActivation", "instanceUid"),
    ("selectedItems", "id"),
}  # fmt: skip
# What lies outside of the interface (a hypervisor's objects, a cloud's subscriptions) and that the document requires.
OUTSIDE = {
    ("subscriptionId",), ("tenantId",), ("parentObjectId",), ("platformId",), ("hostBiosId",), ("entityId",),
    ("uniqueId",), ("parentId",), ("objectId",), ("networkSecurityGroup", "id"), ("destinationCluster", "id"),
    ("cacheDatastore", "id"), ("storagePolicy", "id"), ("excludedItems", "id"), ("deletedItem", "id"),
    ("securityGroupId",), ("hostId",), ("subnet", "id"), ("securityGroup", "id"),
}  # fmt: skip


@functools.cache
def _known_elsewhere() -> frozenset[tuple[str, ...]]:
    return frozenset(OWN | OUTSIDE)


def allowed(place: tuple[str, ...]) -> bool:
    return place[-1:] in _known_elsewhere() or place[-2:] in _known_elsewhere()


def dangling(walk: Walk, product: str) -> tuple[dict[str, tuple[int, str]], int]:
    """Where an id stands that no list has, how often and in which answer first; and how many ids there are."""
    found: dict[str, list[str]] = defaultdict(list)
    seen = 0
    for path, answer in walk.answers.items():
        for place, text in texts(answer):
            if not UUID.fullmatch(text) or text.startswith("00000000-0000-0000-0000-00000000000"):
                continue
            seen += 1
            # No list of AWS's answers for the backup that a restore point is of.
            backup = product == "aws" and place[-1] == "backupId"
            if text.lower() not in walk.keys and not allowed(place) and not backup:
                found[".".join(place)].append(path)
    return {place: (len(paths), paths[0]) for place, paths in found.items()}, seen


def made_up(walk: Walk) -> dict[str, str]:
    """The fields with a text that is their name and a number, and one such text of each."""
    return {
        place[-1]: text
        for answer in walk.answers.values()
        for place, text in texts(answer)
        if place and re.fullmatch(rf"({place[-1]}|text|item)-[0-9]+", text)
    }


def contradictions(walk: Walk) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """Numbers that are called like the key of a list and are in no row of it; names that are not those of the ids
    beside them."""
    keys: dict[str, set[Any]] = defaultdict(set)
    names: dict[str, set[str]] = defaultdict(set)
    for path, rows in walk.rows.items():
        placeholder = walk.placeholder(path)
        for row in rows:
            if not isinstance(row, dict):
                continue
            lowered = {name.lower().replace("sid", "id"): name for name in row}
            ending = [lowered[name] for name in lowered if len(placeholder) > 4 and name.endswith(placeholder.lower())]
            own = next((row[key] for key in (placeholder, "instanceUid", "id", *ending) if key in row), None)
            keys[placeholder].add(own)
            if isinstance(own, str) and isinstance(row.get("name"), str):
                names[own].add(row["name"])
    lost: dict[str, Any] = {}
    wrong: list[tuple[Any, ...]] = []

    def look(value: Any) -> None:
        inner: dict[str, Any] = value if isinstance(value, dict) else {}
        for entry in value if isinstance(value, list) else inner.values():
            look(entry)
        for name, key in inner.items():
            if isinstance(key, int) and name.endswith("Id") and name in keys and key not in keys[name]:
                lost[name] = key
            beside = inner.get(f"{name.removesuffix('Id').removesuffix('Uid')}Name")
            if isinstance(key, str) and isinstance(beside, str) and names.get(key) and beside not in names[key]:
                wrong.append((name, key, beside, names[key]))

    for answer in walk.answers.values():
        look(answer)
    return lost, wrong[:5]


@pytest.mark.parametrize(("product", "revision"), REVISIONS)
async def test_every_id_of_every_answer_is_answered(product: str, revision: str) -> None:
    """No answer of any GET names an id that no list of the revision has, or calls a thing by another's name."""
    async with calling(product, revision) as caller:
        walk = Walk(caller, caller.appliance.spec, all_of=["/api/v1/backups"])
        await walk.go()
        ids, seen = dangling(walk, product)
        assert not ids
        assert seen > 500
        assert not made_up(walk)
        lost, wrong = contradictions(walk)
        assert not lost
        assert not wrong
        assert not caller.appliance.errors


NEWEST_FIRST = ["1.3-rev1", "1.3-rev0", "1.2-rev1", "1.1-rev0"]


async def test_one_object_has_one_type_and_one_name_in_all_revisions() -> None:
    """Jobs, servers, repositories, proxies and credentials are the same in each revision that shows them."""
    renamed = {"Backup": "VSphereBackup"}
    paths = ["/api/v1/jobs", "/api/v1/credentials"]
    paths += [f"/api/v1/backupInfrastructure/{name}" for name in ("managedServers", "repositories", "proxies")]
    async with calling("vbr", "1.3-rev1") as caller:
        for path in paths:
            seen: dict[str, tuple[Any, ...]] = {}
            for revision in NEWEST_FIRST:
                caller.revision = revision
                rows = (await caller.get(path, limit=500))["data"]
                assert rows, (path, revision)
                for row in rows:
                    mine: tuple[Any, ...] = (row.get("name") or row["username"], renamed.get(row["type"], row["type"]))
                    assert seen.setdefault(row["id"], mine) == mine


@pytest.mark.parametrize("revision", NEWEST_FIRST)
async def test_what_clients_join_fits(revision: str) -> None:
    """Task sessions and sessions, repositories and states, proxies and states, files, objects and restore points."""
    async with calling("vbr", "1.3-rev1") as caller:
        caller.revision = revision
        infrastructure = "/api/v1/backupInfrastructure"

        async def rows(path: str) -> dict[str, Any]:
            return {row["id"]: row for row in (await caller.get(path, limit=500))["data"]}

        sessions, jobs, states = (
            await rows("/api/v1/sessions"),
            await rows("/api/v1/jobs"),
            await rows("/api/v1/jobs/states"),
        )
        assert jobs.keys() == states.keys()
        assert all(state["sessionId"] in sessions for state in states.values() if state.get("sessionId"))
        assert all(state["type"] == jobs[key]["type"] for key, state in states.items())
        if revision != "1.1-rev0":
            tasks = await rows("/api/v1/taskSessions")
            assert tasks and all(task["sessionId"] in sessions for task in tasks.values())
            some = next(iter(tasks.values()))["sessionId"]
            own = await rows(f"/api/v1/sessions/{some}/taskSessions")
            assert own == {key: task for key, task in tasks.items() if task["sessionId"] == some}
        repositories = await rows(f"{infrastructure}/repositories")
        servers = await rows(f"{infrastructure}/managedServers")
        for key, state in (await rows(f"{infrastructure}/repositories/states")).items():
            repository = repositories[key]
            assert (state["name"], state["type"]) == (repository["name"], repository["type"])
            if "hostId" in repository:
                assert state["hostId"] == repository["hostId"]
                assert state["hostName"] == servers[state["hostId"]]["name"]
                assert state["path"] == repository["repository"]["path"]
            assert state["capacityGB"] == pytest.approx(state["freeGB"] + state["usedSpaceGB"])
        for whole in (await rows(f"{infrastructure}/scaleOutRepositories")).values():
            for extent in whole["performanceTier"]["performanceExtents"]:
                assert repositories[extent["id"]]["name"] == extent["name"]
        proxies = await rows(f"{infrastructure}/proxies")
        assert proxies and all(proxy["server"]["hostId"] in servers for proxy in proxies.values())
        if revision.startswith("1.3"):
            for key, state in (await rows(f"{infrastructure}/proxies/states")).items():
                assert state["name"] == proxies[key]["name"]
                assert servers[state["hostId"]]["name"] == state["hostName"]
        credentials = {*await rows("/api/v1/credentials"), None}
        assert all(server.get("credentialsId") in credentials for server in servers.values())


@pytest.mark.parametrize("revision", NEWEST_FIRST)
async def test_backups_objects_files_and_restore_points_fit(revision: str) -> None:
    """Counts of restore points are those of the lists; each file and each point is of an object of its backup."""
    async with calling("vbr", "1.3-rev1") as caller:
        caller.revision = revision

        async def rows(path: str) -> list[Any]:
            return list((await caller.get(path, limit=500))["data"])

        objects = {row["id"]: row for row in await rows("/api/v1/backupObjects")}
        points = {}
        for key, row in objects.items():
            own = await rows(f"/api/v1/backupObjects/{key}/restorePoints")
            assert len(own) == row["restorePointsCount"]
            assert {point["name"] for point in own} <= {row["name"]}
            points.update({point["id"]: (point, key) for point in own})
        listed = await rows("/api/v1/objectRestorePoints" if revision == "1.1-rev0" else "/api/v1/restorePoints")
        assert {point["id"] for point in listed} == points.keys()
        for backup in await rows("/api/v1/backups"):
            inside = {row["id"] for row in await rows(f"/api/v1/backups/{backup['id']}/objects")}
            assert inside == {key for point, key in points.values() if point["backupId"] == backup["id"]}
            if revision == "1.1-rev0":
                continue
            for file in await rows(f"/api/v1/backups/{backup['id']}/backupFiles"):
                assert file["backupId"] == backup["id"] and file["objectId"] in inside
                for key in file["restorePointIds"]:
                    assert points[key][0]["backupFileId"] == file["id"]


async def test_the_license_adds_up() -> None:
    """The instances that the workloads use are those that the license counts, in each product."""
    world = World(3)
    async with calling("vbr", "1.3-rev1", world=world) as caller:
        used = (await caller.get("/api/v1/license"))["instanceLicenseSummary"]["usedInstancesNumber"]
        rows = (await caller.get("/api/v1/license/instances", limit=500))["data"]
        assert sum(row["usedInstancesNumber"] for row in rows) == used == world.license.instances_used
    async with calling("aws", "1.7-rev0", world=world) as caller:
        summary = await caller.get("/api/v1/statistics/summary")
        machines = (await caller.get("/api/v1/virtualMachines", Limit=-1))["results"]
        assert summary["instancesCount"] == len(machines)
        protected = (await caller.get("/api/v1/virtualMachines", BackupState="Protected"))["results"]
        assert summary["protectedInstancesCount"] == len(protected)
    async with calling("m365", "v8", world=world) as caller:
        users = (await caller.get("/v8/LicensedUsers", limit=500))["results"]
        states = [user["licenseState"] for user in users]
        license = await caller.get("/v8/License")
        assert (license["usedNumber"], license["newNumber"]) == (states.count("Licensed"), states.count("New"))
        assert license["usedNumber"] == world.license.instances_used
    async with calling("spc", "3.7", world=world) as caller:
        servers = (await caller.get("/api/v3/licensing/backupServers"))["data"]
        assert sum(server["usedUnits"] for server in servers) == world.license.instances_used
        assert {server["backupServerUid"] for server in servers} == {
            server["instanceUid"] for server in (await caller.get("/api/v3/infrastructure/backupServers"))["data"]
        }
    async with calling("one", "2.3", world=world) as caller:
        units = (await caller.get("/api/v2.3/license/currentUsage"))["units"]
        (unit,) = units
        assert unit["licenseUnit"] == "Instances" and float(unit["used"]) == world.license.instances_used
        assert float(unit["used"]) + float(unit["available"]) == float(unit["licensed"])
        machines = (await caller.get("/api/v2.3/protectedData/virtualMachines", Limit=500))["items"]
        assert len(machines) == world.license.instances_used


async def test_what_azure_says_of_a_failed_session() -> None:
    """The log of a failed session ends with why it failed, and its items name the session and that it failed."""
    async with calling("azure", "v8.1") as caller:
        world = caller.appliance.world
        failed = next(one for one in reversed(world.sessions) if one.result == "failed" and one.workloads)
        log = (await caller.get(f"/api/v8.1/jobSessions/{failed.id}/log"))["log"]
        assert (log[-1]["status"], log[-1]["message"]) == ("Error", failed.message)
        items = (await caller.get(f"/api/v8.1/jobSessions/{failed.id}/protectedItems"))["results"]
        assert [item["resource"]["id"] for item in items] == failed.workloads
        runs = [run for item in items for run in item["runs"]]
        assert {(run["jobSessionId"], run["status"]) for run in runs} == {(failed.id, "Error")}


@pytest.mark.parametrize(("path", "rows"), [("vbr/scaleoutRepositories", 7), ("vbr/repositories", 18)])
async def test_capacities_hold_what_is_free(path: str, rows: int) -> None:
    """Capacities are those of disks, and more than what is free of them."""
    async with calling("one", "2.3") as caller:
        shown = (await caller.get(f"/api/v2.3/{path}", Limit=100))["items"]
        assert len(shown) == rows
        assert all(row["capacityBytes"] > row["freeSpaceBytes"] >= 2**30 for row in shown)


@pytest.mark.parametrize("path", ["virtualMachines", "databases", "fileShares", "cosmosDb"])
async def test_protected_and_unprotected_workloads_are_distinguished(path: str) -> None:
    """The filter for the protection status of each listing of Azure's cuts it in two, as the overview counts them."""
    async with calling("azure", "v8.1") as caller:
        base = "/api/v8.1"
        whole = (await caller.get(f"{base}/{path}", Limit=-1))["results"]
        parts = [
            {row["id"] for row in (await caller.get(f"{base}/{path}", ProtectionStatus=status))["results"]}
            for status in ("Protected", "Unprotected")
        ]
        assert parts[0] and parts[1] and not parts[0] & parts[1]
        assert parts[0] | parts[1] == {row["id"] for row in whole}
        counts = await caller.get(f"{base}/overview/protectedWorkloads", PeriodFlag="Week")
        name = {"databases": "sqlDatabases"}.get(path, path)
        if f"{name}ProtectedCount" in counts:
            assert counts[f"{name}ProtectedCount"] == len(parts[0])
            assert counts[f"{name}TotalCount"] == len(whole)
