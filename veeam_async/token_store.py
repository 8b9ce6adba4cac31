"""Where tokens can outlive a process, so that short-lived ones need not log in each time."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import os
import stat
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakValueDictionary

import attrs
import orjson

from ._process_lock import process_lock
from .errors import VeeamError

# No token is longer, and no header could carry it.
_LONGEST = 64 * 1024


class TokenStoreError(VeeamError):
    """A place where tokens are kept is open to others, or is none. Its text names the place, and no token."""


def _token(stored: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{attribute.name} must be a str, not {type(value).__name__}")
    if not value or len(value) > _LONGEST or not all("!" <= char <= "~" for char in value):
        raise ValueError(f"{attribute.name} is empty, or no token that a header can carry")


def _seconds(stored: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{attribute.name} must be a number, not {type(value).__name__}")
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{attribute.name} must be finite and at least 0")


@attrs.frozen
class StoredToken:
    """What a store keeps.

    Attributes:
        access, refresh: the secrets; repr does not show them.
        lifetime: seconds, as the server said.
        expires: when it expires, by this machine's clock, in seconds since 1970.

    Raises:
        ValueError, TypeError: a token that no header can carry, or a time that is none. The text shows no secret.
    """

    access: str = attrs.field(repr=False, validator=_token)
    refresh: str | None = attrs.field(repr=False, validator=attrs.validators.optional(_token))
    lifetime: float = attrs.field(validator=_seconds)
    expires: float = attrs.field(validator=_seconds)


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

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Held while a token of that key is renewed: of all that share the store, one asks the appliance at a time.

        Who gets it looks into the store again. A client that cannot have it within a minute goes on without.
        """
        ...


class MemoryTokenStore:
    """Keeps tokens for all clients of this process that are given it."""

    def __init__(self) -> None:
        self._tokens: dict[str, StoredToken] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def load(self, key: str) -> StoredToken | None:
        return self._tokens.get(key)

    async def save(self, key: str, token: StoredToken) -> None:
        self._tokens[key] = token

    async def delete(self, key: str) -> None:
        self._tokens.pop(key, None)

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        return self._locks.setdefault(key, asyncio.Lock())


class FileTokenStore:
    """Keeps each token in a file of its own, readable by the owner alone (0600), in a folder with 0700.

    A file that holds anything else than a token, or that somebody else could have written, is passed over.

    Args:
        folder: made where it does not exist. One that others can write to, or that belongs to somebody else, is
            refused (`TokenStoreError`): calls then go on without the store.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)

    def _path(self, key: str) -> Path:
        return self._folder / (hashlib.sha256(key.encode()).hexdigest()[:32] + ".json")

    async def load(self, key: str) -> StoredToken | None:
        return await asyncio.to_thread(self._read, self._path(key))

    def _read(self, path: Path) -> StoredToken | None:
        try:
            self._check_folder()
            # Neither a link to elsewhere nor a pipe that nobody writes to.
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        except FileNotFoundError:
            return None
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or _is_open_to_others(status, stat.S_IRWXG | stat.S_IRWXO):
                raise TokenStoreError(f"{path} is not a file of this user alone (mode 0600)")
            data = file.read(3 * _LONGEST)
        try:
            fields = orjson.loads(data)
            return StoredToken(fields["access"], fields.get("refresh"), fields["lifetime"], fields["expires"])
        except (ValueError, TypeError, KeyError, AttributeError):
            return None

    async def save(self, key: str, token: StoredToken) -> None:
        await asyncio.to_thread(self._write, self._path(key), orjson.dumps(attrs.asdict(token)))

    def _write(self, path: Path, data: bytes) -> None:
        self._make_folder()
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

    @contextlib.asynccontextmanager
    async def lock(self, key: str) -> AsyncIterator[None]:
        await asyncio.to_thread(self._make_folder)
        async with process_lock(self._path(key).with_suffix(".lock")):
            yield

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._check_folder()

    def _check_folder(self) -> None:
        status = os.stat(self._folder)
        if not stat.S_ISDIR(status.st_mode) or _is_open_to_others(status, stat.S_IWGRP | stat.S_IWOTH):
            raise TokenStoreError(
                f"the folder {self._folder} is not of this user, or others can write to it",
                hint="Give tokens a folder of their own: chmod 700",
            )


def _is_open_to_others(status: os.stat_result, rights: int) -> bool:
    """True where another user owns it, or has one of these rights; never where the system has no such users."""
    if not hasattr(os, "geteuid"):
        return False
    return status.st_uid != os.geteuid() or bool(status.st_mode & rights)
