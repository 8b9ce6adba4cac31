"""One row type for each thing that people poll, the same for all products, and the tables that map onto them."""

from __future__ import annotations

from importlib import import_module
from typing import cast

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


_sources: dict[tuple[str, type[Row]], tuple[Source[Row], ...]] = {}
_completions: dict[tuple[str, type[Row]], tuple[Completion[Row], ...]] = {}
_lookups: dict[tuple[str, type[Row]], tuple[Lookup[Row], ...]] = {}


def sources(product: str, row: type[RowT]) -> tuple[Source[RowT], ...]:
    """Where rows of a type come from on a product: one entry for each operation.

    Args:
        product: one of `PRODUCTS`; any other has none.
        row: one of `ROW_TYPES`.
    """
    if (product, row) not in _sources:
        table = import_module(f".{product}", __name__).SOURCES if product in PRODUCTS else ()
        _sources[product, row] = tuple(source for source in table if source.row is row)
    return cast("tuple[Source[RowT], ...]", _sources[product, row])


def completions(product: str, row: type[RowT]) -> tuple[Completion[RowT], ...]:
    """The listings that complete rows of a type on a product.

    Args:
        product: as for `sources`.
        row: one of `ROW_TYPES`.
    """
    if (product, row) not in _completions:
        table = getattr(import_module(f".{product}", __name__), "COMPLETIONS", ()) if product in PRODUCTS else ()
        _completions[product, row] = tuple(one for one in table if one.source.row is row)
    return cast("tuple[Completion[RowT], ...]", _completions[product, row])


def lookups(product: str, row: type[RowT]) -> tuple[Lookup[RowT], ...]:
    """The listings that say more of what rows of a type on a product refer to.

    Args:
        product: as for `sources`.
        row: one of `ROW_TYPES`.
    """
    if (product, row) not in _lookups:
        table = getattr(import_module(f".{product}", __name__), "LOOKUPS", ()) if product in PRODUCTS else ()
        _lookups[product, row] = tuple(one for one in table if one.source.row is row)
    return cast("tuple[Lookup[RowT], ...]", _lookups[product, row])


def owners(product: str) -> Source[Row] | None:
    """The listing of the organizations that the things of one appliance belong to; None where they are of one.

    Args:
        product: as for `sources`.
    """
    if product not in PRODUCTS:
        return None
    return cast("Source[Row] | None", getattr(import_module(f".{product}", __name__), "OWNERS", None))
