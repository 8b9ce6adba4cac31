"""A cursor in an SQLite database, which never waits for another process that holds it."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import datetime

import attrs

from .cursor import CursorBusy, CursorError

_log = logging.getLogger("veeam_async.fleet")

# Rows that are kept in memory while another process holds the database; a call beyond them is an error.
_MOST_PENDING = 10_000
# Milliseconds that opening and a transaction wait for another process, which may hold the event loop that long. Nothing
# else waits.
_PATIENCE = 90

_SCHEMA = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS seen (
        watch TEXT, appliance TEXT, id TEXT, digest TEXT NOT NULL, PRIMARY KEY (watch, appliance, id)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS mark (
        watch TEXT, appliance TEXT, mark TEXT, PRIMARY KEY (watch, appliance)
    ) WITHOUT ROWID;
"""


@attrs.frozen
class _Write:
    """A row that was taken, or the end of a round (`id` is None)."""

    watch: str
    appliance: str
    id: str | None = attrs.field(default=None, kw_only=True)
    digest: str = attrs.field(default="", kw_only=True)
    mark: datetime | None = attrs.field(default=None, kw_only=True)
    forgotten: tuple[str, ...] = attrs.field(default=(), kw_only=True)

    def apply(self, db: sqlite3.Connection) -> None:
        place = self.watch, self.appliance
        if self.id is not None:
            db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", (*place, self.id, self.digest))
            return
        db.executemany(
            "DELETE FROM seen WHERE watch = ? AND appliance = ? AND id = ?", [(*place, id) for id in self.forgotten]
        )
        text = None if self.mark is None else self.mark.isoformat()
        db.execute("INSERT OR REPLACE INTO mark VALUES (?, ?, ?)", (*place, text))


class SqliteCursor:
    """Keeps everything in an SQLite database; memory holds one appliance's ids at a time.

    A consumer that stores its results in the same database has each row exactly once, wherever a kill strikes:

        async for change in fleet.watch(Session, every=60, cursor=cursor):
            with cursor.transaction() as db:
                db.execute("INSERT INTO results VALUES (?, ?)", (change.row.name, change.row.result))
                change.done()

    Taking a row does not wait for another process that holds the database: what cannot be written is kept in memory and
    written with the next call. Where the process is killed before that, those rows come again.

    Args:
        path: the database; made when it is not there. `:memory:` is for tests.

    Raises:
        CursorBusy: another process holds the database.
        CursorError: it cannot be opened, or is no database.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        # What another process kept from being written, in order.
        self._pending: list[_Write] = []
        with self._translated():
            self._db = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE / 1000)
        try:
            with self._translated():
                # NORMAL with a write-ahead log costs no fsync for each row and survives a kill.
                self._db.executescript(_SCHEMA)
                self._wait(0)
        except CursorError:
            self._db.close()
            raise

    def seen(self, watch: str, appliance: str) -> Mapping[str, str]:
        """Ids of the rows that were taken, with the digest that each had.

        Raises:
            CursorBusy: another process holds the database, also against readers.
        """
        with self._translated():
            rows = self._db.execute("SELECT id, digest FROM seen WHERE watch = ? AND appliance = ?", (watch, appliance))
            found: dict[str, str] = dict(rows.fetchall())
        for write in self._pending_of(watch, appliance):
            if write.id is not None:
                found[write.id] = write.digest
            for id in write.forgotten:
                found.pop(id, None)
        return found

    def mark(self, watch: str, appliance: str) -> datetime | None:
        """The time from which the next round asks, or None before the first round was whole.

        Raises:
            CursorBusy: as `seen`.
        """
        for write in reversed(self._pending_of(watch, appliance)):
            if write.id is None:
                return write.mark
        with self._translated():
            rows = self._db.execute("SELECT mark FROM mark WHERE watch = ? AND appliance = ?", (watch, appliance))
            found = rows.fetchone()
            return datetime.fromisoformat(found[0]) if found and found[0] else None

    def taken(self, watch: str, appliance: str, id: str, digest: str) -> None:
        self._write(_Write(watch, appliance, id=id, digest=digest))

    def finish(self, watch: str, appliance: str, mark: datetime | None, keep: Set[str]) -> None:
        forgotten = self.seen(watch, appliance).keys() - keep
        if not forgotten and mark == self.mark(watch, appliance):
            return
        self._write(_Write(watch, appliance, mark=mark, forgotten=tuple(forgotten)))

    def _pending_of(self, watch: str, appliance: str) -> list[_Write]:
        return [one for one in self._pending if one.watch == watch and one.appliance == appliance]

    def _write(self, write: _Write) -> None:
        if self._db.in_transaction:  # the consumer's: it holds or falls with that
            with self._translated():
                write.apply(self._db)
            return
        if len(self._pending) >= _MOST_PENDING:
            self._flush()
        self._pending.append(write)
        try:
            self._flush()
        except CursorBusy:
            if len(self._pending) == 1:
                _log.warning("%s is held by another process: rows are kept until it lets go", self._path)
        except CursorError:
            self._pending.pop()
            raise

    def _flush(self) -> None:
        """Write what is pending, all or nothing."""
        if not self._pending:
            return
        with self._translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for write in self._pending:
                    write.apply(self._db)
                self._db.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        self._pending.clear()

    def _wait(self, milliseconds: int) -> None:
        self._db.execute(f"PRAGMA busy_timeout = {milliseconds}")

    def _roll_back(self) -> None:
        # A full disk has rolled back by itself.
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The database, in a transaction: what is stored and which rows are taken hold together or not at all.

        Nothing may be awaited within: other watches on this cursor write to the same connection.

        Raises:
            CursorBusy: another process holds the database; nothing was done.
            CursorError: there is a transaction already, or the database cannot be written.
        """
        with self._translated():
            if not self._db.in_transaction:
                self._wait(_PATIENCE)
            try:
                if not self._db.in_transaction:
                    self._flush()
                self._db.execute("BEGIN IMMEDIATE")
            finally:
                self._wait(0)
        try:
            yield self._db
        except BaseException:
            self._roll_back()
            raise
        try:
            with self._translated():
                self._db.execute("COMMIT")
        except CursorError:
            self._roll_back()
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", None)
            busy = code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            kind = CursorBusy if busy else CursorError
            raise kind(f"the cursor {self._path} cannot be used: {error}") from error

    def close(self) -> None:
        """Write what is pending, and give everything back.

        Raises:
            CursorBusy: another process still holds the database: rows that were taken since come again.
        """
        try:
            if not self._db.in_transaction:
                self._wait(_PATIENCE)
                self._flush()
        finally:
            self._db.close()
