"""What rows refer to: names of repositories, jobs and rules, read from one listing for all rows of an appliance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ApiError, DecodeError, IncompleteListing, UnauthorizedError, VeeamError
from .appliance import Appliance
from .pages import asked, find_operation, pages
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
            lacking = [row for row in rows if any(getattr(row, name) is None for name in names)]
            for row in lacking:
                if (key := getattr(row, lookup.key)) is None:
                    continue
                if lookup not in self._read:
                    self._read[lookup] = await self._things(lookup)
                if (thing := self._read[lookup].get(key.lower())) is not None:
                    for name in names:
                        if getattr(row, name) is None:
                            setattr(row, name, getattr(thing, name))

    async def _things(self, lookup: Lookup[Any]) -> dict[str, Row]:
        """What the listing has, by its key."""
        source = lookup.source
        things: dict[str, Row] = {}
        operation = find_operation(self._client.revision, source.operation)
        if operation is None:
            return things
        try:
            async for objects in pages(self._client, operation, asked(source, operation), source.results):
                for row in source.rows(objects, self._origin):
                    if (key := getattr(row, lookup.key)) is not None:
                        things.setdefault(key.lower(), row)
        except (ApiError, DecodeError, IncompleteListing) as error:
            if isinstance(error, UnauthorizedError):
                raise
            self._errors.append(error)
        return things
