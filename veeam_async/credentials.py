"""Credentials: what a login takes. No repr, no error and no event shows a secret of them.

What is copied and pasted, or read from a file, brings things along that nobody sees. Line ends, blanks and marks around
a token are taken off; what cannot be part of it is refused (`ValueError`) when the credentials are made.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from uuid import UUID

import attrs

Answer: TypeAlias = str | Awaitable[str]

# Zero-width and direction marks: str.strip() leaves them, and no login form can take them.
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"


def _clean_text(what: str, value: Any) -> str:
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
    return _clean_text("the user name", value)


def _password(value: Any) -> str:
    # A file's last line end, as `Path.read_text()` gives it, and the mark in front of it. Blanks may be meant.
    return _clean_text("the password", value.removeprefix("\ufeff").rstrip("\r\n") if isinstance(value, str) else value)


def _pasted(what: str, value: Any) -> str:
    """A value without blanks of its own, taken out of what surrounds it."""
    if isinstance(value, str):
        before = None
        while before != value:
            before, value = value, value.strip().strip(_INVISIBLE)
    token = _clean_text(what, value)
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
    """Base32 without the blanks, dashes and padding that it is shown with."""
    if value is None:
        return None
    if isinstance(value, str):
        value = "".join(value.split()).strip(_INVISIBLE).replace("-", "").rstrip("=").upper()
    secret = _clean_text("totp_secret", value)
    if secret.startswith("OTPAUTH:"):
        raise ValueError("totp_secret is the secret alone: what `secret=` says in the otpauth address")
    if not set(secret) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") or len(secret) % 8 in (1, 3, 6):
        raise ValueError("totp_secret is not base32")  # the text is not repeated
    return secret


def _public_key(value: Any) -> str:
    """Base64 without its wrapping, and without the lines around it."""
    if isinstance(value, str):
        value = "".join(line for line in value.split() if line.strip(_INVISIBLE))
    return _pasted("the public key", value)


def _private_key(value: Any) -> str | None:
    """PEM, whose lines belong to it."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"the private key must be a str, not {type(value).__name__}")
    text = value.removeprefix("\ufeff").strip()
    if not text.startswith("-----BEGIN ") or "PRIVATE KEY-----" not in text:
        raise ValueError("the private key is not PEM")  # the text is not repeated
    return text + "\n"


def _client_id(value: Any) -> str:
    return _pasted("the client id", value)


def _user_uid(value: Any) -> str:
    return _pasted("the user's id", str(value) if isinstance(value, UUID) else value)


def _assertion(value: Any) -> str | None:
    return None if value is None else _pasted("the assertion", value)


@attrs.frozen
class Password:
    """User name and password: all products.

    Attributes:
        username: as the appliance knows it (`DOMAIN\\\\user`, `user`).
        password: not shown by repr.
        short_term_refresh: ask for a refresh token that lives little longer than the access token (vbr, azure).
        read_only: ask for a token that only reads (spc).
    """

    username: str = attrs.field(converter=_username)
    password: str = attrs.field(repr=False, converter=_password)
    short_term_refresh: bool = attrs.field(default=False, kw_only=True)
    read_only: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen
class RefreshToken:
    """A refresh token from an earlier login: all products. It can be used once; `client.token` has the next one."""

    token: str = attrs.field(repr=False, converter=_token)
    short_term_refresh: bool = attrs.field(default=False, kw_only=True)
    read_only: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen
class AuthorizationCode:
    """A code that another session asked for (`await other.authorization_code()`): good once, for 60 seconds."""

    code: str = attrs.field(repr=False, converter=_authorization_code)


@attrs.frozen
class Mfa:
    """User name, password and a second factor: aws, azure, spc and one.

    Give one of code, ask, totp_secret, recovery_code.

    Attributes:
        username: as the appliance knows it.
        password: not shown by repr.
        code: a six-digit code. It serves for one login.
        ask: called without arguments when a code is needed; gives it, or an awaitable of it. A plain function runs in
            a thread, so that it may wait for a person.
        totp_secret: the base32 secret of the authenticator, blanks and letter case as you like; needs the extra `mfa`
            (pyotp) and a clock that is right.
        recovery_code: one of the scratch codes that enabling MFA gave. It serves for one login.
        short_term_refresh, read_only: as in `Password`.
    """

    username: str = attrs.field(converter=_username)
    password: str = attrs.field(repr=False, converter=_password)
    code: str | None = attrs.field(default=None, repr=False, kw_only=True, converter=_code)
    ask: Callable[[], Answer] | None = attrs.field(default=None, repr=False, kw_only=True)
    totp_secret: str | None = attrs.field(default=None, repr=False, kw_only=True, converter=_totp_secret)
    recovery_code: str | None = attrs.field(default=None, repr=False, kw_only=True, converter=_code)
    short_term_refresh: bool = attrs.field(default=False, kw_only=True)
    read_only: bool = attrs.field(default=False, kw_only=True)

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


@attrs.frozen
class ApiKey:
    """A key that serves as the token of every call, without a login: spc, whose console gives it out once.

    Attributes:
        key: not shown by repr. Line ends, blanks and the word `Bearer` around it are taken off.
    """

    key: str = attrs.field(repr=False, converter=_bearer)


@attrs.frozen
class RsaKey:
    """A pair of RSA keys whose public one was assigned to a user: spc.

    The appliance gives a challenge that the private key decrypts. Needs the extra `rsa` (cryptography), except with
    `decrypt`. Give private_key or decrypt.

    Attributes:
        public_key: base64, as it was assigned.
        private_key: PEM; it never leaves this process.
        decrypt: called with the challenge, bytes; gives the code in it, or an awaitable of that. For a key that lies in
            a vault. A plain function runs in a thread.
        read_only: as in `Password`.
    """

    public_key: str = attrs.field(converter=_public_key)
    private_key: str | None = attrs.field(default=None, repr=False, converter=_private_key)
    decrypt: Callable[[bytes], Answer] | None = attrs.field(default=None, repr=False, kw_only=True)
    read_only: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.private_key is None) == (self.decrypt is None):
            raise ValueError("give exactly one of private_key, decrypt")


@attrs.frozen
class Assertion:
    """A signed assertion of an identity provider (RFC 7523): m365. Give assertion or ask.

    Attributes:
        client_id: the application's id, or `userId.tenantId`.
        assertion: as the provider signed it. It is used for every login until the appliance refuses it.
        ask: called without arguments for every login; gives an assertion, or an awaitable of it. A plain function runs
            in a thread.
        operator: log in as a restore operator rather than as an application.
    """

    client_id: str = attrs.field(converter=_client_id)
    assertion: str | None = attrs.field(default=None, repr=False, converter=_assertion)
    ask: Callable[[], Answer] | None = attrs.field(default=None, repr=False, kw_only=True)
    operator: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.assertion is None) == (self.ask is None):
            raise ValueError("give exactly one of assertion, ask")


@attrs.frozen
class IntegrationToken:
    """A token of an integrated product: m365, revision v7."""

    token: str = attrs.field(repr=False, converter=_token)


@attrs.frozen
class Impersonation:
    """Another user's session, by the login of one who may take it: spc.

    Attributes:
        by: what logs in.
        user_uid: id of the user whose session it becomes.
        read_only: as in `Password`.
    """

    by: Password | RefreshToken | Mfa | RsaKey
    user_uid: str = attrs.field(converter=_user_uid)
    read_only: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.by, (Password, RefreshToken, Mfa, RsaKey)):
            raise TypeError(f"{type(self.by).__name__} gives no refresh token, which the login as another user takes")


Credentials: TypeAlias = (
    Password
    | RefreshToken
    | AuthorizationCode
    | Mfa
    | Saml
    | SsoToken
    | VbrToken
    | BearerToken
    | ApiKey
    | RsaKey
    | Assertion
    | IntegrationToken
    | Impersonation
)


def token_as_given(credentials: Credentials) -> str | None:
    """The token that the credentials are, where nothing is asked for to get one; None for all others."""
    match credentials:
        case BearerToken():
            return credentials.token
        case ApiKey():
            return credentials.key
        case _:
            return None


def user_of(credentials: Credentials) -> str | None:
    """Who logs in, where the credentials say so."""
    match credentials:
        case Impersonation():
            return f"{credentials.user_uid} by {user_of(credentials.by) or 'a token'}"
        case Assertion():
            return credentials.client_id
        case Password() | Mfa() | Saml():
            return credentials.username
        case _:
            return None


def secrets_of(credentials: Credentials) -> list[str]:
    """All secret strings in the credentials, for masking."""
    if isinstance(credentials, Impersonation):
        return secrets_of(credentials.by)
    names = (
        "password", "token", "code", "totp_secret", "recovery_code", "response", "key", "private_key", "assertion",
    )  # fmt: skip
    return [value for name in names if isinstance(value := getattr(credentials, name, None), str) and value]


def is_single_use(credentials: Credentials) -> bool:
    """True where a second login with the same credentials cannot succeed."""
    match credentials:
        case AuthorizationCode() | RefreshToken() | SsoToken() | IntegrationToken():
            return True
        case Impersonation():
            return is_single_use(credentials.by)
        case Mfa():
            return credentials.code is not None or credentials.recovery_code is not None
        case Saml():
            return credentials.response is not None
        case _:
            return False
