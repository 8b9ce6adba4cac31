"""Timestamps as the appliances write them: seven fraction digits, no zone, year 1, `24:00`, a lower-case `z`."""

from __future__ import annotations

import re
from datetime import date, datetime, timezone
from typing import Any

_from_iso = datetime.fromisoformat
_day_from_iso = date.fromisoformat
# Longer than a date, with a zone too (2026-03-01+10:00), which stays text, or it would get a time.
SHORTEST = 17
_DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", re.ASCII)


def parse_timestamp(text: str) -> datetime | str:
    """The timestamp that `text` stands for, aware where it names a zone, cut to microseconds.

    Returns:
        A datetime, or `text` itself where no date and time can be read from it.
    """
    # The standard library reads all but a few of them, more than ten times as fast as dateutil.
    try:
        if len(text) >= SHORTEST:
            return _from_iso(text)
    except ValueError:
        pass
    return parse_odd(text)


def parse_odd(text: str) -> datetime | str:
    """`parse_timestamp` for what the standard library does not take."""
    if not _DATE_AND_TIME.match(text):
        return text
    from dateutil.parser import isoparse

    try:
        moment = isoparse(text)
        offset = moment.utcoffset()
        return moment if offset is None else moment.replace(tzinfo=timezone(offset))
    except (ValueError, OverflowError):
        return text


def format_timestamp(moment: datetime) -> str:
    """`moment` as ISO 8601 text: `Z` for UTC, other offsets as they are, no zone where it has none."""
    text = moment.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def read_timestamp(value: Any) -> Any:
    """`parse_timestamp` for a JSON value: what is no string stays as it is."""
    return parse_timestamp(value) if value.__class__ is str else value


def read_date(value: Any) -> Any:
    """The date that a JSON value stands for, or the value itself where it is none."""
    if value.__class__ is str and len(value) == 10 and value[7] == "-":
        try:
            return _day_from_iso(value)
        except ValueError:
            pass
    return value
