"""The login as another user."""

from __future__ import annotations

import attrs

from . import Credentials, pasted
from .mfa import Mfa
from .password import Password
from .rsa_key import RsaKey
from .tokens import RefreshToken


@attrs.frozen
class Impersonation(Credentials):
    """Another user's session, by the login of one who may take it: spc.

    Attributes:
        by: what logs in.
        user_uid: id of the user whose session it becomes.
        read_only: as in `Password`.
    """

    by: Password | RefreshToken | Mfa | RsaKey
    user_uid: str = attrs.field(converter=pasted.user_uid)
    read_only: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.by, (Password, RefreshToken, Mfa, RsaKey)):
            raise TypeError(f"{type(self.by).__name__} gives no refresh token, which the login as another user takes")

    @property
    def user(self) -> str:
        """Whose session it becomes, and by whom."""
        return f"{self.user_uid} by {self.by.user or 'a token'}"

    @property
    def single_use(self) -> bool:
        """True where a second login with them cannot succeed."""
        return self.by.single_use

    def secrets(self) -> list[str]:
        """Every secret text in what logs in."""
        return self.by.secrets()
