"""Answers with an error status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from .._text import neutral
from .base import Context, VeeamError

_MOST_FIELDS = 50
_MOST_LINES = 20
_LONGEST_LINE = 500
_LONGEST_DESCRIPTION = 4000


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
