"""A lock between processes: held by SQLite, so that the system lets go of it where a process dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

_SHORTEST_PAUSE = 0.01
_LONGEST_PAUSE = 0.25


@contextlib.asynccontextmanager
async def process_lock(path: Path) -> AsyncIterator[None]:
    """Hold the lock of a file, which is made where it is not there. Waits off the loop, and as long as it takes.

    Raises:
        OSError: the file cannot be made or opened.
    """
    lock = _Lock(path)
    try:
        pause = _SHORTEST_PAUSE
        while not await asyncio.to_thread(lock.take):
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(_LONGEST_PAUSE, 1.5 * pause)
        yield
    finally:
        lock.close()


class _Lock:
    """A connection that a thread uses while another may want to close it: a waiting task can be cancelled any time.

    SQLite's objects must not be closed under somebody who is using them. So one thread at a time has the connection,
    and closing it is left to the one that has it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._in_use = threading.Lock()
        self._closed = False

    def take(self) -> bool:
        """Take the lock if nobody has it. Does not wait."""
        try:
            with self._in_use:
                if self._closed:
                    return False
                if self._db is None:
                    self._db = _open(self._path)
                return _begin(self._db)
        finally:
            if self._closed:
                self.close()

    def close(self) -> None:
        """Give the lock back. Waits for nothing: a thread that is at work does it in its stead."""
        self._closed = True
        if self._in_use.acquire(blocking=False):
            try:
                db, self._db = self._db, None
                if db is not None:
                    db.close()
            finally:
                self._in_use.release()


def _open(path: Path) -> sqlite3.Connection:
    # Made with its mode, not changed to it. One that is there is not opened here: closing a file that this process has
    # locked would let go of the lock.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        return sqlite3.connect(path, timeout=0.0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise OSError(f"the lock cannot be opened: {error}") from None


def _begin(db: sqlite3.Connection) -> bool:
    try:
        db.execute("PRAGMA journal_mode = MEMORY")  # nothing is written, and nothing need lie beside the file
        db.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return False
        raise OSError(f"the lock cannot be taken: {error}") from None
    return True
