"""What all rows have in common: where they come from, what they were made of, how they are shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

import attrs

from ..._html import table
from ..._model import OpenEnum
from ..appliance import Appliance
from .pydantic_schema import row_schema
from .raw import RawType


@attrs.define(kw_only=True, unsafe_hash=True)
class Row:
    """What every row has.

    Attributes:
        appliance: where it comes from, without credentials, and with the API revision that was spoken.
        id: the vendor's id, unique in its appliance and kind of row.
        name: the vendor's name for it; None where it has none.
        kind: the vendor's word for what sort of thing it is, in the document's letter case.
        json: the object of the appliance's answer that the row was made of. Not part of comparisons.
        raw_type: the type of that object; None where the document describes none.
    """

    source: ClassVar[str] = ""
    # Properties that are shown as fields.
    derived: ClassVar[tuple[str, ...]] = ()
    # The field by which `since` is meant: when it began or was made.
    began: ClassVar[str | None] = None

    appliance: Appliance = attrs.field(eq=False, repr=lambda appliance: repr(appliance.name))
    id: str
    name: str | None = None
    kind: str | None = None
    json: Any = attrs.field(default=None, eq=False, repr=False)
    raw_type: RawType | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def raw(self) -> Any:
        """The vendor's model of `json`, made when it is read; the plain object where the document describes none."""
        return self.json if self.raw_type is None else self.raw_type.show(self.json)

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON takes it, with ISO 8601 times, without `json` and `raw`.

        Of the appliance it says its name (`appliance`), `product`, `revision`, sorted `tags` and `labels`.
        """
        appliance = self.appliance
        values: dict[str, Any] = {
            "appliance": appliance.name,
            "product": appliance.product,
            "revision": appliance.revision,
            "tags": sorted(appliance.tags),
            "labels": dict(appliance.labels),
        }
        for name in columns(type(self))[1:]:
            value = getattr(self, name)
            if isinstance(value, datetime):
                value = value.isoformat()
            elif isinstance(value, OpenEnum):
                value = value.value
            values[name] = value
        return values

    def _repr_html_(self) -> str:
        """The row as notebooks show it."""
        values = {name: getattr(self, name) for name in columns(type(self))[1:]}
        return table(f"{type(self).__name__} of {self.appliance.name}", values)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Callable[[Any], Any]) -> Any:
        """A row passes through Pydantic as it is, and is written as `to_dict` shows it: `-> list[Job]` in FastAPI."""
        return row_schema(cls, columns(cls), handler)


_columns: dict[type[Row], tuple[str, ...]] = {}
_facts: dict[type[Row], tuple[str, ...]] = {}


def columns(row: type[Row]) -> tuple[str, ...]:
    """The names of a row's fields, `appliance` first; what the row was made of is none of them."""
    if row not in _columns:
        _columns[row] = (*slots(row), *row.derived)
    return _columns[row]


def slots(row: type[Row]) -> tuple[str, ...]:
    """The names of the fields that a row holds, `appliance` first: `columns` without those that follow from others."""
    return tuple(field.name for field in attrs.fields(row) if field.name not in ("json", "raw_type"))


def facts(row: type[Row]) -> tuple[str, ...]:
    """The names of the fields by which rows of the same appliance are compared."""
    if row not in _facts:
        _facts[row] = tuple(field.name for field in attrs.fields(row) if field.eq)
    return _facts[row]
