"""Pages of an operation as parsed JSON: the one place where the fleet asks a client for something."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from .._operation import finding
from .._operation.operation import Operation, Revision
from ..errors import ApiError, DecodeError, IncompleteListing, UnauthorizedError, VeeamError
from ..listing import Listing
from .appliance import Appliance
from .rows import Row
from .rows.mapping import Source
from .rows.raw import RawType

if TYPE_CHECKING:
    from ..client import ApplianceClient

RowT = TypeVar("RowT", bound=Row)


async def pages(
    client: ApplianceClient,
    operation: Operation[Any],
    values: Mapping[str, Any],
    results: str | None,
    before: Callable[[], Awaitable[None]] | None = None,
) -> AsyncGenerator[list[Any], None]:
    """The objects of an operation's answer, a page at a time. The next page is fetched when it is asked for.

    Args:
        client: the client that sends the requests.
        operation: a listing, or a call that answers with one object or an array of them.
        values: parameters by their Python names.
        results: the array in an answer that the document does not describe as a listing; None: the answer is the row.
        before: awaited when an answer has come, before it is parsed.

    Raises:
        IncompleteListing: after the last page, where rows are missing.
    """
    if operation.paging is not None:
        listing: Listing[Any, Any] = Listing(client, operation, values)
        async for page in listing.options(on_incomplete="raise").json_pages(before):
            yield page
        return
    reply = await client.sender.fetch(operation, values)
    if not reply.body:
        return
    if before is not None:
        await before()
    answer = reply.json()
    if isinstance(answer, list):
        yield answer
        return
    if not isinstance(answer, dict):
        raise DecodeError(
            "the answer is neither an object nor an array",
            status=reply.status,
            appliance=client.name,
            operation=operation.operation_id,
        )
    if results is None:
        yield [answer]
        return
    rows = answer.get(results)
    rows = rows if isinstance(rows, list) else []
    yield rows
    total = answer.get("totalCount")
    if isinstance(total, int) and total > len(rows):
        raise IncompleteListing(
            f"{len(rows)} of {total} rows came, and the document gives no means to ask for the others",
            received=len(rows),
            total=total,
            reason="no paging",
            appliance=client.name,
            operation=operation.operation_id,
        )


async def listed_beside(
    client: ApplianceClient, source: Source[RowT], origin: Appliance, errors: list[VeeamError]
) -> list[RowT]:
    """The rows of a listing that says more of other rows; none where the revision has no such operation.

    Args:
        client: the appliance's client.
        source: the listing.
        origin: what its rows say they come from.
        errors: gets the error of a listing that cannot be read to its end; what came until then is given.

    Raises:
        UnauthorizedError: no token is taken any more, which costs everything of the appliance.
    """
    rows: list[RowT] = []
    operation = find_operation(client.revision, source.operation)
    if operation is None:
        return rows
    try:
        async for objects in pages(client, operation, asked(source, operation), source.results):
            rows += source.rows(objects, origin)
    except (ApiError, DecodeError, IncompleteListing) as error:
        if isinstance(error, UnauthorizedError):
            raise
        errors.append(error)
    return rows


def raw_type(operation: Operation[Any], results: str | None) -> RawType:
    """The type of the objects that `pages` gives."""
    package = operation.revision.package
    if operation.paging is not None:
        return RawType(package, operation.paging.row)
    type_ = operation.responses[200].type
    if type_.startswith("list["):
        type_ = type_.removeprefix("list[").removesuffix("]")
    return RawType(package, type_, results)


@lru_cache(maxsize=1024)
def asked(source: Source[Any], operation: Operation[Any]) -> dict[str, Any]:
    """What is sent always, by the Python names."""
    asked = source.query_in.get(operation.revision.name, source.query)
    return {parameter.name: asked[parameter.wire] for parameter in operation.parameters if parameter.wire in asked}


@lru_cache(maxsize=1024)
def find_operation(revision: Revision, operation_id: str) -> Operation[Any] | None:
    """An operation of a revision by its operationId, or None. Loads its api module, as the client's methods do."""
    if operation_id not in import_module(f"{revision.package}.api").OPERATIONS:
        return None
    return finding.find_operation(revision, operation_id)
