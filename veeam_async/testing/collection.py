"""What a store holds: rows under one path, of the world or made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from .._spec import Schema
from .query import Row
from .references import Named


class Collection(Protocol):
    """Rows that live under one concrete path."""

    @property
    def key(self) -> str:
        """The field that identifies the rows."""
        ...

    @property
    def schema(self) -> Schema:
        """Of a row."""
        ...

    @property
    def rows(self) -> Mapping[str, Row]:
        """The rows by their key in lower case."""
        ...

    def named(self, field: str) -> list[Named]:
        """Ids by one of the fields that identify a row, and names."""
        ...

    def find(self, query: Mapping[str, Sequence[str]]) -> tuple[list[Row], dict[str, Sequence[str]]]:
        """The rows that pass the filters that rows cannot answer, and the parameters that are left."""
        ...

    def add(self, row: Row) -> None:
        """Put a row in; one of the same key is replaced."""
        ...

    def replace(self, key: str, row: Row) -> None:
        """Put another row in the place of one."""
        ...

    def delete(self, key: str) -> None:
        """Take a row out."""
        ...


class Source(Protocol):
    """Rows of the world, and what POST and PUT said of them."""

    def take_over(self, other: Any) -> None:
        """Know what other rows of the same kind got."""
        ...


class Made:
    """Rows that nobody put in but the schema, and what POST, PUT and DELETE did to them.

    Args:
        key: the field that identifies the rows.
        schema: of a row.
        rows: by their key in lower case.
    """

    def __init__(self, key: str, schema: Schema, rows: dict[str, Row]) -> None:
        self.key = key
        self.schema = schema
        self.rows = rows

    def named(self, field: str) -> list[Named]:
        """Ids by one of the fields that identify a row, and names."""
        return [(str(row.get(field)), str(row.get("name", ""))) for row in self.rows.values()]

    def find(self, query: Mapping[str, Sequence[str]]) -> tuple[list[Row], dict[str, Sequence[str]]]:
        """All rows and all parameters."""
        return list(self.rows.values()), dict(query)

    def add(self, row: Row) -> None:
        """Put a row in; one of the same key is replaced."""
        self.rows[str(row[self.key]).lower()] = row

    def replace(self, key: str, row: Row) -> None:
        """Put another row in the place of one."""
        self.rows[key] = row

    def delete(self, key: str) -> None:
        """Take a row out."""
        del self.rows[key]
