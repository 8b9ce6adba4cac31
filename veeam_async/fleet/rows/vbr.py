"""Veeam Backup & Replication: which operation and which field each row comes from.

The names are those of the vendor's documents 1.0-rev2 to 1.3-rev2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .mapping import Combine, Completion, Constant, Source, Take, take
from .types import (
    Finding,
    Job,
    License,
    Protected,
    Proxy,
    Repository,
    RestorePoint,
    Row,
    Server,
    Session,
    Task,
)
from .values import complaint, earliest, flag, gib, identifier, moment, number, percent, rate, text, tib, whole, word
from .vbr_values import (
    JOB_STATE,
    LICENSE_STATUS,
    ONE_RESULT,
    RESULT,
    SESSION_STATE,
    SEVERITY,
    against_practice,
    available,
    bottleneck,
    dismissed,
    opposite,
    practice_severity,
    session_result,
    unexplained,
    without_backup,
)


def _progress(note: str = "") -> Mapping[str, Take]:
    return {
        "processed": take("progress.processedSize", convert=whole, note=note),
        "read": take("progress.readSize", convert=whole, note=note),
        "transferred": take("progress.transferredSize", convert=whole, note=note),
        "speed": take("progress.processingRate", convert=rate, note=f"text with a unit of 1024; {note}".rstrip("; ")),
        "bottleneck": take("progress.bottleneck", convert=bottleneck, note=note),
    }


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
            **_progress("from 1.3-rev2 on"),
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
    Source(
        Task,
        "GetAllTaskSessions",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": take("type"),
            "session_id": take("sessionId", convert=identifier),
            "state": take("state", convert=SESSION_STATE),
            "result": Combine(
                ("result.result", "result", "result.isCanceled", "state"),
                session_result,
                "none until state is Stopped; canceled where isCanceled",
            ),
            "message": take("result.message", convert=text),
            "progress": take("progress.progressPercent", convert=percent, note="from 1.3-rev0 on"),
            "started": take("creationTime", convert=moment),
            "ended": take("endTime", convert=moment),
            **_progress(),
            "repository_id": take("repositoryId", convert=identifier),
            "restore_point_id": take("restorePointId", convert=identifier),
            "algorithm": take("algorithm"),
        },
        query={"orderColumn": "CreationTime", "orderAsc": True},
        since="createdAfterFilter",
        note="from 1.2-rev1 on",
    ),
    Source(
        Proxy,
        "GetAllProxiesStates",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": take("type"),
            "description": take("description", convert=text),
            "location": take("hostName", convert=text),
            "enabled": take("isDisabled", convert=opposite, note="the opposite"),
            "online": take("isOnline", convert=flag),
            "outdated": take("isOutOfDate", convert=flag),
        },
        note="from 1.3-rev0 on",
    ),
    Source(
        Proxy,
        "GetAllProxies",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": take("type"),
            "description": take("description", convert=text),
        },
        unless="GetAllProxiesStates",
    ),
    Source(
        RestorePoint,
        "GetAllObjectRestorePoints",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": take("type", note="from 1.2-rev1 on"),
            "platform": take("platformName"),
            "created": take("creationTime", convert=moment),
            "backup_id": take("backupId", convert=identifier),
            "session_id": take("sessionId", convert=identifier, note="from 1.2-rev1 on"),
            "workload_size": take("originalSize", convert=whole, note="from 1.3-rev0 on"),
            "malware": take("malwareStatus", note="from 1.2-rev1 on"),
        },
        query={"orderColumn": "CreationTime", "orderAsc": True},
        since="createdAfterFilter",
        note="says the name of the workload, not its id",
    ),
    Source(
        Finding,
        "ViewSuspiciousActivityEvents",
        {
            "id": take("id", convert=word),
            "name": take("machine.displayName"),
            "kind": take("type"),
            "severity": take("severity", convert=SEVERITY),
            "message": take("details", convert=text),
            "time": take("detectionTimeUtc", "creationTimeUtc", convert=moment),
            "dismissed": take("state", convert=dismissed, note="FalsePositive"),
            "workload_id": take("machine.backupObjectId", convert=identifier),
            "restore_point_id": take("machine.restorePointId", convert=identifier),
        },
        query={"orderColumn": "DetectionTimeUtc", "orderAsc": True},
        since="detectedAfterTimeUtcFilter",
        note="from 1.2-rev1 on",
    ),
    Source(
        Finding,
        "GetBestPracticesComplianceResult",
        {
            "id": take("id", "bestPractice", convert=word),
            "name": take("bestPractice"),
            "kind": Constant("BestPractice"),
            "severity": Combine(("status",), practice_severity, "Violation is a warning"),
            "message": take("note", convert=text),
            "dismissed": take("status", convert=dismissed, note="Suppressed"),
        },
        results="items",
        keep=against_practice,
        note="from 1.2-rev1 on; what is OK is left out",
    ),
)


_NEWEST = {"orderColumn": "CreationTime", "orderAsc": False}
_WHY = Combine(("result.result", "result.message"), complaint, "message of a session that went wrong")

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
                "last_error": _WHY,
            },
            query=_NEWEST,
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
            Job,
            "GetAllSessions",
            {
                "id": take("jobId", "activityId", convert=identifier),
                "session_id": take("id", convert=word),
                "last_run": take("creationTime", convert=moment),
                "last_error": _WHY,
            },
            query={**_NEWEST, "resultFilter": ["Failed", "Warning"]},
            query_in={name: {**_NEWEST, "resultFilter": "Failed"} for name in ONE_RESULT},
            since="createdAfterFilter",
            note="the last run of jobs that went wrong",
        ),
        keys=(("session_id",),),
        lacking=unexplained,
        time="last_run",
        until="createdBeforeFilter",
        explains=True,
        partial=True,
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
            query=_NEWEST,
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
