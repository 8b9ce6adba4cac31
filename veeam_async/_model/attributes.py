"""The attributes of a model: each looks its value up in the JSON object, and writes to it when set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from typing import Any, Final

from .classes import is_enum, is_model, resolve
from .collections import AbsentRows
from .enums import members
from .expressions import Node, TypeExpression, parse
from .fields import Field
from .reading import discriminator_wire, reader
from .timestamps import SHORTEST, parse_odd
from .unset import UNSET
from .writing import stored

Get = Callable[[Any], Any]

_from_iso: Final = datetime.fromisoformat


def attribute(field: Field, package: str) -> property:
    """The property through which a model gives and takes a field."""
    wire = field.wire
    getter, put = _access(field.annotation, package)
    get = _rows(wire, getter(wire)) if field.rows else getter(wire)
    return property(get, partial(put, wire), partial(put, wire, value=UNSET), field.annotation)


@cache
def _access(annotation: str, package: str) -> tuple[Callable[[str], Get], Callable[..., None]]:
    """What makes the getter of a field of this type, and how it is set. No class is loaded for it."""
    expression = parse(annotation)
    if expression.is_plain:
        return _optional if expression.optional else _plain, _put_plain
    if expression.nodes == (Node("datetime"),):
        return _timestamp, _put_plain
    return partial(_converted, expression, package), _put


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


def _converted(expression: TypeExpression, package: str, wire: str) -> Get:
    """A field of any other type.

    Texts are converted at each read; models, lists and maps are made at the first and kept, so that changes inside are
    not lost.
    """
    read: Get
    texts: Any = None  # the members of an enum
    alone: Any = None  # the class of a model that has no children

    def load(value: Any) -> Any:
        """The first reader, which puts the one for its type in its own place."""
        nonlocal read, texts, alone
        read = reader(expression, package)
        first = expression.nodes[0]
        if first.is_class:
            cls = resolve(first.name, package)
            texts = members(cls) if is_enum(cls) else None
            alone = cls if is_model(cls) and discriminator_wire(cls) is None else None
        return read(value)

    read = load

    def get(self: Any, new: Any = object.__new__) -> Any:
        json = self.__json__
        value = json.get(wire, UNSET)
        kind = value.__class__
        # What is read most often is read without a call.
        if kind is str:
            return read(value) if texts is None else texts[value]
        if kind is dict and alone is not None:
            made = new(alone)
            made.__json__ = value
        elif kind is dict or kind is list:
            made = read(value)
        else:
            return value
        # No thread comes between these steps, so that of two that read it for the first time both get the same.
        current = json[wire]
        if current is value:
            json[wire] = current = made
        return current

    return get


def _rows(wire: str, nested: Get) -> Get:
    """The rows of a page: a list, empty where the server left them out."""

    def get(self: Any) -> Any:
        if self.__json__.get(wire) is not None:
            return nested(self)
        rows = AbsentRows()
        rows.place = self.__json__, wire
        return rows

    return get


def _put(wire: str, self: Any, value: Any) -> None:
    if value is UNSET:
        self.__json__.pop(wire, None)
    else:
        self.__json__[wire] = stored(value)


def _put_plain(wire: str, self: Any, value: Any) -> None:
    if isinstance(value, (list, dict)):
        self.__json__[wire] = value  # the caller's own still: nothing that is read is put into it
    else:
        _put(wire, self, value)
