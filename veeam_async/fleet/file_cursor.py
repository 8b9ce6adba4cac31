"""A cursor in a file: a journal that is whole after a kill and on a full disk."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator, Set
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from .cursor import CursorError, MemoryCursor

_log = logging.getLogger("veeam_async.fleet")


class FileCursor(MemoryCursor):
    """Keeps a journal of JSON lines, which is rewritten when it has grown to some times of what it holds.

    A line is written whole or not at all: on a full disk what was written of it is taken back, `CursorError` says so,
    and the row does not count as taken. A damaged line is passed over with a warning; its rows come again.

    Args:
        path: the file; made when it is not there.

    Raises:
        CursorError: the file cannot be read or written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self._path = Path(path)
        self._lines = 0
        # Lines from which on the next rewriting is worth it.
        self._most_lines = 0
        # Half a line at the end that could not be taken back yet: its length.
        self._torn = 0
        with self._translated():
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
        damaged = 0
        for line in data[:whole].splitlines():
            try:
                self._read_line(orjson.loads(line))
            except (ValueError, KeyError, TypeError):
                damaged += 1
            self._lines += 1
        if damaged:
            _log.warning("%s: %d damaged lines were passed over; their rows come again", self._path, damaged)

    def _read_line(self, entry: dict[str, Any]) -> None:
        watch, appliance = entry["w"], entry["a"]
        if "i" in entry:
            super().taken(watch, appliance, entry["i"], entry["d"])
        else:
            mark = None if entry["m"] is None else datetime.fromisoformat(entry["m"])
            super().finish(watch, appliance, mark, self.seen(watch, appliance).keys() - set(entry["x"]))

    def taken(self, watch: str, appliance: str, id: str, digest: str) -> None:
        if self.seen(watch, appliance).get(id) == digest:
            return
        self._write({"w": watch, "a": appliance, "i": id, "d": digest})
        super().taken(watch, appliance, id, digest)

    def finish(self, watch: str, appliance: str, mark: datetime | None, keep: Set[str]) -> None:
        forgotten = list(self.seen(watch, appliance).keys() - keep)
        if not forgotten and mark == self.mark(watch, appliance):
            return
        self._write(_finish_entry(watch, appliance, mark, forgotten))
        super().finish(watch, appliance, mark, keep)
        if self._lines > max(self._most_lines, 1000 + 4 * sum(map(len, self._seen.values()))):
            self._rewrite()

    def _write(self, entry: dict[str, Any]) -> None:
        line = orjson.dumps(entry) + b"\n"
        with self._translated():
            self._take_back()
            # Unbuffered and in one piece, so that a kill leaves at most one broken line, the last.
            written = self._file.write(line)
            if written != len(line):
                self._torn = written
                self._take_back()
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._lines += 1

    def _take_back(self) -> None:
        if self._torn:
            self._file.truncate(os.fstat(self._file.fileno()).st_size - self._torn)
            self._torn = 0

    def _rewrite(self) -> None:
        """Write what is held into a new file; where that fails, the journal goes on to grow."""
        beside = self._path.with_name(self._path.name + ".new")
        lines = [
            orjson.dumps({"w": watch, "a": appliance, "i": id, "d": digest})
            for (watch, appliance), seen in self._seen.items()
            for id, digest in seen.items()
        ]
        lines += [orjson.dumps(_finish_entry(*key, mark, [])) for key, mark in self._marks.items()]
        file: BinaryIO | None = None
        try:
            file = open(beside, "wb")  # noqa: SIM115
            file.writelines(line + b"\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
            again = open(beside, "ab", buffering=0)  # noqa: SIM115
            try:
                os.replace(beside, self._path)
            except OSError:
                again.close()
                raise
        except OSError as error:
            _log.warning("%s could not be rewritten, it goes on growing: %s", self._path, error.strerror)
            self._most_lines = 2 * self._lines
            with suppress(OSError):
                beside.unlink()
            return
        finally:
            if file is not None:
                with suppress(OSError):
                    file.close()
        self._file.close()
        self._file, self._lines, self._most_lines, self._torn = again, len(lines), 0, 0

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:  # ValueError: it is closed
            reason = getattr(error, "strerror", None) or "it is closed"
            raise CursorError(f"the cursor {self._path} cannot be written: {reason}") from error

    def close(self) -> None:
        self._file.close()


def _finish_entry(watch: str, appliance: str, mark: datetime | None, forgotten: list[str]) -> dict[str, Any]:
    return {"w": watch, "a": appliance, "m": None if mark is None else mark.isoformat(), "x": forgotten}
