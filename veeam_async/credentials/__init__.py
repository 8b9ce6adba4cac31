"""Credentials: what a login takes. No repr, no error and no event shows a secret of them.

Each kind is a class in a module of its own, `veeam_async.Password` and so on: a program loads the one that it needs.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeAlias

Answer: TypeAlias = str | Awaitable[str]

_SECRETS = (
    "password", "token", "code", "totp_secret", "recovery_code", "response", "key", "private_key", "assertion",
)  # fmt: skip


class Credentials:
    """What all credentials know of themselves."""

    __slots__ = ()

    @property
    def user(self) -> str | None:
        """Who logs in, where the credentials say so."""
        return None

    @property
    def single_use(self) -> bool:
        """True where a second login with them cannot succeed."""
        return False

    @property
    def bearer(self) -> str | None:
        """The token that they are, where nothing is asked for to get one; None for all others."""
        return None

    def secrets(self) -> list[str]:
        """Every secret text in them, for masking."""
        return [value for name in _SECRETS if isinstance(value := getattr(self, name, None), str) and value]
