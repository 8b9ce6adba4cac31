"""Errors in words that an operator can act on."""

from __future__ import annotations

from .. import errors
from ..fleet import RowsError


def explain(error: BaseException) -> str:
    """What happened, and what to do about it where that is known: one line."""
    text = _one_line(str(error) or type(error).__name__)
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


def _one_cause(error: BaseException) -> BaseException | None:
    """The error that all failed operations of an appliance share, such as a login that each of them met."""
    if not isinstance(error, RowsError) or len({one.describe() for one in error.errors}) != 1:
        return None
    return error.errors[0]


def _short(error: BaseException) -> str:
    text = error.describe() if isinstance(error, errors.VeeamError) else str(error)
    if isinstance(error, errors.UnsupportedRevisionError):
        text = text.partition("; `python -m codegen")[0]  # `advice` says it where it helps
    return _one_line(text or type(error).__name__)


def advice(error: BaseException) -> str:
    """What a person can do, or an empty string."""
    match error:
        case errors.TlsError(fingerprint=str() as seen):
            return f"If this is the appliance's own certificate, pin it: fingerprint {seen}"
        case errors.TlsError():
            return "Look at the certificate with `veeam-async fingerprint HOST`"
        case errors.MfaRequired():
            return "Give the account's TOTP secret (totp_secret_env) or use an account without MFA"
        case errors.AuthenticationError():
            return "Check user name and password; it is not tried again by itself, so that the account is not locked"
        case errors.UnsupportedRevisionError(server=()):
            return "Look at what listens there: it does not answer as this product's API"
        case errors.UnsupportedRevisionError():
            return "Add the revision from a clone: python -m codegen ingest, python -m codegen emit"
        case errors.RequestTimeout(limit="connect"):
            return "Check name, port and firewall"
        case errors.RequestTimeout(limit="deadline"):
            return "Give a longer --deadline, or a higher --concurrency"
        case errors.RequestTimeout(limit="appliance"):
            return "It is slow or stuck; --timeout, or `timeout` in the fleet file, gives it more time"
        case errors.ConnectError():
            return "Check that the appliance is up, and name, port and firewall"
        case errors.ForbiddenError():
            return "The account's role does not allow this call"
        case errors.DecodeError():
            return "Something else than the appliance's API answered: a proxy, or another service on this port"
        case _:
            return ""


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500].rstrip(". ")
