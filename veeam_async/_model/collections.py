"""Lists and maps of models, enums and timestamps: each change is made in the JSON beneath at once.

What is not changed stays there as it was spelled.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, MutableSequence
from typing import Any, SupportsIndex

from .base import Wrapper
from .writing import written


class Items(list[Any], Wrapper):
    """A list of what was read from the items of a JSON array. A constructor that took the array too would cost more."""

    __slots__ = ("__json__",)

    __json__: list[Any]

    def __reduce__(self) -> Any:
        return _restored, (Items, list(self), self.__json__)

    def __copy__(self) -> list[Any]:
        return list(self)

    def __setitem__(self, index: Any, value: Any, /) -> None:
        if isinstance(index, slice):
            value = list(value)
            self.__json__[index] = [written(item) for item in value]
        else:
            self.__json__[index] = written(value)
        super().__setitem__(index, value)

    def __delitem__(self, index: SupportsIndex | slice, /) -> None:
        del self.__json__[index]
        super().__delitem__(index)

    def insert(self, index: SupportsIndex, item: Any, /) -> None:
        self[index:index] = [item]

    def __imul__(self, times: SupportsIndex, /) -> Items:
        self.__json__ *= times
        super().__imul__(times)
        return self

    def reverse(self) -> None:
        self.__json__.reverse()
        super().reverse()

    def sort(self, *, key: Callable[[Any], Any] | None = None, reverse: bool = False) -> None:
        order = sorted(
            range(len(self)), key=(lambda at: self[at]) if key is None else (lambda at: key(self[at])), reverse=reverse
        )
        self.__json__[:] = [self.__json__[at] for at in order]
        super().__setitem__(slice(None), [self[at] for at in order])


for _name in ("append", "extend", "pop", "remove", "clear", "__iadd__"):  # by those above, not by list's own
    setattr(Items, _name, getattr(MutableSequence, _name))


class AbsentItems(Items):
    """The rows that a server left out: an empty list, which is put into the object with the first row."""

    __slots__ = ("_object", "_wire")

    def __init__(self, json: dict[str, Any], wire: str) -> None:
        super().__init__()
        self.__json__ = []
        self._object: dict[str, Any] | None = json
        self._wire = wire

    def __setitem__(self, index: Any, value: Any, /) -> None:
        super().__setitem__(index, value)
        if self and self._object is not None:
            # Not where the field was set meanwhile: this list is no longer the model's.
            if self._object.get(self._wire) is None:
                self._object[self._wire] = self
            self._object = None


class Entries(dict[str, Any], Wrapper):
    """A map of what was read from the values of a JSON object."""

    __slots__ = ("__json__",)

    __json__: dict[str, Any]

    def __reduce__(self) -> Any:
        return _restored, (Entries, dict(self), self.__json__)

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __setitem__(self, key: str, value: Any, /) -> None:
        self.__json__[key] = written(value)
        super().__setitem__(key, value)

    def __delitem__(self, key: str, /) -> None:
        super().__delitem__(key)
        del self.__json__[key]

    def __ior__(self, other: Any, /) -> Entries:  # type: ignore[override, misc]
        self.update(other)
        return self

    def pop(self, key: str, *default: Any) -> Any:
        value = super().pop(key, *default)
        self.__json__.pop(key, None)
        return value

    def popitem(self) -> tuple[str, Any]:
        key, value = super().popitem()
        del self.__json__[key]
        return key, value


for _name in ("update", "setdefault", "clear"):
    setattr(Entries, _name, getattr(MutableMapping, _name))


def _restored(cls: Any, read: Any, json: Any) -> Any:
    made = cls(read)
    made.__json__ = json
    return made
