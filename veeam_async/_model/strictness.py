"""What lenient decoding lets pass: looked for in the JSON itself, apart from decoding, which so pays nothing for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final, Literal, NamedTuple

from .base import View
from .classes import is_enum, is_model, package_of, resolve
from .enums import lookup
from .expressions import TypeExpression, parse
from .fields import fields, wires
from .reading import child_of, choose_node, discriminator_wire
from .timestamps import read_date, read_timestamp

Kind = Literal["unknown_enum", "letter_case", "null", "missing", "extra", "wrong_type", "unknown_type", "bad_timestamp"]

_SAID: Final[dict[str, str]] = {
    "unknown_enum": "the enum does not list the value",
    "letter_case": "the letter case is not the document's",
    "null": "null in a field that must not be null",
    "missing": "a required field is missing",
    "extra": "the document does not list the field",
    "wrong_type": "the value has another type",
    "unknown_type": "no class is known for the discriminator's value",
    "bad_timestamp": "the timestamp cannot be read",
}
# What JSON has for types; others may be anything.
_EXPECTED: Final[dict[str, tuple[type, ...]]] = {
    "str": (str,), "datetime": (str,), "date": (str,), "bool": (bool,), "int": (int,), "float": (int, float),
    "list": (list,), "dict": (dict,),
}  # fmt: skip
# How much of a value an error may show.
_SHOWN: Final = 80


class Tolerated(NamedTuple):
    """One departure of an answer from the document.

    Attributes:
        model: the model that the field belongs to, or an empty string at the top.
        field: the JSON name of the field.
        kind: what was tolerated.
        value: the JSON value, None where the field is missing.
        path: where it stands in the answer: `data[3].endTime`.
    """

    model: str
    field: str
    kind: Kind
    value: Any
    path: str

    @property
    def message(self) -> str:
        """One line for people. It shows no value of more than a few characters, and none of an extra field."""
        said = f"{self.path or 'the answer'}: {_SAID[self.kind]}"
        if self.kind in ("unknown_enum", "letter_case", "unknown_type", "bad_timestamp"):
            return f"{said}: {self.value!r:.{_SHOWN}}"
        return said


def departures(
    value: Any, expression: TypeExpression, package: str, model: str = "", field: str = "", path: str = ""
) -> Iterator[Tolerated]:
    """What in parsed JSON departs from its type, depth first, in the order of the fields.

    Args:
        value: the JSON value.
        expression: its type.
        package: the package of the revision whose `models` has the classes.
        model: the model that `field` belongs to.
        field: the JSON name of the field whose value it is.
        path: where it stands in the answer.
    """
    kind: Kind | None = None
    node = choose_node(expression, value, package) if len(expression.nodes) > 1 else next(iter(expression.nodes), None)
    if value is None:
        kind = None if expression.nullable or any(each.name == "Any" for each in expression.nodes) else "null"
    elif node is None:
        kind = "wrong_type"
    elif node.name == "list" and node.item is not None and isinstance(value, list):
        for number, each in enumerate(value):
            yield from departures(each, node.item, package, model, field, f"{path}[{number}]")
    elif node.name == "dict" and node.item is not None and isinstance(value, dict):
        for key, each in value.items():
            yield from departures(each, node.item, package, model, field, _join(path, key))
    elif not node.is_class:
        kind = _of_plain(value, node.name)
    elif is_model(cls := resolve(node.name, package)) and isinstance(value, dict):
        yield from _of_object(value, cls, path)
    else:
        kind = _of_class(value, cls)
    if kind is not None:
        yield Tolerated(model, field, kind, value, path)


def _of_class(value: Any, cls: Any) -> Kind | None:
    if not is_enum(cls):
        return "wrong_type" if is_model(cls) else None
    if not isinstance(value, str):
        return "wrong_type"
    member = lookup(cls)[value]
    if member.is_unknown:
        return "unknown_enum"
    return None if member == value else "letter_case"


def _of_plain(value: Any, name: str) -> Kind | None:
    # A bool is an int to Python.
    expected = _EXPECTED.get(name)
    if expected is not None and (not isinstance(value, expected) or (isinstance(value, bool) and name != "bool")):
        return "wrong_type"
    if name == "datetime" and not isinstance(read_timestamp(value), datetime):
        return "bad_timestamp"
    return "bad_timestamp" if name == "date" and not isinstance(read_date(value), date) else None


def _of_object(raw: dict[str, Any], cls: type[View], path: str) -> Iterator[Tolerated]:
    mapped = set()
    while (wire := discriminator_wire(cls)) is not None:
        value = raw.get(wire)
        child = child_of(cls, value)
        if child is None or child is cls:
            if value is not None and not _lists(cls, wire, value):
                yield Tolerated(cls.__name__, wire, "unknown_type", value, _join(path, wire))
            break
        if value in cls.__children__:
            mapped.add(wire)
        cls = child
    known = fields(cls)
    for each in known.values():
        here = _join(path, each.wire)
        expression = parse(each.annotation)
        if each.rows and raw.get(each.wire) is None:
            continue
        if each.wire in raw:
            # The enum of a discriminator may leave out, or spell otherwise, what the document maps to a class.
            if each.wire not in mapped and raw[each.wire] != each.default:
                yield from departures(raw[each.wire], expression, package_of(cls), cls.__name__, each.wire, here)
        elif not expression.optional:
            yield Tolerated(cls.__name__, each.wire, "missing", None, here)
    for key, value in raw.items():
        if key not in wires(cls):
            yield Tolerated(cls.__name__, key, "extra", value, _join(path, key))


def _lists(cls: type[View], wire: str, value: Any) -> bool:
    """True where the enum of a discriminator lists a value that the document maps to no class of its own."""
    expressions = [parse(each.annotation) for each in fields(cls).values() if each.wire == wire]
    for node in (node for expression in expressions for node in expression.nodes if node.is_class):
        enum = resolve(node.name, package_of(cls))
        if is_enum(enum) and isinstance(value, str):
            member = lookup(enum)[value]
            return member is not None and not member.is_unknown
    return False


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
