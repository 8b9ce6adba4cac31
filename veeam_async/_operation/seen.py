"""Which rows of a listing came lately."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

# Rows that are remembered at least; at most twice as many and a page are, whatever the length of the listing.
REMEMBERED: Final = 10_000


class Seen:
    """Hashes of the rows that came last.

    Rows that are added or removed while a listing is read move its rows by so many places: what comes again comes soon.
    """

    __slots__ = ("_before", "_latest")

    def __init__(self) -> None:
        self._latest: set[int] = set()
        self._before: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._latest)

    def __contains__(self, key: int) -> bool:
        return key in self._latest or key in self._before

    def isdisjoint(self, keys: Iterable[int]) -> bool:
        """True where none of the keys came."""
        return self._latest.isdisjoint(keys) and self._before.isdisjoint(keys)

    def update(self, keys: Iterable[int]) -> None:
        """Remember keys."""
        if len(self._latest) >= REMEMBERED:
            self._before, self._latest = self._latest, set()
        self._latest.update(keys)
