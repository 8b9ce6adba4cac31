"""What a client reports while it works: one attrs object for each event, given to `events=` if there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import attrs


@attrs.frozen
class RequestStarted:
    """A request is about to be sent.

    Attributes:
        appliance: the appliance's label.
        operation: the operationId, or method and path where no document describes the call.
        method, path: as sent; the path is without its query.
        attempt: 1 for the first time.
    """

    appliance: str
    operation: str
    method: str
    path: str
    attempt: int


@attrs.frozen
class RequestAnswered:
    """An answer came, whatever its status.

    Attributes:
        status: the HTTP status.
        size: bytes of its body; -1 for a stream that is not read yet.
        elapsed: seconds since this attempt was started.
    """

    appliance: str
    operation: str
    method: str
    path: str
    attempt: int
    status: int
    size: int
    elapsed: float


@attrs.frozen
class RequestRetried:
    """A request is going to be sent again.

    Attributes:
        attempt: the number of the attempt that failed.
        status: its HTTP status, or None where no answer came.
        reason: why, in words.
        pause: seconds until the next attempt.
    """

    appliance: str
    operation: str
    attempt: int
    status: int | None
    reason: str
    pause: float


@attrs.frozen
class RequestFailed:
    """A call ended in an error: no further attempt follows.

    Attributes:
        attempt: the number of the last attempt.
        status: the HTTP status of its answer, or None where none came.
        error: the class of the error, such as `RequestTimeout`.
        step: where it failed, as the error's `step` says, or None.
        reason: why, in words.
        elapsed: seconds since the call began, pauses and the wait for a token included.
    """

    appliance: str
    operation: str
    method: str
    path: str
    attempt: int
    status: int | None
    error: str
    step: str | None
    reason: str
    elapsed: float


@attrs.frozen
class TokenRenewed:
    """A new access token is there.

    Attributes:
        how: `login` by the credentials, `refresh` by the refresh token, `store` where it came from the token store.
        lifetime: seconds, as the server said (`expires_in`).
        elapsed: seconds that it took.
    """

    appliance: str
    how: Literal["login", "refresh", "store"]
    lifetime: float
    elapsed: float


@attrs.frozen
class Tolerated:
    """An answer departed from its document, and was read nevertheless.

    Attributes:
        model: the class that was read.
        field: the Python name of the field, or None.
        kind: what was tolerated, such as `unknown_enum`, `null`, `missing`, `extra`, `wrong_type`.
        value: what came.
    """

    appliance: str
    operation: str
    model: str
    field: str | None
    kind: str
    value: Any


Event: TypeAlias = RequestStarted | RequestAnswered | RequestRetried | RequestFailed | TokenRenewed | Tolerated
Listener: TypeAlias = Callable[[Event], None]
