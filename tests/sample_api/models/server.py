"""Servers: polymorphic by a field whose Python name is not its JSON name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from veeam_async._model import UNSET, Model, field, model

if TYPE_CHECKING:
    from veeam_async._model import Unset


@model(discriminator="serviceType", children={"Linux": "LinuxServerModel"})
class ServerModel(Model):
    """Server model."""

    service_type: str


@model
class LinuxServerModel(ServerModel):
    """Linux server model: ServerModel with serviceType Linux."""

    service_type: str = field(default="Linux")
    ssh_port: int | Unset | None = field(default=UNSET, wire="SSHPort")
