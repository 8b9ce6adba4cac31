"""Models of the sample: each is loaded from its module when first asked for."""

from __future__ import annotations

import importlib
from typing import Any

MODULES = {
    "AgentJobModel": "job",
    "BackupCopyJobModel": "job",
    "BackupJobModel": "job",
    "EJobType": "common",
    "HolderModel": "storage",
    "JobModel": "job",
    "JobsResult": "job",
    "LinuxAgentJobModel": "job",
    "LinksModel": "common",
    "MixedModel": "common",
    "NeverUsedModel": "absent",
    "NoteModel": "storage",
    "ServerModel": "server",
    "LinuxServerModel": "server",
    "StorageModel": "storage",
    "TokenModel": "common",
}


def __getattr__(name: str) -> Any:
    module = MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f".{module}", __name__), name)
    return value
