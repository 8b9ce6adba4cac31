"""Veeam Backup for AWS: which operation and which field each row comes from.

The names are those of revisions 1.0-rev0 and 1.7-rev0. A job is a backup policy; each service has policies of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .mapping import Combine, Completion, Constant, Lookup, Source, Take, take
from .types import Job, License, Protected, Repository, RestorePoint, Row, Server, Session
from .values import Words, complaint, flag, gib, identifier, joined, last_part, look, moment, number, text, whole, word
from .words import JobState, LicenseStatus, Result, SessionState

RESULT = Words(
    Result,
    {
        "running": None,
        "neverexecuted": None,
        "succeeded": Result.SUCCESS,
        "success": Result.SUCCESS,
        "warning": Result.WARNING,
        "failed": Result.FAILED,
        "canceled": Result.CANCELED,
        "cancelled": Result.CANCELED,
    },
)
SESSION_STATE = Words(
    SessionState,
    {
        "running": SessionState.RUNNING,
        "neverexecuted": SessionState.STARTING,
        "succeeded": SessionState.FINISHED,
        "warning": SessionState.FINISHED,
        "failed": SessionState.FINISHED,
        "canceled": SessionState.FINISHED,
        "cancelled": SessionState.FINISHED,
    },
)


def job_state(enabled: Any, status: Any = None) -> JobState | None:
    """What a policy is doing, by its switch and the status of its last session."""
    if str(status).lower() == "running":
        return JobState.RUNNING
    if enabled is False:
        return JobState.DISABLED
    return None if enabled is None and status is None else JobState.IDLE


def license_status(expires: Any) -> LicenseStatus | None:
    """Whether a license is good, by the day it ends."""
    expires = moment(expires)
    if expires is None:
        return None
    return LicenseStatus.VALID if expires > datetime.now(UTC) else LicenseStatus.EXPIRED


def has_policies(raw: Any) -> bool:
    """True for a workload that a policy covers."""
    return (number(look(raw, "policiesCount")) or 0) > 0


_JOB: Mapping[str, Take | Combine | Constant] = {
    "id": take("id", convert=word),
    "name": take("name"),
    "description": take("description", convert=text),
    "state": Combine(
        ("isEnabled", "lastPolicySessionStatus"),
        job_state,
        "running where the last session runs, otherwise by isEnabled",
    ),
    "last_result": take("lastPolicySessionStatus", convert=RESULT, note="Running and NeverExecuted are none"),
}
_LAST = take("_embeddedResources.lastBackupSession.href", convert=last_part, note="the last part of the link")
_TARGET = take("backupSettings.targetRepositoryId", convert=identifier)

SOURCES: tuple[Source[Row], ...] = (
    Source(Job, "PoliciesGetAll", {**_JOB, "kind": Constant("EC2"), "repository_id": _TARGET, "session_id": _LAST}),
    Source(
        Job,
        "RdsPoliciesGetAll",
        {
            **_JOB,
            "kind": Constant("RDS"),
            "repository_id": take("rdsBackupSettings.targetRepositoryId", convert=identifier),
        },
        results="results",
    ),
    Source(Job, "EfsPoliciesGetAll", {**_JOB, "kind": Constant("EFS")}),
    Source(Job, "DynamoDbPoliciesGetAll", {**_JOB, "kind": Constant("DynamoDB")}, results="results"),
    Source(Job, "FsxPoliciesGetAll", {**_JOB, "kind": Constant("FSx")}, results="results"),
    Source(Job, "RedshiftPoliciesGetAll", {**_JOB, "kind": Constant("Redshift")}, results="results"),
    Source(
        Job,
        "RedshiftServerlessPoliciesGetAll",
        {**_JOB, "kind": Constant("RedshiftServerless")},
        results="results",
    ),
    Source(
        Job,
        "GetVpcPolicy",
        {
            "id": Constant("vpc"),
            "kind": Constant("VPC"),
            "state": Combine(("backupOptionsEnabled",), job_state, "by backupOptionsEnabled"),
        },
        note="each appliance has exactly one, without an id",
    ),
    Source(
        Session,
        "GetSessions",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": take("extendedSessionType", "type"),
            "state": take("status", convert=SESSION_STATE),
            "result": take("status", convert=RESULT, note="Running and NeverExecuted are none"),
            "message": take("reason", convert=text),
            "started": take("executionStartTime", convert=moment),
            "ended": take("executionStopTime", convert=moment),
        },
        query={"Sort": ["startTimeAsc"]},
        since="FromUtc",
    ),
    Source(
        Repository,
        "RepositoriesGetAll",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": Constant("AmazonS3"),
            "description": take("description", convert=text),
            "path": Combine(("_embedded.bucket", "amazonStorageFolder"), joined, "bucket/folder"),
            "location": take("_embedded.region", convert=text),
            "tier": take("storageClass"),
            "encrypted": take("enableEncryption", convert=flag),
        },
    ),
    Source(
        Server,
        "GetProductVersion",
        {
            "id": Constant("appliance"),
            "name": take("about", convert=text),
            "kind": Constant("Appliance"),
            "version": take("version", convert=text),
            "online": Constant(True),
        },
    ),
    Source(
        License,
        "GetLicense",
        {
            "id": take("licenseId", "supportId", convert=word),
            "name": take("licensedTo"),
            "kind": take("licenseType"),
            "status": Combine(("licenseExpires",), license_status, "by the date"),
            "licensed_to": take("licensedTo", convert=text),
            "expires": take("licenseExpires", convert=moment),
            "instances": take("instances", convert=number),
            "instances_used": take("instancesUses", convert=number),
        },
    ),
    Source(
        Protected,
        "VirtualMachines",
        {
            "id": take("id", convert=word),
            "name": take("name", "awsResourceId"),
            "kind": Constant("EC2"),
            "platform": Constant("AWS"),
            "location": take("region.name", convert=text),
            "size": take("instanceSizeGigabytes", convert=gib, note="GB of 1024^3 bytes"),
        },
        query={"BackupState": "Protected"},
        query_in={"1.0-rev0": {"BackupState": "OnlyBackedUp"}},
    ),
    Source(
        Protected,
        "RdsGetAll",
        {
            "id": take("id", convert=word),
            "name": take("name", "awsResourceId"),
            "kind": Constant("RDS"),
            "platform": Constant("AWS"),
            "location": take("region.name", convert=text),
            "size": take("instanceSizeGigabytes", convert=gib, note="GB of 1024^3 bytes"),
        },
        keep=has_policies,
        note="those with policiesCount above 0; file systems and tables do not say whether they are protected",
    ),
    Source(
        RestorePoint,
        "RestorePointsGetAll",
        {
            "id": take("id", convert=word),
            "kind": take("jobType"),
            "platform": Constant("AWS"),
            "created": take("pointInTime", convert=moment),
            "backup_id": take("backupId", convert=identifier),
            "size": take("backupSizeBytes", convert=whole),
        },
        note="those of machines; the points of other services have no documented fields",
    ),
)


def ran(row: Job) -> bool:
    """Whether a policy that has run does not say when."""
    return row.last_run is None and look(row.json, "lastPolicySessionStatus") != "NeverExecuted" and row.id != "vpc"


LOOKUPS: tuple[Lookup[Any], ...] = (
    Lookup(
        Source(
            Job,
            "RepositoriesGetAll",
            {"repository_id": take("id", convert=identifier), "repository_name": take("name")},
        ),
        key="repository_id",
    ),
)

COMPLETIONS: tuple[Completion[Any], ...] = (
    Completion(
        Source(
            Job,
            "GetSessions",
            {
                "session_id": take("id", convert=word),
                "name": take("name", note="of the policy; not in 1.0-rev0"),
                "last_run": take("executionStartTime", convert=moment),
                "last_result": take("status", convert=RESULT),
                "last_error": Combine(("status", "reason"), complaint, "reason of a session that went wrong"),
            },
            query={"Sort": ["startTimeDesc"], "Types": ["Policy"]},
            since="FromUtc",
            note="the newest session of a policy, by the link to it or else by the policy's name; "
            "only links distinguish policies of one name",
        ),
        keys=(("session_id",), ("name",)),
        lacking=ran,
        time="last_run",
        until="ToUtc",
    ),
)
