"""JSON as servers write it: read fast where it is by the book, else once more by a reader that takes what people write.

What no JSON parser takes costs the text or number that it is in, not the page: half a surrogate pair and bytes of
another charset become U+FFFD, control characters stay, NaN and numbers beyond a double become null.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import orjson

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LONGEST_INTEGER = 400


class JsonError(ValueError):
    """The text is no JSON.

    Attributes:
        incomplete: True where it ends before what it began does.
    """

    def __init__(self, message: str, *, incomplete: bool) -> None:
        super().__init__(message)
        self.incomplete = incomplete


def loads(body: bytes, content_type: str = "") -> JsonValue:
    """The value of a JSON text; None for one that is empty or blank.

    Args:
        body: the text.
        content_type: the header, for the charset that it may name; a byte order mark wins.

    Raises:
        JsonError: it is no JSON.
    """
    try:
        value: JsonValue = orjson.loads(body)
        return value
    except orjson.JSONDecodeError as error:
        message = f"{error.msg} at character {error.pos}"
        incomplete = error.pos >= len(body)
    # Outside of the handler: the parser's error holds the whole body, and must not hang on to ours.
    if not body.strip():
        return None
    if incomplete:
        raise JsonError(message, incomplete=True)
    return _read_slowly(_decoded(body, charset_of(content_type)), message)


def charset_of(content_type: str) -> str | None:
    """The charset that a Content-Type names, or None."""
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'") or None
    return None


# Codecs of Python that are no charsets of HTTP; the time that `punycode` takes grows with the square of the text.
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"})


def decode_text(body: bytes, charset: str | None) -> str:
    """The body as text, in a charset or in UTF-8; what is not of it becomes U+FFFD."""
    try:
        name = codecs.lookup(charset or "utf-8").name
        return body.decode("utf-8" if name in _NO_CHARSETS else name, "replace")
    except (LookupError, ValueError):  # no such charset, or one that cannot replace what it cannot read
        return body.decode("utf-8", "replace")


def _decoded(body: bytes, charset: str | None) -> str:
    for mark, name in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return decode_text(body[len(mark) :], name)
    return decode_text(body, charset or json.detect_encoding(body[:4]))


def _read_slowly(text: str, message: str) -> JsonValue:
    for attempt in (text, _mended_escapes):
        candidate = attempt if isinstance(attempt, str) else attempt(text)
        try:
            value = _LENIENT.decode(candidate)
        except json.JSONDecodeError as error:
            end = len(candidate.rstrip())
            if error.pos >= end or error.msg.startswith("Unterminated string"):
                raise JsonError(message, incomplete=True) from None
        except RecursionError:
            raise JsonError("it is nested too deeply", incomplete=False) from None
        else:
            return _without_surrogates(value) if "\\u" in candidate else value
    raise JsonError(message, incomplete=False)


def _mended_escapes(text: str) -> str:
    """Backslashes that begin no escape, as in Windows paths that nobody escaped, doubled."""
    escape = re.compile(r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})?')
    return escape.sub(lambda match: match[0] if match[1] else r"\\", text)


def _without_surrogates(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {str(_without_surrogates(key)): _without_surrogates(item) for key, item in value.items()}
    return value


def _integer(text: str) -> int | None:
    return int(text) if len(text) <= _LONGEST_INTEGER else None


def _number(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


_LENIENT = json.JSONDecoder(
    strict=False,
    parse_int=_integer,
    parse_float=_number,
    parse_constant=lambda _: None,
)


def value_at(raw: Any, path: str | None) -> Any:
    """The value at a path whose dots lead into objects, or None."""
    for key in path.split(".") if path else ():
        if not isinstance(raw, Mapping):
            return None
        raw = raw.get(key)
    return raw if path else None


def positive(value: Any) -> int | None:
    """A whole number above 0, or None."""
    return value if isinstance(value, int) and value > 0 else None


def row_key(row: dict[str, Any]) -> int:
    """What is alike in two rows of the same thing. Two things may share an id, and differ in type or name."""
    key = (row["id"], row.get("type"), row.get("name"))
    try:
        # Hashes, so that a million of them can be held.
        return hash(key)
    except TypeError:
        return hash(str(key))
