"""Ways to log in. No repr, no error and no event shows a secret of them.

What is copied and pasted, or read from a file, brings things along that nobody sees. Line ends, blanks and marks around
a token are taken off; what cannot be part of it is refused (`ValueError`) when the credentials are made.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import attrs

Answer: TypeAlias = str | Awaitable[str]

# Zero-width and direction marks: str.strip() leaves them, and no login form can take them.
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"


def _text(what: str, value: Any) -> str:
    """The value, refused where it is no text or holds what no server can take."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    if not value:
        raise ValueError(f"{what} is empty")
    text: str = value
    for position, char in enumerate(text, 1):
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
            fault = "what is not UTF-8" if "\ud800" <= char <= "\udfff" else "a control character"
            if char in "\r\n\u2028\u2029":
                fault = "a line break"
            raise ValueError(f"{what} holds {fault} (U+{ord(char):04X}, character {position})")
    return text


def _username(value: Any) -> str:
    return _text("the user name", value)


def _password(value: Any) -> str:
    # A file's last line end, as `Path.read_text()` gives it, and the mark in front of it. Blanks may be meant.
    return _text("the password", value.removeprefix("\ufeff").rstrip("\r\n") if isinstance(value, str) else value)


def _pasted(what: str, value: Any) -> str:
    """A value without blanks of its own, taken out of what surrounds it."""
    if isinstance(value, str):
        before = None
        while before != value:
            before, value = value, value.strip().strip(_INVISIBLE)
    token = _text(what, value)
    for position, char in enumerate(token, 1):
        if not "!" <= char <= "~":
            raise ValueError(f"{what} holds U+{ord(char):04X} (character {position}), which no token has")
    return token


def _token(value: Any) -> str:
    return _pasted("the token", value)


def _bearer(value: Any) -> str:
    """A token that goes into a header: the name of its scheme is often copied with it."""
    if isinstance(value, str):
        scheme, _, rest = value.strip().strip(_INVISIBLE).strip().partition(" ")
        if scheme.lower() in ("bearer", "bearer:"):
            value = rest
    return _pasted("the token", value)


def _code(value: Any) -> str | None:
    """A code without the blanks and dashes that it is shown with."""
    if value is None:
        return None
    if isinstance(value, int):
        raise TypeError("a code must be a str: an int loses its leading zeros")
    return _pasted("the code", "".join(value.split()) if isinstance(value, str) else value)


def _authorization_code(value: Any) -> str:
    return _pasted("the authorization code", value)


def _saml_response(value: Any) -> str | None:
    """Base64, which is often wrapped into lines."""
    if value is None:
        return None
    return _pasted("the SAML response", "".join(value.split()) if isinstance(value, str) else value)


def _totp_secret(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = "".join(value.split()).strip(_INVISIBLE).replace("-", "").rstrip("=").upper()
    secret = _text("totp_secret", value)
    if secret.startswith("OTPAUTH:"):
        raise ValueError("totp_secret is the secret alone: what `secret=` says in the otpauth address")
    if not set(secret) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") or len(secret) % 8 in (1, 3, 6):
        raise ValueError("totp_secret is not base32")  # the text is not repeated
    return secret


@attrs.frozen
class Password:
    """User name and password: all products.

    Attributes:
        username: as the appliance knows it (`DOMAIN\\\\user`, `user`).
        password: not shown by repr.
        short_term_refresh: ask for a refresh token that lives little longer than the access token (vbr, azure).
    """

    username: str = attrs.field(converter=_username)
    password: str = attrs.field(repr=False, converter=_password)
    short_term_refresh: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen
class RefreshToken:
    """A refresh token from an earlier login: all products. It can be used once; `client.token` has the next one."""

    token: str = attrs.field(repr=False, converter=_token)
    short_term_refresh: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen
class AuthorizationCode:
    """A code that another session asked for (`await other.authorization_code()`): good once, for 60 seconds."""

    code: str = attrs.field(repr=False, converter=_authorization_code)


@attrs.frozen
class Mfa:
    """User name, password and a second factor: aws and azure. Give one of code, ask, totp_secret, recovery_code.

    Attributes:
        username: as the appliance knows it.
        password: not shown by repr.
        code: a six-digit code. It serves for one login.
        ask: called without arguments when a code is needed; gives it, or an awaitable of it. A plain function runs in
            a thread, so that it may wait for a person.
        totp_secret: the base32 secret of the authenticator, blanks and letter case as you like; needs the extra `mfa`
            (pyotp) and a clock that is right.
        recovery_code: one of the scratch codes that enabling MFA gave. It serves for one login.
    """

    username: str = attrs.field(converter=_username)
    password: str = attrs.field(repr=False, converter=_password)
    code: str | None = attrs.field(default=None, repr=False, kw_only=True, converter=_code)
    ask: Callable[[], Answer] | None = attrs.field(default=None, repr=False, kw_only=True)
    totp_secret: str | None = attrs.field(default=None, repr=False, kw_only=True, converter=_totp_secret)
    recovery_code: str | None = attrs.field(default=None, repr=False, kw_only=True, converter=_code)
    short_term_refresh: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        given = [x for x in (self.code, self.ask, self.totp_secret, self.recovery_code) if x is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of code, ask, totp_secret, recovery_code")


@attrs.frozen
class Saml:
    """Single sign-on through an identity provider: aws and azure. Give response or ask.

    Attributes:
        response: the provider's SAML response, base64 as it came. It serves for one login.
        ask: called with the sign-on URL when a response is needed (azure has no call for that URL: an empty string);
            gives the response, or an awaitable of it. A plain function runs in a thread.
        username: whose sign-on URL to ask for; needed with `ask` on aws.
    """

    response: str | None = attrs.field(default=None, repr=False, converter=_saml_response)
    ask: Callable[[str], Answer] | None = attrs.field(default=None, repr=False, kw_only=True)
    username: str | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.response is None) == (self.ask is None):
            raise ValueError("give exactly one of response, ask")


@attrs.frozen
class SsoToken:
    """A single sign-on token: azure. It serves for one login."""

    token: str = attrs.field(repr=False, converter=_token)


@attrs.frozen
class VbrToken:
    """A Backup & Replication platform service token: vbr, in its restricted mode."""

    token: str = attrs.field(repr=False, converter=_token)


@attrs.frozen
class BearerToken:
    """An access token from elsewhere. It is neither renewed nor logged out; when it is refused, that is an error.

    Attributes:
        token: not shown by repr. Line ends, blanks and the word `Bearer` around it are taken off.

    Raises:
        ValueError: it is empty, or holds a character that no header can carry.
    """

    token: str = attrs.field(repr=False, converter=_bearer)


Credentials: TypeAlias = Password | RefreshToken | AuthorizationCode | Mfa | Saml | SsoToken | VbrToken | BearerToken


def secrets_of(credentials: Credentials) -> list[str]:
    """All secret strings in the credentials, for masking."""
    names = ("password", "token", "code", "totp_secret", "recovery_code", "response")
    return [value for name in names if isinstance(value := getattr(credentials, name, None), str) and value]


def is_single_use(credentials: Credentials) -> bool:
    """True where a second login with the same credentials cannot succeed."""
    match credentials:
        case AuthorizationCode() | RefreshToken() | SsoToken():
            return True
        case Mfa():
            return credentials.code is not None or credentials.recovery_code is not None
        case Saml():
            return credentials.response is not None
        case _:
            return False
