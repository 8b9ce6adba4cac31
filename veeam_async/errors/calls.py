"""Calls, logins and waits that ended without the answer they were for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from .._redact import Secret
from .._text import neutral
from .base import Context, VeeamError


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
        reason: why the certificate was refused, in OpenSSL's words, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        subject: str | None = None,
        issuer: str | None = None,
        not_after: str | None = None,
        fingerprint: str | None = None,
        reason: str | None = None,
        **context: Unpack[Context],
    ) -> None:
        super().__init__(message, **context)
        self.subject = subject
        self.issuer = issuer
        self.not_after = not_after
        self.fingerprint = fingerprint
        self.reason = None if reason is None else neutral(reason)


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
        log: the session's log lines, oldest first, as far as they could be read.
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
    """A listing ended before all its rows had come (`on_incomplete="raise"`).

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
