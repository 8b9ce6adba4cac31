"""From JSON values to what fields give: enums, timestamps, models of the right class, lists and maps of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .base import View, for_each_class
from .classes import is_enum, is_model, package_of, resolve
from .collections import Entries, Items
from .enums import lookup
from .expressions import Node, TypeExpression
from .fields import fields
from .timestamps import read_date, read_timestamp

Read = Callable[[Any], Any]

_new: Final = object.__new__
# Unknown values of a discriminator that are remembered to lead to the base class.
_REMEMBERED: Final = 256


@for_each_class
def maker(cls: type[View]) -> Read:
    """The function that makes a model of a JSON object, of the child that the discriminator names.

    What is no object is given back as it is. The function keeps the object that it is given.
    """
    return _plain_maker(cls) if discriminator_wire(cls) is None else _dispatching_maker(cls)


def _plain_maker(cls: type[View]) -> Read:
    def make(raw: Any, new: Any = _new, cls: Any = cls) -> Any:
        if raw.__class__ is not dict:
            return raw
        made = new(cls)
        made.__json__ = raw
        return made

    return make


def discriminator_wire(cls: type[View]) -> str | None:
    """The JSON name of the field that says which child an object is, or None where `cls` has no children."""
    name: str | None = cls.__dict__.get("__discriminator__")
    if name is None:
        return None
    each = fields(cls).get(name)
    return name if each is None else each.wire


def child_of(cls: type[View], value: Any) -> type[View] | None:
    """The child that a value of the discriminator leads to, in whatever letter case, or None for an unknown value."""
    if not isinstance(value, str):
        return None
    children = cls.__children__
    name = children.get(value)
    if name is None:
        folded = value.casefold()
        name = next((child for each, child in children.items() if each.casefold() == folded), None)
    if name is None:
        return None
    child: type[View] = resolve(name, package_of(cls))
    return child


def _dispatching_maker(cls: type[View]) -> Read:
    wire = discriminator_wire(cls)
    # By value; a child that has children itself chooses anew for each object.
    classes: dict[str, type[View]] = {}
    plain = _plain_maker(cls)

    def first_sight(value: Any) -> Read:
        child = child_of(cls, value) or cls
        if child is not cls and discriminator_wire(child) is not None:
            return maker(child)
        if value.__class__ is str and len(classes) < _REMEMBERED:
            classes[value] = child
        return plain if child is cls else maker(child)

    def make(raw: Any, seen: Any = classes.get, new: Any = _new) -> Any:
        if raw.__class__ is not dict:
            return raw
        value = raw.get(wire)
        if value.__class__ is not str or (chosen := seen(value)) is None:
            return first_sight(value)(raw)
        made = new(chosen)
        made.__json__ = raw
        return made

    return make


def reader_of(expression: TypeExpression, package: str) -> Read | None:
    """The function that turns a JSON value into a value of this type, or None where the value stays as it is."""
    if expression.is_plain:
        return None
    if len(expression.nodes) != 1:
        return _choice(expression, package)
    return _reader_of_node(expression.nodes[0], package)


def _reader_of_node(node: Node, package: str) -> Read | None:
    if node.name == "datetime":
        return read_timestamp
    if node.name == "date":
        return read_date
    if node.item is None:
        return reader_of_class(resolve(node.name, package)) if node.is_class else None
    item = _LateReader(node.item, package)
    return item.read_list if node.name == "list" else item.read_map


class _LateReader:
    """Reads the values of lists and maps of one type, whose class is loaded for the first list that is not empty."""

    __slots__ = ("_expression", "_package", "_read")

    def __init__(self, expression: TypeExpression, package: str) -> None:
        self._expression = expression
        self._package = package
        self._read: Read | None = None

    def _reader(self) -> Read:
        self._read = read = reader_of(self._expression, self._package) or unchanged
        return read

    def read_list(self, value: Any) -> Any:
        if value.__class__ is not list:
            return value
        read = self._read or (self._reader() if value else unchanged)
        made = Items([read(each) for each in value])
        made.__json__ = value
        return made

    def read_map(self, value: Any) -> Any:
        if value.__class__ is not dict:
            return value
        read = self._read or (self._reader() if value else unchanged)
        made = Entries({key: read(each) for key, each in value.items()})
        made.__json__ = value
        return made


def reader_of_class(cls: Any) -> Read:
    """The reader of what a name in a type expression stands for. An alias of a plain type leaves values as they are."""
    if is_model(cls):
        return maker(cls)
    if not is_enum(cls):
        return unchanged
    members = lookup(cls)

    def read(value: Any) -> Any:
        return members[value] if value.__class__ is str else value

    return read


def unchanged(value: Any) -> Any:
    return value


def _choice(expression: TypeExpression, package: str) -> Read:
    """The reader of a union: by the kind of the JSON value, the first member that it can be."""

    def choose(value: Any) -> Any:
        node = choose_node(expression, value, package)
        read = None if node is None else _reader_of_node(node, package)
        return value if read is None else read(value)

    return choose


def choose_node(expression: TypeExpression, value: Any, package: str) -> Node | None:
    """The first member of a union that a JSON value can be by its kind, or None."""
    for node in expression.nodes:
        if isinstance(value, dict):
            fits = node.name == "dict" or (node.is_class and is_model(resolve(node.name, package)))
        elif isinstance(value, list):
            fits = node.name == "list"
        elif isinstance(value, str):
            fits = node.name in ("str", "datetime", "date") or (
                node.is_class and not is_model(resolve(node.name, package))
            )
        elif isinstance(value, bool):
            fits = node.name == "bool"
        else:
            fits = node.name in ("int", "float")
        if fits or node.name == "Any":
            return node
    return None
