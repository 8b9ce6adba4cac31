"""Ways to log in. No repr, no error and no event shows a secret of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import attrs

Answer: TypeAlias = str | Awaitable[str]


@attrs.frozen
class Password:
    """User name and password: all products.

    Attributes:
        username: as the appliance knows it (`DOMAIN\\\\user`, `user`).
        password: not shown by repr.
        short_term_refresh: ask for a refresh token that lives little longer than the access token (vbr, azure).
    """

    username: str
    password: str = attrs.field(repr=False)
    short_term_refresh: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen
class RefreshToken:
    """A refresh token from an earlier login: all products. It can be used once; `client.token` has the next one."""

    token: str = attrs.field(repr=False)
    short_term_refresh: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen
class AuthorizationCode:
    """A code that another session asked for (`await other.authorization_code()`): good once, for 60 seconds."""

    code: str = attrs.field(repr=False)


@attrs.frozen
class Mfa:
    """User name, password and a second factor: aws and azure. Give one of code, ask, totp_secret, recovery_code.

    Attributes:
        username: as the appliance knows it.
        password: not shown by repr.
        code: a six-digit code. It serves for one login.
        ask: called without arguments when a code is needed; gives it, or an awaitable of it. A plain function runs in
            a thread, so that it may wait for a person.
        totp_secret: the base32 secret of the authenticator; needs the extra `mfa` (pyotp) and a clock that is right.
        recovery_code: one of the scratch codes that enabling MFA gave. It serves for one login.
    """

    username: str
    password: str = attrs.field(repr=False)
    code: str | None = attrs.field(default=None, repr=False, kw_only=True)
    ask: Callable[[], Answer] | None = attrs.field(default=None, repr=False, kw_only=True)
    totp_secret: str | None = attrs.field(default=None, repr=False, kw_only=True)
    recovery_code: str | None = attrs.field(default=None, repr=False, kw_only=True)
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

    response: str | None = attrs.field(default=None, repr=False)
    ask: Callable[[str], Answer] | None = attrs.field(default=None, repr=False, kw_only=True)
    username: str | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.response is None) == (self.ask is None):
            raise ValueError("give exactly one of response, ask")


@attrs.frozen
class SsoToken:
    """A single sign-on token: azure. It serves for one login."""

    token: str = attrs.field(repr=False)


@attrs.frozen
class VbrToken:
    """A Backup & Replication platform service token: vbr, in its restricted mode."""

    token: str = attrs.field(repr=False)


@attrs.frozen
class BearerToken:
    """An access token from elsewhere. It is neither renewed nor logged out; when it is refused, that is an error."""

    token: str = attrs.field(repr=False)


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
