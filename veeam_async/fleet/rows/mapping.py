"""What a mapping table is made of, and how a vendor's model becomes a row by it.

A table names the fields as the vendor's document does (`result.message`), so that it can be read beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Generic, TypeVar

import attrs

from ..._model import UNSET, Model, OpenEnum, Unset, fields
from ..appliance import Appliance
from .types import Row

RowT = TypeVar("RowT", bound=Row)


@attrs.frozen
class Take:
    """The value of the first of some fields that is there, converted.

    Attributes:
        paths: names of the document; dots go into nested objects.
        convert: called with the value, unless that is absent or null; or a table from the vendor's words, in lower
            case, to ours.
        note: what the conversion does, for the reader of the docs.
    """

    paths: tuple[str, ...]
    convert: Callable[[Any], Any] | Words | None = None
    note: str = ""

    def bind(self, cls: type) -> Callable[[Any], Any]:
        """The rule for raw objects of one class."""
        convert = self.convert if self.convert is not None else plain
        gets = [getter(cls, path) for path in self.paths]
        if len(gets) == 1:
            (get,) = gets
            return lambda raw: None if (value := get(raw)) is None else convert(value)

        def first(raw: Any) -> Any:
            for get in gets:
                if (value := get(raw)) is not None and (value := convert(value)) is not None:
                    return value
            return None

        return first


@attrs.frozen
class Combine:
    """A value that is made of several fields.

    Attributes:
        paths: names of the document; the function gets None for what is absent.
        function: called with the values of all paths.
        note: what it does, for the reader of the docs.
    """

    paths: tuple[str, ...]
    function: Callable[..., Any]
    note: str

    def bind(self, cls: type) -> Callable[[Any], Any]:
        """The rule for raw objects of one class."""
        gets = [getter(cls, path) for path in self.paths]
        return lambda raw: self.function(*[get(raw) for get in gets])


@attrs.frozen
class Constant:
    """A value that is the same for every row of the table."""

    value: Any

    def bind(self, cls: type) -> Callable[[Any], Any]:
        """The rule for raw objects of one class."""
        return lambda raw: self.value


class Words:
    """The vendor's words, in lower case, to members of one of our enums; other words become open members of it.

    Args:
        enum: ours.
        table: the words; None for those that say nothing.
    """

    __slots__ = ("_known", "enum", "table")

    def __init__(self, enum: type[OpenEnum], table: Mapping[str, OpenEnum | None]) -> None:
        self.enum = enum
        self.table = table
        self._known: dict[str, OpenEnum | None] = {}

    def __call__(self, value: Any) -> OpenEnum | None:
        value = plain(value)
        if not isinstance(value, str):
            return None
        if value in self._known:
            return self._known[value]
        word = value.lower()
        found = self.table[word] if word in self.table else self.enum(value)
        if len(self._known) < 256:  # a server that never repeats itself must not fill the memory
            self._known[value] = found
        return found


def take(*paths: str, convert: Callable[[Any], Any] | Words | None = None, note: str = "") -> Take:
    """`Take`, written shortly."""
    return Take(paths, convert, note)


@attrs.frozen
class Source(Generic[RowT]):
    """Where rows of a type come from: one operation of a product, and what each field of the row is taken from.

    Attributes:
        row: the type of the rows.
        operation: the vendor's operationId, the same in all revisions of the product.
        fields: name in the row to what it is taken from. What is not named is None.
        query: parameters that are always sent, by the document's names.
        since: the document's name of the parameter that gives only what began at or after a time; None for none.
        keep: rows of the answer for which it is False are left out.
        results: the array of rows in an answer that the document does not describe as a listing.
        note: for the reader of the docs.
    """

    row: type[RowT]
    operation: str
    fields: Mapping[str, Take | Combine | Constant]
    query: Mapping[str, Any] = attrs.field(factory=dict)
    since: str | None = None
    keep: Callable[[Any], bool] | None = None
    results: str | None = None
    note: str = ""
    _bound: dict[type, list[tuple[str, Callable[[Any], Any]]]] = attrs.field(factory=dict, init=False, repr=False)

    def make(self, appliance: Appliance, raw: Any) -> RowT:
        """The row that a model (or a dict of an answer without a model) stands for."""
        cls = type(raw)
        rules = self._bound.get(cls)
        if rules is None:
            rules = self._bound[cls] = [(name, rule.bind(cls)) for name, rule in self.fields.items()]
        values = {name: rule(raw) for name, rule in rules}
        if values["id"] is None:
            # No document allows that, but a row that cannot be named would be lost in a watch.
            values["id"] = ""
        return self.row(appliance=appliance, raw=raw, **values)


def getter(cls: type, path: str) -> Callable[[Any], Any]:
    """What gives the value at a path of document names in objects of a class; None where it is absent or null."""
    wire, _, rest = path.partition(".")
    name = _attributes(cls).get(wire)
    if name is None:
        return lambda raw: look(raw, path)
    get = attrgetter(name)
    if rest:
        inner: dict[type, Callable[[Any], Any]] = {}

        def nested(raw: Any) -> Any:
            value = get(raw)
            if value is None or value is UNSET:
                return None
            cls = type(value)
            if cls not in inner:
                inner[cls] = getter(cls, rest)
            return inner[cls](value)

        return nested
    return lambda raw: None if (value := get(raw)) is UNSET else value


def look(raw: Any, path: str) -> Any:
    """The value at a path of document names, or None where it is absent, unset or null."""
    value = raw
    for wire in path.split("."):
        if isinstance(value, dict):
            value = value.get(wire)
        else:
            name = _attributes(type(value)).get(wire)
            # A field that this revision's document lacks may still have come.
            value = getattr(value, name, None) if name else getattr(value, "additional_properties", {}).get(wire)
        if value is None or isinstance(value, Unset):
            return None
    return value


_known: dict[type, dict[str, str]] = {}


def _attributes(cls: type) -> dict[str, str]:
    """The fields of a model: name in the document to name in Python. Empty for what is no model."""
    names = _known.get(cls)
    if names is None:
        names = {field.wire: field.name for field in fields(cls).values()} if issubclass(cls, Model) else {}
        _known[cls] = names
    return names


def plain(value: Any) -> Any:
    """An enum's member as the plain string of the document."""
    # `value` of an enum is a property in Python; a row has several of them.
    return value._value_ if isinstance(value, OpenEnum) else value


def text(value: Any) -> str | None:
    """A string that is not empty."""
    value = str(plain(value)).strip()
    return value or None


def identifier(value: Any) -> str | None:
    """An id; the zero UUID stands for none."""
    value = str(value)
    return None if value == "00000000-0000-0000-0000-000000000000" else value


def moment(value: Any) -> datetime | None:
    """An aware datetime. Without a zone it is taken as UTC; the year 1 stands for never."""
    if not isinstance(value, datetime) or value.year <= 1:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def number(value: Any) -> float | None:
    """A number of 0 or more; a negative one stands for unlimited or unknown."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 else None


def whole(value: Any) -> int | None:
    """A whole number of 0 or more; servers write 3.0 where 3 is due."""
    value = number(value)
    return None if value is None else round(value)


def flag(value: Any) -> bool | None:
    """True or False; anything else says nothing."""
    return value if isinstance(value, bool) else None


def gib(value: Any) -> int | None:
    """GB of 1024^3 bytes to bytes; a negative number stands for unknown."""
    value = number(value)
    return None if value is None else round(value * 1024**3)


def mib(value: Any) -> int | None:
    """MB of 1024^2 bytes to bytes."""
    value = number(value)
    return None if value is None else round(value * 1024**2)


def tib(value: Any) -> int | None:
    """TB of 1024^4 bytes to bytes."""
    value = number(value)
    return None if value is None else round(value * 1024**4)


def joined(*parts: Any) -> str | None:
    """Parts of a path with slashes between them."""
    return "/".join(str(part).strip("/") for part in parts if part) or None
