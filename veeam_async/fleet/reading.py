"""Reading rows: the operations that a mapping table names, called on one appliance, page by page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import attrs

from .._operation.operation import Operation, Revision
from ..errors import ApiError, DecodeError, IncompleteListing, UnauthorizedError, VeeamError
from .answer import Answer
from .appliance import Appliance
from .completing import complete, judge
from .lookups import Lookups
from .owners import Owners
from .pages import asked, find_operation, pages, raw_type
from .rows import ROW_TYPES, Job, Row, completions, lookups, owners, sources
from .rows.mapping import Completion, Source

if TYPE_CHECKING:
    from ..client import ApplianceClient

RowT = TypeVar("RowT", bound=Row)

_lacking: dict[tuple[Revision, type[Row]], bool] = {}
_origins: WeakKeyDictionary[Appliance, Appliance] = WeakKeyDictionary()


class RowsError(VeeamError):
    """Several operations of one appliance failed; the rows of its other operations were given.

    Attributes:
        errors: one for each operation that failed.
    """

    def __init__(self, errors: tuple[VeeamError, ...], *, appliance: str | None = None) -> None:
        text = "; ".join(f"{error.operation or 'a call'}: {error.describe()}" for error in errors)
        super().__init__(f"{len(errors)} operations failed: {text}", appliance=appliance)
        self.errors = errors


@attrs.frozen(kw_only=True)
class Depth:
    """How far back an appliance is read.

    Attributes:
        since: only sessions, tasks and restore points of at or after that; findings where the appliance filters by
            it. Other rows have no such filter.
        horizon: how far back restore points and sessions are looked through for what completes rows.
        silent: True reads all sessions back to the horizon and says which jobs are silent.
        reasons: True asks why jobs went wrong where that costs a listing of sessions.
    """

    since: datetime | None = None
    horizon: timedelta = timedelta(days=30)
    silent: bool = False
    reasons: bool = False


async def read(
    client: ApplianceClient,
    kinds: Sequence[type[RowT]],
    appliance: Appliance,
    depth: Depth = Depth(),
    before: Callable[[], Awaitable[None]] | None = None,
) -> AsyncGenerator[list[RowT], None]:
    """Gives the rows that an appliance has, a page at a time.

    Rows that another listing completes come when that was read, whether or not it failed.

    Args:
        client: the appliance's client.
        kinds: the types of the rows, in the order in which they are read.
        appliance: what the rows say they come from.
        depth: how far back it is read.
        before: awaited before an answer whose rows are given at once is parsed.

    Raises:
        VeeamError: after all rows that came, when an operation failed; `RowsError` when several did.
    """
    # Without a token no operation has anything to give: one error then, not one for each of them.
    await client.login()
    origin = _origin(appliance, client.revision.name)
    errors: list[VeeamError] = []
    more = Owners(client, origin, errors), Lookups(client, origin, errors)
    for kind in kinds:
        listings = _completing(client.revision, kind, depth)
        if not listings:
            async for page in _read_sources(client, kind, origin, depth, more, errors, before):
                yield page
            continue
        # What an appliance gave until it failed comes all the same.
        held: list[list[RowT]] = []
        failed: VeeamError | None = None
        try:
            async for page in _read_sources(client, kind, origin, depth, more, errors):
                held.append(page)  # noqa: PERF401 - what came before a failure is kept
            await _complete(client, listings, [row for page in held for row in page], origin, depth, errors)
        except VeeamError as error:
            failed = error
        for page in held:
            yield page
        if failed is not None:
            raise failed
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise RowsError(tuple(errors), appliance=appliance.name)


async def _read_sources(
    client: ApplianceClient,
    kind: type[RowT],
    origin: Appliance,
    depth: Depth,
    more: tuple[Owners, Lookups],
    errors: list[VeeamError],
    before: Callable[[], Awaitable[None]] | None = None,
) -> AsyncGenerator[list[RowT], None]:
    """The rows of one type, as its operations give them; `errors` gets those of operations that failed."""
    since = depth.since
    organizations, references = more
    for source in sources(client.revision.product, kind):
        operation = find_operation(client.revision, source.operation)
        if operation is None or (source.unless and find_operation(client.revision, source.unless)):
            continue
        of = raw_type(operation, source.results)
        values = _values(source, operation, since)
        try:
            async for objects in pages(client, operation, values, source.results, before):
                rows = source.rows(objects, origin, of)
                if since is not None and kind.began is not None:
                    rows = [row for row in rows if not _before(row, since)]
                if rows:
                    if source.owner:
                        await organizations.label(rows, source.owner)
                    await references.fill(rows)
                    yield rows
        except (ApiError, DecodeError, IncompleteListing) as error:
            # A role that may not see one thing, a call that fails: the other operations still have something to give.
            if isinstance(error, UnauthorizedError):
                raise
            errors.append(error)


def _completing(revision: Revision, kind: type[RowT], depth: Depth) -> list[tuple[Completion[RowT], Operation[Any]]]:
    """The listings of a revision that complete rows of a type."""
    listings = []
    for completion in completions(revision.product, kind):
        operation = find_operation(revision, completion.source.operation)
        rhythm = depth.silent and not completion.partial
        asked_for = rhythm or not (completion.runs_only or (completion.explains and not depth.reasons))
        if operation is not None and asked_for:
            listings.append((completion, operation))
    return listings


async def _complete(
    client: ApplianceClient,
    listings: list[tuple[Completion[RowT], Operation[Any]]],
    rows: list[RowT],
    origin: Appliance,
    depth: Depth,
    errors: list[VeeamError],
) -> None:
    now = datetime.now(UTC)
    for completion, operation in listings:
        whole = completion.source.row is Job and not completion.partial
        read_runs = judge if depth.silent and whole else complete
        try:
            await read_runs(client, completion, operation, rows, origin, now - depth.horizon, now)  # type: ignore[arg-type]
        except (ApiError, DecodeError, IncompleteListing) as error:
            if isinstance(error, UnauthorizedError):
                raise
            errors.append(error)


def failed_kinds(answer: Answer[Any]) -> frozenset[type[Row]]:
    """The types of rows of which an appliance did not give everything while it answered.

    Args:
        answer: of `Rows.answers()` or `Rows.errors`.

    Returns:
        Empty where there is no error, and where the error is about the appliance as a whole. A type of which nothing
        was asked can be among them, where its rows come from the same operation.
    """
    error = answer.error
    errors = error.errors if isinstance(error, RowsError) else (error,)
    operations = {one.operation for one in errors if isinstance(one, (ApiError, DecodeError, IncompleteListing))}
    product = answer.appliance.product
    organizations = owners(product)
    unnamed = organizations is not None and organizations.operation in operations
    return frozenset(
        kind
        for kind in ROW_TYPES
        if any(one.operation in operations or (unnamed and one.owner) for one in sources(product, kind))
        or any(one.source.operation in operations for one in completions(product, kind) if not one.runs_only)
        or any(one.source.operation in operations for one in lookups(product, kind))
    )


def lacks(revision: Revision, row: type[Row]) -> bool:
    """True where a revision has none of the operations that rows of this type come from."""
    if (revision, row) not in _lacking:
        operations = import_module(f"{revision.package}.api").OPERATIONS
        own = sources(revision.product, row)
        _lacking[revision, row] = not any(source.operation in operations for source in own)
    return _lacking[revision, row]


def _origin(appliance: Appliance, revision: str) -> Appliance:
    """What rows say of where they come from: one object for all of them, from round to round."""
    known = _origins.get(appliance)
    if known is None or known.revision != revision:
        known = _origins[appliance] = appliance.described(revision)
    return known


def _before(row: Row, since: datetime) -> bool:
    began = getattr(row, row.began) if row.began else None
    return began is not None and began < since


def _values(source: Source[Any], operation: Operation[Any], since: datetime | None) -> dict[str, Any]:
    """What is sent: the parameters of a table by their Python names."""
    values = dict(asked(source, operation))
    if since is not None and source.since is not None:
        values |= {one.name: since for one in operation.parameters if one.wire == source.since}
    return values
