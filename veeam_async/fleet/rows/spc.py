"""Veeam Service Provider Console: which operation and which field each row comes from.

The names are those of revisions 3.6.2 and 3.7. One login sees what many servers of many companies have: ids of jobs and
repositories are made unique by the server that they belong to, and the company is in the labels of a row's appliance.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .m365 import RESULT as M365_RESULT
from .m365 import job_state as m365_job_state
from .mapping import Combine, Constant, Lookup, Source, Take, take
from .types import Alarm, Job, License, Protected, Repository, Row, Server, Session
from .values import Words, complaint, identifier, joined, look, moment, number, text, whole, word
from .words import AlarmState, JobState, LicenseStatus, Result, SessionState, Severity

RESULT = Words(
    Result,
    {
        **dict.fromkeys(
            (
                "unknown", "none", "idle", "running", "starting", "stopping", "enabling", "disabling", "waitingtape",
                "waitingrepository",
            )
        ),
        "success": Result.SUCCESS,
        "warning": Result.WARNING,
        "failed": Result.FAILED,
    },
)  # fmt: skip
_LICENSE = Words(
    LicenseStatus,
    {
        "unknown": None,
        "valid": LicenseStatus.VALID,
        "warning": LicenseStatus.VALID,
        "expired": LicenseStatus.EXPIRED,
        "error": LicenseStatus.INVALID,
        "unlicensed": LicenseStatus.INVALID,
    },
)
ALARM_SEVERITY = Words(
    Severity,
    {
        **dict.fromkeys(("unknown", "success", "resolved", "remediated", "acknowledged")),
        "info": Severity.INFO,
        "information": Severity.INFO,
        "warning": Severity.WARNING,
        "error": Severity.CRITICAL,
    },
)
ALARM_STATE = Words(
    AlarmState,
    {
        "unknown": None,
        **dict.fromkeys(("info", "information", "warning", "error"), AlarmState.ACTIVE),
        "acknowledged": AlarmState.ACKNOWLEDGED,
        **dict.fromkeys(("success", "resolved", "remediated"), AlarmState.RESOLVED),
    },
)
_BUSY = {
    "running": JobState.RUNNING,
    "waitingtape": JobState.RUNNING,
    "waitingrepository": JobState.RUNNING,
    "starting": JobState.STARTING,
    "enabling": JobState.STARTING,
    "stopping": JobState.STOPPING,
    "disabling": JobState.STOPPING,
}
_OWNER = "organizationUid"


def job_state(status: Any, enabled: Any) -> JobState | None:
    """What a job is doing, by its status and its switch."""
    busy = _BUSY.get(str(status).lower())
    if busy is not None:
        return busy
    if enabled is False:
        return JobState.DISABLED
    return None if enabled is None and status is None else JobState.IDLE


def run_state(status: Any) -> SessionState:
    """How far the last run of a job is."""
    busy = _BUSY.get(str(status).lower())
    if busy is None:
        return SessionState.FINISHED
    return SessionState.STOPPING if busy == JobState.STOPPING else SessionState.RUNNING


def policy_state(status: Any, state: Any) -> JobState | None:
    """What a cloud policy is doing, by its status and its switch."""
    return job_state(status, {"enabled": True, "disabled": False}.get(str(state).lower()))


def ran(raw: Any) -> bool:
    """True for a job that has run."""
    return moment(look(raw, "lastRun")) is not None


def healthy(status: Any) -> bool | None:
    """Whether something can be used, by its status."""
    return {"healthy": True, "warning": True, "error": False, "inaccessible": False}.get(str(status).lower())


def sized(used: Any, provisioned: Any) -> int | None:
    """The used size where there is one, else the provisioned one."""
    return whole(used) or whole(provisioned)


def units(kind: str) -> Any:
    """What reads a number of units of a kind."""

    def read(value: Any, unit: Any) -> float | None:
        return number(value) if str(unit).lower() == kind else None

    return read


def _server(kind: str) -> Mapping[str, Take | Combine | Constant]:
    return {
        "id": take("instanceUid", convert=word),
        "name": take("name"),
        "kind": Constant(kind),
        "online": Combine(("status",), healthy, "Healthy and Warning are true, Inaccessible and Error are false"),
    }


_LICENSED: Mapping[str, Take | Combine | Constant] = {
    "status": take("status", convert=_LICENSE, note="Warning is valid, Error and Unlicensed are invalid"),
    "edition": take("edition", convert=text),
    "kind": take("type"),
    "expires": take("expirationDate", convert=moment),
    "support_expires": take("supportExpirationDate", convert=moment),
}

SOURCES: tuple[Source[Row], ...] = (
    Source(
        Job,
        "GetBackupServerJobs",
        {
            "id": take("uniqueUid", "instanceUid", convert=word),
            "name": take("name"),
            "kind": take("type"),
            "description": take("description", convert=text),
            "state": Combine(("status", "isEnabled"), job_state, "by the status, otherwise by isEnabled"),
            "last_result": take("status", convert=RESULT, note="none while it runs"),
            "last_error": Combine(("status", "failureMessage"), complaint, "failureMessage of a run that went wrong"),
            "last_run": take("lastRun", convert=moment),
            "repository_name": take("destination", convert=text),
        },
        owner=("mappedOrganizationUid", _OWNER),
    ),
    Source(
        Job,
        "GetBackupAgentJobs",
        {
            "id": take("instanceUid", convert=word),
            "name": take("name"),
            "kind": Constant("BackupAgent"),
            "description": take("description", convert=text),
            "state": Combine(("status", "isEnabled"), job_state, "by the status, otherwise by isEnabled"),
            "last_result": take("status", convert=RESULT, note="none while it runs"),
            "last_error": Combine(("status", "failureMessage"), complaint, "failureMessage of a run that went wrong"),
            "last_run": take("lastRun", convert=moment),
            "next_run": take("nextRun", convert=moment),
            "repository_name": take("destination", convert=text),
        },
        owner=(_OWNER,),
    ),
    Source(
        Job,
        "GetVb365Jobs",
        {
            "id": take("instanceUid", convert=word),
            "name": take("name"),
            "kind": take("jobType"),
            "state": Combine(("lastStatus", "isEnabled"), m365_job_state, "by the last session, else by isEnabled"),
            "last_result": take("lastStatus", convert=M365_RESULT, note="NotConfigured and Disconnected are none"),
            "last_error": Combine(
                ("lastStatus", "lastStatusDetails"), complaint, "lastStatusDetails of a run that went wrong"
            ),
            "last_run": take("lastRun", convert=moment),
            "next_run": take("nextRun", convert=moment),
            "repository_id": take("repositoryUid", convert=identifier),
            "repository_name": take("repositoryName", convert=text),
        },
        owner=("vspcOrganizationUid",),
    ),
    Source(
        Job,
        "GetPublicCloudPolicies",
        {
            "id": take("instanceUid", convert=word),
            "name": take("name"),
            "kind": take("policyType"),
            "state": Combine(("status", "state"), policy_state, "by the status, otherwise by the state"),
        },
        owner=(_OWNER,),
    ),
    Source(
        Session,
        "GetBackupServerJobs",
        {
            "id": Combine(("uniqueUid", "lastRun"), joined, "the job and the time of its last run"),
            "name": take("name"),
            "kind": take("type"),
            "job_id": take("uniqueUid", "instanceUid", convert=word),
            "state": Combine(("status",), run_state, "by the status of the job"),
            "result": take("status", convert=RESULT, note="none while it runs"),
            "message": take("failureMessage", convert=text),
            "started": take("lastRun", convert=moment),
            "ended": take("lastEndTime", convert=moment),
            "transferred": take("transferredData", convert=whole),
            "bottleneck": take("bottleneck"),
        },
        keep=ran,
        owner=("mappedOrganizationUid", _OWNER),
        note="the last run of each job: the product lists no others",
    ),
    Source(
        Repository,
        "GetBackupRepositories",
        {
            "id": Combine(("backupServerUid", "instanceUid"), joined, "the server and the repository on it"),
            "name": take("name"),
            "kind": take("_embedded.type"),
            "path": take("_embedded.path", convert=text),
            "location": take("_embedded.hostName", convert=text),
            "capacity": take("_embedded.capacity", convert=whole),
            "free": take("_embedded.freeSpace", convert=whole),
            "used": take("_embedded.usedSpace", convert=whole),
            "online": Combine(("_embedded.status",), healthy, "Healthy and Warning are true, Error is false"),
        },
        query={"expand": ["BackupRepositoryInfo"]},
    ),
    Source(
        Server,
        "GetAboutInformation",
        {
            "id": take("data.installationId", convert=word),
            "kind": Constant("Appliance"),
            "version": take("data.serverVersion", convert=text),
            "online": Constant(True),
        },
    ),
    Source(Server, "GetBackupServers", _server("BackupServer"), owner=(_OWNER,)),
    Source(Server, "GetVb365Servers", _server("Vb365Server"), owner=(_OWNER,)),
    Source(Server, "GetVOneServers", _server("VOneServer"), owner=(_OWNER,)),
    Source(Server, "GetBackupProxies", _server("Proxy")),
    Source(
        License,
        "GetConsoleLicenseInformation",
        {
            "id": take("data.licenseId", convert=word),
            "name": take("data.licenseeCompany"),
            "kind": take("data.type"),
            "status": take("data.status", convert=_LICENSE, note="Warning is valid, Error is invalid"),
            "edition": take("data.edition", convert=text),
            "licensed_to": take("data.licenseeCompany", convert=text),
            "expires": take("data.expirationDate", convert=moment),
            "support_expires": take("data.supportExpirationDate", convert=moment),
            "instances": take("data.instances", convert=number),
        },
    ),
    Source(
        License,
        "GetBackupServersLicenses",
        {
            "id": take("backupServerUid", convert=word),
            "name": take("company"),
            **_LICENSED,
            "licensed_to": take("company", convert=text),
            "instances": Combine(("units", "unitType"), units("instances"), "units of the type Instances"),
            "instances_used": Combine(("usedUnits", "unitType"), units("instances"), "units of the type Instances"),
            "sockets": take("sockets", convert=whole),
            "sockets_used": take("usedSockets", convert=whole),
        },
        note="one for each backup server",
    ),
    Source(
        Protected,
        "GetProtectedVirtualMachines",
        {
            "id": take("instanceUid", convert=word),
            "name": take("name"),
            "kind": Constant("VirtualMachine"),
            "size": Combine(("usedSourceSize", "provisionedSourceSize"), sized, "usedSourceSize, else provisioned"),
            "restore_points": take("restorePoints", convert=whole),
            "last_backup": take("latestRestorePointDate", convert=moment),
        },
        owner=(_OWNER,),
    ),
    Source(
        Protected,
        "GetProtectedComputersManagedByConsole",
        {
            "id": take("backupAgentUid", convert=word),
            "name": take("name"),
            "kind": take("operationMode"),
            "last_backup": take("latestRestorePointDate", convert=moment),
        },
        owner=(_OWNER,),
    ),
    Source(
        Protected,
        "GetProtectedComputersManagedByBackupServer",
        {
            "id": Combine(("backupServerUid", "instanceUid"), joined, "the server and the computer on it"),
            "name": take("name"),
            "kind": take("operationMode"),
            "platform": take("platformType"),
            "last_backup": take("latestRestorePointDate", convert=moment),
        },
        owner=(_OWNER,),
    ),
    Source(
        Protected,
        "GetVb365ProtectedObjects",
        {
            "id": take("id", convert=word),
            "name": take("name"),
            "kind": take("protectedDataType"),
            "platform": Constant("Microsoft365"),
            "restore_points": take("restorePointsCount", convert=whole),
            "last_backup": take("latestRestorePointDate", convert=moment),
        },
        owner=(_OWNER,),
    ),
    Source(
        Alarm,
        "GetActiveAlarms",
        {
            "id": take("instanceUid", convert=word),
            "kind": take("object.type"),
            "severity": take("lastActivation.status", convert=ALARM_SEVERITY),
            "state": take("lastActivation.status", convert=ALARM_STATE),
            "time": take("lastActivation.time", convert=moment),
            "message": take("lastActivation.message", convert=text),
            "comment": take("lastActivation.remark", convert=text),
            "object_id": take("object.objectUid", "object.instanceUid", convert=identifier),
            "object_name": take("object.objectName", convert=text),
            "location": take("object.computerName", convert=text),
            "repeats": take("repeatCount", convert=whole),
            "rule_id": take("alarmTemplateUid", convert=identifier),
        },
        owner=("object.organizationUid",),
    ),
)

LOOKUPS: tuple[Lookup[Any], ...] = (
    Lookup(
        Source(Alarm, "GetAlarms", {"rule_id": take("instanceUid", convert=identifier), "name": take("name")}),
        key="rule_id",
    ),
)

OWNERS = Source(
    Row, "GetOrganizations", {"id": take("instanceUid", convert=word), "name": take("name"), "kind": take("type")}
)
"""Companies, resellers and the provider: whose things are."""
