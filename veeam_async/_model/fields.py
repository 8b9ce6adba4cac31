"""The fields of a model: their Python and JSON names, types and defaults."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, Final

import attrs

from .base import View, for_each_class

REQUIRED: Final = attrs.NOTHING


class Field:
    """A field of a model.

    Attributes:
        name: the Python name.
        wire: the name in JSON.
        annotation: its type expression.
        default: what the constructor takes when the argument is left out; `REQUIRED` where it must be given.
        read_only: True where the document says that servers ignore or refuse it in a request.
        rows: True for the rows of a page, which are an empty list where absent or null.
    """

    __slots__ = ("annotation", "default", "name", "read_only", "rows", "wire")

    def __init__(
        self,
        name: str,
        annotation: str,
        default: Any = REQUIRED,
        wire: str | None = None,
        read_only: bool = False,
        rows: bool = False,
    ) -> None:
        self.name = name
        self.wire = camel_case(name) if wire is None else wire
        self.annotation = annotation
        self.default = default
        self.read_only = read_only
        self.rows = rows


def field(*, default: Any = REQUIRED, wire: str | None = None, read_only: bool = False, rows: bool = False) -> Any:
    """Describe a field of a model where its annotation does not say everything.

    Args:
        default: the value when the constructor's argument is left out: `UNSET`, or for a discriminator the one value
            that leads to this class. Without it the argument must be given.
        wire: the name in JSON. Without it, the Python name in camel case: `end_time` is `endTime`.
        read_only: True to leave the field out of requests.
        rows: True for the rows of a page: absent and null read as an empty list.
    """
    return partial(Field, default=default, wire=wire, read_only=read_only, rows=rows)


def camel_case(name: str) -> str:
    """The JSON name that a Python name stands for where nothing else is said: `end_time` is `endTime`."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def declared(cls: type) -> dict[str, Field]:
    """The fields that a class body declares by its annotations, by Python name."""
    inherited = _with_inherited(cls)
    body = cls.__dict__
    own = {}
    for name, annotation in _annotations(cls).items():
        value = body.get(name, REQUIRED)
        wire = inherited[name].wire if name in inherited else None
        if isinstance(value, partial):
            own[name] = value(name, annotation, wire=value.keywords["wire"] or wire)
        else:
            own[name] = Field(name, annotation, value, wire)
    return own


def _annotations(cls: type) -> dict[str, Any]:
    """The annotations of a class body as they are spelled."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(cls, format=annotationlib.Format.STRING)
    return cls.__annotations__  # texts, by the import from `__future__` that modules of models begin with


def _with_inherited(cls: type) -> dict[str, Field]:
    collected: dict[str, Field] = {}
    for each in reversed(cls.__mro__):
        collected.update(each.__dict__.get("__declared__", {}))
    return collected


@for_each_class
def fields(cls: type[View]) -> dict[str, Field]:
    """The fields of a model by their Python names, those of its base first. `additional_properties` is not one."""
    return _with_inherited(cls)


@for_each_class
def wires(cls: type[View]) -> frozenset[str]:
    """The JSON names of the fields of a model."""
    return frozenset(each.wire for each in fields(cls).values())
