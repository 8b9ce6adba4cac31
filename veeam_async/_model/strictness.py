"""What lenient decoding lets pass: looked for in the JSON itself, apart from decoding, which so pays nothing for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, NamedTuple

from .base import View
from .classes import is_enum, is_model, kinds, package_of, resolve
from .enums import OpenEnum, members
from .expressions import Node, TypeExpression, parse
from .fields import fields, wires
from .reading import child_of, discriminator_wire
from .timestamps import parse_date, parse_timestamp

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
    node = next((each for each in expression.nodes if value.__class__ in kinds(each, package)), None)
    if value is None:
        kind: Kind | None = None if expression.nullable or Node("Any") in expression.nodes else "null"
    elif node is None:
        kind = "wrong_type"
    elif node.item is not None:
        kind = None
        pairs: Iterable[tuple[Any, Any]] = value.items() if node.name == "dict" else enumerate(value)
        for key, each in pairs:
            here = _join(path, key) if isinstance(key, str) else f"{path}[{key}]"
            yield from departures(each, node.item, package, model, field, here)
    elif not node.is_class:
        kind = _unread(value, node.name)
    elif isinstance(cls := resolve(node.name, package), str):
        kind = None
        yield from departures(value, parse(cls), package, model, field, path)  # an alias
    elif is_model(cls):
        kind = None
        yield from _of_object(value, cls, path)
    else:
        kind = _unlisted(value, cls) if is_enum(cls) else None
    if kind is not None:
        yield Tolerated(model, field, kind, value, path)


def _unlisted(value: str, enum: type[OpenEnum]) -> Kind | None:
    member = members(enum)[value]
    return "unknown_enum" if member.is_unknown else None if member == value else "letter_case"


def _unread(value: Any, name: str) -> Kind | None:
    read = {"datetime": parse_timestamp, "date": parse_date}.get(name)
    return "bad_timestamp" if read is not None and isinstance(read(value), str) else None


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
    for each in fields(cls).values():
        here = _join(path, each.wire)
        value = raw.get(each.wire)
        expression = parse(each.annotation)
        if each.rows and value is None:
            continue
        if each.wire not in raw:
            if not expression.optional:
                yield Tolerated(cls.__name__, each.wire, "missing", None, here)
        # The enum of a discriminator may leave out, or spell otherwise, what the document maps to a class.
        elif each.wire not in mapped and value != each.default:
            yield from departures(value, expression, package_of(cls), cls.__name__, each.wire, here)
    for key, value in raw.items():
        if key not in wires(cls):
            yield Tolerated(cls.__name__, key, "extra", value, _join(path, key))


def _lists(cls: type[View], wire: str, value: Any) -> bool:
    """True where the enum of a discriminator lists a value that the document maps to no class of its own."""
    if not isinstance(value, str):
        return False
    nodes = [node for each in fields(cls).values() if each.wire == wire for node in parse(each.annotation).nodes]
    enums = [resolve(node.name, package_of(cls)) for node in nodes if node.is_class]
    return any(is_enum(enum) and not members(enum)[value].is_unknown for enum in enums)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
