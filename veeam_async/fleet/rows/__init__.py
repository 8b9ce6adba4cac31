"""One row type for each thing that people poll, the same for all products, and the tables that map onto them."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from ...profiles import PRODUCTS
from .mapping import Completion, Lookup, RowT, Source
from .row import Row, columns, facts
from .types import (
    ROW_TYPES,
    Alarm,
    Finding,
    Job,
    License,
    Protected,
    Proxy,
    Repository,
    RestorePoint,
    Server,
    Session,
    Task,
)
from .words import AlarmState, JobState, LicenseStatus, Result, SessionState, Severity

__all__ = [
    "ROW_TYPES",
    "Alarm",
    "AlarmState",
    "Finding",
    "Job",
    "JobState",
    "License",
    "LicenseStatus",
    "Protected",
    "Proxy",
    "Repository",
    "RestorePoint",
    "Result",
    "Row",
    "Server",
    "Session",
    "SessionState",
    "Severity",
    "Task",
    "columns",
    "completions",
    "facts",
    "lookups",
    "owners",
    "sources",
]


_entries: dict[tuple[str, type[Row], str], tuple[Any, ...]] = {}


def _of(product: str, row: type[Row], table: str) -> tuple[Any, ...]:
    """What a table of a product has for rows of a type."""
    if (product, row, table) not in _entries:
        entries = getattr(import_module(f".{product}", __name__), table, ()) if product in PRODUCTS else ()
        _entries[product, row, table] = tuple(
            one for one in entries if (one if isinstance(one, Source) else one.source).row is row
        )
    return _entries[product, row, table]


def sources(product: str, row: type[RowT]) -> tuple[Source[RowT], ...]:
    """Where rows of a type come from on a product: one entry for each operation.

    Args:
        product: one of `PRODUCTS`; any other has none.
        row: one of `ROW_TYPES`.
    """
    return _of(product, row, "SOURCES")


def completions(product: str, row: type[RowT]) -> tuple[Completion[RowT], ...]:
    """The listings that complete rows of a type on a product.

    Args:
        product: as for `sources`.
        row: one of `ROW_TYPES`.
    """
    return _of(product, row, "COMPLETIONS")


def lookups(product: str, row: type[RowT]) -> tuple[Lookup[RowT], ...]:
    """The listings that say more of what rows of a type on a product refer to.

    Args:
        product: as for `sources`.
        row: one of `ROW_TYPES`.
    """
    return _of(product, row, "LOOKUPS")


def owners(product: str) -> Source[Row] | None:
    """The listing of the organizations that the things of one appliance belong to; None where they are of one.

    Args:
        product: as for `sources`.
    """
    if product not in PRODUCTS:
        return None
    return cast("Source[Row] | None", getattr(import_module(f".{product}", __name__), "OWNERS", None))
