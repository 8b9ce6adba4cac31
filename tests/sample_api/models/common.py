"""What several models use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from veeam_async._model import UNSET, Model, OpenEnum, field, model

if TYPE_CHECKING:
    from datetime import date, datetime

    from veeam_async._model import Unset

    from .storage import StorageModel


class EJobType(OpenEnum):
    """Job type: 3 known values."""

    V_SPHERE_BACKUP = "VSphereBackup"
    BACKUP_COPY = "BackupCopy"
    US_EAST_1 = "us-east-1"


@model
class TokenModel(Model):
    """Token model."""

    access_token: str = field(wire="access_token")
    issued: datetime | Unset | None = field(default=UNSET, wire=".issued")
    expires: datetime | Unset | None = field(default=UNSET, wire=".expires")


@model
class LinksModel(Model):
    """Links model."""

    links: dict[str, Any] | Unset | None = field(default=UNSET, wire="_links")
    from_: str | Unset | None = UNSET
    id: str | Unset | None = UNSET


@model
class MixedModel(Model):
    """Mixed model: a field of each kind."""

    text: str | Unset | None = UNSET
    count: int | Unset | None = UNSET
    share: float | Unset | None = UNSET
    on: bool | Unset | None = UNSET
    free: Any | Unset | None = UNSET
    day: date | Unset | None = UNSET
    at: datetime | Unset | None = UNSET
    times: list[datetime] | Unset | None = UNSET
    kinds: list[EJobType] | Unset | None = UNSET
    kind: EJobType | Unset | None = UNSET
    stores: dict[str, StorageModel] | Unset | None = UNSET
    grid: list[list[StorageModel]] | Unset | None = UNSET
    names: dict[str, list[str]] | Unset | None = UNSET
    either: StorageModel | str | Unset | None = UNSET
