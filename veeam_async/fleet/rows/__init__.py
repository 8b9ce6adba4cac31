"""One row type for each thing that people poll, the same for all products, and the tables that map onto them."""

from __future__ import annotations

from functools import lru_cache
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
    "sources",
]


@lru_cache
def sources(product: str, row: type[RowT]) -> tuple[Source[RowT], ...]:
    """Where rows of a type come from on a product: one entry for each operation.

    Args:
        product: `vbr`, `aws` or `azure`; any other has none.
        row: one of `ROW_TYPES`.
    """
    if product not in ("vbr", "aws", "azure"):
        return ()
    table = cast("tuple[Source[RowT], ...]", import_module(f".{product}", __name__).SOURCES)
    return tuple(source for source in table if source.row is row)
