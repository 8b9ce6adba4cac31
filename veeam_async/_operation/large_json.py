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

SMALL = 1 << 19
"""Bytes below which a text is read at once."""
_PIECE = 1 << 19
_ODD_PIECE = 1 << 16
_MOST_TRIES = 6
_BETWEEN_ROWS = re.compile(rb"\}\s{0,100},\s{0,100}\{")
_ROWS_BEGIN = re.compile(rb"\[\s{0,100}\{")

# What reading costs, in nanoseconds, and what comes of it takes, in bytes: measured with orjson on the texts that are
# worst for it (nested empty objects, short strings, objects of one key each).
_TIME = {b"[": 70, b"{": 70, b",": 25, b'"': 30, b'":': 150, b"{}": 0}
# Keys are shared, most of them; an empty object has no table.
_SPACE = {b"[": 72, b"{": 190, b",": 32, b'"': 28, b'":': -16, b"{}": -120}
_AT_ONCE = 40e6


class TooManyValues(Exception):
    """A text would become more values than its limit lets through, or cannot be read in steps."""


def read_in_steps(body: bytes, charset: str | None, limit: int) -> Generator[None, None, JsonValue]:
    """The value of a large JSON text; each step takes some milliseconds.

    Args:
        body: the text.
        charset: what the server calls its charset, if anything.
        limit: bytes that the text and its values may take in memory together.

    Raises:
        JsonError: it is no JSON.
        TooManyValues: it would take more than `limit`, or one value of it is too large to be read in a step.
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
        return loads(body, charset)
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
        if len(body) <= 2 * SMALL:
            return loads(body, charset)
    for start in _array_starts(body):
        rows = yield from _rows(body, start, charset)
        if rows is not None:
            return rows
    raise TooManyValues


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


def _rows(body: bytes, start: int, charset: str | None) -> Generator[None, None, JsonValue]:
    """The whole value, by the array that begins at `start`; None where that is not the one to cut."""
    rows: list[JsonValue] = []
    place = start
    while len(body) - place > _PIECE:
        cut = yield from _cut(body, place, charset, rows)
        if cut is None:
            break
        place = cut
    else:
        cut = place
    if place == start:
        return None
    end = yield from _end(body, place, charset, rows)
    if end is None:
        return None
    envelope = body[:start] + body[end:]
    if len(envelope) > _PIECE:
        return None
    # The array is empty in it, so that it can be told from all others by a marker.
    marked = body[:start] + b'"veeam_async rows"' + body[end:]
    yield
    try:
        value = loads(marked, charset)
    except JsonError:
        return None
    return _filled(value, rows)


def _filled(value: JsonValue, rows: list[JsonValue]) -> JsonValue:
    """The envelope with its rows in the place of the marker."""
    if value == ["veeam_async rows"]:
        return rows
    if isinstance(value, dict):
        return {name: _filled(item, rows) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, rows) for item in value]
    return value


def _elements(text: bytes, charset: str | None, *, odd: bool) -> list[JsonValue] | None:
    """The elements of an array's text without its brackets, or None where it is none."""
    text = b"[" + text + b"]"
    if not odd:
        try:
            elements: list[JsonValue] = orjson.loads(text)
            return elements
        except orjson.JSONDecodeError:
            return None
    try:
        value = loads(text, charset)
    except JsonError:
        return None
    return value if isinstance(value, list) else None


def _cut(body: bytes, place: int, charset: str | None, rows: list[JsonValue]) -> Generator[None, None, int | None]:
    """Read the next elements into `rows`; where the ones after them begin, or None where no cut is right."""
    for odd in (False, True):
        # The slow reader takes several times as long for the same text.
        after = place + (_ODD_PIECE if odd else _PIECE // 2)
        for _ in range(_MOST_TRIES):
            match = _BETWEEN_ROWS.search(body, after, after + 2 * _PIECE)
            comma = body.find(b",", after, after + 2 * _PIECE) if match is None else body.index(b",", match.start())
            if comma < 0:
                return None
            elements = _elements(body[place:comma], charset, odd=odd)
            yield
            if elements is not None:
                rows += elements
                return comma + 1
            after = comma + 1
    return None


def _end(body: bytes, place: int, charset: str | None, rows: list[JsonValue]) -> Generator[None, None, int | None]:
    """Read the last elements into `rows`; where their array ends, or None."""
    for odd in (False, True):
        end = len(body)
        for _ in range(_MOST_TRIES):
            end = body.rfind(b"]", place, end)
            if end < 0 or end - place > 3 * _PIECE:
                break
            elements = _elements(body[place:end], charset, odd=odd)
            yield
            if elements is not None:
                rows += elements
                return end
    return None
