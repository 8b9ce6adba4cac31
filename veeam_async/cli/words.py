"""Errors in words that an operator can act on, made of their fields."""

from __future__ import annotations

from collections.abc import Sequence

from .. import errors
from ..fleet import RowsError
from ..fleet.config import FleetConfigError
from .status import CommandError


def explain(error: BaseException) -> str:
    """What happened, where, and what to do about it where that is clear: one line."""
    text = said(error)
    if isinstance(error, errors.VeeamError):
        text = ": ".join(part for part in (error.appliance, error.operation, text) if part)
        if error.outcome_unknown:
            text += " (the appliance may have carried it out; it was not sent again)"
    return _with_advice(_one_line(text), error)


def short(error: BaseException) -> str:
    """The same without appliance and operation, for a table that has a column for them."""
    shared = _shared_cause(error)
    return short(shared) if shared is not None else _with_advice(said(error), error)


def said(error: BaseException) -> str:
    """What happened, without advice."""
    error = _shared_cause(error) or error
    if isinstance(error, errors.TlsError) and error.reason is not None:
        text = f"the certificate is refused: {error.reason.rstrip('.')}"
        text += f". It is of {error.subject or 'nobody'}, issued by {error.issuer or 'nobody'}, until {error.not_after}"
    elif isinstance(error, errors.VeeamError):
        text = error.describe()
    elif isinstance(error, OSError) and error.strerror:
        text = error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    else:
        text = str(error)
    return _one_line(text or type(error).__name__)


def count(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _with_advice(text: str, error: BaseException) -> str:
    hint = advice(error)
    return f"{text}. {hint}" if hint else text


def _shared_cause(error: BaseException) -> BaseException | None:
    """The error that all failed operations of an appliance share, such as a login that each of them met."""
    if not isinstance(error, RowsError) or len({one.describe() for one in error.errors}) != 1:
        return None
    return error.errors[0]


def advice(error: BaseException) -> str:
    """What a person can do, or an empty string."""
    match error:
        case errors.TlsError(fingerprint=str() as seen, reason=str()):
            return (
                "Compare with the appliance's console; if it is its own, pin it in the fleet file: "
                f'tls = {{ fingerprint = "{seen}" }}; if an authority of yours issued it: tls = {{ ca_file = "..." }}'
            )
        case errors.TlsError(fingerprint=str()):
            return ""  # pinned is another one; the text says all
        case errors.TlsError():
            return "Look at the certificate with `veeam-async fingerprint HOST`"
        case errors.UnsafeOriginError(operation=None):
            return "Use https, or --allow-http (`allow_http = true` in the fleet file)"
        case errors.MfaRequired():
            return "Give the account's TOTP secret (totp_secret_env) or use an account without MFA"
        case errors.AuthenticationError():
            return (
                "Check user name and password, and whether the account is locked; "
                "it is not tried again by itself, so that it does not become locked"
            )
        case errors.UnsupportedRevisionError(server=()):
            return "Look at what listens there: it does not answer as this product's API"
        case errors.UnsupportedRevisionError(server=offered) if here := _newest_here(offered):
            return f"Set `revision` to {here}, or leave it out to have it negotiated"
        case errors.UnsupportedRevisionError():
            return "Add the revision with `veeam-async revision add`"
        case errors.RequestTimeout(limit="connect"):
            return "Check name, port and firewall"
        case errors.RequestTimeout(limit="deadline"):
            return "Give a longer --deadline, or a higher --concurrency"
        case errors.RequestTimeout(limit="appliance"):
            return "It is slow or stuck; --timeout, or `timeout` in the fleet file, gives it more time"
        case errors.RequestTimeout(limit="read" | "total"):
            return "It is slow or stuck; --timeout, or `timeouts` in the fleet file, gives a call more time"
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


def nothing_was_sent(error: BaseException) -> bool:
    """True where the command was not run: what was typed, or the fleet file, is wrong."""
    return isinstance(error, (CommandError, FleetConfigError, errors.InvalidAddress)) or (
        isinstance(error, errors.UnsafeOriginError) and error.operation is None
    )


def _newest_here(server: Sequence[str]) -> str:
    """The newest of a server's revisions that this package has."""
    from ..registry import revisions

    here = {revision.name for revision in revisions()}
    return next((name for name in server if name in here), "")


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500].rstrip(". ")
