"""One row type for each thing that people poll, the same for all products, and the tables that map onto them."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from .mapping import Completion, RowT, Source
from .types import ROW_TYPES, Job, License, Protected, Repository, Row, Server, Session, columns, facts
from .words import JobState, LicenseStatus, Result, SessionState

__all__ = [
    "ROW_TYPES",
    "Job",
    "JobState",
    "License",
    "LicenseStatus",
    "Protected",
    "Repository",
    "Result",
    "Row",
    "Server",
    "Session",
    "SessionState",
    "columns",
    "completions",
    "facts",
    "sources",
]


_PRODUCTS = ("vbr", "aws", "azure")


_sources: dict[tuple[str, type[Row]], tuple[Source[Row], ...]] = {}
_completions: dict[tuple[str, type[Row]], tuple[Completion[Row], ...]] = {}


def sources(product: str, row: type[RowT]) -> tuple[Source[RowT], ...]:
    """Where rows of a type come from on a product: one entry for each operation.

    Args:
        product: `vbr`, `aws` or `azure`; any other has none.
        row: one of `ROW_TYPES`.
    """
    if (product, row) not in _sources:
        table = import_module(f".{product}", __name__).SOURCES if product in _PRODUCTS else ()
        _sources[product, row] = tuple(source for source in table if source.row is row)
    return cast("tuple[Source[RowT], ...]", _sources[product, row])


def completions(product: str, row: type[RowT]) -> tuple[Completion[RowT], ...]:
    """The listings that complete rows of a type on a product.

    Args:
        product: as for `sources`.
        row: one of `ROW_TYPES`.
    """
    if (product, row) not in _completions:
        table = getattr(import_module(f".{product}", __name__), "COMPLETIONS", ()) if product in _PRODUCTS else ()
        _completions[product, row] = tuple(one for one in table if one.source.row is row)
    return cast("tuple[Completion[RowT], ...]", _completions[product, row])
