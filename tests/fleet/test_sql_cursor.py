"""A cursor on SQLAlchemy keeps what the others keep, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.postgres import postgres
from veeam_async.fleet.cursor import CursorBusy, CursorError
from veeam_async.fleet.sql_cursor import SqlCursor

NOW = datetime(2026, 3, 14, 12, 30, 15, 250_000, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    url = f"sqlite:///{tmp_path}/cursor.db" if request.param == "sqlite" else request.getfixturevalue("server")
    made = sa.create_engine(url)
    with made.begin() as db:
        for table in ("veeam_seen", "veeam_mark", "results"):
            db.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))
        db.execute(sa.text("CREATE TABLE results (id TEXT)"))
    yield made
    made.dispose()


def results(engine: sa.Engine) -> list[str]:
    with engine.connect() as db:
        return list(db.scalars(sa.text("SELECT id FROM results")))


def test_keeps_over_a_restart(engine: sa.Engine) -> None:
    """What was taken and the mark are there in another cursor; watches and appliances do not mix."""
    cursor = SqlCursor(engine)
    assert cursor.mark("w", "a") is None
    cursor.taken("w", "a", "1", "x")
    cursor.taken("w", "a", "1", "y")
    cursor.taken("w", "a", "2", "z")
    cursor.taken("w", "b", "1", "b")
    cursor.finish("w", "a", NOW, {"1"})
    cursor.close()
    again = SqlCursor(engine)
    assert again.seen("w", "a") == {"1": "y"}
    assert again.mark("w", "a") == NOW
    assert again.seen("w", "b") == {"1": "b"}
    assert again.mark("w", "b") is None
    assert again.seen("other", "a") == {}
    again.finish("w", "a", None, {"1"})
    assert again.mark("w", "a") is None


def test_marks_of_other_zones(engine: sa.Engine) -> None:
    """A mark is the same moment, whatever its zone."""
    cursor = SqlCursor(engine)
    cursor.finish("w", "a", NOW.astimezone(timezone(timedelta(hours=5))), set())
    assert cursor.mark("w", "a") == NOW


def test_forgets_many(engine: sa.Engine) -> None:
    """More ids than a statement takes are forgotten."""
    cursor = SqlCursor(engine)
    with cursor.transaction():
        for number in range(1203):
            cursor.taken("w", "a", str(number), "x")
    cursor.finish("w", "a", NOW, {"7"})
    assert cursor.seen("w", "a") == {"7": "x"}


def test_transaction_holds_or_falls_as_a_whole(engine: sa.Engine) -> None:
    """A result and that its row was taken are both there, or neither."""
    cursor = SqlCursor(engine)
    with cursor.transaction() as db:
        db.execute(sa.text("INSERT INTO results VALUES ('1')"))
        cursor.taken("w", "a", "1", "x")

    def breaks_off() -> None:
        with cursor.transaction() as db:
            db.execute(sa.text("INSERT INTO results VALUES ('2')"))
            cursor.taken("w", "a", "2", "x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks_off()
    assert results(engine) == ["1"]
    assert cursor.seen("w", "a") == {"1": "x"}
    with cursor.transaction(), pytest.raises(CursorError, match="already"), cursor.transaction():
        pass


def test_errors(tmp_path: Path) -> None:
    """A database that cannot be reached is busy; a foreign table of the same name is an error."""
    with pytest.raises(CursorBusy):
        SqlCursor(sa.create_engine("postgresql+psycopg://u@127.0.0.1:1/none"))
    engine = sa.create_engine(f"sqlite:///{tmp_path}/other.db")
    try:
        with engine.begin() as db:
            db.execute(sa.text("CREATE TABLE veeam_seen (id TEXT)"))
        cursor = SqlCursor(engine)
        with pytest.raises(CursorError):
            cursor.seen("w", "a")
    finally:
        engine.dispose()
