"""The fields of a model: their Python and JSON names, types and defaults; and what attrs and `inspect` ask of them."""

from __future__ import annotations

import inspect
import sys
from typing import Any, Final, NamedTuple, cast

import attrs

from .base import View, for_each_class
from .unset import UNSET

ADDITIONAL: Final = "additional_properties"
REQUIRED: Final = attrs.NOTHING


class Field(NamedTuple):
    """A field of a model: its Python name, its type expression, its name in JSON, and the rest as `field` takes it."""

    name: str
    annotation: str
    wire: str
    default: Any = REQUIRED
    read_only: bool = False
    rows: bool = False


def field(*, default: Any = REQUIRED, wire: str | None = None, read_only: bool = False, rows: bool = False) -> Any:
    """Describe a field of a model where its annotation does not say everything.

    Args:
        default: the value when the constructor's argument is left out: `UNSET`, or for a discriminator the one value
            that leads to this class. Without it the argument must be given.
        wire: the name in JSON. Without it, the Python name in camel case: `end_time` is `endTime`.
        read_only: True to leave the field out of requests.
        rows: True for the rows of a page: absent and null read as an empty list.
    """
    return Field("", "", cast("str", wire), default, read_only, rows)  # `declared` fills in what is missing


def camel_case(name: str) -> str:
    """The JSON name that a Python name stands for where nothing else is said: `end_time` is `endTime`."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def declared(cls: type, inherited: dict[str, Field]) -> dict[str, Field]:
    """The fields that a class body declares by its annotations, by Python name."""
    own = {}
    for name, annotation in _annotations(cls).items():
        value = cls.__dict__.get(name, REQUIRED)
        wire = inherited[name].wire if name in inherited else camel_case(name)
        if isinstance(value, Field):
            value = value._replace(name=name, annotation=annotation)
            own[name] = value if value.wire is not None else value._replace(wire=wire)  # type: ignore[redundant-expr]
        else:
            own[name] = Field(name, annotation, wire, value)
    return own


def _annotations(cls: type) -> dict[str, Any]:
    """The annotations of a class body as they are spelled."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(cls, format=annotationlib.Format.STRING)
    return cls.__annotations__  # texts, by the import from `__future__` that modules of models begin with


def fields(cls: type[View]) -> dict[str, Field]:
    """The fields of a model by their Python names, those of its base first. `additional_properties` is not one."""
    return cls.__fields__


@for_each_class
def wires(cls: type[View]) -> frozenset[str]:
    """The JSON names of the fields of a model."""
    return frozenset(each.wire for each in fields(cls).values())


@for_each_class
def _by_attrs(cls: type[View]) -> type:
    """A class by attrs with the fields of a model, made when one asks: it takes twenty times as long as the model."""
    attributes: dict[str, Any] = {
        each.name: attrs.field(default=each.default, metadata={"wire": each.wire}, type=cast(Any, each.annotation))
        for each in fields(cls).values()
    }
    attributes[ADDITIONAL] = attrs.field(default=UNSET, type=cast(Any, "MutableMapping[str, Any]"))
    return attrs.make_class(cls.__name__, attributes, kw_only=True, eq=False, order=False, repr=False, slots=True)


class FromAttrs:
    """An attribute by which attrs knows its classes, or `__signature__`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type[View]) -> Any:
        twin = _by_attrs(owner)
        return inspect.signature(twin) if self.name == "__signature__" else getattr(twin, self.name)
