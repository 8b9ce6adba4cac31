"""Veeam Backup & Replication: which operation and which field each row comes from.

The names are those of the vendor's documents 1.0-rev2 to 1.3-rev2.
"""

from __future__ import annotations

from typing import Any

from .mapping import Combine, Constant, Source, take
from .types import (
    Job,
    JobState,
    License,
    LicenseStatus,
    Protected,
    Repository,
    Result,
    Row,
    Server,
    Session,
    SessionState,
)
from .values import Words, flag, gib, identifier, moment, number, percent, text, tib, whole, word

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
            "capacity": take("capacityGB", convert=gib, note="GB of 1024^3 bytes"),
            "free": take("freeGB", convert=gib, note="GB of 1024^3 bytes"),
            "used": take("usedSpaceGB", convert=gib, note="GB of 1024^3 bytes"),
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
            "expires": take(
                "expirationDate",
                "instanceLicenseSummary.expirationDate",
                "socketLicenseSummary.expirationDate",
                convert=moment,
                note="of the license; from 1.3-rev2 on of its instances, or of its sockets where it has none",
            ),
            "support_expires": take(
                "supportExpirationDate",
                "instanceLicenseSummary.supportExpirationDate",
                "socketLicenseSummary.supportExpirationDate",
                convert=moment,
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
            "restore_points": take("restorePointsCount", convert=whole),
            "last_failed": take("lastRunFailed", convert=flag, note="from 1.3-rev0 on"),
        },
    ),
)
