"""One client's token in a token store."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from time import monotonic, time

from .._http.token import Token
from ..token_store import StoredToken, TokenStore

_log = logging.getLogger("veeam_async.tokens")


class StoreEntry:
    """One client's token in a store: translates the clocks and survives a broken store.

    Attributes:
        key: what the store keeps the token under.
    """

    def __init__(self, store: TokenStore, key: str, appliance: str) -> None:
        self._store = store
        self.key = key
        self._appliance = appliance

    async def load(self) -> Token | None:
        stored = None
        with self._tolerant("read"):
            stored = await self._store.load(self.key)
        if stored is None:
            return None
        left = stored.expires - time()
        # This machine's clock may have been set in between; a token never lives longer than the server said.
        left = max(0.0, min(left, stored.lifetime))
        issued = monotonic() - stored.lifetime + left
        return Token(stored.access, stored.refresh, stored.lifetime, "store", issued=issued)

    async def save(self, token: Token) -> None:
        with self._tolerant("written"):
            await self._store.save(
                self.key, StoredToken(token.access, token.refresh, token.lifetime, time() + token.left())
            )

    async def delete(self) -> None:
        with self._tolerant("written"):
            await self._store.delete(self.key)

    @contextlib.contextmanager
    def _tolerant(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            # The text could hold anything, a token included.
            _log.warning("%s: the token store could not be %s: %s", self._appliance, what, type(error).__name__)
