"""Many appliances at once: fan-out, rows that are the same for all products, watches."""

from __future__ import annotations

from .answer import Answer
from .appliance import Appliance
from .breaker import ApplianceSkipped, BreakerPolicy, BreakerState
from .config import FleetConfigError
from .cursor import Cursor, CursorBusy, CursorError, MemoryCursor
from .file_cursor import FileCursor
from .fleet import Fleet
from .reading import RowsError, failed_kinds
from .row_stream import Rows
from .rows import (
    ROW_TYPES,
    Alarm,
    AlarmState,
    Finding,
    Job,
    JobState,
    License,
    LicenseStatus,
    Protected,
    Proxy,
    Repository,
    RestorePoint,
    Result,
    Row,
    Server,
    Session,
    SessionState,
    Severity,
    Task,
)
from .shard import shard_of
from .sqlite_cursor import SqliteCursor
from .view import FleetView
from .watch import Change, Watch

__all__ = [
    "ROW_TYPES",
    "Alarm",
    "AlarmState",
    "Answer",
    "Appliance",
    "ApplianceSkipped",
    "BreakerPolicy",
    "BreakerState",
    "Change",
    "Cursor",
    "CursorBusy",
    "CursorError",
    "FileCursor",
    "Finding",
    "Fleet",
    "FleetConfigError",
    "FleetView",
    "Job",
    "JobState",
    "License",
    "LicenseStatus",
    "MemoryCursor",
    "Protected",
    "Proxy",
    "Repository",
    "RestorePoint",
    "Result",
    "Row",
    "Rows",
    "RowsError",
    "Server",
    "Session",
    "SessionState",
    "Severity",
    "SqliteCursor",
    "Task",
    "Watch",
    "failed_kinds",
    "shard_of",
]
