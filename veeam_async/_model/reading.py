"""From JSON values to what fields give: enums, timestamps, models of the right class, lists and maps of them.

A reader takes any JSON value, and gives what it is not for back as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from .base import View, for_each_class
from .classes import is_enum, is_model, kinds, package_of, resolve
from .collections import Entries, Items, SpelledEntries, SpelledItems
from .enums import members
from .expressions import Node, TypeExpression, parse
from .fields import fields
from .timestamps import parse_date, parse_timestamp

Read = Callable[[Any], Any]

# Values of a discriminator that are remembered. A server that never repeats itself must not fill the memory.
_REMEMBERED: Final = 256
_TEXTS: Final = frozenset({str})


def unchanged(value: Any) -> Any:
    """The reader of what JSON has as Python has it."""
    return value


def reader(expression: TypeExpression, package: str) -> Read:
    """The reader of values of this type. Classes are loaded now, those of items with the first item."""
    if expression.is_plain:
        return unchanged
    nodes = expression.nodes
    if len(nodes) == 1:
        return _reader_of_node(nodes[0], package)
    # The first that a value can be by its kind.
    readers = {kind: _reader_of_node(node, package) for node in reversed(nodes) for kind in kinds(node, package)}
    return lambda value: readers.get(value.__class__, unchanged)(value)


def _reader_of_node(node: Node, package: str) -> Read:
    if node.item is not None:
        collection = _Collection(node.item, package)
        return collection.read_list if node.name == "list" else collection.read_map
    if node.name == "datetime":
        return parse_timestamp
    if node.name == "date":
        return parse_date
    if not node.is_class:
        return unchanged
    cls = resolve(node.name, package)
    if isinstance(cls, str):
        return reader(parse(cls), package)  # an alias
    if is_model(cls):
        return maker(cls)
    if not is_enum(cls):
        return unchanged
    texts = members(cls)
    return lambda value: texts[value] if value.__class__ is str else value


class _Collection:
    """Reads lists and maps of values of one type, which is looked at when the first comes that is not empty."""

    __slots__ = ("_item", "_package", "_read", "_spelled")

    def __init__(self, item: TypeExpression, package: str) -> None:
        self._item = item
        self._package = package
        self._read: Read | None = None
        self._spelled = False

    def _reader(self) -> Read:
        # What becomes of texts may be spelled otherwise than they came.
        self._spelled = any(node.name != "str" and str in kinds(node, self._package) for node in self._item.nodes)
        self._read = reader(self._item, self._package)
        return self._read

    def read_list(self, value: Any) -> Any:
        if value.__class__ is not list:
            return value
        if not value:
            return Items()
        read = self._read or self._reader()
        items = [read(each) for each in value]
        if not self._spelled:
            return Items(items)
        if not _TEXTS.issuperset(map(type, value)):  # a model, a list or a map stands for itself
            value = [came if type(came) is str else each for came, each in zip(value, items, strict=True)]
        return SpelledItems(items, value)

    def read_map(self, value: Any) -> Any:
        if value.__class__ is not dict:
            return value
        if not value:
            return Entries()
        read = self._read or self._reader()
        entries = {key: read(each) for key, each in value.items()}
        if not self._spelled:
            return Entries(entries)
        made = SpelledEntries(entries)
        made.read = entries
        made.spelled = {key: came if type(came) is str else entries[key] for key, came in value.items()}
        return made


@for_each_class
def maker(cls: type[View]) -> Read:
    """The reader that makes a model of an object, of the child that its discriminator names. It keeps the object."""

    def make(raw: Any, new: Any = object.__new__, cls: Any = cls) -> Any:
        if raw.__class__ is not dict:
            return raw
        made = new(cls)
        made.__json__ = raw
        return made

    wire = discriminator_wire(cls)
    if wire is None:
        return make

    @lru_cache(_REMEMBERED)
    def maker_for(value: str) -> Read:
        child = child_of(cls, value)
        return make if child is None or child is cls else maker(child)

    def dispatch(raw: Any) -> Any:
        if raw.__class__ is not dict:
            return raw
        value = raw.get(wire)
        return (maker_for(value) if value.__class__ is str else make)(raw)

    return dispatch


def discriminator_wire(cls: type[View]) -> str | None:
    """The JSON name of the field that says which child an object is, or None where `cls` has no children."""
    name: str | None = cls.__dict__.get("__discriminator__")
    return fields(cls)[name].wire if name in fields(cls) else name


def child_of(cls: type[View], value: Any) -> type[View] | None:
    """The child that a value of the discriminator leads to, in whatever letter case, or None for an unknown value."""
    if not isinstance(value, str):
        return None
    children = cls.__children__
    folded = value.casefold()
    name = children.get(value) or next((child for each, child in children.items() if each.casefold() == folded), None)
    child: type[View] | None = None if name is None else resolve(name, package_of(cls))
    return child
