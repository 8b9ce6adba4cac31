"""Cursors: memory, file, SQLite."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from veeam_async.fleet.cursor import Cursor, FileCursor, MemoryCursor, SqliteCursor

MARK = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
KINDS: list[Any] = [FileCursor, SqliteCursor]


@pytest.fixture(params=KINDS)
def open_cursor(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Cursor]:
    return lambda: request.param(tmp_path / "cursor")


def test_survives(open_cursor: Callable[[], Cursor]) -> None:
    """What was written is there when the cursor is opened again, apart by watch and appliance."""
    cursor = open_cursor()
    cursor.taken("jobs", "a", "1", "x")
    cursor.taken("jobs", "a", "2", "x")
    cursor.taken("jobs", "a", "2", "y")
    cursor.taken("jobs", "b", "1", "z")
    cursor.taken("sessions", "a", "1", "s")
    cursor.finish("jobs", "a", MARK, {"2"})
    cursor.close()
    cursor = open_cursor()
    assert cursor.seen("jobs", "a") == {"2": "y"}
    assert cursor.seen("jobs", "b") == {"1": "z"}
    assert cursor.seen("sessions", "a") == {"1": "s"}
    assert cursor.mark("jobs", "a") == MARK
    assert cursor.mark("jobs", "b") is None
    cursor.close()


def test_survives_without_close(open_cursor: Callable[[], Cursor]) -> None:
    """Nothing has to be closed for a row to stay taken: a killed process does not close."""
    cursor = open_cursor()
    cursor.taken("jobs", "a", "1", "x")
    other = open_cursor()
    assert other.seen("jobs", "a") == {"1": "x"}
    other.close()
    cursor.close()


def test_half_a_line(tmp_path: Path) -> None:
    """A last line that a kill cut off is dropped, and what is written afterwards is whole."""
    path = tmp_path / "cursor"
    cursor = FileCursor(path)
    cursor.taken("jobs", "a", "1", "x")
    cursor.close()
    with path.open("ab") as file:
        file.write(b'{"w":"jobs","a":"a","i":"2"')
    cursor = FileCursor(path)
    cursor.taken("jobs", "a", "3", "x")
    cursor.close()
    cursor = FileCursor(path)
    assert cursor.seen("jobs", "a") == {"1": "x", "3": "x"}
    cursor.close()


def test_journal_stays_small(tmp_path: Path) -> None:
    """A journal is rewritten before it grows far beyond what it holds, and says the same afterwards."""
    path = tmp_path / "cursor"
    cursor = FileCursor(path)
    for number in range(3000):
        cursor.taken("jobs", "a", str(number % 10), str(number))
        cursor.finish("jobs", "a", MARK.replace(microsecond=number), {str(n) for n in range(10)})
    cursor.close()
    assert len(path.read_bytes().splitlines()) < 1500
    cursor = FileCursor(path)
    assert cursor.seen("jobs", "a") == {str(number % 10): str(number) for number in range(2990, 3000)}
    assert cursor.mark("jobs", "a") == MARK.replace(microsecond=2999)
    cursor.close()


def test_memory_forgets_what_is_not_kept() -> None:
    """The end of a round forgets ids that are gone, so that memory stays bounded."""
    cursor = MemoryCursor()
    for number in range(100):
        cursor.taken("jobs", "a", str(number), "x")
    cursor.finish("jobs", "a", None, {"5"})
    assert cursor.seen("jobs", "a") == {"5": "x"}


def test_transaction_takes_back_what_was_taken(tmp_path: Path) -> None:
    """Results and taken rows of a transaction are stored together, or neither is."""
    cursor = SqliteCursor(tmp_path / "cursor.db")
    with cursor.transaction() as db:
        db.execute("CREATE TABLE results (line TEXT)")
        db.execute("INSERT INTO results VALUES ('1')")
        cursor.taken("jobs", "a", "1", "x")
    with suppress(ZeroDivisionError), cursor.transaction() as db:
        db.execute("INSERT INTO results VALUES ('2')")
        cursor.taken("jobs", "a", "2", "y")
        _ = 1 / 0
    assert cursor.seen("jobs", "a") == {"1": "x"}
    assert db.execute("SELECT line FROM results").fetchall() == [("1",)]
    cursor.close()
