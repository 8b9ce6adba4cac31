"""How a client is logged in at its appliance: its credentials, its token, and where the token is stored."""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import TYPE_CHECKING

from .._http.token import OneToken, Token
from .._http.transport import Transport
from .._operation.call import Call
from .._operation.operation import Revision
from .._operation.reply import Reply
from ..credentials import BearerToken, Credentials, secrets_of
from ..errors import VeeamError
from ..profiles import Profile
from ..timeouts import deadline
from .login import Login
from .tokens import Tokens

if TYPE_CHECKING:
    from ..token_store import TokenStore
    from .stored import StoreEntry

_log = logging.getLogger("veeam_async.client")


class Account:
    """What one client has at its appliance.

    Args:
        transport: sends the requests of logins and logouts.
        profile: of the product.
        revision: the API revision.
        credentials: how to log in.
        origin: of the appliance, as text; tokens are stored by it.
        store: where tokens outlive the client, if anywhere.
        logout: whether closing logs out; None for: unless a store keeps the token, or it came from elsewhere.

    Attributes:
        tokens: the token in use, and its renewal.
    """

    def __init__(
        self,
        transport: Transport,
        profile: Profile,
        revision: Revision,
        credentials: Credentials,
        *,
        origin: str,
        store: TokenStore | None,
        logout: bool | None,
    ) -> None:
        self._transport = transport
        self._profile = profile
        self._product = revision.product
        self._origin = origin
        self._log_out = logout if logout is not None else None if store is not None else True
        self._login = Login(transport, profile, revision, credentials)
        self._stored: StoreEntry | None = None
        if store is not None and not isinstance(credentials, BearerToken):
            from .stored import StoreEntry  # few clients have a store

            self._stored = StoreEntry(store, self._store_key(credentials), transport.name)
        self.tokens = Tokens(self._login, appliance=transport.name, store=self._stored, on_renewed=self._renewed)

    @property
    def credentials(self) -> Credentials:
        """How it logs in."""
        return self._login.credentials

    @credentials.setter
    def credentials(self, credentials: Credentials) -> None:
        self._login.credentials = credentials
        if self._stored is not None:
            self._stored.key = self._store_key(credentials)
        self.tokens.forget_refusal()
        self.tokens.drop()

    def _store_key(self, credentials: Credentials) -> str:
        """Where the store keeps the token: by appliance and user, or by a hash where the credentials name no user."""
        user = getattr(credentials, "username", None)
        if not user:
            hashed = sha256("\n".join(secrets_of(credentials)).encode()).hexdigest()
            user = f"{type(credentials).__name__} {hashed[:32]}"
        return f"{self._product} {self._origin} {user}"

    def _renewed(self, token: Token, elapsed: float) -> None:
        if self._transport.teller is not None:
            self._transport.teller.renewed(token, elapsed)

    async def login(self, *, force: bool) -> Token:
        """A token; see `ApplianceClient.login`."""
        if force:
            self.tokens.forget_refusal()
            return await self.tokens.login()
        return await self.tokens.obtain()

    async def logout(self) -> None:
        """Log out, if there is a token; see `ApplianceClient.logout`."""
        token = self.tokens.current
        self.tokens.drop()
        if self._stored is not None:
            await self._stored.delete()
        if token is None or token.left() <= 0:
            return
        method, path = self._profile.logout
        call = Call(method, path, f"{method} {path}", path, safe=False)
        await self._transport.fetch(call, OneToken(token), _unchanged)

    async def sign_on_url(self, username: str | None) -> str:
        """Where a user signs on at the identity provider; see `ApplianceClient.sign_on_url`."""
        return await self._login.sign_on_url(username)

    async def aclose(self) -> None:
        """End a renewal under way, and log out where that is wanted, as far as `timeouts.logout` seconds allow."""
        await self.tokens.aclose()
        ours = not isinstance(self.credentials, BearerToken)
        # Nobody can use a token later that the store could not keep.
        wanted = self._log_out if self._log_out is not None else self._stored is not None and self._stored.unsaved
        if not (wanted and ours) or self.tokens.current is None:
            return
        try:
            with deadline(self._transport.timeouts.logout):
                await self.logout()
        except (VeeamError, OSError) as error:
            _log.info("%s: not logged out: %s", self._transport.name, error)


def _unchanged(reply: Reply[None]) -> Reply[None]:
    return reply
