"""What every model is underneath: a view of a JSON object, and the error for what is none."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, Final, TypeVar

from ..errors import DecodeError

T = TypeVar("T")

_KINDS: Final = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


class Wrapper:
    """What stands in a JSON object for one of its values, once that was read: a model, a list or a map.

    Attributes:
        __json__: its JSON, in which others may stand.
    """

    __slots__ = ()

    __json__: Any


class View(Wrapper):
    """A JSON object seen as a class.

    Attributes:
        __json__: the object itself. A nested model or list that was read stands in it, so that each has one identity.
        __fields__: the fields that the class itself declares, by their Python names.
        __discriminator__: the field whose value names the child class, or None.
        __children__: value of the discriminator to name of the child class.
    """

    __slots__ = ("__json__",)

    __json__: dict[str, Any]
    __fields__: ClassVar[dict[str, Any]] = {}
    __discriminator__: ClassVar[str | None] = None
    __children__: ClassVar[dict[str, str]] = {}


def for_each_class(function: Callable[[type[View]], T]) -> Callable[[type[View]], T]:
    """`functools.cache`, for a function of a model class."""
    return cache(function)  # type: ignore[return-value]  # to mypy, a class is hashable if its instances are


def object_due(name: str, value: Any) -> DecodeError:
    """The error for a value that is not the object or the array that `name` stands for."""
    kind = _KINDS.get(type(value), "a number" if isinstance(value, (int, float)) else type(value).__name__)
    due = "an array" if name.startswith("list[") else "an object"
    return DecodeError(f"{due} was due for {name}, {kind} came")
