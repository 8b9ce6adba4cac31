"""Veeam Backup for Microsoft 365: which operation and which field each row comes from.

The names are those of revisions v7 and v8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .mapping import Combine, Completion, Constant, Lookup, Source, Take, take
from .types import Job, License, Protected, Repository, Row, Server, Session
from .values import (
    Words,
    complaint,
    flag,
    identifier,
    last_part,
    moment,
    number,
    rate,
    text,
    went_wrong,
    whole,
    word,
)
from .words import JobState, LicenseStatus, Result, SessionState

RESULT = Words(
    Result,
    {
        "running": None,
        "queued": None,
        "notconfigured": None,
        "disconnected": None,
        "success": Result.SUCCESS,
        "warning": Result.WARNING,
        "failed": Result.FAILED,
        "stopped": Result.CANCELED,
    },
)
SESSION_STATE = Words(
    SessionState,
    {
        "queued": SessionState.STARTING,
        "running": SessionState.RUNNING,
        "working": SessionState.RUNNING,
        "success": SessionState.FINISHED,
        "warning": SessionState.FINISHED,
        "failed": SessionState.FINISHED,
        "stopped": SessionState.FINISHED,
        "disconnected": SessionState.FINISHED,
        "notconfigured": SessionState.FINISHED,
    },
)
_LICENSE = Words(LicenseStatus, {"valid": LicenseStatus.VALID, "expired": LicenseStatus.EXPIRED})


def job_state(status: Any, enabled: Any) -> JobState | None:
    """What a job is doing, by the status of its last session and its switch."""
    match str(status).lower():
        case "running":
            return JobState.RUNNING
        case "queued" | "starting":
            return JobState.STARTING
        case "stopping":
            return JobState.STOPPING
    if enabled is False:
        return JobState.DISABLED
    return None if enabled is None and status is None else JobState.IDLE


def last_result(status: Any, ran: Any) -> Any:
    """How the last run ended; a job that never ran is Stopped as well."""
    return RESULT(status) if moment(ran) is not None else None


def restore_result(state: Any, result: Any) -> Any:
    """How a restore ended; the product gives a result while it still works."""
    return RESULT(result) if str(state).lower() == "stopped" else None


def in_service(out_of_order: Any, out_of_sync: Any, maintenance: Any) -> bool | None:
    """Whether a repository can be used, as far as the revision says."""
    if out_of_order is None and out_of_sync is None:
        return None
    return not (out_of_order or out_of_sync) and str(maintenance or "none").lower() == "none"


def taken(capacity: Any, free: Any, used: Any) -> int | None:
    """What is used: as the product says, else what is not free."""
    said, size, left = whole(used), whole(capacity), whole(free)
    if said is not None or size is None or left is None:
        return said
    return max(0, size - left)


def _job(**fields: Take | Combine | Constant) -> Mapping[str, Take | Combine | Constant]:
    return {
        "id": take("id", convert=word),
        "name": take("name"),
        "state": Combine(("lastStatus", "isEnabled"), job_state, "by the last session, otherwise by isEnabled"),
        "last_result": Combine(
            ("lastStatus", "lastRun"),
            last_result,
            "by lastStatus; none before the first run, NotConfigured, Disconnected",
        ),
        "last_run": take("lastRun", convert=moment),
        "next_run": take("nextRun", convert=moment),
        "repository_id": take("repositoryId", convert=identifier),
        **fields,
    }


_JOB_OF_SESSION = Combine(
    ("jobId", "_links.job.href"),
    lambda own, link: identifier(own) or last_part(link),
    "jobId, which v7 has in a link only",
)

SOURCES: tuple[Source[Row], ...] = (
    Source(Job, "Job_Get", _job(kind=take("backupType"), description=take("description", convert=text))),
    Source(Job, "CopyJob_Get", _job(kind=Constant("Copy"))),
    Source(
        Session,
        "JobSession_Get",
        {
            "id": take("id", convert=word),
            "kind": take("jobType"),
            "job_id": _JOB_OF_SESSION,
            "state": take("status", convert=SESSION_STATE),
            "result": take("status", convert=RESULT, note="none while it is not over"),
            "message": take("details", convert=text),
            "started": take("creationTime", convert=moment),
            "ended": take("endTime", convert=moment),
            "transferred": take("statistics.transferredDataBytes", convert=whole),
            "speed": take("statistics.processingRateBytesPS", convert=rate),
            "bottleneck": take("statistics.bottleneck"),
        },
        since="endTimeLowerBound",
        note="the parameter is named after the end and described as the time of creation",
    ),
    Source(
        Session,
        "RestoreSession_GetPage",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": take("type"),
            "state": take("state", convert=SESSION_STATE),
            "result": Combine(("state", "result"), restore_result, "none while it works"),
            "message": take("details", convert=text),
            "started": take("creationTime", convert=moment),
            "ended": take("endTime", convert=moment),
        },
        since="startTimeFrom",
    ),
    Source(
        Repository,
        "BackupRepository_GetRepositories",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": take("objectStorage.type"),
            "description": take("description", convert=text),
            "path": take("path", convert=text),
            "location": take("proxyId", convert=identifier, note="id of the proxy"),
            "capacity": take("capacityBytes", convert=whole),
            "free": take("freeSpaceBytes", "objectStorage.freeSpaceBytes", convert=whole),
            "used": Combine(
                ("capacityBytes", "freeSpaceBytes", "objectStorage.usedSpaceBytes"),
                taken,
                "objectStorage.usedSpaceBytes, otherwise what is not free",
            ),
            "online": Combine(
                ("isOutOfOrder", "isOutOfSync", "maintenanceMode"), in_service, "not out of order, nor in maintenance"
            ),
            "encrypted": take("objectStorageEncryptionEnabled", convert=flag),
        },
    ),
    Source(
        Server,
        "ServiceInstance_Get",
        {
            "id": take("installationId", convert=word),
            "kind": Constant("Appliance"),
            "version": take("version", convert=text),
            "online": Constant(True),
        },
    ),
    Source(
        Server,
        "Proxy_GetProxies",
        {
            "id": take("id", convert=word),
            "name": take("hostName", "fqdn"),
            "kind": Constant("Proxy"),
            "description": take("description", convert=text),
            "online": Combine(("status",), lambda status: {"online": True, "offline": False}.get(str(status).lower()),
                              "Online is true, Offline is false"),
        },
    ),
    Source(
        License,
        "License_Get",
        {
            "id": take("licenseID", convert=word),
            "name": take("licensedTo"),
            "kind": take("type"),
            "status": take("status", convert=_LICENSE),
            "edition": take("package", "type"),
            "licensed_to": take("licensedTo", convert=text),
            "expires": take("licenseExpires", convert=moment),
            "instances": take("totalNumber", convert=number),
            "instances_used": take("usedNumber", convert=number),
        },
    ),
    Source(
        Protected,
        "LicensedUser_Get",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": Constant("User"),
            "platform": Constant("Microsoft365"),
            "location": take("organizationName", convert=text, note="name of the organization"),
            "last_backup": take("lastBackupDate", convert=moment),
        },
        keep=lambda raw: not isinstance(raw, dict) or raw.get("isBackedUp") is not False,
        note="users that have a license and backups",
    ),
)  # fmt: skip

LOOKUPS: tuple[Lookup[Any], ...] = (
    Lookup(
        Source(
            Job,
            "BackupRepository_GetRepositories",
            {"repository_id": take("id", convert=identifier), "repository_name": take("name")},
        ),
        key="repository_id",
    ),
    *(
        Lookup(
            Source(Session, operation, {"job_id": take("id", convert=identifier), "name": take("name")}), key="job_id"
        )
        for operation in ("Job_Get", "CopyJob_Get")
    ),
)

COMPLETIONS: tuple[Completion[Any], ...] = (
    Completion(
        Source(
            Job,
            "JobSession_Get",
            {
                "id": _JOB_OF_SESSION,
                "last_run": take("creationTime", convert=moment),
                "last_result": take("status", convert=RESULT, note="none while it is not over"),
                "last_error": Combine(("status", "details"), complaint, "details of a session that went wrong"),
            },
            since="endTimeLowerBound",
            note="the newest session of a job; the listing has no order, so that each span is read whole",
        ),
        keys=(("id",),),
        lacking=went_wrong,
        time="last_run",
        until="endTimeUpperBound",
        sorted=False,
        explains=True,
    ),
)
