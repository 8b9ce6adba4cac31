"""Headers of a user's own: what is taken, and what is refused when a client is made."""

from __future__ import annotations

from typing import Any

import pytest

from veeam_async._http.headers import own_headers, secrets_in_headers


def test_headers_are_taken_as_they_are() -> None:
    """Names keep their spelling, values lose the blanks and line ends around them, and no repr shows them."""
    headers = own_headers({"X-Gateway-Id": " planted-id\n", "Cookie": "a=b; c=d", "User-Agent": "us", "X-Empty": ""})
    assert dict(headers) == {"X-Gateway-Id": "planted-id", "Cookie": "a=b; c=d", "User-Agent": "us", "X-Empty": ""}
    assert "planted" not in repr(headers)
    assert own_headers(None) == {}


@pytest.mark.parametrize(
    "name", ["Authorization", "authorization", "HOST", "Content-Length", "Transfer-Encoding", "Accept", "Content-Type",
             "Proxy-Authorization", "Connection", "Range", "x-api-version"],
)  # fmt: skip
def test_what_the_package_sets_is_refused(name: str) -> None:
    """The token, the revision, and what describes a connection or a body stay the package's."""
    with pytest.raises(ValueError, match="is set by this package"):
        own_headers({name: "x"}, reserved="X-API-Version")


@pytest.mark.parametrize(
    ("name", "value"),
    [("", "x"), ("X Y", "x"), ("X:Y", "x"), ("X\r\nY", "x"), ("Ü", "x"), ("X", "a\r\nplanted: b"),
     ("X", "planted\0"), ("X", "planted é"),
     ("X", "planted\x7f"), ("X", "planted" * 2000)],
)  # fmt: skip
def test_what_no_request_can_carry_is_refused(name: str, value: str) -> None:
    """Line breaks, control characters and more than ASCII are refused, and the value is not shown."""
    with pytest.raises(ValueError) as caught:
        own_headers({name: value})
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("headers", [{"X": 5}, {"X": None}, {5: "x"}, {"X": b"x"}, [("X", "y")], "X: y"])
def test_headers_are_texts(headers: Any) -> None:
    """A mapping of texts to texts is what headers are."""
    with pytest.raises(TypeError):
        own_headers(headers)


def test_too_many_and_twice() -> None:
    """One header has one value, and there are no more of them than a server takes."""
    with pytest.raises(ValueError, match="twice"):
        own_headers({"X-Id": "a", "x-id": "b"})
    with pytest.raises(ValueError, match="51 headers"):
        own_headers({f"X-{number}": "a" for number in range(51)})
    assert len(own_headers({f"X-{number}": "a" for number in range(50)})) == 50


def test_the_longest_value_and_the_longest_name_shown() -> None:
    """A value of 8 KiB is the longest; of a name that is none 40 letters are shown."""
    assert len(own_headers({"X": "y" * 8192})["X"]) == 8192
    with pytest.raises(ValueError, match="longer than 8192 letters"):
        own_headers({"X": "y" * 8193})
    with pytest.raises(ValueError, match=rf"^'{'a' * 39}é' is no name"):
        own_headers({"a" * 39 + "é" * 9: "y"})


@pytest.mark.parametrize(("headers", "kind"), [({"X": 5}, "int"), ({b"X": "y"}, "bytes"), ({5: b"x"}, "int")])
def test_the_odd_type_is_named(headers: Any, kind: str) -> None:
    """The error names the type of what is no text: the name's before the value's."""
    with pytest.raises(TypeError, match=f"not a {kind}$"):
        own_headers(headers)


def test_which_values_are_secrets() -> None:
    """Values from 8 letters on are masked where an answer repeats them; shorter ones are names rather than secrets."""
    assert tuple(secrets_in_headers({"A": "1234567", "B": "12345678"})) == ("12345678",)
