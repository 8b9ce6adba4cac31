"""What is taken off pasted secrets, and what is refused when credentials are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from veeam_async import AuthorizationCode, BearerToken, Mfa, Password, RefreshToken, Saml, SsoToken, VbrToken
from veeam_async.vbr.v1_3_rev0 import Client

SINGLE: list[Callable[[str], Any]] = [BearerToken, RefreshToken, SsoToken, VbrToken, AuthorizationCode, Saml]


def secret_of(credentials: Any) -> str:
    """The one secret of credentials that have one."""
    names = ("token", "code", "response")
    return next(value for name in names if isinstance(value := getattr(credentials, name, None), str))


@pytest.mark.parametrize("kind", SINGLE)
@pytest.mark.parametrize(
    "around",
    ["{}\n", "{}\r\n", " {}", "\t{} ", "\ufeff{}", "{}\u200b", "\u200e {}\n\u200f", "\u00a0{}\u00a0", "{}\u2028", "{}"],
)
def test_what_surrounds_a_token_is_taken_off(kind: Callable[[str], Any], around: str) -> None:
    """Line ends, blanks and marks that nobody sees are no part of a token, a code or a response."""
    assert secret_of(kind(around.format("made.up-token_~+/="))) == "made.up-token_~+/="


@pytest.mark.parametrize(
    "around", ["Bearer {}", "bearer {}", "BEARER  {}\n", " Bearer: {}", "\ufeffBearer {}", "Bearer\u0020 {}"]
)
def test_the_scheme_of_a_bearer_token_is_taken_off(around: str) -> None:
    """The word that is copied with it out of a header is not sent twice."""
    assert BearerToken(around.format("made.up")).token == "made.up"


@pytest.mark.parametrize("kind", SINGLE)
@pytest.mark.parametrize("empty", ["", " ", "\n", "\ufeff", "\u200b \u200b"])
def test_nothing_is_refused(kind: Callable[[str], Any], empty: str) -> None:
    """What is empty once it is cleaned is refused."""
    with pytest.raises(ValueError, match="is empty"):
        kind(empty)


@pytest.mark.parametrize("empty", ["Bearer", "Bearer ", "bearer \n"])
def test_the_scheme_alone_is_no_token(empty: str) -> None:
    """`Bearer` without a token is refused."""
    with pytest.raises(ValueError, match="is empty"):
        BearerToken(empty)


@pytest.mark.parametrize("kind", [BearerToken, RefreshToken, SsoToken, VbrToken, AuthorizationCode])
@pytest.mark.parametrize(
    ("inner", "named"),
    [
        ("\r\nX: y", "U+000D"),
        ("\x00", "U+0000"),
        (" ", "U+0020"),
        ("\u00e9", "U+00E9"),
        ("\udc80", "U+DC80"),
        ("\u200b", "U+200B"),
    ],
)
def test_what_no_token_has_is_named_and_the_token_is_not(kind: Callable[[str], Any], inner: str, named: str) -> None:
    """A character that no header or form can carry is refused by its code point and place; the token is not shown."""
    with pytest.raises(ValueError) as caught:
        kind(f"planted{inner}secret")
    assert named in str(caught.value) and "character 8" in str(caught.value)
    assert "planted" not in str(caught.value) and "secret" not in str(caught.value)


@pytest.mark.parametrize("kind", SINGLE)
@pytest.mark.parametrize("value", [5, b"token", ["token"]])
def test_a_token_is_a_text(kind: Callable[[Any], Any], value: Any) -> None:
    """Bytes, numbers and lists are refused when given."""
    with pytest.raises(TypeError, match="must be a str"):
        kind(value)


def test_a_wrapped_saml_response_is_joined() -> None:
    """Base64 in lines of 76 letters is one response."""
    assert Saml("PHNhbWxw\r\n OlJlc3Bv\n").response == "PHNhbWxwOlJlc3Bv"


def test_a_password_keeps_its_blanks_and_loses_the_end_of_the_line() -> None:
    """What `Path.read_text()` adds goes; a blank at either end may be meant."""
    assert Password("u", " se cret \r\n").password == " se cret "
    assert Password("DOMAIN\\user", "p\u00e4ss\u200dword").password == "p\u00e4ss\u200dword"
    assert Mfa("u", "p\n", code="1").password == "p"


@pytest.mark.parametrize("value", ["", "\n", "two\nlines", "nul\x00", "surrogate\udcff", "\ufeff"])
def test_a_password_that_no_login_form_takes_is_refused(value: str) -> None:
    """Empty passwords, line breaks within, NUL and what is not UTF-8 are refused without being shown."""
    with pytest.raises(ValueError, match=r"^the password (is empty|holds)") as caught:
        Password("u", value)
    assert "lines" not in str(caught.value) and "surrogate" not in str(caught.value)


@pytest.mark.parametrize(
    ("username", "error"), [("", ValueError), ("a\nb", ValueError), (None, TypeError), (7, TypeError)]
)
def test_a_user_name_is_a_text(username: Any, error: type[Exception]) -> None:
    """A user name that is missing, of another type, or of two lines is refused."""
    with pytest.raises(error, match="the user name"):
        Password(username, "p")


def test_codes_lose_the_blanks_they_are_shown_with() -> None:
    """`123 456` is the code that an authenticator shows; a number is refused, for it has lost its zeros."""
    assert Mfa("u", "p", code=" 012 345\n").code == "012345"
    assert Mfa("u", "p", recovery_code="1111-2222 ").recovery_code == "1111-2222"
    with pytest.raises(TypeError, match="leading zeros"):
        Mfa("u", "p", code=12345)


def test_totp_secrets_are_base32() -> None:
    """Blanks, dashes, padding and letter case do not matter; anything else is refused and not shown."""
    assert Mfa("u", "p", totp_secret="jbsw y3dp-ehpk 3pxp==\n").totp_secret == "JBSWY3DPEHPK3PXP"
    for odd in ("0189-not-base32", "JBSWY3DPEHP", "A", "\u00c9BSWY3DP"):
        with pytest.raises(ValueError, match="base32") as caught:
            Mfa("u", "p", totp_secret=odd)
        assert odd not in str(caught.value)
    with pytest.raises(ValueError, match="secret="):
        Mfa("u", "p", totp_secret="otpauth://totp/x?secret=JBSWY3DPEHPK3PXP")


@pytest.mark.parametrize("given", [{}, {"code": "1", "recovery_code": "2"}, {"code": "1", "ask": lambda: "2"}])
def test_one_second_factor(given: dict[str, Any]) -> None:
    """Exactly one means of the second factor is given."""
    with pytest.raises(ValueError, match="exactly one"):
        Mfa("u", "p", **given)


@pytest.mark.parametrize(
    "credentials",
    [
        *(kind("planted-1") for kind in SINGLE),
        Mfa("monitor", "planted-1", code="planted-2"),
        Mfa("monitor", "planted-1", recovery_code="planted-2"),
        Mfa("monitor", "planted-1", ask=lambda: "planted-2"),
        Mfa("monitor", "planted-1", totp_secret="JBSWY3DPEHPK3PXP"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_no_repr_shows_a_secret(credentials: Any) -> None:
    """Neither a password nor a token, a code, a secret or a function that gives one is in a repr."""
    shown = repr(credentials)
    assert "planted" not in shown and "JBSWY" not in shown and "lambda" not in shown
    assert getattr(credentials, "short_term_refresh", False) is False


@pytest.mark.parametrize(
    ("char", "said"),
    [
        ("\ud800", "what is not UTF-8"),
        ("\udfff", "what is not UTF-8"),  # noqa: PT014
        ("\x07", "a control character"),
        ("\x9b", "a control character"),
        ("\u2028", "a line break"),
        ("\u2029", "a line break"),
    ],
)
def test_what_a_password_holds_is_said(char: str, said: str) -> None:
    """The kind of the character, its code point and its place are in the error."""
    with pytest.raises(ValueError, match=rf"holds {said} \(U\+{ord(char):04X}, character 3\)"):
        Password("u", f"ab{char}c")


@pytest.mark.parametrize("given", ["secret", ("user", "secret"), None, Password])
def test_what_are_no_credentials_is_refused_when_the_client_is_made(given: Any) -> None:
    """A text or a pair stands for no credentials; the error says what does, and repeats nothing of them."""
    with pytest.raises(TypeError, match=r"Password\(username, password\), not") as refused:
        Client("vbr.invalid", given)
    assert "secret" not in str(refused.value)


def test_further_arguments_go_by_name() -> None:
    """What is optional is given by its name alone."""
    cases: list[tuple[Any, object]] = [(Password, True), (Mfa, "1")]
    for kind, last in cases:
        with pytest.raises(TypeError):
            kind("u", "p", last)


@pytest.mark.parametrize(
    ("length", "right"), [(8, True), (1, False), (2, True), (3, False), (4, True), (5, True), (6, False), (7, True)]
)
def test_lengths_of_base32(length: int, right: bool) -> None:
    """Some lengths encode no whole bytes."""
    if right:
        assert Mfa("u", "p", totp_secret="A" * length).totp_secret == "A" * length
        return
    with pytest.raises(ValueError, match="base32"):
        Mfa("u", "p", totp_secret="A" * length)
