"""How a client is logged in at its appliance: its credentials, its token, and where the token is stored."""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import TYPE_CHECKING

from .._http.token import OneToken, Token
from .._http.transport import Transport
from .._operation.call import Call
from .._operation.encoding import FORM_HEADERS, encode_form, path_segment
from .._operation.json_text import value_at
from .._operation.operation import Revision
from .._operation.reply import Reply, unchanged
from .._redact import Hidden
from ..credentials import Credentials
from ..errors import DecodeError, VeeamError
from ..profiles import Logout, Profile
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
        logout: whether closing logs out; None for: unless a store keeps the token, it came from elsewhere, or the
            product can only end all tokens of the user.

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
        self._revision = revision
        self._origin = origin
        self._log_out = logout
        self._login = Login(transport, profile, revision, credentials)
        self._stored: StoreEntry | None = None
        if store is not None and credentials.bearer is None:
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
        user = credentials.user
        if not user:
            hashed = sha256("\n".join(credentials.secrets()).encode()).hexdigest()
            user = f"{type(credentials).__name__} {hashed[:32]}"
        return f"{self._revision.product} {self._origin} {user}"

    def _renewed(self, token: Token, elapsed: float) -> None:
        if self._transport.reporter is not None:
            self._transport.reporter.renewed(token, elapsed)

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
        if self._profile.logout is not None:
            await _log_out(self._transport, self._profile.logout, self._revision, token)

    def adopt_token(self, token: Token) -> None:
        """Use a token; see `ApplianceClient.adopt_token`."""
        self._login.used()
        self.tokens.use(token)

    async def sign_on_url(self, username: str | None) -> str:
        """Where a user signs on at the identity provider; see `ApplianceClient.sign_on_url`."""
        return await self._login.sign_on_url(username)

    async def aclose(self) -> None:
        """End a renewal in progress, and log out where that is wanted, as far as `timeouts.logout` seconds allow."""
        await self.tokens.aclose()
        ours = self.credentials.bearer is None
        wanted = self._log_out
        if wanted is None:
            # Nobody can use a token later that the store could not keep.
            unsaved = self._stored is None or self._stored.unsaved
            wanted = unsaved and self._profile.logout is not None and self._profile.logout.by_default
        if not (wanted and ours) or self.tokens.current is None:
            return
        try:
            with deadline(self._transport.timeouts.logout):
                await self.logout()
        except (VeeamError, OSError) as error:
            _log.info("%s: not logged out: %s", self._transport.name, error)


async def _log_out(transport: Transport, logout: Logout, revision: Revision, token: Token) -> None:
    """End a token.

    Raises:
        VeeamError: the appliance did not take the logout.
    """
    tokens = OneToken(token)
    path = logout.path.replace("{revision}", revision.name)
    if logout.asks is not None:
        asked = Call("GET", logout.asks, f"GET {logout.asks}", logout.asks, safe=True)
        reply = await transport.fetch(asked, tokens, unchanged)
        path = _filled(path, reply)
    body = encode_form(Hidden({logout.token_field: token.access})) if logout.token_field is not None else None
    call = Call(
        logout.method,
        path,
        f"{logout.method} {logout.path}",
        logout.path,
        safe=False,
        headers=None if body is None else FORM_HEADERS,
        body=body,
        secrets=() if body is None else (token.access,),
    )
    await transport.fetch(call, tokens, unchanged)


def _filled(path: str, reply: Reply[None]) -> str:
    head, *pieces = path.split("{")
    filled = [head]
    for piece in pieces:
        field, _, rest = piece.partition("}")
        value = value_at(reply.json(), field)
        if not isinstance(value, str) or not value:
            raise DecodeError(f"the answer has no {field}", appliance=reply.appliance, operation=reply.operation)
        filled += [path_segment(field, value), rest]
    return "".join(filled)
