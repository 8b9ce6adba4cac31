"""An access token, and where calls take it from."""

from __future__ import annotations

import random
from time import monotonic
from typing import Literal, Protocol

from .._redact import HiddenTuple

# Nothing else bounds what a server calls a lifetime, and a timer must not overflow.
_LONGEST_LIFETIME = 30 * 86400.0

Source = Literal["login", "refresh", "store"]


class Token:
    """An access token, and the refresh token that came with it.

    Attributes:
        access, refresh: the secrets; repr does not show them.
        lifetime: seconds, as the server said.
        source: where it came from.
        issued: when it was asked for, on the clock of `time.monotonic()`.
        soon: from then on it is renewed in the background while it still serves.
        must: from then on calls wait for its successor.
        proved: True once a call with it was answered by anything else than 401 and 403.
    """

    __slots__ = ("access", "issued", "lifetime", "must", "proved", "refresh", "soon", "source")

    def __init__(
        self, access: str, refresh: str | None, lifetime: float, source: Source, *, issued: float | None = None
    ) -> None:
        self.access = access
        self.refresh = refresh
        self.lifetime = lifetime
        self.source: Source = source
        self.issued = monotonic() if issued is None else issued
        self.proved = False
        lifetime = min(lifetime, _LONGEST_LIFETIME)
        # Spread over a sixth of the lifetime, so that a thousand appliances that logged in together do not renew
        # together.
        self.soon = self.issued + lifetime * random.uniform(0.65, 0.8)
        # What is in flight must arrive while the token still serves.
        self.must = self.issued + lifetime - min(30.0, lifetime * 0.1)

    def __repr__(self) -> str:
        return f"<a token by {self.source}, {self.left():.0f} s left>"

    def left(self) -> float:
        """Seconds until it expires; negative when it has."""
        return self.issued + self.lifetime - monotonic()

    @property
    def secrets(self) -> HiddenTuple:
        """What must not be seen of it."""
        return HiddenTuple((self.access, self.refresh) if self.refresh else (self.access,))


class TokenSource(Protocol):
    """Gives calls their token."""

    def usable(self) -> Token | None:
        """The token to send, or None where one has to be waited for."""
        ...

    async def obtain(self) -> Token:
        """A token to send, after a login or a renewal where one is needed."""
        ...

    async def replace(self, refused: Token) -> Token:
        """A token in the place of one that was answered with 401."""
        ...

    async def relogin(self, refused: Token) -> Token:
        """A token by login, in the place of one that came by refresh and never served."""
        ...


class OneToken:
    """One token and no other, for the logout: it is neither renewed nor replaced."""

    __slots__ = ("_token",)

    def __init__(self, token: Token) -> None:
        self._token = token

    def usable(self) -> Token:
        return self._token

    async def obtain(self) -> Token:
        return self._token

    async def replace(self, refused: Token) -> Token:
        return refused

    async def relogin(self, refused: Token) -> Token:
        return refused
