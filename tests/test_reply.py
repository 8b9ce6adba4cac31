"""Answers as they came: text in its charset, JSON with its oddities, what errors show of them."""

from __future__ import annotations

import orjson
import pytest

from veeam_async._http.answers import read_error
from veeam_async._operation.call import Call
from veeam_async._operation.reply import Reply, excerpt
from veeam_async.errors import DecodeError


def reply(body: bytes, kind: str = "application/json", *, status: int = 200, private: bool = False) -> Reply[None]:
    call = Call("GET", "/it", "GetIt", "/it", safe=True, secrets=("planted-secret",) if private else ())
    return Reply(status, {"Content-Type": kind}, body, call, "vbr01")


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/plain", "é".encode(), "é"),
        ("text/plain; charset=latin-1", b"\xe9", "é"),
        ('text/plain; format=flowed; CHARSET="latin-1"', b"\xe9", "é"),
        ("text/plain; charset=utf-8; format=latin-1", "é".encode(), "é"),
        ("charset=latin-1", "é".encode(), "é"),
        ("text/plain; charset=no-such", "é".encode(), "é"),
        ("text/plain; charset=base64", "é".encode(), "é"),
        ("text/plain; charset=undefined", "é".encode(), "é"),
        ("text/plain; charset=idna", "é".encode(), "é"),
        ("text/plain", b"\xff!", "\ufffd!"),
        ("", b"a", "a"),
    ],
)
def test_text_in_its_charset(kind: str, body: bytes, text: str) -> None:
    """The charset that the server names, or UTF-8 where it names none that can be read with."""
    assert reply(body, kind).text() == text


@pytest.mark.parametrize("body", [b"", b"  \r\n", b"\xef\xbb\xbfnull"])
def test_no_json(body: bytes) -> None:
    """An empty body is no value and no error."""
    assert reply(body).json() is None


def test_json_behind_a_byte_order_mark() -> None:
    """A byte order mark is passed over; what is no JSON behind it is an error all the same."""
    assert reply(b'\xef\xbb\xbf{"a":1}').json() == {"a": 1}
    with pytest.raises(DecodeError):
        reply(b'\xef\xbb\xbf{"a":1').json()


def test_the_beginning_that_errors_show() -> None:
    """Errors show the first 200 characters, whole ones, and nothing of what is private."""
    with pytest.raises(DecodeError) as caught:
        reply("é".encode() * 300).json()
    assert caught.value.excerpt == "é" * 200
    assert excerpt("é".encode() * 300, 3) == "ééé"
    with pytest.raises(DecodeError) as caught:
        reply(b"secret", private=True).json()
    assert caught.value.excerpt is None


def test_whose_answer_it_was() -> None:
    """The repr says what was answered, and shows nothing of it."""
    assert repr(reply(b"secret")) == "<Reply 200 to GetIt from vbr01, 6 bytes>"


def test_errors_are_cut_to_what_a_person_reads() -> None:
    """What is over 2,000 characters, 50 fields or 20 lines of a field is in the body alone."""
    data = {"message": "m" * 3000, "errors": {f"f{n}": ["x" * (600 if n == 0 else 20)] * 25 for n in range(60)}}
    error = read_error(reply(orjson.dumps(data), status=400))
    assert len(error.message) == 2000
    assert len(error.field_errors) == 50
    assert {len(lines) for lines in error.field_errors.values()} == {20}
    assert len(error.field_errors["f0"][0]) == 500
    assert len(str(error)) < 4100
    assert error.body == data


@pytest.mark.parametrize(
    ("kind", "body", "private", "message"),
    [
        ("application/json", b'{"acc', True, "the body is application/json and makes no sense"),
        ("text/plain", b'"access_Token": "planted', True, "the body is text/plain and makes no sense"),
        ("text/plain", b"Service down", True, "Service down"),
        ("text/html", b"<h1>Down</h1>", True, "the body is text/html and begins '<h1>Down</h1>'"),
        ("application/json", b'{"acc', False, "the body is application/json and begins '{\"acc'"),
        ("text/html", b"<" * 300, False, f"the body is text/html and begins '{'<' * 80}'"),
        ("x/" + "y" * 300, b"<", False, f"the body is x/{'y' * 98} and begins '<'"),
    ],
)
def test_what_is_said_of_a_body_that_makes_no_sense(kind: str, body: bytes, private: bool, message: str) -> None:
    """Its type and its first 80 characters; where it was to be a token, nothing that may be a part of it."""
    error = read_error(reply(body, kind, status=500, private=private))
    assert error.message == message
    assert (error.body is None) == message.endswith("makes no sense")
