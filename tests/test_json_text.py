"""JSON as servers write it: what is read of it, what is put in place of the rest, and what is none."""

from __future__ import annotations

import codecs
import json
from typing import Any

import pytest

from veeam_async._operation.json_text import (
    JsonError,
    charset_of,
    decode_text,
    loads,
    positive,
    row_key,
    value_at,
)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, "x", null]}', {"a": [1, "x", None]}),
        (b"", None),
        (b" \r\n\t", None),
        (b'["tab\there", "\x00\x1f"]', ["tab\there", "\x00\x1f"]),
        (b'["\\ud83d", "\\ud83d\\ude00", "\\ude00x"]', ["\ufffd", "\U0001f600", "\ufffdx"]),
        (b'{"\\ud83d": {"a": ["\\udc00", 1, null, true]}}', {"\ufffd": {"a": ["\ufffd", 1, None, True]}}),
        (b'["caf\xe9", "\xff\xfe"]', ["caf\ufffd", "\ufffd\ufffd"]),
        (b"[NaN, Infinity, -Infinity, 1e999, -1e999, 1e308]", [None, None, None, None, None, 1e308]),
        (b'["C:\\Users\\new", "\\"", "\\u00e9", "\\u12", NaN]', ["C:\\Users\new", '"', "é", "\\u12", None]),
        (b'["\\Program Files\\", 1]', JsonError),
        (b'["a\\\\b", "\\/", "\\Windows"]', ["a\\b", "/", "\\Windows"]),
    ],
)  # fmt: skip
def test_one_odd_text_costs_itself(body: bytes, value: Any) -> None:
    """What no parser takes becomes U+FFFD, null or what was meant; all around it stays as it is."""
    if value is JsonError:
        with pytest.raises(JsonError):
            loads(body)
    else:
        assert loads(body) == value


def test_integers_of_any_length() -> None:
    """An integer of 400 digits is one; a longer one would take the time of its square, and is null."""
    assert loads(b"[%b, NaN]" % (b"9" * 400)) == [10**400 - 1, None]
    assert loads(b"[%b, NaN, 1]" % (b"9" * 401)) == [None, None, 1]


@pytest.mark.parametrize(
    ("mark", "charset"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
@pytest.mark.parametrize("header", ["", "application/json; charset=latin-1"])
def test_byte_order_marks(mark: bytes, charset: str, header: str) -> None:
    """A mark says what the text is in, whatever the header says; without one its first bytes do."""
    body = '{"name": "é日"}'.encode(charset)
    assert loads(mark + body, header) == {"name": "é日"}
    if not header:
        assert loads(body) == {"name": "é日"}


@pytest.mark.parametrize(
    ("header", "charset"),
    [
        ("", None),
        ("application/json", None),
        ("application/json; charset=utf-8", "utf-8"),
        ('application/json;profile="x" ; Charset = "ISO-8859-1"', "ISO-8859-1"),
        ("application/json; charset='windows-1252'; q=1", "windows-1252"),
        ("application/json; charset=", None),
        ('application/json; charset=""', None),
        ("charset=utf-8", None),
    ],
)
def test_the_charset_of_a_header(header: str, charset: str | None) -> None:
    """It is a parameter, in quotes or not."""
    assert charset_of(header) == charset


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        (b"caf\xe9", "latin-1", "café"),
        (b"caf\xe9", "cp1252", "café"),
        (b"caf\xc3\xa9", None, "café"),
        (b"caf\xe9", None, "caf\ufffd"),
        (b"caf\xc3\xa9", "no-such", "café"),
        (b"caf\xc3\xa9", "hex", "café"),
        (b"caf\xc3\xa9", "utf\x008", "café"),
        (b"a\xff", "ascii", "a\ufffd"),
    ],
)
def test_texts_in_a_charset(body: bytes, charset: str | None, text: str) -> None:
    """What is not of its charset becomes U+FFFD; in a charset that is none, the text is UTF-8."""
    assert decode_text(body, charset) == text


def test_a_charset_of_the_header() -> None:
    """A text that is no UTF-8 is read by the charset that its header names."""
    assert loads('["café"]'.encode("latin-1"), "application/json; charset=latin-1") == ["café"]


@pytest.mark.parametrize(
    ("body", "incomplete"),
    [
        (b'{"a": [1, 2', True),
        (b'{"a": "b', True),
        (b'{"a": "b\\', True),
        (b'["\\ud83d", ', True),
        (b'["\\ud83d"', True),
        (b'["\\ud83d",', True),
        (b'{"a": "\\ud83d", "b":', True),
        (b'["\\ud83d", "begun', True),
        (b'["\\Users", "begun', True),
        (b'["\\ud83d", \n ', True),
        (b"<html>", False),
        (b"{'a': 1}", False),
        (b'{"a": 1} {"b": 2}', False),
        (b'["\\ud83d"] more', False),
        (b'["\\ud83d" 1]', False),
        (b'["\\Users" 1]', False),
    ],
)
def test_what_is_no_json(body: bytes, incomplete: bool) -> None:
    """A text that ends early may be asked for again, any other that is no JSON may not."""
    with pytest.raises(JsonError) as caught:
        loads(body)
    assert caught.value.incomplete is incomplete
    assert len(str(caught.value)) < 200


def test_what_is_nested_too_deeply() -> None:
    """Neither reader takes any depth."""
    with pytest.raises(JsonError) as caught:
        loads(b'["\\ud83d",' + b"[" * 200_000 + b"]" * 200_000 + b"]")
    assert not caught.value.incomplete


def test_where_it_is_no_json() -> None:
    """The error says where, in the words of the fast parser."""
    with pytest.raises(JsonError, match=r"at character 6$"):
        loads(b'{"a": x}')
    with pytest.raises(JsonError, match=r"at character 6$"):
        loads(b'{"a": ')


@pytest.mark.parametrize(
    ("raw", "path", "value"),
    [
        ({"a": {"b": 1}}, "a.b", 1),
        ({"a": {"b": 1}}, "a", {"b": 1}),
        ({"a": 1}, "a.b", None),
        ({"a": None}, "a.b.c", None),
        ([1], "a", None),
        ({"a": 1}, None, None),
        ({"a": 1}, "", None),
        ({}, "a", None),
    ],
)
def test_values_at_paths(raw: Any, path: str | None, value: Any) -> None:
    """Dots lead into objects; where none is, there is no value."""
    assert value_at(raw, path) == value


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1), (200, 200), (0, None), (-1, None), ("1", None), (1.5, None), (None, None)],
)
def test_numbers_above_zero(value: Any, number: int | None) -> None:
    """All else is no number of rows."""
    assert positive(value) == number


def test_what_is_alike_in_rows() -> None:
    """Rows are the same thing where id, type and name are, of whatever kind these are."""
    row = {"id": "a", "type": "t", "name": "n", "state": 1}
    assert row_key(row) == row_key({**row, "state": 2})
    for name in ("id", "type", "name"):
        assert row_key(row) != row_key({**row, name: "other"})
        odd = {**row, name: ["x"]}
        assert row_key(odd) == row_key(json.loads(json.dumps(odd)))
        assert row_key(odd) != row_key({**row, name: ["y"]})


def test_no_number_is_infinite() -> None:
    """Numbers beyond a double are null, whatever their sign; those next to it stay."""
    assert loads(b'["\\ud83d", 1.7976931348623157e308, -1.8e308]') == ["\ufffd", 1.7976931348623157e308, None]
