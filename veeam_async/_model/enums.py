"""Open enums: a value newer than the package is a member too, and letter case does not matter when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Self, cast

# Spellings that one enum remembers. A server that never repeats itself must not fill the memory.
_REMEMBERED = 1024


class OpenEnum(StrEnum):
    """Base of all enums of the API. Every member is a `str` and equals its value in the document's letter case.

    `EJobState("running")` is `EJobState.RUNNING` whatever the letter case. A value that the document does not
    list gives a member that equals that string and whose `is_unknown` is True.
    """

    @property
    def is_unknown(self) -> bool:
        """True where the document of this revision does not list the value."""
        return self._value_ not in type(self)._value2member_map_

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        folded = value.casefold()
        for member in cls:
            if member._value_.casefold() == folded:
                return member
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = str(value)
        return unknown

    def __repr__(self) -> str:
        if self.is_unknown:
            return f"<{type(self).__name__} unknown: {self._value_!r}>"
        return f"<{type(self).__name__}.{self._name_}: {self._value_!r}>"


class _Members(dict[Any, Any]):
    """The members of an enum by their text, in whatever letter case. What is no text stays as it is.

    `__getitem__` of a dict with `__missing__` is the fastest call that Python has for this: known values cost one
    look-up in C, everything else is worked out once and remembered.
    """

    __slots__ = ("_enum",)

    def __init__(self, enum: type[OpenEnum]) -> None:
        super().__init__(cast("dict[Any, Any]", enum._value2member_map_))
        self._enum = enum

    def __missing__(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        member = self._enum._missing_(value)
        if len(self) < _REMEMBERED:
            self[str(value)] = member
        return member


@cache
def members(enum: type[OpenEnum]) -> Mapping[Any, Any]:
    """What stands in JSON to what stands in a model, for one enum. Looking a list or an object up is a TypeError."""
    return _Members(enum)
