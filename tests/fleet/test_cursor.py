"""Cursors: memory, file, SQLite."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any
from unittest.mock import Mock

import pytest

from veeam_async.fleet import (
    Cursor,
    CursorBusy,
    CursorError,
    FileCursor,
    MemoryCursor,
    SqliteCursor,
    sqlite_cursor,
)

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


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """No file of this process can grow beyond a size: what a full disk does to it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", range(0, 45, 4))
def test_a_full_disk_takes_a_row_whole_or_not(tmp_path: Path, room: int) -> None:
    """What fits of a line is taken back, the error says so, and the row does not count as taken until there is room."""
    path = tmp_path / "cursor"
    cursor = FileCursor(path)
    cursor.taken("jobs", "a", "1", "x")
    size = path.stat().st_size
    for _ in range(2):
        with disk_of(size + room), pytest.raises(CursorError, match="cannot be written: "):
            cursor.taken("jobs", "a", "2", "x" * 40)
        with disk_of(size + room), pytest.raises(CursorError):
            cursor.finish("jobs", "a", MARK, set())
        assert path.stat().st_size == size
        assert cursor.seen("jobs", "a") == {"1": "x"} and cursor.mark("jobs", "a") is None
    cursor.taken("jobs", "a", "3", "z")
    cursor.close()
    cursor = FileCursor(path)
    assert cursor.seen("jobs", "a") == {"1": "x", "3": "z"}
    cursor.close()


def test_half_a_line_that_cannot_be_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where even taking it back fails, that is the first thing that the next row does: no line is glued to another."""
    path = tmp_path / "cursor"
    cursor = FileCursor(path)
    cursor.taken("jobs", "a", "1", "x")
    size = path.stat().st_size
    with monkeypatch.context() as patched:
        patched.setattr("veeam_async.fleet.file_cursor.os.fstat", Mock(side_effect=OSError(5, "Input/output error")))
        for _ in range(2):
            with disk_of(size + 7), pytest.raises(CursorError, match="Input/output error"):
                cursor.taken("jobs", "a", "2", "x")
    assert path.stat().st_size == size + 7
    cursor.taken("jobs", "a", "3", "z")
    cursor.close()
    assert len(path.read_bytes().splitlines()) == 2
    cursor = FileCursor(path)
    assert cursor.seen("jobs", "a") == {"1": "x", "3": "z"}
    cursor.close()


def test_a_journal_that_cannot_be_rewritten_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No room for the new journal is no reason to lose the old one; nothing is left beside it."""
    path = tmp_path / "cursor"
    cursor = FileCursor(path)
    (tmp_path / "cursor.new").mkdir()
    for number in range(2500):
        cursor.taken("jobs", "a", "1", str(number))
    cursor.finish("jobs", "a", MARK, {"1"})
    cursor.taken("jobs", "a", "2", "after")
    assert [record for record in caplog.messages if "could not be rewritten" in record]
    cursor.finish("jobs", "a", MARK.replace(microsecond=1), {"1", "2"})
    assert len([record for record in caplog.messages if "could not be rewritten" in record]) == 1
    (tmp_path / "cursor.new").rmdir()
    cursor.close()
    cursor = FileCursor(path)
    assert cursor.seen("jobs", "a") == {"1": "2499", "2": "after"}
    cursor.close()


@pytest.mark.parametrize(
    "damage",
    [
        b"\x00\xff\n",
        b"[]\n",
        b"7\n",
        b"\n",
        b'{"w":"jobs"}\n',
        b'{"w":"jobs","a":"a","i":"9"{"w":"jobs"}\n',
        b'{"w":"jobs","a":"a","m":"x","x":[]}\n',
        b'{"w":["jobs"],"a":"a","i":"9","d":"x"}\n',
    ],
)
def test_damaged_lines_are_passed_over(tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """A line that something else damaged costs its own row, and a warning says so."""
    path = tmp_path / "cursor"
    cursor = FileCursor(path)
    cursor.taken("jobs", "a", "1", "x")
    cursor.close()
    with path.open("ab") as file:
        file.write(damage)
    cursor = FileCursor(path)
    cursor.taken("jobs", "a", "2", "y")
    cursor.close()
    cursor = FileCursor(path)
    assert cursor.seen("jobs", "a") == {"1": "x", "2": "y"}
    cursor.close()
    assert "1 damaged lines were passed over" in caplog.text


def test_a_file_that_cannot_be_used_is_an_error_of_the_package(tmp_path: Path) -> None:
    """A folder, a missing folder, a closed cursor and a file that is no database are `CursorError`."""
    for path in (tmp_path, tmp_path / "gone" / "cursor"):
        with pytest.raises(CursorError):
            FileCursor(path)
        with pytest.raises(CursorError):
            SqliteCursor(path)
    other = tmp_path / "other"
    other.write_bytes(b"this is no database" * 100)
    with pytest.raises(CursorError, match="not a database"):
        SqliteCursor(other)
    cursor = FileCursor(tmp_path / "cursor")
    cursor.close()
    with pytest.raises(CursorError, match="closed"):
        cursor.taken("jobs", "a", "1", "x")


def test_a_locked_database_holds_nobody_up(tmp_path: Path) -> None:
    """While another process writes, rows count as taken, are there to be read, and are written when it lets go."""
    path = tmp_path / "cursor.db"
    cursor = SqliteCursor(path)
    cursor.taken("jobs", "a", "0", "x")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = monotonic()
    cursor.taken("jobs", "a", "1", "x")
    cursor.taken("jobs", "b", "1", "y")
    cursor.taken("jobs", "a", "2", "x")
    cursor.finish("jobs", "a", MARK, {"0", "2"})
    assert cursor.seen("jobs", "a") == {"0": "x", "2": "x"} and cursor.mark("jobs", "a") == MARK
    with pytest.raises(CursorBusy), cursor.transaction():
        pass
    assert monotonic() - started < 0.5
    other.execute("ROLLBACK")
    cursor.taken("jobs", "a", "3", "x")
    fresh = SqliteCursor(path)
    assert fresh.seen("jobs", "a") == {"0": "x", "2": "x", "3": "x"} and fresh.seen("jobs", "b") == {"1": "y"}
    assert fresh.mark("jobs", "a") == MARK
    fresh.close()
    cursor.close()
    other.close()


def test_what_is_kept_for_a_locked_database_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows beyond a number are an error, and those before them are not lost; closing says what could not be written."""
    monkeypatch.setattr(sqlite_cursor, "_MOST_PENDING", 3)
    path = tmp_path / "cursor.db"
    cursor = SqliteCursor(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for number in range(3):
        cursor.taken("jobs", "a", str(number), "x")
    with pytest.raises(CursorBusy):
        cursor.taken("jobs", "a", "3", "x")
    assert len(cursor.seen("jobs", "a")) == 3
    other.execute("ROLLBACK")
    cursor.taken("jobs", "a", "4", "x")
    assert len(cursor.seen("jobs", "a")) == 4
    other.execute("BEGIN IMMEDIATE")
    cursor.taken("jobs", "a", "5", "x")
    with pytest.raises(CursorBusy):
        cursor.close()
    other.close()


def test_a_database_that_others_lock_against_readers(tmp_path: Path) -> None:
    """Opening and reading a database that is locked against all say so at once."""
    path = tmp_path / "cursor.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    started = monotonic()
    with pytest.raises(CursorBusy):
        SqliteCursor(path)
    assert monotonic() - started < 0.5
    other.close()


def test_a_full_database_takes_a_row_whole_or_not(tmp_path: Path) -> None:
    """A row that does not fit is not taken, the error says so, and the next one that fits is."""
    path = tmp_path / "cursor.db"
    cursor = SqliteCursor(path)
    cursor.taken("jobs", "a", "1", "x")
    with cursor.transaction() as db:
        pass
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(CursorError, match="full"):
        cursor.taken("jobs", "a", "2", "x" * 20000)
    assert cursor.seen("jobs", "a") == {"1": "x"}
    with pytest.raises(CursorError, match="full"), cursor.transaction():
        cursor.taken("jobs", "a", "2", "x" * 20000)
    cursor.taken("jobs", "a", "3", "y")
    assert cursor.seen("jobs", "a") == {"1": "x", "3": "y"}
    with pytest.raises(CursorError, match="within a transaction"), cursor.transaction(), cursor.transaction():
        pass
    cursor.close()
