"""Whose a row is, where one appliance serves many: the organization, in the labels of the row's appliance."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import attrs

from ..errors import VeeamError
from .appliance import Appliance
from .pages import listed_beside
from .rows import Row, owners
from .rows.values import identifier, look

if TYPE_CHECKING:
    from ..client import ApplianceClient

RowT = TypeVar("RowT", bound=Row)


class Owners:
    """The organizations of one appliance, read when the first row asks for one.

    Args:
        client: the appliance's client.
        origin: what rows say they come from.
        errors: gets the error of a listing of organizations that cannot be read: rows have their ids alone then.
    """

    def __init__(self, client: ApplianceClient, origin: Appliance, errors: list[VeeamError]) -> None:
        self._client = client
        self._origin = origin
        self._errors = errors
        self._named: dict[str, dict[str, str]] | None = None
        self._labelled: dict[str, Appliance] = {}

    async def label(self, rows: list[RowT], fields: tuple[str, ...]) -> None:
        """Give rows an appliance whose labels say whose they are: `organization` (an id) and `company`, `reseller` or
        `provider` (a name).

        Args:
            rows: of one listing.
            fields: where their objects may hold the id of the organization, best first.
        """
        for row in rows:
            owner = next((own for field in fields if (own := identifier(look(row.json, field)))), None)
            if owner is not None:
                row.appliance = await self._appliance(owner)

    async def _appliance(self, owner: str) -> Appliance:
        if owner not in self._labelled:
            if self._named is None:
                self._named = await self._read()
            labels = {**self._origin.labels, "organization": owner, **self._named.get(owner, {})}
            self._labelled[owner] = attrs.evolve(self._origin, labels=labels)
        return self._labelled[owner]

    async def _read(self) -> dict[str, dict[str, str]]:
        """Kind and name of each organization, by its id."""
        source = owners(self._client.revision.product)
        if source is None:
            return {}
        rows = await listed_beside(self._client, source, self._origin, self._errors)
        return {row.id: {row.kind.lower(): row.name} for row in rows if row.name and row.kind}
