"""The errors that calls raise. Every one says which appliance, which operation and which step, and can be pickled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypedDict, Unpack

from ._redact import Secret
from ._text import neutral

Step: TypeAlias = Literal["name", "connect", "proxy", "tls", "http", "body", "login"]
"""Where a call failed: resolving the name, connecting, at the proxy, in the TLS handshake, between request and head of
the answer, in its body, or at the login."""

AnsweredBy: TypeAlias = Literal["appliance", "proxy", "gateway"]

_MOST_FIELDS = 50
_MOST_LINES = 20
_LONGEST_LINE = 500
_LONGEST_DESCRIPTION = 4000


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


class ApiError(VeeamError):
    """The appliance answered with an error status.

    Attributes:
        status: the HTTP status.
        error_code: the vendor's error code (`errorCode`), whether a document lists it or not; None where absent.
        details: the vendor's further text; None where absent.
        resource_id: the resource that the error names; None where absent.
        trace_id: the server's id of the request, for the vendor's support; None where absent.
        field_errors: messages by field name, where the answer has them (Azure's 400).
        body: the parsed JSON body, or the first characters of its text; None where empty.
        retry_after: seconds that the server asked to wait, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        error_code: str | None = None,
        details: str | None = None,
        resource_id: str | None = None,
        trace_id: str | None = None,
        field_errors: Mapping[str, Sequence[str]] | None = None,
        body: Any = None,
        retry_after: float | None = None,
        **context: Unpack[Context],
    ) -> None:
        super().__init__(message, **context)
        self.status = status
        self.error_code = _neutral(error_code)
        self.details = _neutral(details)
        self.resource_id = _neutral(resource_id)
        self.trace_id = _neutral(trace_id)
        self.field_errors: dict[str, list[str]] = {
            neutral(name, 200): [neutral(text, _LONGEST_LINE) for text in texts[:_MOST_LINES]]
            for name, texts in list((field_errors or {}).items())[:_MOST_FIELDS]
        }
        self.body = body
        self.retry_after = retry_after

    def describe(self) -> str:
        text = f"{self.status} {self.error_code}" if self.error_code else str(self.status)
        text += f": {self.message}" if self.message else ""
        if self.details and self.details not in self.message:
            text += f" ({self.details})"
        for name, errors in self.field_errors.items():
            text += f"; {name}: {' '.join(errors)}"
        if self.resource_id:
            text += f" [resource {self.resource_id}]"
        if self.trace_id:
            text += f" [trace {self.trace_id}]"
        return text if len(text) <= _LONGEST_DESCRIPTION else f"{text[:_LONGEST_DESCRIPTION]}..."


def _neutral(text: str | None) -> str | None:
    return None if text is None else neutral(text)


class BadRequestError(ApiError):
    """400: the appliance does not accept the request, or cannot do what it asks."""


class UnauthorizedError(ApiError):
    """401 again after the token was renewed, or for a call without one."""


class ForbiddenError(ApiError):
    """403: the account's role does not allow this call."""


class NotFoundError(ApiError):
    """404: no such resource, or no such call in this revision."""


class ConflictError(ApiError):
    """409: the resource is in a state, or in use, so that the call is not possible now."""


class RateLimitedError(ApiError):
    """429 after all repeats: too many requests; `retry_after` says how long to wait, where the server said it."""


class ServerError(ApiError):
    """5xx after all repeats."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitedError,
}


def api_error_class(status: int) -> type[ApiError]:
    """The subclass of `ApiError` for a status."""
    if status >= 500:
        return ServerError
    return _BY_STATUS.get(status, ApiError)


class AuthenticationError(VeeamError):
    """The appliance refused the login. It is not repeated by itself, so that no account is locked by it.

    Attributes:
        status: the HTTP status of the refusal, or None.
        error_code: the vendor's or OAuth's error code, or None.
        retry_after: seconds until this client will try these credentials again, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        error_code: str | None = None,
        retry_after: float | None = None,
        **context: Unpack[Context],
    ) -> None:
        super().__init__(message, **context)
        self.status = status
        self.error_code = error_code
        self.retry_after = retry_after


class MfaRequired(AuthenticationError):
    """The account has multi-factor authentication on, and the credentials have no second factor: use `Mfa`.

    Attributes:
        mfa_token: what the appliance gave to go on with (aws, azure), or None. It is a secret: no repr shows it, no
            pickle holds it.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        error_code: str | None = None,
        retry_after: float | None = None,
        mfa_token: str | None = None,
        **context: Unpack[Context],
    ) -> None:
        super().__init__(message, status=status, error_code=error_code, retry_after=retry_after, **context)
        self._mfa_token = Secret(mfa_token)

    @property
    def mfa_token(self) -> str | None:
        return self._mfa_token.value


class ConnectError(VeeamError):
    """No connection, or it broke before an answer was whole."""


class TlsError(ConnectError):
    """The TLS handshake failed, or the certificate was refused.

    Attributes:
        subject, issuer: names in the certificate that the server showed, or None where it was not seen.
        not_after: end of its validity as the certificate has it (UTC), or None.
        fingerprint: its SHA-256 fingerprint, lower-case hex, for `TlsPolicy(fingerprint=...)`, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        subject: str | None = None,
        issuer: str | None = None,
        not_after: str | None = None,
        fingerprint: str | None = None,
        **context: Unpack[Context],
    ) -> None:
        super().__init__(message, **context)
        self.subject = subject
        self.issuer = issuer
        self.not_after = not_after
        self.fingerprint = fingerprint


class RequestTimeout(VeeamError, TimeoutError):
    """A time limit passed: connecting, between two reads, for the whole call, or the deadline above it.

    Attributes:
        limit: which one: `connect`, `read`, `total`, `deadline` or `wait`.
        seconds: the limit in seconds, or None.
    """

    def __init__(
        self, message: str, *, limit: str | None = None, seconds: float | None = None, **context: Unpack[Context]
    ) -> None:
        super().__init__(message, **context)
        self.limit = limit
        self.seconds = seconds


class DecodeError(VeeamError):
    """An answer is not what its content type or its operation says.

    Attributes:
        status: the HTTP status of the answer, or None where no request was involved.
        excerpt: the first characters of the body, or None.
        field: path of the field (`data[3].endTime`) where strict decoding refused one, or None.
        incomplete: True where the body ends before what it began does.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        excerpt: str | None = None,
        field: str | None = None,
        incomplete: bool = False,
        **context: Unpack[Context],
    ) -> None:
        super().__init__(message, **context)
        self.status = status
        self.excerpt = excerpt
        self.field = field
        self.incomplete = incomplete

    def describe(self) -> str:
        text = self.message
        if self.field:
            text = f"{self.field}: {text}"
        if self.status is not None:
            text = f"{self.status}: {text}"
        if self.excerpt is not None:
            text += f"; it begins {self.excerpt!r}"
        return text


class BodyTooLarge(DecodeError):
    """The answer is larger than the client's `max_body`. Downloads stream and have no such limit unless given one.

    Attributes:
        limit: the limit in bytes, or None.
    """

    def __init__(
        self, message: str, *, limit: int | None = None, status: int | None = None, **context: Unpack[Context]
    ) -> None:
        super().__init__(message, status=status, **context)
        self.limit = limit


class InvalidAddress(VeeamError, ValueError):
    """What was given as a host or as a proxy makes no address. Nothing was sent."""


class UnsafeOriginError(VeeamError):
    """The call would have sent the token to another origin, or in the clear."""


class UnsupportedRevisionError(VeeamError):
    """The server and this package share no revision.

    Attributes:
        server: the revisions that the server said it has, newest first; empty where it did not say.
        offered: the revisions that this package has, newest first.
    """

    def __init__(
        self, message: str, *, server: Sequence[str] = (), offered: Sequence[str] = (), **context: Unpack[Context]
    ) -> None:
        super().__init__(message, **context)
        self.server = tuple(server)
        self.offered = tuple(offered)


class SessionFailed(VeeamError):
    """Long work on the appliance ended in failure, or was cancelled there.

    Attributes:
        session: the session (or operation) as it was last seen: a model.
        session_id: its id.
        result: the vendor's word for how it ended (`Failed`, `Canceled`).
        log: the session's log lines, oldest first, as far as they could be had.
    """

    def __init__(
        self,
        message: str,
        *,
        session: Any = None,
        session_id: str | None = None,
        result: str | None = None,
        log: Sequence[str] = (),
        **context: Unpack[Context],
    ) -> None:
        super().__init__(message, **context)
        self.session = session
        self.session_id = session_id
        self.result = result
        self.log = tuple(log)


class IncompleteListing(VeeamError):
    """A listing ended before all its rows were had (`on_incomplete="raise"`).

    Attributes:
        received: rows that were given.
        total: rows that the server announced, or None.
        reason: why it ended.
    """

    def __init__(
        self,
        message: str,
        *,
        received: int = 0,
        total: int | None = None,
        reason: str | None = None,
        **context: Unpack[Context],
    ) -> None:
        super().__init__(message, **context)
        self.received = received
        self.total = total
        self.reason = reason


class VeeamWarning(UserWarning):
    """Base of all warnings of this package."""


class IncompleteListingWarning(VeeamWarning):
    """A listing ended before all its rows were had."""


class InferredOperationWarning(VeeamWarning):
    """No document evidences this operation; it is offered by analogy and may not exist."""


class InsecureWarning(VeeamWarning):
    """A connection's peer is not verified."""
