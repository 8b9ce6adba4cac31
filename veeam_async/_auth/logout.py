"""How a token is ended, by what the profile says of it."""

from __future__ import annotations

from .._http.token import OneToken, Token
from .._http.transport import Transport
from .._operation.call import Call
from .._operation.encoding import encode_form, path_segment
from .._operation.operation import Revision
from .._operation.parts import value_at
from .._operation.reply import Reply
from .._redact import Hidden
from ..errors import DecodeError
from ..profiles import Logout

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def log_out(transport: Transport, logout: Logout, revision: Revision, token: Token) -> None:
    """End a token.

    Raises:
        VeeamError: the appliance did not take the logout.
    """
    tokens = OneToken(token)
    path = logout.path.replace("{revision}", revision.name)
    if logout.asks is not None:
        asked = Call("GET", logout.asks, f"GET {logout.asks}", logout.asks, safe=True)
        reply = await transport.fetch(asked, tokens, _as_it_came)
        path = _filled(path, reply)
    body = encode_form(Hidden({logout.token_field: token.access})) if logout.token_field is not None else None
    call = Call(
        logout.method,
        path,
        f"{logout.method} {logout.path}",
        logout.path,
        safe=False,
        headers=None if body is None else _FORM,
        body=body,
        secrets=() if body is None else (token.access,),
    )
    await transport.fetch(call, tokens, _as_it_came)


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


def _as_it_came(reply: Reply[None]) -> Reply[None]:
    return reply
