"""Time limits of a call, and the deadline that bounds every call under it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from math import inf, isnan
from time import monotonic

import attrs

from ._validators import seconds


@attrs.frozen
class Timeouts:
    """Limits for each call, in seconds. None means no such limit.

    Attributes:
        connect: for name resolution's result to become a connection, TLS handshake included.
        read: between two pieces of an answer, and until its first byte. Some listings take over a minute. Where it is
            not below `total`, it matters for downloads alone.
        total: for the whole call: waiting for a token, all its repeats and the pauses between them. For a download
            it ends when the headers are there; then `read` watches over the body.
        logout: for the logout when a client is left.

    Raises:
        ValueError: a limit is 0 or less, `nan`, infinite or more than 1e9.
        TypeError: a limit is not a number.
    """

    connect: float | None = attrs.field(default=10.0, validator=seconds(optional=True))
    read: float | None = attrs.field(default=180.0, validator=seconds(optional=True))
    total: float | None = attrs.field(default=180.0, validator=seconds(optional=True))
    logout: float = attrs.field(default=3.0, validator=seconds())


_deadline: ContextVar[float | None] = ContextVar("veeam_async_deadline", default=None)


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Bound everything under it, whatever the limits of the single calls are.

    Tasks started inside inherit it. A deadline inside another can only be nearer. A call that meets it raises
    `RequestTimeout` with `limit="deadline"`.

    Args:
        seconds: from now; None and infinity change nothing. 0 or less has passed already.

    Raises:
        ValueError: `seconds` is `nan`.
    """
    if seconds is not None and isnan(seconds):
        raise ValueError("the seconds of a deadline must be a number, not nan")
    if seconds is None or seconds == inf:
        yield
        return
    above = _deadline.get()
    at = monotonic() + seconds
    token = _deadline.set(at if above is None else min(at, above))
    try:
        yield
    finally:
        _deadline.reset(token)


def deadline_at() -> float | None:
    """The deadline in force, on the clock of `time.monotonic()`, or None."""
    return _deadline.get()


def remaining() -> float | None:
    """Seconds until the deadline in force (negative when it has passed), or None."""
    at = _deadline.get()
    return None if at is None else at - monotonic()


def without_deadline() -> Context | None:
    """The present context without its deadline, for work that others wait for too; None where it has none."""
    if _deadline.get() is None:
        return None
    context = copy_context()
    context.run(_deadline.set, None)
    return context
