"""The time that one call may take."""

from __future__ import annotations

from time import monotonic

from ..errors import RequestTimeout, Step, Where
from ..timeouts import Timeouts

FOREVER = float("inf")
# Connecting ends a little before the limit of the whole call does, so that one knows that nothing was sent.
CONNECT_SHARE = 0.95


class Clock:
    """When a call began, when it ends at the latest, and which limit says so.

    Args:
        timeouts: the limits of the call.
        started: when it began.
        deadline: the one in force then, or None.

    Attributes:
        started, until: on the clock of `time.monotonic()`.
        limit: `total` or `deadline`.
    """

    __slots__ = ("_timeouts", "limit", "started", "until")

    def __init__(self, timeouts: Timeouts, started: float, deadline: float | None) -> None:
        self._timeouts = timeouts
        self.started = started
        total = timeouts.total
        self.until = FOREVER if total is None else started + total
        self.limit = "total"
        if deadline is not None and deadline < self.until:
            self.until, self.limit = deadline, "deadline"

    def elapsed(self) -> float:
        return monotonic() - self.started

    def left(self) -> float:
        return self.until - monotonic()

    def ended_connecting(self) -> bool:
        """True where it was this limit, and not the one for connecting, that ended an attempt to connect."""
        return self.until - self.started <= self.elapsed() / CONNECT_SHARE * 1.01

    def late(self, context: Where, step: Step | None = None, cause: str | None = None) -> RequestTimeout:
        """The error for a call that this limit ended.

        Args:
            context: for the error.
            step: what it was waiting for.
            cause: what the last attempt died of.
        """
        what = "the deadline passed" if self.limit == "deadline" else "no whole answer in time"
        text = f"{what}: {self.elapsed():.1f} s ({self.limit})"
        if cause:
            text += f"; {cause}"
        return RequestTimeout(
            text,
            limit=self.limit,
            seconds=self._timeouts.total if self.limit == "total" else None,
            step=step,
            **context,
        )
