"""Ways to log in. No repr, no error and no event shows a secret of them.

What is copied and pasted, or read from a file, brings things along that nobody sees. Line ends, blanks and marks around
a token are taken off; what cannot be part of it is refused (`ValueError`) when the credentials are made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import attrs

from . import _pasted

Answer: TypeAlias = str | Awaitable[str]


@attrs.frozen
class Password:
    """User name and password: all products.

    Attributes:
        username: as the appliance knows it (`DOMAIN\\\\user`, `user`).
        password: not shown by repr.
        short_term_refresh: ask for a refresh token that lives little longer than the access token (vbr, azure).
        read_only: ask for a token that only reads (spc).
    """

    username: str = attrs.field(converter=_pasted.username)
    password: str = attrs.field(repr=False, converter=_pasted.password)
    short_term_refresh: bool = attrs.field(default=False, kw_only=True)
    read_only: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen
class RefreshToken:
    """A refresh token from an earlier login: all products. It can be used once; `client.token` has the next one."""

    token: str = attrs.field(repr=False, converter=_pasted.token)
    short_term_refresh: bool = attrs.field(default=False, kw_only=True)
    read_only: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen
class AuthorizationCode:
    """A code that another session asked for (`await other.authorization_code()`): good once, for 60 seconds."""

    code: str = attrs.field(repr=False, converter=_pasted.authorization_code)


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

    username: str = attrs.field(converter=_pasted.username)
    password: str = attrs.field(repr=False, converter=_pasted.password)
    code: str | None = attrs.field(default=None, repr=False, kw_only=True, converter=_pasted.code)
    ask: Callable[[], Answer] | None = attrs.field(default=None, repr=False, kw_only=True)
    totp_secret: str | None = attrs.field(default=None, repr=False, kw_only=True, converter=_pasted.totp_secret)
    recovery_code: str | None = attrs.field(default=None, repr=False, kw_only=True, converter=_pasted.code)
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

    response: str | None = attrs.field(default=None, repr=False, converter=_pasted.saml_response)
    ask: Callable[[str], Answer] | None = attrs.field(default=None, repr=False, kw_only=True)
    username: str | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.response is None) == (self.ask is None):
            raise ValueError("give exactly one of response, ask")


@attrs.frozen
class SsoToken:
    """A single sign-on token: azure. It serves for one login."""

    token: str = attrs.field(repr=False, converter=_pasted.token)


@attrs.frozen
class VbrToken:
    """A Backup & Replication platform service token: vbr, in its restricted mode."""

    token: str = attrs.field(repr=False, converter=_pasted.token)


@attrs.frozen
class BearerToken:
    """An access token from elsewhere. It is neither renewed nor logged out; when it is refused, that is an error.

    Attributes:
        token: not shown by repr. Line ends, blanks and the word `Bearer` around it are taken off.

    Raises:
        ValueError: it is empty, or holds a character that no header can carry.
    """

    token: str = attrs.field(repr=False, converter=_pasted.bearer)


@attrs.frozen
class ApiKey:
    """A key that serves as the token of every call, without a login: spc, whose console gives it out once.

    Attributes:
        key: not shown by repr. Line ends, blanks and the word `Bearer` around it are taken off.
    """

    key: str = attrs.field(repr=False, converter=_pasted.bearer)


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

    public_key: str = attrs.field(converter=_pasted.public_key)
    private_key: str | None = attrs.field(default=None, repr=False, converter=_pasted.private_key)
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

    client_id: str = attrs.field(converter=_pasted.client_id)
    assertion: str | None = attrs.field(default=None, repr=False, converter=_pasted.assertion)
    ask: Callable[[], Answer] | None = attrs.field(default=None, repr=False, kw_only=True)
    operator: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.assertion is None) == (self.ask is None):
            raise ValueError("give exactly one of assertion, ask")


@attrs.frozen
class IntegrationToken:
    """A token of an integrated product: m365, revision v7."""

    token: str = attrs.field(repr=False, converter=_pasted.token)


@attrs.frozen
class Impersonation:
    """Another user's session, by the login of one who may take it: spc.

    Attributes:
        by: what logs in.
        user_uid: id of the user whose session it becomes.
        read_only: as in `Password`.

    Raises:
        TypeError: `by` are credentials that give no refresh token.
    """

    by: Password | RefreshToken | Mfa | RsaKey
    user_uid: str = attrs.field(converter=_pasted.user_uid)
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
