"""Shell completion of products, revisions, operations, parameters, appliances and conditions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..errors import VeeamError
from .status import CommandError

_KEYS = ("tag", "product", "name", "revision")


def _words(context: click.Context) -> tuple[str, ...]:
    """The words before the one that is completed. click leaves them in `args` where that one is an option's value."""
    return tuple(context.params.get("words") or context.args)


def _items(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    lower = incomplete.lower()
    return [CompletionItem(word) for word in words if word.lower().startswith(lower)]


def complete_product(incomplete: str) -> list[CompletionItem]:
    """The products that begin so."""
    from ..profiles import PRODUCTS

    return _items(PRODUCTS, incomplete)


def complete_revision(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The revisions of the product that was chosen, newest first."""
    from ..registry import revisions

    product = context.params.get("product") or "vbr"
    return _items((known.name for known in revisions() if known.product == product), incomplete)


def complete_row_kind(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The kinds of rows, and files."""
    from ..fleet import ROW_TYPES

    return _items((row.source for row in ROW_TYPES), incomplete) or [CompletionItem(incomplete, type="file")]


def complete_example(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of the programs that come with the package."""
    from .example import example_names

    return _items(example_names(), incomplete)


def complete_result(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """How a job or a session ends."""
    from ..fleet import Result

    return _items((one.value for one in Result), incomplete)


def complete_columns(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The columns of the rows that were named; after a comma the next one."""
    from ..fleet import ROW_TYPES
    from ..fleet.rows import columns

    chosen = next((row for row in ROW_TYPES if row.source in _words(context)), None)
    if chosen is None:
        return []
    before, comma, _ = incomplete.rpartition(",")
    return _items((before + comma + name for name in columns(chosen)), incomplete)


def complete_where(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The keys of a condition, and the values that the fleet file has for one."""
    key, sign, value = incomplete.partition("=")
    if not sign:
        return _items((f"{one}=" for one in _KEYS), incomplete)
    values: set[str] = set()
    for one in _appliances(context):
        values.update(one.tags if key == "tag" else {str(getattr(one, key, ""))} if key in _KEYS else ())
    return _items((f"{key}={one}" for one in sorted(values)), f"{key}={value}")


def complete_appliance(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of the fleet file's appliances, for the first word."""
    return [] if _words(context) else _items((one.name for one in _appliances(context)), incomplete)


def complete_call(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """An appliance, then an operation of its revision, then that operation's parameters."""
    words = _words(context)
    if not words:
        return complete_appliance(context, parameter, incomplete)
    if len(words) == 1:
        return complete_operation(context, parameter, incomplete)
    operation = _operation(context, words[1])
    return [] if operation is None else _items((f"{one.wire}=" for one in operation.parameters), incomplete)


def complete_parameter(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The parameters of the operation, for --param."""
    words = _words(context)
    operation = _operation(context, words[-1]) if words else None
    return [] if operation is None else _items((f"{one.wire}=" for one in operation.parameters), incomplete)


def complete_operation(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Every operationId of the chosen revision (the newest where none is) that begins so, in any letter case."""
    from .operations import operation_names

    try:
        known = list(operation_names(*_revision(context)))
    except CommandError:
        return []
    return [CompletionItem(operation_id, help=where) for operation_id, where in known
            if operation_id.lower().startswith(incomplete.lower())]  # fmt: skip


def _revision(context: click.Context) -> tuple[str, str]:
    """Product and revision: of the options, else of the appliance that was named."""
    product, revision = context.params.get("product"), context.params.get("revision")
    words = _words(context)
    described = next((one for one in _appliances(context) if words and one.name == words[0]), None)
    if described is not None:
        product, revision = product or described.product, revision or described.revision
    return product or "vbr", revision or "auto"


def _operation(context: click.Context, name: str) -> Any:
    from .._operation.finding import find_operation, spelling
    from .operations import find_revision

    try:
        revision = find_revision(*_revision(context))
        return find_operation(revision, spelling(revision, name))
    except (CommandError, ValueError):
        return None


def _appliances(context: click.Context) -> list[Any]:
    """The appliances of the fleet file; none where there is no file that can be read."""
    from ..fleet.config import load
    from .discovery import discover_fleet

    try:
        given = context.params.get("fleet") or next((word for word in _words(context) if word.endswith(".toml")), None)
        path = Path(given) if given else discover_fleet()
        return [] if path is None else load(path, secrets=False)
    except (CommandError, VeeamError, OSError):
        return []
