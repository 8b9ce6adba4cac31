"""The life of an access token: one renewal however many ask, ahead of expiry, never against a call in flight."""

from __future__ import annotations

import asyncio
import copy
import logging
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from time import monotonic
from typing import Protocol

from .._http.token import Token
from .._redact import Secret
from ..errors import AuthenticationError, VeeamError
from ..timeouts import without_deadline
from .backoff import Backoff

_log = logging.getLogger("veeam_async.tokens")

# Pause after a renewal in the background that failed for another reason than refusal.
_BACKGROUND_PAUSE = 10.0


class Issuer(Protocol):
    """What asks the appliance for tokens. It neither retries a refusal nor calls the manager back."""

    async def login(self) -> Token:
        """By the credentials; `AuthenticationError` where they are refused."""
        ...

    async def refresh(self, token: Secret) -> Token:
        """By a refresh token; `AuthenticationError` where it is refused."""
        ...


class StoredEntry(Protocol):
    """One appliance's token in a store."""

    async def load(self) -> Token | None: ...
    async def save(self, token: Token) -> None: ...
    def alone(self) -> AbstractAsyncContextManager[None]: ...


class Tokens:
    """Holds the token of one appliance and renews it.

    Args:
        issuer: asks the appliance for tokens.
        appliance: label for errors and logs.
        store: where tokens outlive the process, if anywhere.
        on_renewed: called with each new token and the seconds that it took.
    """

    def __init__(
        self,
        issuer: Issuer,
        *,
        appliance: str,
        store: StoredEntry | None = None,
        on_renewed: Callable[[Token, float], None] | None = None,
    ) -> None:
        self._issuer = issuer
        self._appliance = appliance
        self._store = store
        self._on_renewed = on_renewed
        # What calls send; None where they have to wait for a new one.
        self.current: Token | None = None
        # What the next renewal starts from, refused or not.
        self._last: Token | None = None
        self._renewal: asyncio.Task[Token] | None = None
        # The renewal in progress, and those that new credentials or a logout have overtaken.
        self._tasks: set[asyncio.Task[Token]] = set()
        self._generation = 0
        self._not_before = 0.0
        self._backoff = Backoff()
        self._closed = False

    # ------------------------------------------------------------------------------------------------ for each call

    def usable(self) -> Token | None:
        """The token to send, or None where one has to be waited for. Starts a renewal in the background when due."""
        token = self.current
        if token is None:
            return None
        now = monotonic()
        if now < token.soon:
            return token
        if now >= token.must:
            return None
        if (self._renewal is None or self._renewal.done()) and now >= self._not_before and not self._closed:
            _ = self._start(background=True)
        return token

    async def obtain(self) -> Token:
        """A usable token, after a login or a renewal where one is needed.

        Raises:
            AuthenticationError: the login was refused, now or a short time ago.
            VeeamError: the appliance could not be asked.
        """
        token = self.usable()
        return token if token is not None else await self._wait(self._start())

    async def replace(self, refused: Token) -> Token:
        """A token for a call that was answered 401 with `refused`: the current one if that is newer, else a new one."""
        # A token that came by refresh and never served: another refresh is no help.
        return await self._instead_of(refused, relogin=refused.source == "refresh" and not refused.proved)

    async def relogin(self, refused: Token) -> Token:
        """A token by login, for a call that was answered 403 with one that came by refresh and never served."""
        return await self._instead_of(refused, relogin=True)

    async def _instead_of(self, refused: Token, *, relogin: bool) -> Token:
        current = self.current
        if current is refused:
            self.current = None  # so that no further call is sent with it
        elif current is not None and current.must > monotonic():
            return current
        return await self._wait(self._start(relogin=relogin))

    async def login(self) -> Token:
        """A new token by the credentials, whether the present one still serves or not."""
        return await self._wait(self._start(relogin=True, forced=True))

    # -------------------------------------------------------------------------------------------------- one renewal

    def _start(self, *, relogin: bool = False, forced: bool = False, background: bool = False) -> asyncio.Task[Token]:
        task = self._renewal
        if task is None or task.done():
            if self._closed:
                raise VeeamError("the client is closed", appliance=self._appliance)
            # The renewal is everybody's: the deadline of the call that happened to start it must not bound it.
            task = asyncio.get_running_loop().create_task(
                self._renew(relogin=relogin, forced=forced, background=background),
                name=f"veeam_async renewal {self._appliance}",
                context=without_deadline(),
            )
            self._renewal = task
            self._tasks.add(task)
            task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Token]) -> None:
        self._tasks.discard(task)
        if self._renewal is task:
            self._renewal = None
        if not task.cancelled():
            task.exception()  # whoever waits has it; where nobody waits it was logged

    async def _wait(self, task: asyncio.Task[Token]) -> Token:
        try:
            # One waiter's cancellation must not end what the others wait for.
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled() and not _being_cancelled():
                raise VeeamError("the client was closed", appliance=self._appliance) from None
            raise
        except VeeamError as error:
            # Each waiter gets its own: raising one object in many tasks would pile up their tracebacks in it.
            own = copy.copy(error)
            own.__cause__ = error.__cause__
        raise own

    async def _renew(self, *, relogin: bool, forced: bool, background: bool) -> Token:
        started = monotonic()
        generation = self._generation
        try:
            token = await self._ask(relogin, forced)
        except VeeamError as error:
            # While the old token serves, nothing is gained by asking again with each call.
            self._not_before = monotonic() + _BACKGROUND_PAUSE * random.uniform(0.5, 1.5)
            if background:
                _log.warning("%s: renewing the token ahead of its expiry failed: %s", self._appliance, error)
            raise
        if generation == self._generation:
            self.current = self._last = token
        self._not_before = 0.0
        _log.debug("%s: new token by %s, for %.0f s", self._appliance, token.source, token.lifetime)
        if self._on_renewed is not None:
            self._on_renewed(token, monotonic() - started)
        return token

    async def _ask(self, relogin: bool, forced: bool) -> Token:
        store = self._store
        if store is None:
            return await self._ask_appliance(self._last, relogin)
        if not forced and (token := await self._newest(store)) is not None and self._serves(token):
            return token
        async with store.alone():
            # Who was alone before may have renewed it.
            token = self._last if forced else await self._newest(store)
            if token is not None and self._serves(token):
                return token
            token = await self._ask_appliance(token, relogin)
            await store.save(token)
            return token

    async def _newest(self, store: StoredEntry) -> Token | None:
        """The token in the store where another process put it there, else the one that is to be replaced."""
        stored, last = await store.load(), self._last
        return last if stored is None or (last is not None and stored.access == last.access) else stored

    def _serves(self, token: Token) -> bool:
        return token is not self._last and token.must > monotonic()

    async def _ask_appliance(self, old: Token | None, relogin: bool) -> Token:
        await self._backoff.turn()
        try:
            token = await self._refresh_or_log_in(old, relogin)
        except VeeamError as error:
            self._backoff.failed(error)
            raise
        self._backoff.forget()
        return token

    async def _refresh_or_log_in(self, old: Token | None, relogin: bool) -> Token:
        if old is not None and old.refresh is not None and not relogin:
            spent, old.refresh = Secret(old.refresh), None  # it can be used once, whatever comes of it
            try:
                return await self._issuer.refresh(spent)
            except AuthenticationError as error:
                _log.info("%s: the refresh token was refused, logging in: %s", self._appliance, error)
            except BaseException as error:
                if isinstance(error, VeeamError) and not error.outcome_unknown:
                    old.refresh = spent.value  # it surely was not used up
                raise
        return await self._issuer.login()

    def use(self, token: Token) -> None:
        """Go on with a token from elsewhere: calls send it, and the next renewal starts from it."""
        self.current = self._last = token
        self._generation += 1

    def forget_refusal(self) -> None:
        """Let the next call log in at once: the credentials changed, or somebody asks for it."""
        self._backoff.forget()

    def drop(self) -> None:
        """Forget the token, so that the next call logs in. A renewal in progress serves only those that wait for it."""
        self.current = self._last = None
        self._renewal = None
        self._generation += 1

    async def aclose(self) -> None:
        """End a renewal that is in progress."""
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
