"""The fields of a model: their Python and JSON names, types and defaults; and what attrs and `inspect` ask of them."""

from __future__ import annotations

import inspect
import sys
from functools import partial
from typing import Any, Final, NamedTuple, cast

import attrs

from .base import View, for_each_class

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
    given = {} if wire is None else {"wire": wire}
    return partial(Field, default=default, read_only=read_only, rows=rows, **given)


def camel_case(name: str) -> str:
    """The JSON name that a Python name stands for where nothing else is said: `end_time` is `endTime`."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def declared(cls: type) -> dict[str, Field]:
    """The fields that a class body declares by its annotations, by Python name."""
    inherited = _with_inherited(cls)
    own = {}
    for name, annotation in _annotations(cls).items():
        value = cls.__dict__.get(name, REQUIRED)
        wire = inherited[name].wire if name in inherited else camel_case(name)
        if isinstance(value, partial):
            own[name] = Field(name, annotation, **{"wire": wire, **value.keywords})
        else:
            own[name] = Field(name, annotation, wire, value)
    return own


def _annotations(cls: type) -> dict[str, Any]:
    """The annotations of a class body as they are spelled."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(cls, format=annotationlib.Format.STRING)
    if all(isinstance(each, str) for each in cls.__annotations__.values()):
        return cls.__annotations__
    raise TypeError(f"{cls.__module__}: before Python 3.14, models need `from __future__ import annotations`")


def _with_inherited(cls: type) -> dict[str, Field]:
    collected: dict[str, Field] = {}
    for each in reversed(cls.__mro__):
        collected |= each.__dict__.get("__fields__", {})
    return collected


@for_each_class
def fields(cls: type[View]) -> dict[str, Field]:
    """The fields of a model by their Python names, those of its base first. `additional_properties` is not one."""
    return _with_inherited(cls)


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
    attributes[ADDITIONAL] = attrs.field(factory=dict, type=cast(Any, "MutableMapping[str, Any]"))
    return attrs.make_class(
        cls.__name__, attributes, kw_only=True, eq=False, order=False, repr=False, init=False, slots=True
    )


class FromAttrs:
    """An attribute by which attrs knows its classes."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type[View]) -> Any:
        return getattr(_by_attrs(owner), self.name)


class Signature:
    """`__signature__` of a model: its fields as keyword arguments, with their types and defaults."""

    def __get__(self, instance: object, owner: type[View]) -> inspect.Signature:
        extra = Field(ADDITIONAL, "Mapping[str, Any] | None", "", None)
        parameters = [
            inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if each.default is REQUIRED else each.default,
                annotation=each.annotation,
            )
            for each in (*fields(owner).values(), extra)
        ]
        return inspect.Signature(parameters)
