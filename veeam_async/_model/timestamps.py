"""Timestamps as the appliances write them: seven fraction digits, no zone, year 1, `24:00`, a lower-case `z`."""

from __future__ import annotations

import re
from datetime import date, datetime, timezone
from typing import Any, Final

# Longer than a date, with a zone too (2026-03-01+10:00), which stays text, or it would get a time.
SHORTEST: Final = 17
_DATE_AND_TIME: Final = r"(?a)\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d"  # compiled when the first odd one comes


def parse_timestamp(value: Any) -> Any:
    """The timestamp that a JSON value stands for, aware where it names a zone, cut to microseconds.

    Returns:
        A datetime, or `value` itself where no date and time can be read from it.
    """
    if value.__class__ is not str:
        return value
    # The standard library reads all but a few of them, more than ten times as fast as dateutil.
    try:
        if len(value) >= SHORTEST:
            return datetime.fromisoformat(value)
    except ValueError:
        pass
    return parse_odd(value)


def parse_odd(text: str) -> datetime | str:
    """`parse_timestamp` for what the standard library does not take."""
    if not re.match(_DATE_AND_TIME, text):
        return text
    from dateutil.parser import isoparse

    try:
        moment = isoparse(text)
        offset = moment.utcoffset()
        return moment if offset is None else moment.replace(tzinfo=timezone(offset))
    except (ValueError, OverflowError):
        return text


def parse_date(value: Any) -> Any:
    """The date that a JSON value stands for, or the value itself where it is none."""
    if value.__class__ is str and len(value) == 10 and value[7] == "-":
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    return value


def format_timestamp(moment: datetime) -> str:
    """`moment` as ISO 8601 text: `Z` for UTC, other offsets as they are, no zone where it has none."""
    text = moment.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text
