"""One client's token in a token store."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from time import monotonic, time

from .._http.token import Token
from ..token_store import StoredToken, TokenStore, TokenStoreError

_log = logging.getLogger("veeam_async.tokens")

# Seconds after which a client renews its token without the lock: who has it may hang, or wait for a person.
_PATIENCE = 60.0


class StoreEntry:
    """One client's token in a store: translates the clocks and survives a broken store.

    Attributes:
        key: what the store keeps the token under.
        unsaved: True where the present token is not in the store, so that nobody can use it after this client.
    """

    def __init__(self, store: TokenStore, key: str, appliance: str) -> None:
        self._store = store
        self.key = key
        self._appliance = appliance
        self.unsaved = False

    async def load(self) -> Token | None:
        """The token in the store, expired or not; None where there is none, or none that could be one."""
        try:
            stored = await self._store.load(self.key)
            if not isinstance(stored, StoredToken):
                return None
        except Exception as error:
            self._warn("read", error)
            return None
        left = stored.expires - time()
        # This machine's clock may have been set in between; a token never lives longer than the server said.
        left = max(0.0, min(left, stored.lifetime))
        issued = monotonic() - stored.lifetime + left
        self.unsaved = False
        return Token(stored.access, stored.refresh, stored.lifetime, "store", issued=issued)

    async def save(self, token: Token) -> None:
        """Keep a token."""
        self.unsaved = True
        try:
            kept = StoredToken(token.access, token.refresh, token.lifetime, time() + token.left())
            await self._store.save(self.key, kept)
            self.unsaved = False
        except Exception as error:
            self._warn("written", error)

    async def delete(self) -> None:
        """Forget the token."""
        try:
            await self._store.delete(self.key)
        except Exception as error:
            self._warn("written", error)

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Renew a token while no other that shares the store does; together with them where there is no such lock."""
        lock = None
        try:
            async with asyncio.timeout(_PATIENCE):
                lock = self._store.lock(self.key)
                await lock.__aenter__()
        except Exception as error:
            lock = None
            self._warn("locked", error)
        try:
            yield
        finally:
            if lock is not None:
                try:
                    await lock.__aexit__(None, None, None)
                except Exception as error:
                    self._warn("unlocked", error)

    def _warn(self, what: str, error: Exception) -> None:
        # The text of another error could hold anything, a token included.
        said = error.message if isinstance(error, TokenStoreError) else type(error).__name__
        _log.warning("%s: the token store could not be %s: %s", self._appliance, what, said)
