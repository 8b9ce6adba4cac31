"""Reading rows: the operations that a mapping table names, called on one appliance, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ApiError, DecodeError, IncompleteListing, UnauthorizedError, VeeamError
from ..operation import Listing, Operation, Revision
from .appliance import Appliance
from .rows import Row, Session, sources
from .rows.mapping import Source, look

if TYPE_CHECKING:
    from ..client import ApplianceClient

RowT = TypeVar("RowT", bound=Row)


class RowsError(VeeamError):
    """Several operations of one appliance failed; the rows of its other operations were given.

    Attributes:
        errors: one for each operation that failed.
    """

    def __init__(self, errors: tuple[VeeamError, ...], *, appliance: str | None = None) -> None:
        text = "; ".join(f"{error.operation or 'a call'}: {error.describe()}" for error in errors)
        super().__init__(f"{len(errors)} operations failed: {text}", appliance=appliance)
        self.errors = errors


async def read(
    client: ApplianceClient, row: type[RowT], appliance: Appliance, since: datetime | None = None
) -> AsyncIterator[RowT]:
    """Gives the rows of a type that an appliance has.

    Args:
        client: the appliance's client.
        row: the type of the rows.
        appliance: what the rows say they come from.
        since: only sessions that began at or after that; other rows have no such filter.

    Raises:
        VeeamError: after all rows that could be had, when an operation failed; `RowsError` when several did.
    """
    # Without a token no operation has anything to give: one error then, not one for each of them.
    await client.login()
    errors: list[VeeamError] = []
    for source in sources(client.revision.product, row):
        operation = find_operation(client.revision, source.operation)
        if operation is None:
            continue
        try:
            async for raw in _raw(client, source, operation, since):
                made = source.make(appliance, raw)
                if since is None or not isinstance(made, Session) or made.started is None or made.started >= since:
                    yield made
        except (ApiError, DecodeError, IncompleteListing) as error:
            # A role that may not see one thing, a call that fails: the other operations still have something to give.
            if isinstance(error, UnauthorizedError):
                raise
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise RowsError(tuple(errors), appliance=appliance.name)


def lacks(revision: Revision, row: type[Row]) -> bool:
    """True where a revision has none of the operations that rows of this type come from."""
    operations = import_module(f"{revision.package}.api").OPERATIONS
    return not any(source.operation in operations for source in sources(revision.product, row))


async def _raw(
    client: ApplianceClient, source: Source[Any], operation: Operation[Any], since: datetime | None
) -> AsyncIterator[Any]:
    from ..paging import Items

    values: dict[str, Any] = {}
    asked = dict(source.query)
    if since is not None and source.since is not None:
        asked[source.since] = since
    for parameter in operation.parameters:
        if parameter.wire in asked:
            values[parameter.name] = asked[parameter.wire]

    if source.results is not None:
        operation = _as_listing(operation, source.results)
    if operation.listing is not None:
        items: Items[Any, Any] = Items(client, operation, values, on_incomplete="raise")
        async for raw in items:
            if source.keep is None or source.keep(raw):
                yield raw
        return
    answer = await client.execute(operation, values)
    if source.results is None:
        if answer is not None:
            yield answer
        return
    rows = look(answer, source.results) or []
    for raw in rows:
        if source.keep is None or source.keep(raw):
            yield raw
    total = look(answer, "totalCount")
    if isinstance(total, int) and total > len(rows):
        raise IncompleteListing(
            f"{len(rows)} of {total} rows came, and the document describes no way to ask for the others",
            received=len(rows),
            total=total,
            reason="no paging",
            appliance=client.name,
            operation=operation.operation_id,
        )


_found: dict[tuple[str, str], Operation[Any] | None] = {}
_listings: dict[Operation[Any], Operation[Any]] = {}


def find_operation(revision: Revision, operation_id: str) -> Operation[Any] | None:
    """An operation of a revision by its operationId, or None. Loads its api module, as the client's methods do."""
    key = revision.package, operation_id
    if key not in _found:
        _found[key] = _load(*key)
    return _found[key]


def _load(package: str, operation_id: str) -> Operation[Any] | None:
    place = import_module(f"{package}.api").OPERATIONS.get(operation_id)
    if place is None:
        return None
    group, _, name = place.partition(".")
    found: Operation[Any] = getattr(import_module(f"{package}.api.{group}"), f"_{name.upper()}")
    return found


def _as_listing(operation: Operation[Any], results: str) -> Operation[Any]:
    """An operation that is a listing only when a mapping table says so: its document has a second kind of answer."""
    known = _listings.get(operation)
    if known is not None:
        return known
    by_wire = {parameter.wire.lower(): parameter.name for parameter in operation.parameters}
    page = operation.answers[200].type
    made = operation
    if operation.listing is None and "offset" in by_wire and "limit" in by_wire and page.startswith("PageOf"):
        made = Operation(
            operation.operation_id,
            operation.title,
            operation.method,
            operation.path,
            revision=operation.revision,
            tag=operation.tag,
            group=operation.group,
            name=operation.name,
            parameters=operation.parameters,
            answers={200: operation.answers[200]},
            listing=Listing(results, page.removeprefix("PageOf"), by_wire["offset"], by_wire["limit"]),
        )
    _listings[operation] = made
    return made
