"""A user name and a password."""

from __future__ import annotations

import attrs

from . import Credentials, pasted


@attrs.frozen
class Password(Credentials):
    """User name and password: all products.

    Attributes:
        username: as the appliance knows it (`DOMAIN\\\\user`, `user`).
        password: not shown by repr.
        short_term_refresh: ask for a refresh token that lives little longer than the access token (vbr, azure).
        read_only: ask for a token that only reads (spc).
    """

    username: str = attrs.field(converter=pasted.username)
    password: str = attrs.field(repr=False, converter=pasted.password)
    short_term_refresh: bool = attrs.field(default=False, kw_only=True)
    read_only: bool = attrs.field(default=False, kw_only=True)

    @property
    def user(self) -> str:
        """Who logs in."""
        return self.username
