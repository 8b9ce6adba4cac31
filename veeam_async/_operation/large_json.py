"""Large JSON texts, read in steps between which other work of the event loop gets its turn.

No parser lets go of the interpreter while it reads, in a thread either: a text of many mebibytes would hold up every
other appliance. So it is cut where the rows of its largest array meet. That a cut is right needs no tokenizer: what
stands before it, closed with a bracket, is JSON only if the cut lies between two elements of that array.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from itertools import chain, islice
from sys import getsizeof
from typing import Any

import orjson

from .json_text import JsonError, JsonValue, loads

# Bytes in which values are counted, and which may stand around the rows.
_PIECE = 1 << 18
# Bytes from cut to cut; fewer from the first row on that only the slow reader takes.
_STRIDE = 1 << 17
_ODD_STRIDE = 1 << 15
# Bytes behind a cut in which the next one has to be: a row may hold a long text.
_LONGEST_ROW = 1 << 20
# A long text may look like rows itself: behind it is another chance.
_FAR = 4
_MOST_TRIES = 6
_MARKER = "veeam_async: the rows"
_BETWEEN_ROWS = re.compile(rb"\}\s{0,100}(,)\s{0,100}\{")
_COMMA = re.compile(rb"(,)")
_ROWS_BEGIN = re.compile(rb"\[\s{0,100}\{")
_ARRAY_BEGINS = re.compile(rb"\[")
_MOST_ARRAYS = 3

# What reading costs, in nanoseconds: measured with orjson on the texts that are worst for it (nested empty objects,
# short strings, objects of one key each).
_TIME = {b"[": 70, b"{": 70, b",": 25, b'"': 30, b'":': 150, b"{}": 0}
_AT_ONCE = 25e6
# What comes of it takes, in bytes: short texts, and keys that are shared, most of them. An empty object has no table.
_SPACE = {
    b"[": getsizeof([None, None]),
    b"{": getsizeof({"key": None}),
    b",": getsizeof([None]) - getsizeof([]) + getsizeof(0.0),
    b'"': getsizeof("12345678") / 2,
    b'":': -16,
    b"{}": getsizeof({}) - getsizeof({"key": None}),
}


class TooManyValues(Exception):
    """A text would become more values than its limit lets through."""


class CannotBeCut(Exception):
    """No step takes less than the whole text: one value of it is too large, or it is no JSON."""


def read_in_steps(body: bytes, content_type: str, limit: int) -> Generator[None, None, JsonValue]:
    """The value of a large JSON text; each step takes some milliseconds.

    Args:
        body: the text.
        content_type: the header, for the charset that it may name.
        limit: bytes that the text and its values may take in memory together.

    Raises:
        JsonError: it is no JSON.
        TooManyValues: it would take more than `limit`.
        CannotBeCut: one value of it is too large to be read in a step, or it is no JSON at a place that nothing shows.
    """
    time = space = float(len(body))
    for start in range(0, len(body), _PIECE):
        part = body[start : start + _PIECE]
        for mark, cost in _TIME.items():
            count = part.count(mark)
            time += count * cost
            space += count * _SPACE[mark]
        yield
        if space > limit:
            raise TooManyValues
    if body.lstrip()[:1] not in (b"[", b"{"):
        return loads(body, content_type)
    if time <= _AT_ONCE:
        try:
            value: JsonValue = orjson.loads(body)
            return value
        except orjson.JSONDecodeError as error:
            incomplete = error.pos >= len(body)
            message = f"{error.msg} at character {error.pos}"
        if incomplete:
            raise JsonError(message, incomplete=True)
        yield
        if len(body) <= _LONGEST_ROW:
            return loads(body, content_type)
    for start in _array_starts(body):
        value = yield from _Rows(body, start, content_type).read()
        if value is not None:
            return value
    raise CannotBeCut


def _array_starts(body: bytes) -> list[int]:
    """Where the array with the rows may begin."""
    if body.lstrip()[:1] == b"[":
        return [body.index(b"[") + 1]
    for begin in (_ROWS_BEGIN, _ARRAY_BEGINS):
        starts = [match.start() + 1 for match in islice(begin.finditer(body), _MOST_ARRAYS)]
        if starts:
            return starts
    return []


class _Rows:
    """A text that is read by the array that begins at `start`, row by row."""

    def __init__(self, body: bytes, start: int, content_type: str) -> None:
        self._body = body
        self._start = start
        self._place = start
        self._content_type = content_type
        self._rows: list[JsonValue] = []
        # True from the first row on that only the slow reader takes: it gets smaller pieces.
        self._odd = False

    @property
    def _stride(self) -> int:
        return _ODD_STRIDE if self._odd else _STRIDE

    def read(self) -> Generator[None, None, JsonValue]:
        """The whole value; None where this is not the array to cut."""
        body, start = self._body, self._start
        while (yield from self._take(self._commas)):
            pass
        if self._place == start or not (yield from self._take(self._ends)):
            return None
        rest = body[self._place - 1 :]
        if start + len(rest) > _PIECE:
            return None
        try:
            # A marker distinguishes the array, which is empty by now, from all others.
            envelope = loads(body[:start] + orjson.dumps(_MARKER) + rest, self._content_type)
        except JsonError:
            return None
        return _filled(envelope, self._rows)

    def _take(self, places: Callable[[], Iterator[int]]) -> Generator[None, None, bool]:
        """Read the elements that end at the first place where some do; False where none does."""
        for odd in sorted({self._odd, True}):
            self._odd = odd
            for place in places():
                right = self._elements(place)
                yield
                if right:
                    self._place = place + 1
                    return True
        return False

    def _elements(self, end: int) -> bool:
        """Take what stands before `end` for elements; False where it is none."""
        text = b"[" + self._body[self._place : end] + b"]"
        try:
            value: Any = loads(text, self._content_type) if self._odd else orjson.loads(text)
        except (JsonError, orjson.JSONDecodeError):
            return False
        self._rows += value
        return bool(value)

    def _commas(self) -> Iterator[int]:
        """Where rows, or any elements, may meet behind so much that it is worth a cut."""
        end = self._place + _LONGEST_ROW
        for distance in (1, _FAR):
            after = self._place + distance * self._stride
            found = chain.from_iterable(one.finditer(self._body, after, end) for one in (_BETWEEN_ROWS, _COMMA))
            yield from (match.start(1) for match in islice(found, _MOST_TRIES))

    def _ends(self) -> Iterator[int]:
        """Where the array may end, the last place first."""
        if len(self._body) - self._place <= _LONGEST_ROW:
            rest = self._body[self._place :]
            for _ in range(_MOST_TRIES):
                rest, bracket, _ = rest.rpartition(b"]")
                if bracket:
                    yield self._place + len(rest)


def _filled(value: JsonValue, rows: list[JsonValue]) -> JsonValue:
    """The envelope with its rows in the place of the marker."""
    if value == [_MARKER]:
        return rows
    if isinstance(value, dict):
        return {name: _filled(item, rows) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, rows) for item in value]
    return value
