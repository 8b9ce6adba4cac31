"""The words of rows: states and results, the same for all products. What no mapping knows stays the vendor's word."""

from __future__ import annotations

from ..._model import OpenEnum


class JobState(OpenEnum):
    """What a job is doing. A state that no mapping knows is kept as the vendor writes it.

    Attributes:
        RUNNING: it works.
        STARTING, STOPPING: about to begin, and about to end.
        IDLE: it waits for its schedule or to be started.
        DISABLED: it does not run by itself.
    """

    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    IDLE = "idle"
    DISABLED = "disabled"


class SessionState(OpenEnum):
    """How far a session is. A state that no mapping knows is kept as the vendor writes it.

    Attributes:
        STARTING, RUNNING, STOPPING: as they say.
        WAITING: for a tape, a repository, a slot, the next interval.
        FINISHED: it is over; `result` says how.
    """

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"
    STOPPING = "stopping"
    FINISHED = "finished"


class Result(OpenEnum):
    """How a job or a session ended. A result that no mapping knows is kept as the vendor writes it."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILED = "failed"
    CANCELED = "canceled"


class LicenseStatus(OpenEnum):
    """Whether a license is good."""

    VALID = "valid"
    EXPIRED = "expired"
    INVALID = "invalid"


class AlarmState(OpenEnum):
    """Whether an alarm is to be looked at. A state that no mapping knows is kept as the vendor writes it.

    Attributes:
        ACTIVE: it was raised, and nobody said that they know of it.
        ACKNOWLEDGED: a person knows of it.
        RESOLVED: it is over.
    """

    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Severity(OpenEnum):
    """How bad a finding or an alarm is. A word that no mapping knows is kept as the vendor writes it.

    Attributes:
        OK: it was looked at, and is good.
        INFO: to be known.
        WARNING: suspicious, against good practice, or a warning.
        CRITICAL: infected, or an error.
    """

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"
