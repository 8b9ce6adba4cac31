"""Where tokens can outlive a process, so that short-lived ones need not log in each time."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path
from typing import Protocol

import attrs
import orjson


@attrs.frozen
class StoredToken:
    """What a store keeps.

    Attributes:
        access, refresh: the secrets; repr does not show them.
        lifetime: seconds, as the server said.
        expires: when it expires, by this machine's clock, in seconds since 1970.
    """

    access: str = attrs.field(repr=False)
    refresh: str | None = attrs.field(repr=False)
    lifetime: float
    expires: float


class TokenStore(Protocol):
    """Keeps tokens by key. A client that has one does not log out when it is left.

    What a store raises is logged and otherwise ignored: calls go on without it.
    """

    async def load(self, key: str) -> StoredToken | None:
        """The token kept under a key, or None."""

    async def save(self, key: str, token: StoredToken) -> None:
        """Keep a token, in the place of an older one."""

    async def delete(self, key: str) -> None:
        """Forget the token of a key, if there is one."""


class MemoryTokenStore:
    """Keeps tokens for all clients of this process that are given it."""

    def __init__(self) -> None:
        self._tokens: dict[str, StoredToken] = {}

    async def load(self, key: str) -> StoredToken | None:
        return self._tokens.get(key)

    async def save(self, key: str, token: StoredToken) -> None:
        self._tokens[key] = token

    async def delete(self, key: str) -> None:
        self._tokens.pop(key, None)


class FileTokenStore:
    """Keeps each token in a file of its own, readable by the owner alone (0600), in a folder with 0700.

    Args:
        folder: made where it does not exist.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)

    def _path(self, key: str) -> Path:
        return self._folder / (hashlib.sha256(key.encode()).hexdigest()[:32] + ".json")

    async def load(self, key: str) -> StoredToken | None:
        try:
            data = orjson.loads(await asyncio.to_thread(self._path(key).read_bytes))
            return StoredToken(data["access"], data.get("refresh"), float(data["lifetime"]), float(data["expires"]))
        except FileNotFoundError:
            return None

    async def save(self, key: str, token: StoredToken) -> None:
        await asyncio.to_thread(self._write, self._path(key), orjson.dumps(attrs.asdict(token)))

    def _write(self, path: Path, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.{os.urandom(4).hex()}.part")
        try:
            # Made with its mode, not changed to it: nobody can open it in between.
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as file:
                file.write(data)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)
