"""Answers of real shape: a page of sessions as VBR 1.3-rev0 gives it, about 650 bytes a row."""

from __future__ import annotations

import random
import uuid
from typing import Any

import orjson

_TYPES = ("BackupJob", "ReplicaJob", "RestoreVm", "RepositoryMaintenance", "ConfigurationBackup")


def session(index: int, chance: random.Random) -> dict[str, Any]:
    """One finished session."""

    def identifier() -> str:
        return str(uuid.UUID(int=chance.getrandbits(128), version=4))

    hour, minute = index // 60 % 24, index % 60
    return {
        "id": identifier(),
        "name": f"Daily backup of the accounting servers, group {index:05d} (Incremental)",
        "jobId": identifier(),
        "sessionType": _TYPES[index % len(_TYPES)],
        "creationTime": f"2026-03-14T{hour:02d}:{minute:02d}:12.3456789+01:00",
        "endTime": f"2026-03-14T{hour:02d}:{minute:02d}:58.1234567+01:00",
        "state": "Stopped",
        "progressPercent": 100,
        "result": {
            "result": "Warning" if index % 7 == 0 else "Success",
            "message": "Processing finished with warnings: a guest agent did not answer" if index % 7 == 0 else "",
            "isCanceled": False,
        },
        "resourceId": identifier(),
        "resourceReference": f"/api/v1/jobs/{identifier()}",
        "parentSessionId": "00000000-0000-0000-0000-000000000000",
        "usn": 40_000 + index,
        "platformName": "VMware",
        "platformId": "00000000-0000-0000-0000-000000000000",
        "initiatedBy": "EXAMPLE\\svc-backup",
    }


def sessions(rows: int = 200, seed: int = 1) -> bytes:
    """A page of sessions."""
    chance = random.Random(seed)
    data = [session(index, chance) for index in range(rows)]
    return orjson.dumps({"data": data, "pagination": {"total": rows, "count": rows, "skip": 0, "limit": rows}})
