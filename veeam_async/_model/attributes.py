"""The attributes of a model: each looks its value up in the JSON object, and writes to it when set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from typing import Any, Final, Literal

from .classes import is_enum, is_model, resolve
from .collections import AbsentItems
from .enums import lookup
from .expressions import Node, parse
from .fields import Field
from .reading import discriminator_wire, maker, reader_of, unchanged
from .timestamps import SHORTEST, parse_odd, read_date
from .unset import UNSET
from .writing import owned, written

Kind = Literal["plain", "datetime", "date", "class", "nested"]
Get = Callable[[Any], Any]

_from_iso: Final = datetime.fromisoformat


def attribute(field: Field, package: str) -> property:
    """The property through which a model gives and takes a field."""
    wire = field.wire
    kind = _kind(field.annotation)
    optional = "Unset" in field.annotation
    if field.rows:
        get = _rows(wire, field.annotation, package)
    elif kind == "plain":
        get = _optional(wire) if optional else _plain(wire)
    elif kind == "datetime":
        get = _timestamp(wire)
    elif kind == "date":
        get = _converted(wire, read_date)
    elif kind == "class":
        get = _of_class(wire, field.annotation.partition(" | ")[0], package)
    else:
        get = _nested(wire, field.annotation, package)
    put = _put if kind in ("class", "nested") else _put_plain
    return property(get, partial(put, wire), partial(_delete, wire), field.annotation)


@cache
def _kind(annotation: str) -> Kind:
    """How a field of this type is read, as far as its text says: nothing is loaded for it."""
    expression = parse(annotation)
    if expression.is_plain:
        return "plain"
    match expression.nodes:
        case [Node("datetime")]:
            return "datetime"
        case [Node("date")]:
            return "date"
        case [node] if node.is_class:
            return "class"
        case _:
            return "nested"


def _plain(wire: str) -> Get:
    def get(self: Any) -> Any:
        try:
            return self.__json__[wire]
        except KeyError:
            return UNSET

    return get


def _optional(wire: str) -> Get:
    # A KeyError costs as much as six reads.
    def get(self: Any) -> Any:
        return self.__json__.get(wire, UNSET)

    return get


def _timestamp(wire: str) -> Get:
    # As `parse_timestamp`, written out: it runs for every timestamp of every row.
    def get(self: Any) -> Any:
        value = self.__json__.get(wire, UNSET)
        if value.__class__ is not str:
            return value
        try:
            if len(value) >= SHORTEST:
                return _from_iso(value)
        except ValueError:
            pass
        return parse_odd(value)

    return get


def _converted(wire: str, read: Get) -> Get:
    def get(self: Any) -> Any:
        return read(self.__json__.get(wire, UNSET))

    return get


def _of_class(wire: str, name: str, package: str) -> Get:
    """A field whose type is one name: a text is a value of an enum, an object is a model."""
    members: Mapping[str, Any] | None = None
    make: Get = unchanged
    alone: Any = None
    new = object.__new__

    def load() -> Mapping[str, Any]:
        nonlocal members, make, alone
        cls = resolve(name, package)
        if is_model(cls) and discriminator_wire(cls) is None:
            alone = cls
        elif is_model(cls):
            make = maker(cls)
        members = lookup(cls) if is_enum(cls) else _AS_THEY_ARE
        return members

    def get(self: Any) -> Any:
        json = self.__json__
        value = json.get(wire, UNSET)
        kind = value.__class__
        if kind is str:
            return (load() if members is None else members)[value]
        if kind is not dict:
            return value
        if members is None:
            load()
        if alone is None:
            made = make(value)
        else:  # as `make`, without the call
            made = new(alone)
            made.__json__ = value
        # No thread comes between these steps, so that of two that read it for the first time both get the same.
        current = json[wire]
        if current is value:
            json[wire] = current = made
        return current

    return get


class _AsTheyAre(dict[str, Any]):
    """Texts where the document says that an object is due."""

    __slots__ = ()

    def __missing__(self, value: str) -> str:
        return value


_AS_THEY_ARE: Final = _AsTheyAre()


def _nested(wire: str, annotation: str, package: str) -> Get:
    """A list, a map or a union: made at the first read and kept, so that changes inside are not lost."""
    read: Get | None = None

    def get(self: Any) -> Any:
        nonlocal read
        json = self.__json__
        value = json.get(wire, UNSET)
        kind = value.__class__
        if kind is not list and kind is not dict and kind is not str:
            return value
        if read is None:
            read = reader_of(parse(annotation), package) or unchanged
        made = read(value)
        if kind is str:
            return made
        current = json[wire]  # as above
        if current is value:
            json[wire] = current = made
        return current

    return get


def _rows(wire: str, annotation: str, package: str) -> Get:
    """The rows of a page: a list, empty where the server left them out."""
    nested = _nested(wire, annotation, package)

    def get(self: Any) -> Any:
        if self.__json__.get(wire) is not None:
            return nested(self)
        return AbsentItems(self.__json__, wire)

    return get


def _put_plain(wire: str, self: Any, value: Any) -> None:
    if value is UNSET:
        self.__json__.pop(wire, None)
    else:
        self.__json__[wire] = written(value)


def _put(wire: str, self: Any, value: Any) -> None:
    """Set a field that may hold models. What is read is put into its lists and maps, which so are not the caller's."""
    _put_plain(wire, self, owned(value))


def _delete(wire: str, self: Any) -> None:
    self.__json__.pop(wire, None)
