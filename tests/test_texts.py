"""Texts of others, and texts with secrets in them: what is shown of them."""

from __future__ import annotations

import json
import pickle
from itertools import pairwise
from typing import Any

import pytest

from veeam_async._redact import (
    Hidden,
    HiddenObject,
    HiddenTuple,
    Secret,
    forget_frames,
    redact,
    redact_all,
    redact_named,
    secrets_in,
)
from veeam_async._text import neutral

# ------------------------------------------------------------------------------------------------- made fit to show


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("as  it is", "as  it is"),
        ("two\nlines", "two lines"),
        ("a\r\n\t\v\f b", "a b"),
        ("\n begin and end \n", "begin and end"),
        ("next\x85line\u2028and\u2029paragraph", "next line and paragraph"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("bell\x07", "bell\\x07"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("half \ud83d", "half \\ud83d"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("no\u00a0break", "no\u00a0break"),
        ("private \ue000 unassigned \u0378", "private \ue000 unassigned \u0378"),
        ("Straße 日本", "Straße 日本"),
    ],
)
def test_texts_are_shown_on_one_line(text: str, shown: str) -> None:
    """White space is one blank, what controls a terminal or turns text is an escape, all else stays."""
    assert neutral(text) == shown


@pytest.mark.parametrize("text", ["x", "\x1b", "\n", "é"])
def test_texts_are_cut(text: str) -> None:
    """What is shown is never longer than the limit, escapes included."""
    assert len(neutral(text * 5000)) <= 2000
    assert len(neutral(text * 50, 10)) <= 10
    assert neutral(text * 3, 0) == ""
    assert neutral("x" * 10 + text, 10) == "x" * 10


# ------------------------------------------------------------------------------------------------------------ masking


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("hunter2", "with hunter2 and hunter2", "with *** and ***"),
        ("abcd", "abcd", "***"),
        ("abc", "abc", "abc"),
        ("", "abc", "abc"),
        (None, "None", "None"),
        ('pa"ss', '{"p": "pa\\"ss"}', '{"p": "***"}'),
        ("do\\main", '{"p": "do\\\\main"}', '{"p": "***"}'),
        ("do\\main", "do\\main", "***"),
        ('do\\"main', '"do\\\\\\"main"', '"***"'),
        ("a b/c&d", "p=a+b%2Fc%26d", "p=***"),
        ("a b/c&d", "p=a%20b/c%26d", "p=***"),
        ("a b/c&d", "p=a%20b%2Fc%26d", "p=***"),
        ("half \ud83d", "p=half%20%3F", "p=***"),
        ("half \ud83d", "p=half+%3F", "p=***"),
    ],
)
def test_a_secret_in_each_spelling(secret: str | None, text: str, shown: str) -> None:
    """A secret is masked as it is, as JSON and as a form spell it; one of under four characters is none."""
    assert redact(text, [secret]) == shown
    assert redact_all([text, {text: text, "n": 1}, None], [secret]) == [shown, {shown: shown, "n": 1}, None]


def test_the_longer_secret_first() -> None:
    """Of two secrets of which one holds the other nothing stays."""
    assert redact("abcdef abcd", ["abcd", "abcdef"]) == "*** ***"
    assert redact("", ["abcd"]) == ""
    assert redact("abc hunter2", ["abc", None, "", "hunter2"]) == "abc ***"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("of the-longest-sec", "of "),
        ("of the-longest-secret", "of ***"),
        ("of sho", "of "),
        ("of t", "of "),
        ("of x", "of x"),
        ("the-longest-sec of", "the-longest-sec of"),
        ("the-lt", "the-l"),
        ("t", ""),
        ("", ""),
    ],
)
def test_the_beginning_of_a_secret_at_the_end_of_a_text_that_is_cut(text: str, shown: str) -> None:
    """It is left out, of whichever secret it is the beginning; of a whole text it is not, as it is no secret."""
    assert redact(text, ["short", "the-longest-secret"], cut=True) == shown
    assert redact(text, ["the-longest-secret"]) == text.replace("the-longest-secret", "***")
    assert redact(text, [], cut=True) == text


def test_a_secret_that_ends_as_it_begins() -> None:
    """All of its beginning is left out, not only the end that another beginning of it would be."""
    assert redact("apa", ["apartment"], cut=True) == ""


def test_nothing_to_mask() -> None:
    """Where there is no secret, JSON is given back as it came."""
    data = {"a": ["b"]}
    assert redact_all(data, ["abc", None]) is data


@pytest.mark.parametrize(
    ("body", "secrets"),
    [
        (None, []),
        (b"", []),
        (b'{"username": "u", "password": "one"}', ["one"]),
        (b'[{"credentials": {"secretKey": "one", "id": "x"}}, {"list": [{"token": "two"}]}]', ["one", "two"]),
        (b'{"password": {"value": "one"}, "pin": "1234", "keys": "x", "accessKey": "k"}', ["1234", "k"]),
        (b'{"password": 12, "passphrase": null}', []),
        (b'{"recoveryTokens": ["one", ["two"], {"id": "x", "token": "three"}], "ids": ["y"]}', ["one", "two", "three"]),
        (b'{"pin": "1234"}', ["1234"]),
        (b'{"key": "one"}', ["one"]),
        (b"key=one", ["one"]),
        (b"password=\xff", ["\ufffd"]),
        (b"grant_type=password&password=a+b&user=u&refresh_token=c%2Fd", ["a b", "c/d"]),
        (b'"password', []),
        (b'"password"', []),
        (b'["password", "key"]', []),
    ],
)
def test_secrets_of_a_body(body: bytes | None, secrets: list[str]) -> None:
    """What JSON and forms name as secret, at any depth, is what a server must not repeat."""
    assert secrets_in(body) == secrets


def test_bounds_on_the_secrets_of_a_body() -> None:
    """A mebibyte is searched and not a byte more, 100 secrets are enough, and no depth is too deep."""
    body = json.dumps({"password": "one"}).encode()
    assert secrets_in(body.ljust(1 << 20)) == ["one"]
    assert secrets_in(body.ljust((1 << 20) + 1)) == []
    assert secrets_in(json.dumps([{"pin": str(number)} for number in range(200)]).encode()) == [
        str(number) for number in range(100)
    ]
    assert secrets_in(b"password=one" + b"&x=1" * 999) == ["one"]
    assert secrets_in(b"password=one" + b"&x=1" * 1000) == []
    assert secrets_in(b"[" * 200_000 + body + b"]" * 200_000) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nothing of that kind", "nothing of that kind"),
        ('{"name": "n", "password": "one"}', '{"name": "n", "password": "***"}'),
        ('{"password" : "one\\" and more", "b": "c"}', '{"password" : "***", "b": "c"}'),
        ('{"password": "cut of', '{"password": "***'),
        ('{"my\\"token": "one"}', '{"my\\"token": "***"}'),
        ('{"pin": "1234"}', '{"pin": "***"}'),
        ("license-key=one&spin=two", "license-key=***&spin=two"),
        ("user=u&password=one&client_secret=two", "user=u&password=***&client_secret=***"),
        ("access_token=one 'x' name=password", "access_token=*** 'x' name=password"),
        (f'"{"x" * 74}secret": "one"', f'"{"x" * 74}secret": "***"'),
    ],
)
def test_values_whose_names_say_that_they_are_secret(text: str, shown: str) -> None:
    """In a text that may be cut the value of such a name is masked, and no other."""
    assert redact_named(text) == shown


# ------------------------------------------------------------------------------------------------------------- hiding


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        (Hidden(user="u", password="one"), "<user, password>"),
        (HiddenObject(access_token="one"), "<access_token>"),
        (HiddenTuple(("one", "two")), "<2 secrets>"),
        (Secret("one"), "***"),
        (Secret(""), "***"),
        (Secret(), "None"),
    ],
)
def test_reprs_show_no_secret(hidden: Any, shown: str) -> None:
    """Crash reporters print the variables of every frame."""
    assert repr(hidden) == shown


def test_a_pickled_secret_is_empty() -> None:
    """A copy in another process or on a disk has nothing."""
    copied: Secret = pickle.loads(pickle.dumps(Secret("one")))
    assert copied.value is None


def chain(length: int, *, by_cause: bool) -> list[Exception]:
    """Errors with frames, each of which came of the next one."""
    errors: list[Exception] = []
    for number in range(length):
        try:
            raise ValueError(number)
        except ValueError as error:
            errors.append(error)
    for later, reason in pairwise(errors):
        if by_cause:
            later.__cause__ = reason
        else:
            later.__context__ = reason
    return errors


@pytest.mark.parametrize("by_cause", [True, False])
def test_frames_are_forgotten_along_the_chain(by_cause: bool) -> None:
    """The error and what led to it hold no frames any more; a chain that is a circle ends."""
    errors = chain(10, by_cause=by_cause)
    assert forget_frames(errors[0]) is errors[0]
    assert all(error.__traceback__ is None for error in errors)
    errors = chain(2, by_cause=by_cause)
    errors[1].__context__ = errors[0]
    forget_frames(errors[1])
    assert all(error.__traceback__ is None for error in errors)
