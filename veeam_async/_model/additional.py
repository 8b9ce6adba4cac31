"""`additional_properties`: what stands in a JSON object beyond the fields that its document lists."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from .base import View
from .fields import wires


class AdditionalProperties(MutableMapping[str, Any]):
    """The keys of a model's JSON object that are no fields. What is set here is sent, what is deleted is not."""

    __slots__ = ("_fields", "_json", "_name")

    def __init__(self, model: View) -> None:
        self._json = model.__json__
        self._fields = wires(type(model))
        self._name = type(model).__name__

    def __getitem__(self, key: str) -> Any:
        if key in self._fields:
            raise KeyError(key)
        return self._json[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if key in self._fields:
            raise KeyError(f"{key!r} is a field of {self._name}: set its attribute")
        self._json[key] = value

    def __delitem__(self, key: str) -> None:
        if key in self._fields:
            raise KeyError(key)
        del self._json[key]

    def __iter__(self) -> Iterator[str]:
        return iter([key for key in self._json if key not in self._fields])

    def __len__(self) -> int:
        return sum(key not in self._fields for key in self._json)

    def __repr__(self) -> str:
        return repr(dict(self))
