"""Veeam Backup & Replication: which operation and which field each row comes from.

The names are those of the vendor's documents 1.0-rev2 to 1.3-rev2.
"""

from __future__ import annotations

from typing import Any

from .mapping import Combine, Completion, Constant, Source, take
from .types import Job, License, Protected, Repository, Row, Server, Session
from .values import Words, earliest, flag, gib, identifier, moment, number, percent, rate, text, tib, whole, word
from .words import JobState, LicenseStatus, Result, SessionState

RESULT = Words(
    Result,
    {"none": None, "success": Result.SUCCESS, "warning": Result.WARNING, "failed": Result.FAILED},
)
JOB_STATE = Words(
    JobState,
    {
        "running": JobState.RUNNING,
        "starting": JobState.STARTING,
        "stopping": JobState.STOPPING,
        "inactive": JobState.IDLE,
        "enabled": JobState.IDLE,
        "stopped": JobState.IDLE,
        "disabled": JobState.DISABLED,
    },
)
SESSION_STATE = Words(
    SessionState,
    {
        "starting": SessionState.STARTING,
        "working": SessionState.RUNNING,
        "pausing": SessionState.RUNNING,
        "resuming": SessionState.RUNNING,
        "postprocessing": SessionState.RUNNING,
        "idle": SessionState.WAITING,
        "actionrequired": SessionState.WAITING,
        "waitingtape": SessionState.WAITING,
        "waitingrepository": SessionState.WAITING,
        "waitingslot": SessionState.WAITING,
        "stopping": SessionState.STOPPING,
        "stopped": SessionState.FINISHED,
    },
)
LICENSE_STATUS = Words(
    LicenseStatus,
    {"valid": LicenseStatus.VALID, "expired": LicenseStatus.EXPIRED, "invalid": LicenseStatus.INVALID},
)


def available(value: Any) -> bool | None:
    """Whether a server can be reached, by its status."""
    return {"available": True, "unavailable": False}.get(str(value).lower())


def bottleneck(value: Any) -> str | None:
    """What holds a session up; NotDefined and None say nothing."""
    return None if str(value).lower() in ("notdefined", "none") else word(value)


def session_result(result: Any, whole_result: Any, canceled: Any, state: Any) -> Any:
    """How a session ended.

    Servers give an object, a bare string or null; a session that is not over says None, or what it looks like so far.
    """
    if SESSION_STATE(state) is not SessionState.FINISHED:
        return None
    return Result.CANCELED if canceled is True else RESULT(result if result is not None else whole_result)


SOURCES: tuple[Source[Row], ...] = (
    Source(
        Job,
        "GetAllJobsStates",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": take("type"),
            "description": take("description", convert=text),
            "state": take("status", convert=JOB_STATE, note="inactive, enabled and stopped are idle"),
            "last_result": take("lastResult", convert=RESULT, note="None is none; a canceled run counts as failed"),
            "last_run": take("lastRun", convert=moment),
            "next_run": take("nextRun", convert=moment),
            "repository_id": take("repositoryId", convert=identifier),
            "repository_name": take("repositoryName", convert=text),
            "objects": take("objectsCount", convert=whole),
            "session_id": take("sessionId", convert=identifier),
        },
    ),
    Source(
        Session,
        "GetAllSessions",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": take("sessionType"),
            "job_id": take("jobId", "activityId", convert=identifier, note="activityId in 1.1-rev0"),
            "state": take("state", convert=SESSION_STATE, note="Working, Pausing, Resuming, Postprocessing: running"),
            "result": Combine(
                ("result.result", "result", "result.isCanceled", "state"),
                session_result,
                "none until state is Stopped; canceled where isCanceled",
            ),
            "message": take("result.message", convert=text),
            "progress": take("progressPercent", convert=percent),
            "started": take("creationTime", convert=moment),
            "ended": take("endTime", convert=moment),
            "processed": take("progress.processedSize", convert=whole, note="from 1.3-rev2 on"),
            "read": take("progress.readSize", convert=whole, note="from 1.3-rev2 on"),
            "transferred": take("progress.transferredSize", convert=whole, note="from 1.3-rev2 on"),
            "speed": take("progress.processingRate", convert=rate, note="text with a unit of 1024; from 1.3-rev2 on"),
            "bottleneck": take("progress.bottleneck", convert=bottleneck, note="from 1.3-rev2 on"),
        },
        # Oldest first: rows that appear while one walks come at the end and shift nothing.
        query={"orderColumn": "CreationTime", "orderAsc": True},
        since="createdAfterFilter",
    ),
    Source(
        Repository,
        "GetAllRepositoriesStates",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": take("type"),
            "description": take("description", convert=text),
            "path": take("path", convert=text),
            "location": take("hostName", convert=text),
            "capacity": take("capacityGB", convert=gib, note="GB of 1024^3 bytes; of the volume, not of backups alone"),
            "free": take("freeGB", convert=gib, note="GB of 1024^3 bytes"),
            "used": take("usedSpaceGB", convert=gib, note="GB of 1024^3 bytes, used by backups"),
            "online": take("isOnline", convert=flag, note="from 1.2-rev1 on"),
        },
    ),
    Source(
        Server,
        "GetServerInfo",
        {
            "id": take("vbrId", convert=word),
            "name": take("name"),
            "kind": Constant("Appliance"),
            "version": take("buildVersion"),
            "online": Constant(True),
        },
    ),
    Source(
        Server,
        "GetAllManagedServers",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": take("type"),
            "description": take("description", convert=text),
            "online": take("status", convert=available, note="Available is true; from 1.2-rev1 on"),
        },
    ),
    Source(
        License,
        "GetInstalledLicense",
        {
            "id": take("supportId", convert=word),
            "name": take("licensedTo"),
            "kind": take("type"),
            "status": take("status", convert=LICENSE_STATUS),
            "edition": take("edition"),
            "licensed_to": take("licensedTo", convert=text),
            "expires": Combine(
                (
                    "expirationDate",
                    "instanceLicenseSummary.expirationDate",
                    "socketLicenseSummary.expirationDate",
                ),
                earliest,
                "the earliest; from 1.3-rev2 on of the parts of the license, before of the whole",
            ),
            "support_expires": Combine(
                (
                    "supportExpirationDate",
                    "instanceLicenseSummary.supportExpirationDate",
                    "socketLicenseSummary.supportExpirationDate",
                ),
                earliest,
                "the earliest; from 1.3-rev2 on of the parts of the license, before of the whole",
            ),
            "instances": take("instanceLicenseSummary.licensedInstancesNumber", convert=number),
            "instances_used": take("instanceLicenseSummary.usedInstancesNumber", convert=number),
            "sockets": take("socketLicenseSummary.licensedSocketsNumber", convert=whole),
            "sockets_used": take("socketLicenseSummary.usedSocketsNumber", convert=whole),
            "capacity": take("capacityLicenseSummary.licensedCapacityTb", convert=tib, note="TB of 1024^4 bytes"),
            "capacity_used": take("capacityLicenseSummary.usedCapacityTb", convert=tib, note="TB of 1024^4 bytes"),
        },
        note="from 1.2-rev1 on",
    ),
    Source(
        Protected,
        "GetAllBackupObjects",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": take("type"),
            "platform": take("platformName"),
            "size": take("size", convert=whole, note="about; from 1.3-rev2 on"),
            "restore_points": take("restorePointsCount", convert=whole),
            "last_failed": take("lastRunFailed", convert=flag, note="from 1.3-rev0 on"),
            "backup_id": take("backupId", convert=identifier, note="from 1.3-rev2 on"),
        },
    ),
)


def without_backup(row: Protected) -> bool:
    """Whether a workload that has restore points does not say when the newest was made."""
    return row.last_backup is None and row.restore_points != 0


COMPLETIONS: tuple[Completion[Any], ...] = (
    Completion(
        Source(
            Job,
            "GetAllSessions",
            {
                "id": take("jobId", "activityId", convert=identifier, note="activityId in 1.0-rev2 and 1.1-rev0"),
                "session_id": take("id", convert=word),
                "last_run": take("creationTime", convert=moment),
                "last_result": Combine(
                    ("result.result", "result", "result.isCanceled", "state"), session_result, "none until it is over"
                ),
            },
            query={"orderColumn": "CreationTime", "orderAsc": False},
            since="createdAfterFilter",
        ),
        keys=(("id",),),
        lacking=lambda row: row.last_run is None,
        time="last_run",
        until="createdBeforeFilter",
        runs_only=True,
    ),
    Completion(
        Source(
            Protected,
            "GetAllObjectRestorePoints",
            {
                "name": take("name"),
                "platform": take("platformName"),
                "backup_id": take("backupId", convert=identifier),
                "last_backup": take("creationTime", convert=moment),
                "size": take("originalSize", convert=whole, note="of the workload; from 1.3-rev0 on"),
            },
            query={"orderColumn": "CreationTime", "orderAsc": False},
            since="createdAfterFilter",
            note="the newest restore point; backup objects say their backup from 1.3-rev2 on",
        ),
        keys=(("backup_id", "name"), ("name", "platform")),
        lacking=without_backup,
        time="last_backup",
        until="createdBeforeFilter",
        single="backupObjectIdFilter",
    ),
)
