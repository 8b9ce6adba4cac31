"""Lists and maps of models, enums and timestamps: each change is made in the JSON beneath at once.

What is not changed stays there as it was spelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, SupportsIndex

from .base import Wrapper
from .writing import written

_MISSING = object()


class Items(list[Any], Wrapper):
    """A list of what was read from the items of a JSON array. A constructor that took the array too would cost more."""

    __slots__ = ("__json__",)

    __json__: list[Any]

    def __reduce__(self) -> Any:
        return list, (list(self),)

    def append(self, item: Any, /) -> None:
        self[len(self) :] = [item]

    def extend(self, items: Iterable[Any], /) -> None:
        self[len(self) :] = items

    def __iadd__(self, items: Iterable[Any], /) -> Items:  # type: ignore[misc]
        self.extend(items)
        return self

    def __imul__(self, times: SupportsIndex, /) -> Items:
        self.__json__ *= times
        super().__imul__(times)
        return self

    def insert(self, index: SupportsIndex, item: Any, /) -> None:
        self[index:index] = [item]

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

    def pop(self, index: SupportsIndex = -1, /) -> Any:
        item = self[index]
        del self[index]
        return item

    def remove(self, item: Any, /) -> None:
        del self[self.index(item)]

    def clear(self) -> None:
        del self[:]

    def reverse(self) -> None:
        self.__json__.reverse()
        super().reverse()

    def sort(self, *, key: Callable[[Any], Any] | None = None, reverse: bool = False) -> None:
        order = sorted(
            range(len(self)), key=(lambda at: self[at]) if key is None else (lambda at: key(self[at])), reverse=reverse
        )
        self.__json__[:] = [self.__json__[at] for at in order]
        super().__setitem__(slice(None), [self[at] for at in order])


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
        return dict, (dict(self),)

    def __setitem__(self, key: str, value: Any, /) -> None:
        self.__json__[key] = written(value)
        super().__setitem__(key, value)

    def __delitem__(self, key: str, /) -> None:
        super().__delitem__(key)
        del self.__json__[key]

    def update(self, *others: Any, **named: Any) -> None:
        for key, value in dict(*others, **named).items():
            self[key] = value

    def __ior__(self, other: Any, /) -> Entries:  # type: ignore[override, misc]
        self.update(other)
        return self

    def setdefault(self, key: str, default: Any = None, /) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str, default: Any = _MISSING, /) -> Any:
        if key not in self and default is not _MISSING:
            return default
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        key, value = super().popitem()
        del self.__json__[key]
        return key, value

    def clear(self) -> None:
        self.__json__.clear()
        super().clear()
