"""Veeam ONE: which operation and which field each row comes from.

The names are those of revision 2.3. One login sees what many backup servers have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .aws import license_status
from .m365 import RESULT as M365_RESULT
from .m365 import job_state as m365_job_state
from .mapping import Combine, Constant, Lookup, Source, Take, take
from .spc import ALARM_SEVERITY, ALARM_STATE, sized
from .types import Alarm, Job, License, Protected, Repository, Row, Server
from .values import Words, amount, complaint, identifier, look, moment, number, text, whole, word
from .words import JobState, Result

RESULT = Words(
    Result,
    {
        "unknown": None,
        "none": None,
        "running": None,
        "success": Result.SUCCESS,
        "warning": Result.WARNING,
        "failed": Result.FAILED,
    },
)


def job_state(status: Any) -> JobState | None:
    """What a job is doing, as far as its status says: a job that is disabled shows how its last run ended."""
    return JobState.RUNNING if str(status).lower() == "running" else None


def policy_state(state: Any) -> JobState | None:
    """What a cloud policy is doing, by its state."""
    words = {"running": JobState.RUNNING, "enabled": JobState.IDLE, "disabled": JobState.DISABLED}
    return words.get(str(state).lower())


def good(state: Any) -> bool | None:
    """Whether something can be used, by its state."""
    words = {
        "ok": True, "warning": True, "outofdate": True, "connected": True,
        "inaccessible": False, "disconnected": False, "notresponding": False,
    }  # fmt: skip
    return words.get(str(state).lower())


_WHY = Combine(("status", "details"), complaint, "details of a run that went wrong")


def _job(kind: str, key: str) -> dict[str, Take | Combine | Constant]:
    return {
        "id": take(key, convert=word),
        "name": take("name"),
        "kind": Constant(kind),
        "state": Combine(("status",), job_state, "while it runs; nothing says whether it is disabled"),
        "last_result": take("status", convert=RESULT, note="none while it runs"),
    }


def used(kind: str) -> Any:
    """What reads how many units of a kind are used, which the server writes as texts."""

    def read(units: Any) -> float | None:
        for unit in units if isinstance(units, list) else ():
            if str(look(unit, "licenseUnit")).lower() == kind:
                return amount(look(unit, "used"))
        return None

    return read


def _m365_job(kind: str, key: str) -> Source[Row]:
    return Source(
        Job,
        f"Vb365Jobs_GetVbm365{kind}Jobs",
        {
            "id": take(key, convert=word),
            "name": take("name"),
            "kind": Constant(kind),
            "state": Combine(("status", "isEnabled"), m365_job_state, "by the status, otherwise by isEnabled"),
            "last_result": take("status", convert=M365_RESULT, note="NotConfigured and Disconnected are none"),
            "last_error": _WHY,
            "last_run": take("lastRun", convert=moment),
            "repository_id": take("repositoryUid", convert=identifier),
            "repository_name": take("repositoryName", convert=text),
        },
    )


def _policy(kind: str) -> Source[Row]:
    return Source(
        Job,
        f"PublicCloud_Get{kind}Policies",
        {
            "id": take("policyUid", convert=word),
            "name": take("policyName"),
            "kind": Constant(f"{kind}Policy"),
            "state": Combine(("state",), policy_state, "by the state"),
        },
    )


def _vbr_job(name: str, key: str) -> Source[Row]:
    fields = _job(name.removeprefix("Get").removeprefix("All"), key)
    if name not in _WITHOUT_DESCRIPTION:
        fields["description"] = take("description", convert=text)
    if name not in _WITHOUT_RUN:
        fields["last_run"] = take("lastRun", convert=moment)
    if name not in _WITHOUT_DETAILS:
        fields["last_error"] = _WHY
    return Source(Job, f"VbrJobs_{name}", fields)


def _protected(kind: str, key: str, **fields: Take | Combine | Constant) -> Mapping[str, Take | Combine | Constant]:
    return {
        "id": take(key, convert=word),
        "name": take("name"),
        "kind": Constant(kind),
        "last_backup": take("lastProtectedDate", convert=moment),
        **fields,
    }


# The operation's last word, and the field with the id of its rows.
_JOBS = {
    "GetVmBackupJobs": "vmBackupJobUid",
    "GetVmReplicationJobs": "vmReplicationJobUid",
    "GetBackupCopyJobs": "backupCopyJobUid",
    "GetAgentBackupJobs": "agentBackupJobUid",
    "GetAgentPolicies": "agentPolicyUid",
    "GetFileBackupJobs": "fileBackupJobUid",
    "GetFileCopyJobs": "fileCopyJobUid",
    "GetAllObjectStorageBackupJobs": "objectStoraBackupJobUid",
    "GetApplicationBackupJobs": "applicationBackupJobUid",
    "GetAllTransactionLogBackupJobs": "transactionJobUid",
    "GetCloudDirectorBackupJobs": "cloudDirectorBackupJobUid",
    "GetCloudDirectorReplicationJobs": "cloudDirectorReplicationJobUid",
    "GetBackupToTapeJobs": "backupToTapeJobUid",
    "GetFileToTapeJobs": "fileToTapeJobUid",
    "GetObjectToTapeJobs": "objectToTapeJobUid",
    "GetVmSureBackupJobs": "sureBackupJobUid",
    "GetVmCopyJobs": "vmCopyJobUid",
    "GetVmSnapshotJobs": "vmSnapshotOnlyJobUid",
    "GetCdpPolicies": "cdpPolicyUid",
}

_WITHOUT_DESCRIPTION = frozenset({"GetVmSureBackupJobs", "GetAllTransactionLogBackupJobs"})
_WITHOUT_DETAILS = frozenset({"GetCdpPolicies"})
_WITHOUT_RUN = frozenset({"GetAgentPolicies", "GetCdpPolicies"})

_REPOSITORY: Mapping[str, Take | Combine | Constant] = {
    "name": take("name"),
    "capacity": take("capacityBytes", convert=whole),
    "free": take("freeSpaceBytes", convert=whole),
    "online": Combine(("state",), good, "Ok, Warning and OutOfDate are true, Inaccessible and Disconnected are false"),
}

SOURCES: tuple[Source[Row], ...] = (
    *(_vbr_job(name, key) for name, key in _JOBS.items()),
    _m365_job("Backup", "backupJobUid"),
    _m365_job("Copy", "copyJobUid"),
    *(_policy(kind) for kind in ("CloudVm", "FileShare", "Database", "Network")),
    Source(
        Repository,
        "Vbr_GetRegularRepositories",
        {
            "id": take("repositoryUidInVbr", "repositoryId", convert=word),
            **_REPOSITORY,
            "kind": take("type"),
            "path": take("path", convert=text),
        },
    ),
    Source(
        Repository,
        "Vbr_GetScaleOutRepositories",
        {
            "id": take("scaleoutRepositoryUidInVbr", "scaleoutRepositoryId", convert=word),
            **_REPOSITORY,
            "kind": Constant("ScaleOut"),
        },
    ),
    Source(
        Repository,
        "Vbr_GetObjectStorages",
        {
            "id": take("objectStorageUidInVbr", "objectStorageId", convert=word),
            "name": take("name"),
            "kind": take("type"),
            "description": take("description", convert=text),
            "path": take("bucket", convert=text),
            "location": take("region", convert=text),
            "capacity": take("capacityBytes", convert=whole),
            "used": take("usedSpaceBytes", convert=whole),
        },
    ),
    Source(
        Repository,
        "Vb_GetVbm365BackupRepositories",
        {
            "id": take("backupRepositoryUidInVb365", "backupRepositoryId", convert=word),
            "name": take("name"),
            "kind": Constant("Vb365"),
            "description": take("description", convert=text),
            "path": take("path", convert=text),
            "capacity": take("capacityBytes", convert=whole),
            "free": take("freeSpaceBytes", convert=whole),
            "online": Combine(("isOutOfSync",), lambda lost: None if lost is None else not lost, "not isOutOfSync"),
        },
    ),
    Source(
        Server,
        "About_GetAbout",
        {
            "id": Constant("appliance"),
            "name": take("machine", convert=text),
            "kind": Constant("Appliance"),
            "version": take("version", convert=text),
            "online": Constant(True),
        },
        note="administrators only",
    ),
    Source(
        Server,
        "Vbr_GetBackupServers",
        {
            "id": take("backupServerId", convert=word),
            "name": take("name"),
            "kind": Constant("BackupServer"),
            "online": Combine(("connectionState",), good, "Connected is true, NotResponding is false"),
        },
    ),
    Source(
        Server,
        "Vbr_GetBackupProxies",
        {
            "id": take("proxyUidInVbr", "backupProxyId", convert=word),
            "name": take("name"),
            "kind": Constant("Proxy"),
            "online": Combine(("state",), good, "Ok, Warning and OutOfDate are true, Inaccessible is false"),
        },
    ),
    Source(
        License,
        "Licensing_GetInfo",
        {
            "id": take("licenseId", "supportId", convert=word),
            "name": take("company"),
            "kind": take("type"),
            "status": Combine(("expirationDate",), license_status, "by the date"),
            "edition": take("package", "type"),
            "licensed_to": take("company", convert=text),
            "expires": take("expirationDate", convert=moment),
            "support_expires": take("supportExpirationDate", convert=moment),
            "instances": take("instances", convert=number),
            "sockets": take("sockets", convert=whole),
        },
        note="administrators only",
    ),
    Source(
        Protected,
        "ProtectedDataVbr_GetVirtualMachines",
        _protected(
            "VirtualMachine",
            "vmUidInVbr",
            platform=take("platform"),
            location=take("parentHostName", convert=text, note="name of the host"),
            size=Combine(("usedSourceSizeBytes", "provisionedSourceSizeBytes"), sized, "used, else provisioned"),
        ),
    ),
    Source(
        Protected,
        "ProtectedDataVbr_GetProtectedComputers",
        _protected("Computer", "computerUidInVbr", platform=take("platform")),
    ),
    Source(Protected, "ProtectedDataVbr_GetProtectedFileShares", _protected("FileShare", "fileShareUidInVbr")),
    Source(
        Protected, "ProtectedDataVbr_GetProtectedObjectStorages", _protected("ObjectStorage", "objectStorageUidInVbr")
    ),
    Source(Protected, "ProtectedDataVbr_GetAllApplications", _protected("Application", "applicationUidInVbr")),
    Source(
        Alarm,
        "Alarms_GetTriggeredAlarms",
        {
            "id": take("triggeredAlarmId", convert=word),
            "name": take("name"),
            "kind": take("alarmSource.objectType"),
            "severity": take("status", convert=ALARM_SEVERITY),
            "state": take("status", convert=ALARM_STATE),
            "time": take("triggeredTime", convert=moment),
            "message": take("description", convert=text),
            "comment": take("comment", convert=text),
            "object_id": take("alarmSource.objectId", convert=identifier),
            "object_name": take("alarmSource.objectName", convert=text),
            "repeats": take("repeatCount", convert=whole),
            "rule_id": take("alarmTemplateId", convert=identifier),
        },
    ),
)

LOOKUPS: tuple[Lookup[Any], ...] = (
    Lookup(
        Source(
            License,
            "Licensing_GetCurrentUsage",
            {
                "instances_used": Combine(("units",), used("instances"), "of the unit Instances"),
                "sockets_used": Combine(("units",), used("sockets"), "of the unit Sockets"),
            },
            note="administrators only",
        ),
        key=None,
    ),
)
