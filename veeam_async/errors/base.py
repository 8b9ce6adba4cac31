"""What all errors share: which appliance, which call and which step they are about."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, TypedDict

from .._text import neutral

Step: TypeAlias = Literal["name", "connect", "proxy", "tls", "http", "body", "login"]
"""Where a call failed: resolving the name, connecting, at the proxy, in the TLS handshake, between request and head of
the answer, in its body, or at the login."""

AnsweredBy: TypeAlias = Literal["appliance", "proxy", "gateway"]


class Where(TypedDict, total=False):
    """Which appliance and which call an error is about; see `VeeamError`."""

    appliance: str | None
    operation: str | None
    method: str | None
    path: str | None


class Context(Where, total=False):
    """What every error can carry; see `VeeamError`."""

    step: Step | None
    hint: str | None
    answered_by: AnsweredBy | None
    outcome_unknown: bool


def _restore(cls: type[VeeamError], args: tuple[Any, ...]) -> VeeamError:
    error: VeeamError = cls.__new__(cls, *args)
    error.args = args
    return error


class VeeamError(Exception):
    """Base of all errors of this package.

    Attributes:
        message: what happened, on one line.
        appliance: the appliance's label, or None where none was involved.
        operation: the vendor's operationId, or method and path, or None.
        method: the HTTP method, or None where no request was involved.
        path: the path as the document has it, with its placeholders, or None.
        step: where the call failed: `name`, `connect`, `proxy`, `tls`, `http`, `body`, `login`; None where the
            appliance refused it or no step applies.
        hint: what to do about it, or None.
        answered_by: who answered: `appliance`, `proxy`, or `gateway` for anything else in between; None where nobody
            did, or nothing shows it.
        outcome_unknown: True where a call that may change something was sent and no answer says whether it was
            carried out. Look at the appliance before sending it again.
    """

    def __init__(
        self,
        message: str,
        *,
        appliance: str | None = None,
        operation: str | None = None,
        method: str | None = None,
        path: str | None = None,
        step: Step | None = None,
        hint: str | None = None,
        answered_by: AnsweredBy | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        # Here and nowhere else texts of a server become part of an error.
        message = neutral(message)
        super().__init__(message)
        self.message = message
        self.appliance = appliance
        self.operation = operation
        self.method = method
        self.path = path
        self.step: Step | None = step
        self.hint = hint
        self.answered_by: AnsweredBy | None = answered_by
        self.outcome_unknown = outcome_unknown

    def __str__(self) -> str:
        text = ": ".join(part for part in (self.appliance, self.operation, self.describe()) if part)
        if self.outcome_unknown:
            text += " (outcome unknown: the appliance may have carried it out; it was not sent again)"
        return f"{text}. {self.hint}" if self.hint else text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def describe(self) -> str:
        """The text without appliance, operation and hint."""
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # The constructors have keyword-only arguments, so the default of Exception, cls(*args), would fail.
        return _restore, (type(self), self.args), self.__dict__.copy()
