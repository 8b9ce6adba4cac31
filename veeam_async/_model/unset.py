"""UNSET: the value of a field or a parameter that was not given, as opposed to None, which is a null."""

from __future__ import annotations

from typing import Final, Literal, Self


class Unset:
    """The type of `UNSET`. Falsy, so that `if row.end_time:` narrows to the plain type."""

    __slots__ = ()
    _instance: Self | None = None

    def __new__(cls) -> Self:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Final = Unset()
