"""What an error answer to a login means: refused credentials, a second factor, another revision, or a gateway."""

from __future__ import annotations

import re

from .._http.transport import Transport
from .._operation.operation import Revision
from ..errors import ApiError, AuthenticationError, MfaRequired, UnsupportedRevisionError, VeeamError
from ..profiles import Profile
from . import negotiated
from .revision_lists import others, revisions_in

_REFUSALS = frozenset({400, 401, 403, 422, 423})
# Compiled at the first error that asks: most clients never have one.
_ABOUT_GRANT = r"(?i)grant[_\s-]?type|unsupported_grant"
_ABOUT_MFA = r"(?i)\bmfa\b|\b2fa\b|multi-?\s?factor|two-?\s?factor|second factor"
_ABOUT_CERTIFICATE = r"(?i)client certificate|ssl certificate|certificate (?:required|was sent)"


def login_error(error: ApiError, transport: Transport, profile: Profile, revision: Revision) -> VeeamError:
    """The error that a refused login raises.

    Only an appliance refuses credentials. A page, a challenge for another scheme or a missing client certificate is
    the answer of something in between, and stays what it is: an `ApiError` that says who answered.
    """
    text = f"{error.error_code} {error.message} {error.details}"
    if listed := revisions_in(error):
        # What connect() learned is out of date: the appliance was upgraded.
        negotiated.forget(transport.sender.pool, profile.product, transport.sender.origin)
        listed = others(listed, revision.name)
        has = f"; it has {', '.join(listed)}" if listed else ""
        return UnsupportedRevisionError(
            f"the server does not have revision {revision.name}{has}",
            server=listed,
            offered=(revision.name,),
            appliance=error.appliance,
            operation=error.operation,
            method=error.method,
            path=error.path,
            step="login",
            answered_by=error.answered_by,
        )
    error.step = "login"
    if error.status == 407 or error.answered_by in ("proxy", "gateway"):
        error.hint = _hint(error, text)
        return error
    if error.status not in _REFUSALS:
        return error
    kind = MfaRequired if re.search(_ABOUT_MFA, text) else AuthenticationError
    return kind(
        f"login refused: {error.describe()}",
        status=error.status,
        error_code=error.error_code,
        appliance=error.appliance,
        operation=error.operation,
        method=error.method,
        path=error.path,
        step="login",
        answered_by=error.answered_by,
    )


def _hint(error: ApiError, text: str) -> str:
    if re.search(_ABOUT_CERTIFICATE, text):
        return "A gateway wants a client certificate: TlsPolicy(client_cert=...)"
    if error.answered_by == "proxy":
        return "A proxy answered, not the appliance: check proxy= and its credentials"
    return "Something in front of the appliance answered, not the appliance: check host, port and gateway"


def refuses_grant_type(error: ApiError) -> bool:
    """True where the server does not know the grant type; never where it refuses the credentials."""
    if error.status not in (400, 422) or error.error_code in ("invalid_grant", "invalid_client"):
        return False
    fields = " ".join(error.field_errors)
    text = f"{error.error_code} {error.message} {error.details} {fields} {str(error.body)[:65536]}"
    return bool(re.search(_ABOUT_GRANT, text))
