"""Veeam Backup for Microsoft Azure: which operation and which field each row comes from.

The names are those of revisions v8 and v8.1, which do not differ here. A job is a backup policy; each service has
policies of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .aws import license_status
from .mapping import Combine, Completion, Constant, Lookup, Source, Take, take
from .types import Job, License, Protected, Repository, RestorePoint, Row, Server, Session
from .values import Words, flag, gib, identifier, joined, look, mib, moment, number, text, whole, word
from .words import JobState, Result, SessionState

RESULT = Words(
    Result,
    {
        "neverexecuted": None,
        "pending": None,
        "running": None,
        "runningwitherror": None,
        "runningwithwarning": None,
        "canceling": None,
        "unknown": None,
        "success": Result.SUCCESS,
        "warning": Result.WARNING,
        "error": Result.FAILED,
        "canceled": Result.CANCELED,
    },
)
SESSION_STATE = Words(
    SessionState,
    {
        "neverexecuted": SessionState.STARTING,
        "pending": SessionState.WAITING,
        "running": SessionState.RUNNING,
        "runningwitherror": SessionState.RUNNING,
        "runningwithwarning": SessionState.RUNNING,
        "canceling": SessionState.STOPPING,
        "success": SessionState.FINISHED,
        "warning": SessionState.FINISHED,
        "error": SessionState.FINISHED,
        "canceled": SessionState.FINISHED,
        "unknown": None,
    },
)
_WORST = (Result.FAILED, Result.CANCELED, Result.WARNING, Result.SUCCESS)
_BUSIEST = (
    (SessionState.RUNNING, JobState.RUNNING),
    (SessionState.STOPPING, JobState.STOPPING),
    (SessionState.WAITING, JobState.STARTING),
)


def worst(*statuses: Any) -> Result | None:
    """The worst result of those parts of a policy that are over."""
    results = [result for result in map(RESULT, statuses) if result is not None]
    for result in _WORST:
        if result in results:
            return result
    return results[0] if results else None  # type: ignore[return-value]


def job_state(enabled: Any, *statuses: Any) -> JobState | None:
    """What a policy is doing, by its switch and the statuses of its parts."""
    states = [SESSION_STATE(status) for status in statuses]
    for theirs, ours in _BUSIEST:
        if theirs in states:
            return ours
    if enabled is False:
        return JobState.DISABLED
    return None if enabled is None and not any(states) else JobState.IDLE


def ready(value: Any) -> bool | None:
    """Whether a repository can be used, by its status."""
    return {"ready": True, "readonly": True, "failed": False}.get(str(value).lower())


def at_work(value: Any) -> bool | None:
    """Whether a worker is up, by its status."""
    value = str(value).lower()
    if value in ("busy", "idle"):
        return True
    return False if value in ("stopped", "pendingremoval", "removed", "deallocating", "deallocated") else None


def _job(kind: str, *statuses: str) -> Mapping[str, Take | Combine | Constant]:
    return {
        "id": take("id", convert=word),
        "name": take("name"),
        "kind": Constant(kind),
        "description": take("description", convert=text),
        "state": Combine(("isEnabled", *statuses), job_state, "the busiest of them, otherwise by isEnabled"),
        "last_result": Combine(statuses, worst, "the worst of those that are over"),
        "next_run": take("nextExecutionTime", convert=moment),
    }


def _protected(kind: str, **fields: Take | Combine | Constant) -> Mapping[str, Take | Combine | Constant]:
    return {
        "id": take("id", convert=word),
        "name": take("name"),
        "kind": Constant(kind),
        "platform": Constant("Azure"),
        "location": take("region.name", convert=text),
        "last_backup": take("lastBackup", convert=moment),
        **fields,
    }


_IMMUTABLE = take("immutableTill", convert=moment)


def _point(name: str, workload: str, size: str, **fields: Take) -> Mapping[str, Take | Combine | Constant]:
    return {
        "id": take("id", convert=word),
        "name": take(name),
        "kind": take("type"),
        "platform": Constant("Azure"),
        "created": take("pointInTime", convert=moment),
        "workload_id": take(workload, convert=identifier),
        "session_id": take("jobSessionId", convert=identifier),
        "size": take(size, convert=whole),
        "corrupted": take("isCorrupted", convert=flag),
        **fields,
    }


SOURCES: tuple[Source[Row], ...] = (
    Source(Job, "Policy_GetPolicies", _job("VirtualMachines", "snapshotStatus", "backupStatus", "archiveStatus")),
    Source(Job, "SqlPolicy_GetPolicies", _job("Sql", "backupStatus", "archiveStatus")),
    Source(Job, "FileSharePolicy_GetPolicies", _job("FileShares", "snapshotStatus")),
    Source(Job, "CosmosDbPolicy_GetPolicies", _job("CosmosDb", "backupStatus", "archiveStatus")),
    Source(Job, "VmProtectionPolicy_GetPolicies", _job("SlaVirtualMachines", "snapshotStatus", "backupStatus")),
    Source(
        Job,
        "VnetPolicy_GetPolicy",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": Constant("Vnet"),
            "state": Combine(("isEnabled",), job_state, "by isEnabled"),
            "next_run": take("nextExecutionTime", convert=moment),
            "repository_id": take("targetRepositoryId", convert=identifier),
        },
    ),
    Source(
        Session,
        "JobSessions_GetJobSessions",
        {
            "id": take("id", convert=word),
            "name": take(
                "backupJobInfo.policyName",
                "healthCheckJobInfo.policyName",
                "repositoryJobInfo.repositoryName",
                "localizedType",
            ),
            "kind": take("type"),
            "job_id": take("backupJobInfo.policyId", "healthCheckJobInfo.policyId", convert=identifier),
            "state": take("status", convert=SESSION_STATE),
            "result": take("status", convert=RESULT, note="none while it is not over"),
            "started": take("executionStartTime", convert=moment),
            "ended": take("executionStopTime", convert=moment),
        },
        since="FromUtc",
    ),
    Source(
        Repository,
        "Repository_GetRepositories",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": take("repositoryType"),
            "description": take("description", convert=text),
            "path": Combine(
                ("azureStorageAccountName", "azureStorageContainer.name", "azureStorageFolder.name"),
                joined,
                "account/container/folder",
            ),
            "location": take("regionName", convert=text),
            "tier": take("storageTier"),
            "online": take("status", convert=ready, note="Ready and ReadOnly are true, Failed is false"),
            "encrypted": take("enableEncryption", convert=flag),
        },
    ),
    Source(
        Server,
        "System_GetAbout",
        {
            "id": Constant("appliance"),
            "kind": Constant("Appliance"),
            "version": take("serverVersion", convert=text),
            "online": Constant(True),
        },
    ),
    Source(
        Server,
        "Worker_GetWorkers",
        {
            "id": take("resourceId", "name", convert=word),
            "name": take("name"),
            "kind": Constant("Worker"),
            "location": take("region", convert=text),
            "online": take("status", convert=at_work, note="Busy and Idle are true; stopped or removed is false"),
        },
    ),
    Source(
        License,
        "License_GetLicense",
        {
            "id": take("licenseId", "supportId", convert=word),
            "name": take("company"),
            "kind": take("licenseType"),
            "status": Combine(("licenseExpires",), license_status, "by the date"),
            "licensed_to": take("company", convert=text),
            "expires": take("licenseExpires", convert=moment),
            "instances": take("instances", convert=number),
            "instances_used": take("totalInstancesUses", convert=number),
        },
    ),
    Source(
        Protected,
        "ProtectedVirtualMachine_GetProtectedItemPage",
        _protected("VirtualMachine", size=take("totalSizeInGB", convert=gib, note="GB of 1024^3 bytes")),
        results="results",
    ),
    Source(
        Protected,
        "ProtectedDatabase_GetProtectedItemPage",
        _protected("Sql", size=take("sizeInMb", convert=mib, note="MB of 1024^2 bytes")),
        results="results",
    ),
    Source(
        Protected,
        "ProtectedFileShare_GetProtectedItemPage",
        _protected("FileShare", size=take("sizeInMb", convert=mib, note="MB of 1024^2 bytes")),
        results="results",
    ),
    Source(
        Protected,
        "ProtectedCosmosDbAccount_GetProtectedItemPage",
        _protected(
            "CosmosDb",
            location=take("regionName", convert=text),
            last_backup=take("latestBackup", convert=moment),
            size=take("backupSizeBytes", convert=whole),
        ),
        results="results",
    ),
    Source(
        Protected,
        "ProtectedVnet_GetProtectedItemPage",
        {
            "id": take("id", convert=word),
            "name": take("subscriptionName"),
            "kind": Constant("Vnet"),
            "platform": Constant("Azure"),
            "last_backup": take("lastBackup", convert=moment),
        },
        note="one for each subscription",
    ),
    Source(
        RestorePoint,
        "VirtualMachineRestorePoint_GetRestorePointPage",
        _point("vmName", "resourceHashId", "backupSizeBytes", immutable_until=_IMMUTABLE),
        results="results",
    ),
    Source(
        RestorePoint,
        "SqlRestorePoint_GetRestorePointPage",
        _point("databaseName", "databaseId", "backupSizeBytes", immutable_until=_IMMUTABLE),
        results="results",
    ),
    Source(
        RestorePoint,
        "FileShareRestorePoint_GetRestorePointPage",
        _point("fileShareName", "fileShareId", "sizeInBytes"),
        results="results",
    ),
    Source(
        RestorePoint,
        "CosmosDbRestorePoint_GetRestorePointPage",
        _point("accountName", "accountId", "backupSizeBytes", immutable_until=_IMMUTABLE),
        results="results",
        note="those in repositories",
    ),
)


def ran(row: Job) -> bool:
    """Whether a policy that has run does not say when."""
    statuses = [look(row.json, name) for name in ("snapshotStatus", "backupStatus", "archiveStatus")]
    words = [str(status).lower() for status in statuses if status is not None]
    return row.last_run is None and (not words or any(status != "neverexecuted" for status in words))


LOOKUPS: tuple[Lookup[Any], ...] = (
    Lookup(
        Source(
            Job,
            "Repository_GetRepositories",
            {"repository_id": take("id", convert=identifier), "repository_name": take("name")},
        ),
        key="repository_id",
    ),
)

COMPLETIONS: tuple[Completion[Any], ...] = (
    Completion(
        Source(
            Job,
            "JobSessions_GetJobSessions",
            {
                "id": take("backupJobInfo.policyId", convert=identifier),
                "session_id": take("id", convert=word),
                "last_run": take("executionStartTime", convert=moment),
                "last_result": take("status", convert=RESULT, note="none while it is not over"),
                "objects": take("backupJobInfo.protectedInstancesCount", convert=whole),
            },
            since="FromUtc",
            note="the newest session of a policy; the listing has no order, so that each span is read whole",
        ),
        keys=(("id",),),
        lacking=ran,
        time="last_run",
        until="ToUtc",
        sorted=False,
    ),
)
