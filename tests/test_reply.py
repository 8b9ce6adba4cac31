"""Answers as they came: text in its charset, JSON with its oddities, what errors show of them."""

from __future__ import annotations

import string
from random import Random
from typing import Any

import orjson
import pytest

from veeam_async._http.answers import is_passing, read_error, retry_after
from veeam_async._operation.call import Call
from veeam_async._operation.reply import Reply
from veeam_async.errors import DecodeError

TOKEN = "".join(Random(1).choices(string.ascii_letters, k=1024))


def reply(
    body: bytes,
    kind: str = "application/json",
    *,
    status: int = 200,
    private: bool = False,
    secrets: tuple[str, ...] = (),
) -> Reply[None]:
    call = Call("GET", "/it", "GetIt", "/it", safe=True, secrets=("planted-secret",) if private else ())
    return Reply(status, {"Content-Type": kind}, body, call, "vbr01", secrets)


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
    with pytest.raises(DecodeError) as caught:
        reply(b"secret", private=True).json()
    assert caught.value.excerpt is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"of {TOKEN}, sorry", "of ***, sorry"),
        ("x" * 150 + TOKEN, "x" * 150 + "***"),
        ("x" * 199 + TOKEN, "x" * 199 + "*"),
        (TOKEN * 16, "***" * 16),
        (TOKEN * 17, "***" * 16),
        ("x" * 90 + TOKEN * 20, "x" * 90 + "***" * 15),
        (f"{TOKEN[:4]}!" + TOKEN * 40, f"{TOKEN[:4]}!" + "***" * 15),
        ("x" * (1 << 20), "x" * 200),
        ("x" * 300 + TOKEN * 20, "x" * 200),
        ("😀" * 10_000, "😀" * 200),
    ],
)
def test_no_part_of_a_secret_is_shown(text: str, shown: str) -> None:
    """A token that is repeated is masked however often it is, and however it is cut: 16 KiB are looked at."""
    answer = reply(text.encode(), "text/plain", secrets=(TOKEN,))
    with pytest.raises(DecodeError) as caught:
        answer.json()
    assert caught.value.excerpt == shown
    error = read_error(reply(text.encode(), "text/plain", status=500, secrets=(TOKEN,)))
    assert error.body == shown


@pytest.mark.parametrize("before", ["", "x"])
def test_a_secret_that_is_cut_within_a_character(before: str) -> None:
    """Half of a character at the end hides no beginning of a secret."""
    secret = "é" * 499 + "ü"
    with pytest.raises(DecodeError) as caught:
        reply((before + secret * 20).encode(), "text/plain", secrets=(secret,)).json()
    assert caught.value.excerpt == before + "***" * 16


def test_a_long_body_where_nothing_is_secret() -> None:
    """Its beginning is shown as it is."""
    with pytest.raises(DecodeError) as caught:
        reply(b"x" * 20_000).json()
    assert caught.value.excerpt == "x" * 200


@pytest.mark.parametrize(
    ("kind", "body", "says", "incomplete", "foreign"),
    [
        ("application/json", b"[1", "announced as application/json and is no whole JSON", True, False),
        ("application/problem+json", b"[}", "announced as application/problem+json and is no whole", False, False),
        ("text/plain", b"[1", "JSON was due, the body is text/plain", True, False),
        ("text/plain", b"Sign in", "JSON was due, the body is text/plain", False, True),
        ("text/html", b"<p>", "JSON was due, the body is text/html", False, True),
        ("", b"[}", "JSON was due, the body is nothing", False, True),
    ],
)
def test_who_is_said_to_answer_what_is_no_json(
    kind: str, body: bytes, says: str, incomplete: bool, foreign: bool
) -> None:
    """JSON that ends too early is the appliance's, whatever it calls that; another type is another service's."""
    with pytest.raises(DecodeError) as caught:
        reply(body, kind).json()
    error = caught.value
    assert says in error.message
    assert (error.incomplete, error.answered_by) == (incomplete, "gateway" if foreign else None)
    assert (error.hint is not None) == foreign
    assert (error.status, error.step, error.excerpt) == (200, "body", body.decode())
    assert (error.appliance, error.operation, error.method, error.path) == ("vbr01", "GetIt", "GET", "/it")


def test_the_value_of_an_answer() -> None:
    """There is none until somebody decodes the body; the answer is its call's own, at the place that was asked."""
    answer = reply(b"7")
    assert (answer.value, answer.elsewhere) == (None, False)
    assert answer.with_value(7).value == 7


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


# ------------------------------------------------------------------------------------------------- what errors say


def failed(data: Any, status: int = 400, kind: str = "application/json", **headers: str) -> Reply[None]:
    """An error answer; names of headers have underscores here."""
    call = Call("GET", "/it", "GetIt", "/it", safe=True)
    sent = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    body = data if isinstance(data, bytes) else orjson.dumps(data)
    return Reply(status, sent, body, call, "vbr01", ("planted-secret",))


LISTED = [
    {"message": "bad name", "type": "validation", "parameterName": "name"},
    {"message": "bad name", "type": "other", "propertyName": "title"},
    {"message": " too long ", "parameterName": "name"},
    {"parameterName": "size", "type": None},
    "no object",
]


def test_a_list_of_errors() -> None:
    """The first type counts, texts are named once each, and fields have the texts that are about them."""
    error = read_error(failed({"errors": LISTED}))
    assert (error.message, error.error_code) == ("bad name; too long", "validation")
    assert error.field_errors == {"name": ["bad name", "too long"], "title": ["bad name"], "size": [""]}


@pytest.mark.parametrize(
    ("data", "message", "code"),
    [
        ({"message": "said", "errors": LISTED}, "said", None),
        ({"errors": []}, "no reason given", None),
        ({"errors": [{"type": "logical"}]}, "no reason given", "logical"),
        ({"errors": "text"}, "no reason given", None),
        ({"error": {"message": "nested", "code": "C"}, "message": "outer"}, "outer", None),
        ({"error": {"message": "nested", "code": "C"}, "errorCode": "E"}, "nested", "E"),
        ({"error": {"message": 7}}, "no reason given", None),
        ({"title": " ", "detail": "only this"}, "only this", None),
        ({"title": "Gone", "detail": "", "details": "there"}, "Gone", None),
        ({"error": "invalid_grant", "errorCode": ""}, "no reason given", "invalid_grant"),
    ],
)
def test_which_of_several_texts_counts(data: Any, message: str, code: str | None) -> None:
    """What is empty or no text is passed over for the next."""
    error = read_error(failed(data))
    assert (error.message, error.error_code) == (message, code)


def test_details_beside_a_message() -> None:
    """Details stand beside a message or a title, and are the message where there is neither."""
    assert read_error(failed({"message": "m", "title": "t", "details": "d"})).details == "d"
    assert read_error(failed({"title": "t", "detail": "d"})).details == "d"
    assert read_error(failed({"detail": "d"})).details is None


def test_where_a_redirect_leads_is_said_without_secrets() -> None:
    """A redirect that is not followed names its place, with what was sent masked."""
    error = read_error(failed(b"", 302, Location="https://x.example/?t=planted-secret"))
    assert error.message == "redirects to https://x.example/?t=***"
    assert read_error(failed({"message": "moved"}, 302, Location="/x")).message == "moved"


@pytest.mark.parametrize(
    ("status", "data", "headers", "seconds"),
    [
        (429, {"errors": [{"retryAfter": 5}, {"retryAfter": 7.5}, {}, "x"]}, {}, 7.5),
        (503, {"errors": [{"retryAfter": 0}]}, {}, 0.0),
        (500, {"errors": [{"retryAfter": 5}]}, {}, None),
        (500, {}, {"Retry_After": "3"}, 3.0),
        (429, {"errors": [{"retryAfter": 5}]}, {"Retry_After": "3"}, 3.0),
        (429, {"errors": [{"retryAfter": -1}, {"retryAfter": "9"}, {"retryAfter": None}]}, {}, None),
        (429, {"errors": [{"retryAfter": 86400 * 365}]}, {}, None),
        (429, {"errors": [{"retryAfter": 86400 * 365 - 1}]}, {}, 86400.0 * 365 - 1),
        (429, {"errors": {"retryAfter": 5}}, {}, None),
        (429, {"errors": [{}] * 49 + [{"retryAfter": 5}]}, {}, 5.0),
        (429, {"errors": [{}] * 50 + [{"retryAfter": 5}]}, {}, None),
        (429, b'{"errors": [{"retryAfter": 5}', {}, None),
        (429, b"", {}, None),
        (429, [1], {}, None),
    ],
)
def test_seconds_to_wait(status: int, data: Any, headers: dict[str, str], seconds: float | None) -> None:
    """They stand in the header, else in the errors of a body that says so: under a year, the longest of them."""
    assert retry_after(failed(data, status, **headers)) == seconds


def test_seconds_to_wait_in_another_type() -> None:
    """What is no JSON is not looked at."""
    assert retry_after(failed({"errors": [{"retryAfter": 5}]}, 429, "text/plain")) is None


@pytest.mark.parametrize(
    ("status", "kinds", "passing"),
    [
        (520, ["retryableLogical"], True),
        (500, ["Transport", "retryablelogical"], True),
        (499, ["transport"], False),
        (520, ["transport", "logical"], False),
        (520, ["transport", None], False),
        (520, [], False),
    ],
)
def test_failures_that_may_pass(status: int, kinds: list[str | None], passing: bool) -> None:
    """A failure of the server passes where each of its errors does."""
    assert is_passing(failed({"errors": [{"type": kind} for kind in kinds]}, status)) is passing


@pytest.mark.parametrize(
    ("status", "kind", "headers", "who"),
    [
        (404, "application/json", {}, "appliance"),
        (404, "application/problem+json", {"WWW_Authenticate": "Bearer"}, "appliance"),
        (401, "text/plain", {"WWW_Authenticate": "Bearer realm=x"}, "appliance"),
        (401, "", {"WWW_Authenticate": "bearer,"}, "appliance"),
        (401, "application/json", {"WWW_Authenticate": 'Basic realm="x"'}, "gateway"),
        (401, "application/json", {"WWW_Authenticate": "Negotiate"}, "gateway"),
        (401, "text/html", {"WWW_Authenticate": "Bearer"}, "gateway"),
        (502, "text/html", {}, "gateway"),
        (502, "application/xhtml+xml", {}, "gateway"),
        (502, "text/plain", {}, None),
        (407, "application/json", {}, "proxy"),
        (403, "application/json", {"Proxy_Authenticate": "Basic"}, "proxy"),
    ],
)
def test_who_answered(status: int, kind: str, headers: dict[str, str], who: str | None) -> None:
    """Appliances answer JSON and ask for bearer tokens; what asks for another login stands in front of them."""
    assert read_error(failed({}, status, kind, **headers)).answered_by == who
