"""What rows refer to: names of repositories, jobs and rules, read from one listing for all rows of an appliance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import VeeamError
from .appliance import Appliance
from .pages import listed_beside
from .rows import Row, lookups
from .rows.mapping import Lookup

if TYPE_CHECKING:
    from ..client import ApplianceClient

RowT = TypeVar("RowT", bound=Row)


class Lookups:
    """The listings of one appliance that say more of what rows refer to, each read when the first row needs it.

    Args:
        client: the appliance's client.
        origin: what rows say they come from.
        errors: gets the error of a listing that cannot be read: the rows come without what it says.
    """

    def __init__(self, client: ApplianceClient, origin: Appliance, errors: list[VeeamError]) -> None:
        self._client = client
        self._origin = origin
        self._errors = errors
        self._read: dict[Lookup[Any], dict[str, Row]] = {}

    async def fill(self, rows: list[RowT]) -> None:
        """Write into rows what the things that they refer to say, where that is None.

        Args:
            rows: of one type; they are changed.
        """
        for lookup in lookups(self._client.revision.product, type(rows[0])) if rows else ():
            names = [name for name in lookup.source.fields if name != lookup.key]
            for row in rows:
                key = _key(lookup, row)
                if key is None or all(getattr(row, name) is not None for name in names):
                    continue
                if lookup not in self._read:
                    self._read[lookup] = await self._things(lookup)
                if (thing := self._read[lookup].get(key)) is not None:
                    for name in names:
                        if getattr(row, name) is None:
                            setattr(row, name, getattr(thing, name))

    async def _things(self, lookup: Lookup[Any]) -> dict[str, Row]:
        """What the listing has, by its key."""
        things: dict[str, Row] = {}
        for row in await listed_beside(self._client, lookup.source, self._origin, self._errors):
            if (key := _key(lookup, row)) is not None:
                things.setdefault(key, row)
        return things


def _key(lookup: Lookup[Any], row: Row) -> str | None:
    """What a row refers to; None for nothing."""
    if lookup.key is None:
        return ""
    key: str | None = getattr(row, lookup.key)
    return key.lower() if key else None
