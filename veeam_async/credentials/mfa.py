"""A password with a second factor."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from . import Answer, Credentials, pasted


@attrs.frozen
class Mfa(Credentials):
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

    username: str = attrs.field(converter=pasted.username)
    password: str = attrs.field(repr=False, converter=pasted.password)
    code: str | None = attrs.field(default=None, repr=False, kw_only=True, converter=pasted.code)
    ask: Callable[[], Answer] | None = attrs.field(default=None, repr=False, kw_only=True)
    totp_secret: str | None = attrs.field(default=None, repr=False, kw_only=True, converter=pasted.totp_secret)
    recovery_code: str | None = attrs.field(default=None, repr=False, kw_only=True, converter=pasted.code)
    short_term_refresh: bool = attrs.field(default=False, kw_only=True)
    read_only: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        given = [x for x in (self.code, self.ask, self.totp_secret, self.recovery_code) if x is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of code, ask, totp_secret, recovery_code")

    @property
    def user(self) -> str:
        """Who logs in."""
        return self.username

    @property
    def single_use(self) -> bool:
        """True where a second login with them cannot succeed."""
        return self.code is not None or self.recovery_code is not None
