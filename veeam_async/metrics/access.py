"""Who may read the metrics: HTTP basic authentication with bcrypt hashes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from typing import Any

import bcrypt
from aiohttp import web
from aiohttp.typedefs import Handler

from .web_config import WebConfig

# Hashed against for a user who is not there, so that the time says nothing. Of a password that nobody has.
_NOBODY = bcrypt.hashpw(secrets.token_bytes(32), bcrypt.gensalt(10))
# bcrypt takes no more.
_LONGEST = 72
_REMEMBERED = 100


def guard(config: WebConfig) -> Any:
    """A middleware that asks for a user, where the configuration has users."""
    known: dict[bytes, None] = {}
    key = secrets.token_bytes(32)
    # One hash takes a tenth of a second: strangers get one core for theirs, not all of them.
    turn = asyncio.Lock()

    async def allowed(request: web.Request) -> bool:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        try:
            login, _, password = base64.b64decode(given, validate=True).partition(b":")
            user = login.decode()
        except ValueError:
            return False
        if scheme.casefold() != "basic":
            return False
        digest = hashlib.blake2b(login + b":" + password, key=key).digest()
        if digest in known:
            return True
        hashed = config.users.get(user)
        async with turn:
            matches = await asyncio.to_thread(
                bcrypt.checkpw, password[:_LONGEST], hashed.encode() if hashed is not None else _NOBODY
            )
        if matches and hashed is not None:
            if len(known) >= _REMEMBERED:
                known.clear()
            known[digest] = None
            return True
        return False

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if config.users and not await allowed(request):
            return web.Response(status=401, text="Unauthorized\n", headers={"WWW-Authenticate": "Basic"})
        return await handler(request)

    return middleware
