"""A Home Assistant coordinator: the jobs of an appliance, polled on Home Assistant's own connections.

It is a part of an integration and not run by itself. The integration's manifest requires `veeam-async`.

pip install 'veeam-async[cli]'
veeam-async example home_assistant > custom_components/veeam/coordinator.py
"""

# Home Assistant is not among the dependencies of this repository: it needs Python 3.14.
# pyright: reportMissingImports=false
from __future__ import annotations

import logging
from datetime import timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from veeam_async import AuthenticationError, Password, Pool
from veeam_async.fleet import Appliance, Fleet, Job


class VeeamCoordinator(DataUpdateCoordinator[dict[str, Job]]):
    """Jobs by id, every five minutes."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        every = timedelta(minutes=5)
        super().__init__(hass, logging.getLogger(__name__), config_entry=entry, name="Veeam", update_interval=every)
        login = Password(entry.data["username"], entry.data["password"])
        pool = Pool(session=async_get_clientsession(hass))
        self.fleet = Fleet([Appliance(entry.title, entry.data["host"], login)], pool=pool)

    async def _async_update_data(self) -> dict[str, Job]:
        jobs = self.fleet.jobs()
        found = {job.id: job async for job in jobs}
        for answer in jobs.errors:
            if isinstance(answer.error, AuthenticationError):
                raise ConfigEntryAuthFailed(str(answer.error))
            raise UpdateFailed(str(answer.error))
        return found

    async def async_shutdown(self) -> None:
        await super().async_shutdown()
        await self.fleet.aclose()
