"""How credentials become tokens, once or whenever one is needed."""

from __future__ import annotations

import asyncio
import math

from .._http.token import Token
from .._http.transport import Transport
from .._operation.operation import Revision
from .._redact import Secret, forget_frames
from ..credentials import Credentials
from ..credentials.password import Password
from ..errors import AuthenticationError, VeeamError
from ..profiles import Profile
from .token_requests import TokenRequests


class Login:
    """Logs in at one appliance, by whatever credentials it was given."""

    def __init__(self, transport: Transport, profile: Profile, revision: Revision, credentials: Credentials) -> None:
        self._requests = TokenRequests(transport, profile, revision, _checked(credentials))
        self._used = False

    @property
    def credentials(self) -> Credentials:
        """What it logs in by."""
        return self._requests.credentials

    @credentials.setter
    def credentials(self, credentials: Credentials) -> None:
        self._requests.credentials = _checked(credentials)
        self._requests.last_code = None
        self._used = False

    def used(self) -> None:
        """Note that the credentials have served for a login somewhere else."""
        self._used = self.credentials.single_use or self.credentials.bearer is not None

    async def login(self) -> Token:
        """A token by the credentials.

        Raises:
            AuthenticationError: the appliance refuses them.
            VeeamError: the appliance could not be asked.
        """
        credentials = self.credentials
        # Not in a variable: tracebacks show those.
        if credentials.bearer is not None:
            if self._used:
                what = type(credentials).__name__
                raise self._refusal(f"the {what} was refused, and nothing is there to get another one with")
            self._used = True
            # Nobody said how long it lives: it serves until it is refused.
            return Token(credentials.bearer, None, math.inf, "login")
        if self._used:
            raise self._refusal(f"{type(credentials).__name__} serves for one login and was used: a new one is needed")
        try:
            token = await self._by(credentials)
        except VeeamError as error:
            if credentials.single_use and (isinstance(error, AuthenticationError) or error.outcome_unknown):
                self._used = True
            forget_frames(error)
            raise
        except asyncio.CancelledError as error:
            forget_frames(error)
            raise
        if credentials.single_use:
            self._used = True
        return token

    async def refresh(self, token: Secret) -> Token:
        """A token by a refresh token.

        Raises:
            AuthenticationError: the appliance refuses it.
            VeeamError: the appliance could not be asked.
        """
        try:
            return await self._requests.by_refresh(token)
        except (VeeamError, asyncio.CancelledError) as error:
            forget_frames(error)
            raise

    async def sign_on_url(self, username: str | None) -> str:
        """Where a user signs on at the identity provider.

        Raises:
            VeeamError: this product has no call for it.
        """
        return await self._requests.sign_on_url(username)

    async def _by(self, credentials: Credentials) -> Token:
        if isinstance(credentials, Password):
            return await self._requests.by_password(credentials)
        from .grants import token_by  # few programs log in by anything else

        return await token_by(self._requests, credentials)

    def _refusal(self, message: str) -> AuthenticationError:
        return AuthenticationError(message, appliance=self._requests.name, step="login")


def _checked(credentials: Credentials) -> Credentials:
    if not isinstance(credentials, Credentials):
        raise TypeError(f"credentials are an object such as Password(username, password), not {type(credentials)}")
    return credentials
