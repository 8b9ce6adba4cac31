"""The clock of a world: what time it is there, and how fast the work goes that was started."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import attrs

from .things import Result, Session


@attrs.define(eq=False)
class Run:
    """A session that was started and goes on by the clock.

    Attributes:
        session: the session.
        begun: monotonic seconds.
        seconds: how long it takes, in real time.
        outcome: how it ends.
    """

    session: Session
    begun: float
    seconds: float
    outcome: Result

    def part(self, moment: float) -> float:
        """How much of it is over at a monotonic moment: 1 and above where all of it is."""
        return 1.0 if self.seconds <= 0 else (moment - self.begun) / self.seconds


class Clock:
    """A clock that shows a moment at first and goes on from there.

    Args:
        now: what it shows at first; the real time where None.
        time_scale: how much faster than the world's own pace a started session runs.
    """

    def __init__(self, now: datetime | None = None, time_scale: float = 60.0) -> None:
        self.time_scale = time_scale
        self._began = time.monotonic()
        self._first = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)

    @property
    def hour(self) -> datetime:
        """The full hour before the first moment; a world's past is counted from it."""
        return self._first.replace(minute=0, second=0)

    def now(self) -> datetime:
        """The time, whole seconds."""
        return self._first + timedelta(seconds=int(time.monotonic() - self._began))

    def run(self, session: Session, seconds: float, outcome: Result) -> Run:
        """Let a session begin now that takes so many seconds in the world's own pace."""
        return Run(session, time.monotonic(), seconds / self.time_scale, outcome)

    @staticmethod
    def moment() -> float:
        """Monotonic seconds."""
        return time.monotonic()
