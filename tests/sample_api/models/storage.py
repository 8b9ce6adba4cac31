"""Storage: a model that contains itself, and a small one that contains none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from veeam_async._model import UNSET, Model, model

if TYPE_CHECKING:
    from datetime import datetime

    from veeam_async._model import Unset


@model
class StorageModel(Model):
    """Storage model."""

    size: int
    parts: list[StorageModel] | Unset | None = UNSET


@model
class NoteModel(Model):
    """Note model."""

    text: str
    at: datetime | Unset | None = UNSET


@model
class HolderModel(Model):
    """Holder model."""

    note: NoteModel
