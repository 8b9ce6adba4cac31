"""Authorization codes: a client that is logged in lets another session log in."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

from .._operation.reply import Reply
from ..errors import DecodeError, NotFoundError, VeeamError
from ..profiles import Profile


class Poster(Protocol):
    """What sends a call with the client's token."""

    name: str

    def ask(self, method: str, path: str) -> Coroutine[Any, Any, Reply[None]]: ...


async def authorization_code(sender: Poster, profile: Profile) -> str:
    """A code with which another session can log in once.

    Raises:
        VeeamError: the product has no call for it.
    """
    if not profile.code_paths:
        raise VeeamError(f"{profile.title} has no call for an authorization code", appliance=sender.name)
    *others, last = profile.code_paths
    for path in others:
        try:
            return _code_in(await sender.ask("POST", path), profile.code_field, sender.name)
        except NotFoundError:
            continue
    return _code_in(await sender.ask("POST", last), profile.code_field, sender.name)


def _code_in(reply: Reply[None], field: str, appliance: str) -> str:
    data = reply.json()
    code = data.get(field) if isinstance(data, dict) else None
    if not isinstance(code, str):
        raise DecodeError("the answer has no code", status=reply.status, appliance=appliance, operation=reply.operation)
    return code
