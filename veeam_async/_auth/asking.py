"""What a user's own function gives to a login: a code, an assertion, a decrypted challenge."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


async def answer_of(ask: Callable[..., Any], *args: Any) -> str:
    """What a user's callable gives; a plain one runs in a thread, for it may wait for a person."""
    if inspect.iscoroutinefunction(ask):
        return str(await ask(*args))
    given = await asyncio.to_thread(ask, *args)
    return str(await given if inspect.isawaitable(given) else given)
