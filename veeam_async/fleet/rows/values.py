"""From a JSON value of an answer to a value of a row. An odd value gives None and never an error."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from ..._model import OpenEnum
from ..._model.timestamps import parse_timestamp
from ..._text import neutral
from .words import Result

_ZERO_ID = "00000000-0000-0000-0000-000000000000"
# What fits into 64 bits, as databases, Arrow and other languages hold whole numbers.
_LARGEST = 2**63 - 1
_from_iso = datetime.fromisoformat


class Words:
    """The vendor's words, in lower case, to members of one of our enums; other words become open members of it.

    Args:
        enum: ours.
        table: the words; None for those that say nothing.
    """

    __slots__ = ("cache", "enum", "table")

    def __init__(self, enum: type[OpenEnum], table: Mapping[str, OpenEnum | None]) -> None:
        self.enum = enum
        self.table = table
        # By the word as it came. The code of a compiled table looks here before it calls.
        self.cache: dict[str, OpenEnum | None] = {}

    def __call__(self, value: Any) -> OpenEnum | None:
        if not isinstance(value, str):
            return None
        if value in self.cache:
            return self.cache[value]
        word = value.lower()
        member = self.table[word] if word in self.table else self.enum(neutral(value, 200))
        if len(self.cache) < 256:  # a server that never repeats itself must not fill the memory
            self.cache[value] = member
        return member


def look(value: Any, path: str) -> Any:
    """The value at a path of document names in a JSON object, or None where it is absent or null."""
    for wire in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(wire)
    return value


def word(value: Any) -> str | None:
    """A string as it is; a number is taken for its digits, anything else says nothing."""
    if value.__class__ is str:
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return None


def text(value: Any) -> str | None:
    """A string that is not empty, without blanks around it."""
    if value.__class__ is not str:
        value = word(value)
    return (value.strip() or None) if value is not None else None


def identifier(value: Any) -> str | None:
    """An id; the zero UUID stands for none."""
    if value.__class__ is str:
        return None if value == _ZERO_ID else value
    return word(value)


def moment(value: Any) -> datetime | None:
    """An aware datetime. Without a zone it is taken as UTC; the year 1 stands for never."""
    if value.__class__ is str:
        try:
            value = _from_iso(value) if value[10] == "T" else parse_timestamp(value)
        except (ValueError, IndexError):
            value = parse_timestamp(value)
    if not isinstance(value, datetime) or value.year <= 1:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def number(value: Any) -> float | None:
    """A finite number of 0 or more; a negative one stands for unlimited or unknown."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
        return value
    return None


def amount(value: Any) -> float | None:
    """A number of 0 or more that a server writes as text."""
    given = text(value)
    if given is None or len(given) > 20:
        return None
    try:
        return number(float(given))
    except ValueError:
        return None


def whole(value: Any) -> int | None:
    """A whole number of 0 or more that fits into 64 bits; servers write 3.0 where 3 is due."""
    if value.__class__ is int and 0 <= value <= _LARGEST:
        return value
    value = number(value)
    return None if value is None else min(round(value), _LARGEST)


def percent(value: Any) -> int | None:
    """0 to 100."""
    if value.__class__ is int and 0 <= value <= 100:
        return value
    value = number(value)
    return round(value) if value is not None and value <= 100 else None


_UNITS = {"B/s": 1, "KB/s": 1024, "MB/s": 1024**2, "GB/s": 1024**3, "TB/s": 1024**4}


def rate(value: Any) -> int | None:
    """Bytes a second, from a number of them or from text such as `131,9 MB/s`, with units of 1024."""
    if value.__class__ is str:
        return _rate_of(value) if len(value) <= 30 else None
    return whole(value)


@lru_cache(maxsize=1024)
def _rate_of(value: str) -> int | None:
    amount, _, unit = value.strip().partition(" ")
    scale = _UNITS.get(unit.strip().upper().replace("/S", "/s"))
    try:
        return None if scale is None else whole(float(amount.replace(",", ".")) * scale)
    except ValueError:
        return None


def earliest(*values: Any) -> datetime | None:
    """The earliest of several moments."""
    moments = [value for value in map(moment, values) if value is not None]
    return min(moments) if moments else None


def last_part(value: Any) -> str | None:
    """The last part of a link's path: the id of what it leads to."""
    link = text(value)
    return None if link is None else link.partition("?")[0].rstrip("/").rpartition("/")[2] or None


def flag(value: Any) -> bool | None:
    """True or False; anything else says nothing."""
    return value if isinstance(value, bool) else None


def gib(value: Any) -> int | None:
    """GB of 1024^3 bytes to bytes; a negative number stands for unknown."""
    return _scaled(value, 1024**3)


def mib(value: Any) -> int | None:
    """MB of 1024^2 bytes to bytes."""
    return _scaled(value, 1024**2)


def tib(value: Any) -> int | None:
    """TB of 1024^4 bytes to bytes."""
    return _scaled(value, 1024**4)


def _scaled(value: Any, unit: int) -> int | None:
    units = number(value)
    if units is None or not math.isfinite(units * unit) or units * unit > _LARGEST:
        return None
    return round(units * unit)


def complaint(result: Any, message: Any) -> str | None:
    """What a run says of its result, where it failed or ended with warnings; lines of a list become one text."""
    if str(result).lower() not in ("failed", "warning", "error"):
        return None
    if isinstance(message, list):
        message = "; ".join(part for part in map(text, message[:20]) if part)
    return text(message)


def went_wrong(row: Any) -> bool:
    """Whether the last run of a job failed or ended with warnings, and the job does not say why."""
    return row.last_error is None and row.last_result in (Result.FAILED, Result.WARNING)


def joined(*parts: Any) -> str | None:
    """Parts of a path with slashes between them."""
    return "/".join(part.strip("/") for part in map(word, parts) if part) or None


# What the code of a compiled table does for a usual value without a call; `{}` is the function, for all others.
INLINE: Mapping[Callable[[Any], Any], str] = {
    word: "value if value.__class__ is str else {}(value)",
    identifier: f"value if value.__class__ is str and value != {_ZERO_ID!r} else {{}}(value)",
    whole: f"value if value.__class__ is int and 0 <= value <= {_LARGEST} else {{}}(value)",
    percent: "value if value.__class__ is int and 0 <= value <= 100 else {}(value)",
    flag: "value if value is True or value is False else {}(value)",
}
