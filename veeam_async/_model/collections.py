"""Lists and maps of what was read: they stand in a JSON object in place of the arrays and objects that came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableSequence
from types import MappingProxyType
from typing import Any, SupportsIndex

from .base import Wrapper


class Items(list[Any], Wrapper):
    """A list of models, lists and maps."""

    __slots__ = ()

    __json__ = property(list.copy)


class _Watched(Items):
    """A list whose changes are all made by the methods that a subclass has."""

    __slots__ = ()

    def insert(self, index: SupportsIndex, item: Any, /) -> None:
        self[index:index] = [item]


for _name in ("append", "extend", "pop", "remove", "clear", "__iadd__"):
    setattr(_Watched, _name, getattr(MutableSequence, _name))


class SpelledItems(_Watched):
    """A list of enum members, timestamps or dates.

    Each change is made in the array that came, too: the rest of it stays as it was spelled.

    Attributes:
        __json__: that array.
    """

    __slots__ = ("__json__",)

    def __init__(self, items: Iterable[Any] = (), json: list[Any] | None = None, /) -> None:
        super().__init__(items)
        self.__json__ = list(self) if json is None else json

    def __reduce__(self) -> Any:
        return SpelledItems, (list(self), list(self.__json__))

    def __setitem__(self, index: Any, value: Any, /) -> None:
        value = list(value) if isinstance(index, slice) else value
        self.__json__[index] = value
        super().__setitem__(index, value)

    def __delitem__(self, index: SupportsIndex | slice, /) -> None:
        del self.__json__[index]
        super().__delitem__(index)

    def __imul__(self, times: SupportsIndex, /) -> SpelledItems:
        self.__json__ *= times
        super().__imul__(times)
        return self

    def reverse(self) -> None:
        self.__json__.reverse()
        super().reverse()

    def sort(self, *, key: Callable[[Any], Any] | None = None, reverse: bool = False) -> None:
        order = sorted(range(len(self)), key=lambda at: self[at] if key is None else key(self[at]), reverse=reverse)
        self.__json__[:] = [self.__json__[at] for at in order]
        super().__setitem__(slice(None), [self[at] for at in order])


class AbsentRows(_Watched):
    """The rows that a server left out: an empty list, which is put into the object with the first row.

    Attributes:
        place: the object and the JSON name of its rows; None from then on.
    """

    place: tuple[dict[str, Any], str] | None = None

    def __reduce__(self) -> Any:
        return Items, (list(self),)

    def __setitem__(self, index: Any, value: Any, /) -> None:
        super().__setitem__(index, value)
        if self and self.place is not None:
            json, wire = self.place
            self.place = None
            # Not where the field was set meanwhile: this list is no longer the model's.
            if json.get(wire) is None:
                json[wire] = self


class Entries(dict[str, Any], Wrapper):
    """A map of models, lists and maps."""

    __slots__ = ()

    __json__ = property(dict.copy)


class SpelledEntries(Entries):
    """A map of enum members, timestamps or dates, each of which is written as it was spelled.

    Attributes:
        read: what was read.
        spelled: how each of them came; a model, a list or a map stands for itself.
    """

    read: Mapping[str, Any] = MappingProxyType({})
    spelled: Mapping[str, Any] = MappingProxyType({})

    @property
    def __json__(self) -> dict[str, Any]:
        read = self.read
        return {key: self.spelled[key] if key in read and each is read[key] else each for key, each in self.items()}
