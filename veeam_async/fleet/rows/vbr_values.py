"""The words of Veeam Backup & Replication, and what is made of its values."""

from __future__ import annotations

from typing import Any

from .types import Job, Protected
from .values import Words, flag, look, went_wrong, word
from .words import JobState, LicenseStatus, Result, SessionState, Severity

RESULT = Words(
    Result,
    {"none": None, "success": Result.SUCCESS, "warning": Result.WARNING, "failed": Result.FAILED},
)
_RESULTS = RESULT.cache
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

# Revisions whose listing of sessions filters by one result alone.
ONE_RESULT = ("1.0-rev2", "1.1-rev0", "1.2-rev1")

SEVERITY = Words(
    Severity,
    {
        "clean": Severity.OK,
        "informative": Severity.INFO,
        "suspicious": Severity.WARNING,
        "infected": Severity.CRITICAL,
    },
)


def available(value: Any) -> bool | None:
    """Whether a server can be reached, by its status."""
    return {"available": True, "unavailable": False}.get(str(value).lower())


def bottleneck(value: Any) -> str | None:
    """What holds a session up; NotDefined and None say nothing."""
    return None if value in ("NotDefined", "None", "notdefined", "none") else word(value)


def session_result(result: Any, whole_result: Any, canceled: Any, state: Any) -> Any:
    """How a session ended.

    Servers give an object, a bare string or null; a session that is not over says None, or what it looks like so far.
    """
    if state != "Stopped" and SESSION_STATE(state) is not SessionState.FINISHED:
        return None
    if canceled is True:
        return Result.CANCELED
    result = result if result is not None else whole_result
    return _RESULTS[result] if result.__class__ is str and result in _RESULTS else RESULT(result)


def opposite(value: Any) -> bool | None:
    """True for False."""
    return None if flag(value) is None else not value


def practice_severity(status: Any) -> Severity | None:
    """How bad a practice's status is; None where it was suppressed, or is not known."""
    return {"ok": Severity.OK, "violation": Severity.WARNING}.get(str(status).lower())


def dismissed(value: Any) -> bool:
    """Whether a person said that a finding is none."""
    return str(value).lower() in ("falsepositive", "suppressed")


def against_practice(raw: Any) -> bool:
    """True for a practice that is not followed, or was suppressed, or could not be checked."""
    return str(look(raw, "status")).lower() in ("violation", "suppressed", "unabletocheck")


def unexplained(row: Job) -> bool:
    """Whether the sessions that are asked for can say why the last run of a job went wrong."""
    return went_wrong(row) and not (row.last_result is Result.WARNING and row.appliance.revision in ONE_RESULT)


def without_backup(row: Protected) -> bool:
    """Whether a workload that has restore points does not say when the newest was made."""
    return row.last_backup is None and row.restore_points != 0
