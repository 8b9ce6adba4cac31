"""Large JSON texts, read in steps between which other work of the event loop gets its turn.

No parser lets go of the interpreter while it reads, in a thread either: a text of many mebibytes would hold up every
other appliance. So it is cut where the rows of its largest array meet. That a cut is right needs no tokenizer: what
stands before it, closed with a bracket, is JSON only if the cut lies between two elements of that array.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

import orjson

from .json_text import JsonError, JsonValue, loads

_PIECE = 1 << 18
_ODD_PIECE = 1 << 15
_READ_SLOWLY = 1 << 20
_MOST_TRIES = 6
_FAR = 4
_MARKER = "veeam_async: the rows"
_BETWEEN_ROWS = re.compile(rb"\}\s{0,100},\s{0,100}\{")
_ROWS_BEGIN = re.compile(rb"\[\s{0,100}\{")

# What reading costs, in nanoseconds, and what comes of it takes, in bytes: measured with orjson on the texts that are
# worst for it (nested empty objects, short strings, objects of one key each).
_TIME = {b"[": 70, b"{": 70, b",": 25, b'"': 30, b'":': 150, b"{}": 0}
# Keys are shared, most of them; an empty object has no table.
_SPACE = {b"[": 72, b"{": 190, b",": 32, b'"': 28, b'":': -16, b"{}": -120}
_AT_ONCE = 25e6


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
        if len(body) <= _READ_SLOWLY:
            return loads(body, content_type)
    for start in _array_starts(body):
        value = yield from _Rows(body, start, content_type).read()
        if value is not None:
            return value
    raise CannotBeCut


def _array_starts(body: bytes) -> Iterator[int]:
    """Where the array with the rows may begin."""
    if body.lstrip()[:1] == b"[":
        yield body.index(b"[") + 1
        return
    place = 0
    for _ in range(3):
        match = _ROWS_BEGIN.search(body, place)
        if match is None:
            break
        place = match.start() + 1
        yield place
    if place == 0 and (first := body.find(b"[")) >= 0:
        yield first + 1


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

    def read(self) -> Generator[None, None, JsonValue]:
        """The whole value; None where this is not the array to cut."""
        body, start = self._body, self._start
        while len(body) - self._place > (4 * _ODD_PIECE if self._odd else _PIECE):
            if not (yield from self._cut()):
                break
        if self._place == start:
            return None
        end = yield from self._end()
        if end is None or len(body) - end + start > _PIECE:
            return None
        yield
        try:
            # A marker distinguishes the array, which is empty by now, from all others.
            envelope = loads(body[:start] + orjson.dumps(_MARKER) + body[end:], self._content_type)
        except JsonError:
            return None
        return _filled(envelope, self._rows)

    def _elements(self, end: int) -> bool:
        """Take what stands before `end` for elements; False where it is none."""
        text = b"[" + self._body[self._place : end] + b"]"
        try:
            value: JsonValue = loads(text, self._content_type) if self._odd else orjson.loads(text)
        except (JsonError, orjson.JSONDecodeError):
            return False
        if not isinstance(value, list):
            return False
        self._rows += value
        return True

    def _comma(self, after: int) -> int:
        """Where rows may meet behind a place; below 0 where that is not near."""
        match = _BETWEEN_ROWS.search(self._body, after, after + 2 * _PIECE)
        return self._body.find(b",", after if match is None else match.start(), after + 2 * _PIECE)

    def _cut(self) -> Generator[None, None, bool]:
        """Read the next elements; False where no cut is right."""
        for odd in (False, True) if not self._odd else (True,):
            self._odd = odd
            # The slow reader takes several times as long for the same text.
            stride = _ODD_PIECE if odd else _PIECE // 2
            # A row may hold a long text that looks like rows itself: behind it is another chance.
            for distance in (stride, _FAR * stride):
                after = self._place + distance
                for _ in range(_MOST_TRIES):
                    comma = self._comma(after)
                    if comma < 0:
                        break
                    right = self._elements(comma)
                    yield
                    if right:
                        self._place = comma + 1
                        return True
                    after = comma + 1
        return False

    def _end(self) -> Generator[None, None, int | None]:
        """Read the last elements; where their array ends, or None."""
        for odd in (False, True) if not self._odd else (True,):
            self._odd = odd
            end = len(self._body)
            for _ in range(_MOST_TRIES):
                end = self._body.rfind(b"]", self._place, end)
                if end < 0 or end - self._place > 3 * _PIECE:
                    break
                right = self._elements(end)
                yield
                if right:
                    return end
        return None


def _filled(value: JsonValue, rows: list[JsonValue]) -> JsonValue:
    """The envelope with its rows in the place of the marker."""
    if value == [_MARKER]:
        return rows
    if isinstance(value, dict):
        return {name: _filled(item, rows) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, rows) for item in value]
    return value
