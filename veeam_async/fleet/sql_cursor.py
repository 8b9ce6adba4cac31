"""A cursor in any database that SQLAlchemy speaks to, such as PostgreSQL (extra `sql`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from .cursor import CursorBusy, CursorError

_METADATA = sa.MetaData()
# Ids in one statement.
_AT_ONCE = 500


def _key(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), primary_key=True)


_SEEN = sa.Table(
    "veeam_seen",
    _METADATA,
    *(_key("watch", 100), _key("appliance", 255), _key("id", 255)),
    sa.Column("digest", sa.String(32), nullable=False),
)
_MARK = sa.Table(
    "veeam_mark",
    _METADATA,
    *(_key("watch", 100), _key("appliance", 255)),
    sa.Column("mark", sa.DateTime(timezone=True)),
)


class SqlCursor:
    """Keeps everything in tables `veeam_seen` and `veeam_mark`, which it makes where they are not there.

    A consumer that stores its results in the same database has each row exactly once, wherever a kill strikes:

        async for change in fleet.watch(Session, every=60, cursor=cursor):
            with cursor.transaction() as db:
                db.execute(insert(history).values(id=change.row.id, result=change.row.result))
                change.done()

    Each call is a round trip to the database on the event loop's thread: it is for a database that is near.

    Args:
        engine: SQLAlchemy's engine for the database. It is the caller's, and stays open.

    Raises:
        CursorBusy: the database cannot be reached.
        CursorError: the tables cannot be made.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._open: sa.Connection | None = None
        with _translated():
            _METADATA.create_all(engine)

    def seen(self, watch: str, appliance: str) -> Mapping[str, str]:
        """Ids of the rows that were taken, with the digest that each had."""
        with self._connection() as db:
            rows = db.execute(sa.select(_SEEN.c.id, _SEEN.c.digest).where(*_of(_SEEN, watch, appliance)))
            return {row.id: row.digest for row in rows}

    def mark(self, watch: str, appliance: str) -> datetime | None:
        """The time from which the next round asks, or None before the first round was whole."""
        with self._connection() as db:
            mark: datetime | None = db.scalar(sa.select(_MARK.c.mark).where(*_of(_MARK, watch, appliance)))
        # Some databases keep no zones; what is written is UTC everywhere.
        return mark.replace(tzinfo=mark.tzinfo or UTC) if mark is not None else None

    def taken(self, watch: str, appliance: str, id: str, digest: str) -> None:
        """The consumer has taken a row. Within `transaction` it holds or falls with that."""
        with self._connection() as db:
            place = _of(_SEEN, watch, appliance)
            known = db.execute(sa.update(_SEEN).where(*place, _SEEN.c.id == id).values(digest=digest)).rowcount
            if not known:
                db.execute(sa.insert(_SEEN).values(watch=watch, appliance=appliance, id=id, digest=digest))

    def finish(self, watch: str, appliance: str, mark: datetime | None, keep: Set[str]) -> None:
        """A round was whole: sets the mark and forgets all ids but those of `keep`."""
        forgotten = sorted(self.seen(watch, appliance).keys() - keep)
        when = mark.astimezone(UTC) if mark is not None else None
        with self._connection() as db:
            for start in range(0, len(forgotten), _AT_ONCE):
                some = _SEEN.c.id.in_(forgotten[start : start + _AT_ONCE])
                db.execute(sa.delete(_SEEN).where(*_of(_SEEN, watch, appliance), some))
            if not db.execute(sa.update(_MARK).where(*_of(_MARK, watch, appliance)).values(mark=when)).rowcount:
                db.execute(sa.insert(_MARK).values(watch=watch, appliance=appliance, mark=when))

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A connection in a transaction: what is stored and which rows are taken hold together or not at all.

        Nothing may be awaited within: other watches on this cursor write to the same connection.

        Raises:
            CursorBusy: the database cannot be reached.
            CursorError: there is a transaction already, or the database cannot be written.
        """
        if self._open is not None:
            raise CursorError("there is a transaction already")
        # What the consumer does wrong stays its own error; only beginning and commit are the cursor's.
        with _translated():
            connection = self._engine.connect()
        with connection:
            self._open = connection
            try:
                yield connection
            finally:
                self._open = None
            with _translated():
                connection.commit()

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        with _translated():
            if self._open is not None:
                yield self._open
                return
            with self._engine.begin() as connection:
                yield connection

    def close(self) -> None:
        """Nothing is held between calls."""


def _of(table: sa.Table, watch: str, appliance: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.watch == watch, table.c.appliance == appliance


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise CursorBusy(f"the cursor's database cannot be used: {error.orig}") from error
    except SQLAlchemyError as error:
        raise CursorError(f"the cursor's database cannot be used: {type(error).__name__}") from error
