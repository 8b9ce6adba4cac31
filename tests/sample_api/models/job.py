"""Jobs: polymorphic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from veeam_async._model import UNSET, Model, field, model

if TYPE_CHECKING:
    from datetime import datetime

    from veeam_async._model import Unset

    from .common import EJobType
    from .storage import StorageModel


@model(
    discriminator="type",
    children={
        "VSphereBackup": "BackupJobModel",
        "BackupCopy": "BackupCopyJobModel",
        "AgentBackup": "AgentJobModel",
    },
)
class JobModel(Model):
    """Job model."""

    id: str
    name: str
    type: EJobType


@model
class BackupJobModel(JobModel):
    """Backup job model: JobModel with type VSphereBackup."""

    type: EJobType = field(default="VSphereBackup")
    storage: StorageModel
    end_time: datetime | Unset | None = UNSET
    description: str | Unset | None = UNSET


@model
class BackupCopyJobModel(JobModel):
    """Backup copy job model: JobModel with type BackupCopy."""

    type: EJobType = field(default="BackupCopy")
    mode: str | Unset | None = UNSET


@model(discriminator="platform", children={"Linux": "LinuxAgentJobModel"})
class AgentJobModel(JobModel):
    """Agent job model: JobModel with type AgentBackup, itself a base."""

    type: EJobType = field(default="AgentBackup")
    platform: str


@model
class LinuxAgentJobModel(AgentJobModel):
    """Linux agent job model: AgentJobModel with platform Linux."""

    kernel: str | Unset | None = UNSET


@model
class JobsResult(Model):
    """Jobs result."""

    data: list[JobModel] = field(rows=True)
    pagination: Any | Unset | None = UNSET
