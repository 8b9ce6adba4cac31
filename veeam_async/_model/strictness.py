"""What lenient decoding lets pass: looked for in the JSON itself, apart from decoding, which so pays nothing for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final, Literal, NamedTuple

from .base import View
from .classes import is_enum, is_model, package_of, resolve
from .enums import reader
from .expressions import Node, TypeExpression, parse
from .fields import fields
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


Report = Callable[[Tolerated], None]


def examine(value: Any, expression: TypeExpression, package: str, report: Report) -> None:
    """Report everything in parsed JSON that departs from the type, depth first, in the order of the fields."""
    _Examination(package, report).value(value, expression, "", "", "")


class _Examination:
    def __init__(self, package: str, report: Report) -> None:
        self.package = package
        self._report = report

    def value(self, value: Any, expression: TypeExpression, model: str, field: str, path: str) -> None:
        def report(kind: Kind) -> None:
            self._report(Tolerated(model, field, kind, value, path))

        if value is None:
            if not expression.nullable and not any(node.name == "Any" for node in expression.nodes):
                report("null")
            return
        if len(expression.nodes) > 1:
            node = choose_node(expression, value, self.package)
        else:
            node = next(iter(expression.nodes), None)
        if node is None:
            report("wrong_type")
        elif node.item is not None:
            self._container(value, node, node.item, model, field, path, report)
        elif node.is_class:
            self._class(value, resolve(node.name, self.package), path, report)
        elif not _is(value, node.name):
            report("wrong_type")
        elif not _reads(value, node.name):
            report("bad_timestamp")

    def _container(
        self, value: Any, node: Node, item: TypeExpression, model: str, field: str, path: str,
        report: Callable[[Kind], None],
    ) -> None:  # fmt: skip
        if node.name == "list" and isinstance(value, list):
            for number, each in enumerate(value):
                self.value(each, item, model, field, f"{path}[{number}]")
        elif node.name == "dict" and isinstance(value, dict):
            for key, each in value.items():
                self.value(each, item, model, field, f"{path}.{key}" if path else key)
        else:
            report("wrong_type")

    def _class(self, value: Any, cls: Any, path: str, report: Callable[[Kind], None]) -> None:
        if is_model(cls):
            if isinstance(value, dict):
                self._object(value, cls, path)
            else:
                report("wrong_type")
        elif is_enum(cls):
            member = reader(cls)(value) if isinstance(value, str) else None
            if member is None:
                report("wrong_type")
            elif member.is_unknown:
                report("unknown_enum")
            elif member != value:
                report("letter_case")

    def _object(self, raw: dict[str, Any], cls: type[View], path: str) -> None:
        mapped = set()
        while (wire := discriminator_wire(cls)) is not None:
            value = raw.get(wire)
            child = child_of(cls, value)
            if child is None or child is cls:
                if wire in raw and value is not None and not _lists(cls, wire, value):
                    self._report(Tolerated(cls.__name__, wire, "unknown_type", value, _join(path, wire)))
                break
            if value in cls.__children__:
                mapped.add(wire)
            cls = child
        known = fields(cls)
        inner = _Examination(package_of(cls), self._report)
        for each in known.values():
            here = _join(path, each.wire)
            expression = parse(each.annotation)
            if each.rows and raw.get(each.wire) is None:
                continue
            if each.wire in raw:
                # The enum of a discriminator may leave out, or spell otherwise, what the document maps to a class.
                if each.wire not in mapped and raw[each.wire] != each.default:
                    inner.value(raw[each.wire], expression, cls.__name__, each.wire, here)
            elif not expression.optional:
                self._report(Tolerated(cls.__name__, each.wire, "missing", None, here))
        wires = {each.wire for each in known.values()}
        for key, value in raw.items():
            if key not in wires:
                self._report(Tolerated(cls.__name__, key, "extra", value, _join(path, key)))


def _lists(cls: type[View], wire: str, value: Any) -> bool:
    """True where the enum of a discriminator lists a value that the document maps to no class of its own."""
    expressions = [parse(each.annotation) for each in fields(cls).values() if each.wire == wire]
    for node in (node for expression in expressions for node in expression.nodes if node.is_class):
        enum = resolve(node.name, package_of(cls))
        if is_enum(enum) and isinstance(value, str):
            member = reader(enum)(value)
            return member is not None and not member.is_unknown
    return False


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _is(value: Any, name: str) -> bool:
    match name:
        case "str" | "datetime" | "date":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case _:
            return True


def _reads(value: Any, name: str) -> bool:
    match name:
        case "datetime":
            return isinstance(read_timestamp(value), datetime)
        case "date":
            return isinstance(read_date(value), date)
        case _:
            return True
