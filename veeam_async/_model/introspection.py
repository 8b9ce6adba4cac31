"""What attrs, `inspect` and `help` ask a model for, worked out when they ask: there are thousands of models."""

from __future__ import annotations

import inspect
from typing import Any, cast

import attrs

from .base import View, for_each_class
from .fields import REQUIRED, fields

ADDITIONAL = "additional_properties"


class FromAttrs:
    """An attribute by which attrs knows its classes.

    Building a class by attrs takes about twenty times as long as building it plainly and eight times the memory.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type[View]) -> Any:
        return getattr(_twin(owner), self.name)


@for_each_class
def _twin(cls: type[View]) -> type:
    """A class by attrs with the fields of a model."""
    attributes: dict[str, Any] = {
        each.name: attrs.field(default=each.default, metadata={"wire": each.wire}, type=cast(Any, each.annotation))
        for each in fields(cls).values()
    }
    attributes[ADDITIONAL] = attrs.field(factory=dict, type=cast(Any, "MutableMapping[str, Any]"))
    return attrs.make_class(
        cls.__name__, attributes, kw_only=True, eq=False, order=False, repr=False, init=False, slots=True
    )


class Signature:
    """`__signature__` of a model: its fields as keyword arguments, with their types and defaults."""

    __slots__ = ()

    def __get__(self, instance: object, owner: type[View]) -> inspect.Signature:
        parameters = [
            inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if each.default is REQUIRED else each.default,
                annotation=each.annotation,
            )
            for each in fields(owner).values()
        ]
        extra = inspect.Parameter(
            ADDITIONAL, inspect.Parameter.KEYWORD_ONLY, default=None, annotation="Mapping[str, Any] | None"
        )
        return inspect.Signature([*parameters, extra])
