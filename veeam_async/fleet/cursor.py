"""Where a watch keeps what it has handed over: what a cursor is, and one in memory.

A cursor holds, for each watch and appliance, the ids and digests of the rows that the consumer has taken, and a mark:
the time from which the next round asks. What is written survives the end of the process, a kill included; a machine
that loses power may lose the last moments, after which those rows come again. One process at a time may use a file.
What a cursor cannot write is not taken: `CursorError`, and those rows come again too.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime
from typing import Protocol

from ..errors import VeeamError


class CursorError(VeeamError):
    """A cursor cannot be read or written: a full disk, a missing right, a file that is none of its own."""


class CursorBusy(CursorError):
    """Another process holds the cursor for the moment."""


class Cursor(Protocol):
    """What a watch needs of a cursor. Calls are short and come from the loop's thread."""

    def seen(self, watch: str, appliance: str) -> Mapping[str, str]:
        """Ids of the rows that were taken, with the digest that each had."""
        ...

    def mark(self, watch: str, appliance: str) -> datetime | None:
        """The time from which the next round asks, or None before the first round was whole."""
        ...

    def taken(self, watch: str, appliance: str, id: str, digest: str) -> None:
        """The consumer has taken a row. Twice is once. Raises `CursorError` where that cannot be kept."""

    def finish(self, watch: str, appliance: str, mark: datetime | None, keep: Set[str]) -> None:
        """A round was whole: sets the mark and forgets all ids but those of `keep`."""

    def close(self) -> None:
        """Gives everything back."""


class MemoryCursor:
    """Keeps nothing over a restart: the first round then gives every row again."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], dict[str, str]] = {}
        self._marks: dict[tuple[str, str], datetime | None] = {}

    def seen(self, watch: str, appliance: str) -> Mapping[str, str]:
        return self._seen.get((watch, appliance), {})

    def mark(self, watch: str, appliance: str) -> datetime | None:
        return self._marks.get((watch, appliance))

    def taken(self, watch: str, appliance: str, id: str, digest: str) -> None:
        self._seen.setdefault((watch, appliance), {})[id] = digest

    def finish(self, watch: str, appliance: str, mark: datetime | None, keep: Set[str]) -> None:
        self._marks[watch, appliance] = mark
        seen = self._seen.get((watch, appliance), {})
        self._seen[watch, appliance] = {id: digest for id, digest in seen.items() if id in keep}

    def close(self) -> None:
        pass
