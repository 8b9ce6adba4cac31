"""Where a watch keeps what it has handed over: in memory, in a file, in SQLite.

A cursor holds, for each watch and appliance, the ids and digests of the rows that the consumer has taken, and a mark:
the time from which the next round asks. What is written survives the end of the process, a kill included; a machine
that loses power may lose the last moments, after which those rows come again. One process at a time may use a file.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import orjson


class Cursor(Protocol):
    """What a watch needs of a cursor. Calls are short and come from the loop's thread."""

    def seen(self, watch: str, appliance: str) -> Mapping[str, str]:
        """Ids of the rows that were taken, with the digest that each had."""
        ...

    def mark(self, watch: str, appliance: str) -> datetime | None:
        """The time from which the next round asks, or None before the first round was whole."""
        ...

    def taken(self, watch: str, appliance: str, id: str, digest: str) -> None:
        """The consumer has taken a row. Can be told twice."""

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


class FileCursor(MemoryCursor):
    """Keeps a journal of JSON lines, which is rewritten when it has grown to some times of what it holds.

    Args:
        path: the file; made when it is not there.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self._path = Path(path)
        self._lines = 0
        self._replay()
        self._file: BinaryIO = open(self._path, "ab", buffering=0)  # noqa: SIM115

    def _replay(self) -> None:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        # A process that was killed may have left half a line.
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(self._path, whole)
        for line in data[:whole].splitlines():
            entry = orjson.loads(line)
            watch, appliance = entry["w"], entry["a"]
            if "i" in entry:
                super().taken(watch, appliance, entry["i"], entry["d"])
            else:
                mark = entry["m"]
                keep = self.seen(watch, appliance).keys() - set(entry["x"])
                super().finish(watch, appliance, None if mark is None else datetime.fromisoformat(mark), keep)
            self._lines += 1

    def taken(self, watch: str, appliance: str, id: str, digest: str) -> None:
        if self.seen(watch, appliance).get(id) == digest:
            return
        super().taken(watch, appliance, id, digest)
        self._write({"w": watch, "a": appliance, "i": id, "d": digest})

    def finish(self, watch: str, appliance: str, mark: datetime | None, keep: Set[str]) -> None:
        forgotten = list(self.seen(watch, appliance).keys() - keep)
        if not forgotten and mark == self.mark(watch, appliance):
            return
        super().finish(watch, appliance, mark, keep)
        self._write(self._finish_entry(watch, appliance, forgotten))
        if self._lines > 1000 + 4 * sum(map(len, self._seen.values())):
            self._rewrite()

    def _finish_entry(self, watch: str, appliance: str, forgotten: list[str]) -> dict[str, Any]:
        mark = self.mark(watch, appliance)
        return {"w": watch, "a": appliance, "m": None if mark is None else mark.isoformat(), "x": forgotten}

    def _write(self, entry: dict[str, Any]) -> None:
        # Unbuffered and in one piece, so that a kill leaves at most one broken line, the last.
        self._file.write(orjson.dumps(entry) + b"\n")
        self._lines += 1

    def _rewrite(self) -> None:
        beside = self._path.with_name(self._path.name + ".new")
        lines = [
            orjson.dumps({"w": watch, "a": appliance, "i": id, "d": digest})
            for (watch, appliance), seen in self._seen.items()
            for id, digest in seen.items()
        ]
        lines += [orjson.dumps(self._finish_entry(watch, appliance, [])) for watch, appliance in self._marks]
        with open(beside, "wb") as file:
            file.writelines(line + b"\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        self._file.close()
        os.replace(beside, self._path)
        self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115
        self._lines = len(lines)

    def close(self) -> None:
        self._file.close()


class SqliteCursor:
    """Keeps everything in an SQLite database; memory holds one appliance's ids at a time.

    A consumer that stores its results in the same database has each row exactly once, wherever a kill strikes:

        async for change in fleet.watch(Session, every=60, cursor=cursor):
            with cursor.transaction() as db:
                db.execute("INSERT INTO results VALUES (?, ?)", (change.row.name, change.row.result))
                change.done()

    Args:
        path: the database; made when it is not there. `:memory:` is for tests.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        # NORMAL with a write-ahead log costs no fsync for each row and survives a kill.
        self._db.executescript(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = NORMAL;
            CREATE TABLE IF NOT EXISTS seen (
                watch TEXT, appliance TEXT, id TEXT, digest TEXT NOT NULL, PRIMARY KEY (watch, appliance, id)
            ) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS mark (
                watch TEXT, appliance TEXT, mark TEXT, PRIMARY KEY (watch, appliance)
            ) WITHOUT ROWID;
            """
        )

    def seen(self, watch: str, appliance: str) -> Mapping[str, str]:
        rows = self._db.execute("SELECT id, digest FROM seen WHERE watch = ? AND appliance = ?", (watch, appliance))
        return dict(rows.fetchall())

    def mark(self, watch: str, appliance: str) -> datetime | None:
        rows = self._db.execute("SELECT mark FROM mark WHERE watch = ? AND appliance = ?", (watch, appliance))
        found = rows.fetchone()
        return datetime.fromisoformat(found[0]) if found and found[0] else None

    def taken(self, watch: str, appliance: str, id: str, digest: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", (watch, appliance, id, digest))

    def finish(self, watch: str, appliance: str, mark: datetime | None, keep: Set[str]) -> None:
        forgotten = self.seen(watch, appliance).keys() - keep
        if not forgotten and mark == self.mark(watch, appliance):
            return
        with self.transaction():
            self._db.executemany(
                "DELETE FROM seen WHERE watch = ? AND appliance = ? AND id = ?",
                [(watch, appliance, id) for id in forgotten],
            )
            text = None if mark is None else mark.isoformat()
            self._db.execute("INSERT OR REPLACE INTO mark VALUES (?, ?, ?)", (watch, appliance, text))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The database, in a transaction: what is stored and which rows are taken hold together or not at all.

        Nothing may be awaited within: other watches on this cursor write to the same connection.

        Raises:
            sqlite3.OperationalError: there is a transaction already, or another process holds the database.
        """
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()
