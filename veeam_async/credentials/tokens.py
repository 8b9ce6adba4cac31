"""Tokens, keys and codes that somebody else asked for."""

from __future__ import annotations

import attrs

from . import Credentials, pasted


class _ForOneLogin(Credentials):
    """What serves once."""

    __slots__ = ()

    @property
    def single_use(self) -> bool:
        """True where a second login with them cannot succeed."""
        return True


@attrs.frozen
class RefreshToken(_ForOneLogin):
    """A refresh token from an earlier login: all products. It can be used once; `client.token` has the next one."""

    token: str = attrs.field(repr=False, converter=pasted.token)
    short_term_refresh: bool = attrs.field(default=False, kw_only=True)
    read_only: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen
class AuthorizationCode(_ForOneLogin):
    """A code that another session asked for (`await other.authorization_code()`): good once, for 60 seconds."""

    code: str = attrs.field(repr=False, converter=pasted.authorization_code)


@attrs.frozen
class SsoToken(_ForOneLogin):
    """A single sign-on token: azure. It serves for one login."""

    token: str = attrs.field(repr=False, converter=pasted.token)


@attrs.frozen
class VbrToken(Credentials):
    """A Backup & Replication platform service token: vbr, in its restricted mode."""

    token: str = attrs.field(repr=False, converter=pasted.token)


@attrs.frozen
class IntegrationToken(_ForOneLogin):
    """A token of an integrated product: m365, revision v7."""

    token: str = attrs.field(repr=False, converter=pasted.token)


@attrs.frozen
class BearerToken(Credentials):
    """An access token from elsewhere. It is neither renewed nor logged out; when it is refused, that is an error.

    Attributes:
        token: not shown by repr. Line ends, blanks and the word `Bearer` around it are taken off.

    Raises:
        ValueError: it is empty, or holds a character that no header can carry.
    """

    token: str = attrs.field(repr=False, converter=pasted.bearer)

    @property
    def bearer(self) -> str:
        """The token itself: nothing has to be asked for."""
        return self.token


@attrs.frozen
class ApiKey(Credentials):
    """A key that serves as the token of every call, without a login: spc, whose console gives it out once.

    Attributes:
        key: not shown by repr. Line ends, blanks and the word `Bearer` around it are taken off.
    """

    key: str = attrs.field(repr=False, converter=pasted.bearer)

    @property
    def bearer(self) -> str:
        """The token itself: nothing has to be asked for."""
        return self.key
