"""Lists and maps of what was read: they stand in a JSON object in place of the arrays and objects that came."""

from __future__ import annotations

from collections.abc import MutableSequence
from typing import Any, SupportsIndex

from .base import Wrapper


class Items(list[Any], Wrapper):
    """A list of models, lists and maps."""

    __slots__ = ()

    __json__ = property(list)


class SpelledItems(Items):
    """A list of enum members, timestamps or dates, each of which is written as it was spelled.

    Attributes:
        came: the array that came.
        read: what was read of it, in a list of its own. A constructor that took both would cost more.
    """

    __slots__ = ("came", "read")

    came: list[Any]
    read: list[Any]

    @property
    def __json__(self) -> list[Any]:
        if self == self.read:
            return self.came
        # By identity: equal timestamps may be spelled differently. Members are one object each, so in their order.
        spellings: dict[int, list[Any]] = {}
        for value, text in zip(reversed(self.read), reversed(self.came), strict=True):
            spellings.setdefault(id(value), []).append(text)
        return [spellings[id(each)].pop() if spellings.get(id(each)) else each for each in self]


class AbsentRows(Items):
    """The rows that a server left out: an empty list, which is put into the object with the first row."""

    __slots__ = ("_place",)

    def __init__(self, json: dict[str, Any], wire: str) -> None:
        super().__init__()
        self._place: tuple[dict[str, Any], str] | None = json, wire

    def __setitem__(self, index: Any, value: Any, /) -> None:
        super().__setitem__(index, value)
        if self and self._place is not None:
            json, wire = self._place
            self._place = None
            # Not where the field was set meanwhile: this list is no longer the model's.
            if json.get(wire) is None:
                json[wire] = self

    def insert(self, index: SupportsIndex, item: Any, /) -> None:
        self[index:index] = [item]

    append = MutableSequence.append  # by `insert`, all three
    extend = MutableSequence.extend
    __iadd__ = MutableSequence.__iadd__  # pyright: ignore[reportAssignmentType]

    def __reduce__(self) -> Any:
        return Items, (list(self),)


class Entries(dict[str, Any], Wrapper):
    """A map of models, lists and maps."""

    __slots__ = ()

    __json__ = property(dict)


class SpelledEntries(Entries):
    """A map of enum members, timestamps or dates, each of which is written as it was spelled."""

    __slots__ = ("came", "read")

    came: dict[str, Any]
    read: dict[str, Any]

    @property
    def __json__(self) -> dict[str, Any]:
        return {
            key: self.came[key] if key in self.came and each is self.read[key] else each for key, each in self.items()
        }
