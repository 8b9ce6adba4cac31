"""Errors in words that an operator can act on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .. import errors
from ..fleet import RowsError

# What Python adds to OpenSSL's reason, which is what a person can read.
_OPENSSL = re.compile(r"\[SSL: \w+\] (certificate verify failed: )?|\s*\(_ssl\.c:\d+\)")


def explain(error: BaseException) -> str:
    """What happened, and what to do about it where that is known: one line."""
    text = str(error) or type(error).__name__
    if isinstance(error, errors.VeeamError) and (said := error.describe()):
        text = text.replace(said, _short(error))
    text = _one_line(text)
    hint = advice(error)
    return f"{text}. {hint}" if hint else text


def short(error: BaseException) -> str:
    """The same without appliance and operation, for a table that has a column for them."""
    same = _one_cause(error)
    if same is not None:
        return short(same)
    text = _short(error)
    hint = advice(error)
    return f"{text}. {hint}" if hint else text


def said(error: BaseException) -> str:
    """What happened, without advice."""
    return _short(_one_cause(error) or error)


def _one_cause(error: BaseException) -> BaseException | None:
    """The error that all failed operations of an appliance share, such as a login that each of them met."""
    if not isinstance(error, RowsError) or len({one.describe() for one in error.errors}) != 1:
        return None
    return error.errors[0]


def _short(error: BaseException) -> str:
    text = error.describe() if isinstance(error, errors.VeeamError) else str(error)
    # What these say to do is for who writes Python; `advice` says it for who has a fleet file.
    if isinstance(error, errors.UnsupportedRevisionError):
        text = text.partition("; `python -m codegen")[0]
    elif isinstance(error, errors.TlsError) and error.not_after is not None:
        text = _OPENSSL.sub("", text.partition(". Subject ")[0])
        text += f". It is of {error.subject or 'nobody'}, issued by {error.issuer or 'nobody'}, until {error.not_after}"
    return _one_line(text or type(error).__name__)


def advice(error: BaseException) -> str:
    """What a person can do, or an empty string."""
    match error:
        case errors.TlsError(fingerprint=str() as seen, not_after=str()):
            return (
                "Compare with the appliance's console; if it is its own, pin it in the fleet file: "
                f'tls = {{ fingerprint = "{seen}" }}; if an authority of yours issued it: tls = {{ ca_file = "..." }}'
            )
        case errors.TlsError(fingerprint=str()):
            return ""  # pinned is another one; the text says all
        case errors.TlsError():
            return "Look at the certificate with `veeam-async fingerprint HOST`"
        case errors.MfaRequired():
            return "Give the account's TOTP secret (totp_secret_env) or use an account without MFA"
        case errors.AuthenticationError() if "locked" in error.describe():
            return "Correct user name and password before it is unlocked"
        case errors.AuthenticationError():
            return "Check user name and password; it is not tried again by itself, so that the account is not locked"
        case errors.UnsupportedRevisionError(server=()):
            return "Look at what listens there: it does not answer as this product's API"
        case errors.UnsupportedRevisionError(server=offered) if known := _known(offered):
            return f"Set `revision` to {known}, or leave it away to have it found"
        case errors.UnsupportedRevisionError():
            return "Add the revision from a clone: python -m codegen ingest, python -m codegen emit"
        case errors.RequestTimeout(limit="connect"):
            return "Check name, port and firewall"
        case errors.RequestTimeout(limit="deadline"):
            return "Give a longer --deadline, or a higher --concurrency"
        case errors.RequestTimeout(limit="appliance"):
            return "It is slow or stuck; --timeout, or `timeout` in the fleet file, gives it more time"
        case errors.RequestTimeout(limit="read" | "total"):
            return "It is slow or stuck; `timeouts` in the fleet file gives a call more time"
        case errors.ConnectError():
            return "Check that the appliance is up, and name, port and firewall"
        case errors.ForbiddenError():
            return "The account's role does not allow this call"
        case errors.DecodeError(field=None):
            return "Check host and port, and what stands between"
        case errors.UnauthorizedError():
            return "It refuses the token that it has just given; its services may be restarting"
        case errors.ServerError():
            return "The appliance itself fails: look at its services and logs"
        case errors.RateLimitedError():
            return "It wants fewer calls: poll it less often"
        case _:
            return ""


def _known(server: Sequence[str]) -> str:
    """The newest of a server's revisions that this package has."""
    from ..registry import revisions

    here = {revision.name for revision in revisions()}
    return next((name for name in server if name in here), "")


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500].rstrip(". ")
