"""One row type for each thing that people poll, the same for all products, and the tables that map onto them."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from .mapping import RowT, Source
from .types import (
    ROW_TYPES,
    Job,
    JobState,
    License,
    LicenseStatus,
    Protected,
    Repository,
    Result,
    Row,
    Server,
    Session,
    SessionState,
    columns,
)

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
    "sources",
]


_sources: dict[tuple[str, type[Row]], tuple[Source[Row], ...]] = {}


def sources(product: str, row: type[RowT]) -> tuple[Source[RowT], ...]:
    """Where rows of a type come from on a product: one entry for each operation.

    Args:
        product: `vbr`, `aws` or `azure`; any other has none.
        row: one of `ROW_TYPES`.
    """
    if (product, row) not in _sources:
        table = import_module(f".{product}", __name__).SOURCES if product in ("vbr", "aws", "azure") else ()
        _sources[product, row] = tuple(source for source in table if source.row is row)
    return cast("tuple[Source[RowT], ...]", _sources[product, row])
