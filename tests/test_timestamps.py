"""Timestamps: every spelling that the appliances were seen to use, and those that stay text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veeam_async._model import UNSET
from veeam_async._model.timestamps import format_timestamp, parse_date, parse_timestamp

BERLIN = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T10:20:30Z", datetime(2026, 3, 1, 10, 20, 30, tzinfo=UTC)),
        ("2026-03-01T10:20:30z", datetime(2026, 3, 1, 10, 20, 30, tzinfo=UTC)),
        ("2026-03-01T10:20:30.1Z", datetime(2026, 3, 1, 10, 20, 30, 100000, tzinfo=UTC)),
        ("2026-03-01T10:20:30.1234567+01:00", datetime(2026, 3, 1, 10, 20, 30, 123456, tzinfo=BERLIN)),
        ("2026-03-01T10:20:30.123456789z", datetime(2026, 3, 1, 10, 20, 30, 123456, tzinfo=UTC)),
        ("2026-03-01T10:20:30-0330", datetime(2026, 3, 1, 10, 20, 30, tzinfo=timezone(-timedelta(hours=3.5)))),
        ("2026-03-01T10:20:30", datetime(2026, 3, 1, 10, 20, 30)),
        ("2026-03-01 10:20:30", datetime(2026, 3, 1, 10, 20, 30)),
        ("2026-03-01t10:20:30Z", datetime(2026, 3, 1, 10, 20, 30, tzinfo=UTC)),
        ("2026-03-01T10:20", datetime(2026, 3, 1, 10, 20)),
        ("2026-02-28T24:00:00Z", datetime(2026, 3, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00", datetime(1, 1, 1)),
        ("0001-01-01T00:00:00+05:00", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))),
        ("9999-12-31T23:59:59.9999999", datetime(9999, 12, 31, 23, 59, 59, 999999)),
    ],
)
def test_a_timestamp_is_read(text: str, moment: datetime) -> None:
    """Seven digits and more are cut to six, a zone is kept, no zone stays no zone."""
    parsed = parse_timestamp(text)
    assert isinstance(parsed, datetime)
    assert parsed == moment
    assert parsed.utcoffset() == moment.utcoffset()
    assert parse_timestamp(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "", "never", "2026-03-01", "20260301T102030Z", "2026-03-01+10:00", "2026-13-01T10:20:30Z",
        "2026-03-01T10:20:30+99:00", "9999-12-31T24:00:00Z", "2026-03-01T25:00:00", "10:20:30", "2026-03-01T",
        "٢٠٢٦-٠٣-٠١T١٠:٢٠:٣٠", "2026-03-01T10:20:30 Zulu", "\ud800" * 20,
    ],
)  # fmt: skip
def test_what_cannot_be_read_stays_the_text(text: str) -> None:
    """A date alone, another calendar's digits, an impossible hour: kept as they are."""
    assert parse_timestamp(text) is text
    assert parse_timestamp(text) is text


@pytest.mark.parametrize("value", [None, UNSET, 1740823200, 1.5, True, ["2026-03-01T10:20:30Z"], {"a": 1}])
def test_what_is_no_text_stays_as_it_is(value: Any) -> None:
    """Null, absence and wrong types pass."""
    assert parse_timestamp(value) is value
    assert parse_date(value) is value


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 3, 1, 10, tzinfo=UTC), "2026-03-01T10:00:00Z"),
        (datetime(2026, 3, 1, 10, 0, 0, 5, tzinfo=UTC), "2026-03-01T10:00:00.000005Z"),
        (datetime(2026, 3, 1, 10, tzinfo=BERLIN), "2026-03-01T10:00:00+01:00"),
        (datetime(2026, 3, 1, 10), "2026-03-01T10:00:00"),
        (datetime(1, 1, 1), "0001-01-01T00:00:00"),
    ],
)
def test_a_timestamp_is_written(moment: datetime, text: str) -> None:
    """Z for UTC, other offsets kept, nothing where there is no zone."""
    assert format_timestamp(moment) == text


ZONES = st.none() | st.builds(
    lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(min_value=-1439, max_value=1439)
)


@given(st.datetimes(timezones=ZONES))
@settings(max_examples=300, deadline=None)
def test_every_timestamp_comes_back_as_the_same_instant(moment: datetime) -> None:
    """Writing and reading gives the same moment with the same zone, to the microsecond."""
    again = parse_timestamp(format_timestamp(moment))
    assert isinstance(again, datetime)
    assert again == moment
    assert again.utcoffset() == moment.utcoffset()


@given(st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?"))
@settings(max_examples=500, deadline=None)
def test_no_text_raises(text: str) -> None:
    """Whatever an appliance sends becomes a moment or stays as it is."""
    parsed = parse_timestamp(text)
    assert isinstance(parsed, datetime) or parsed is text


def test_a_date_is_read_and_anything_else_stays() -> None:
    """Only year, month and day make a date."""
    assert parse_date("2026-03-01") == date(2026, 3, 1)
    assert type(parse_date("2026-03-01")) is date
    for text in ("2026-02-30", "2026-03-01T00:00:00", "20260301", "2026-W09-7", "soon"):
        assert parse_date(text) == text
