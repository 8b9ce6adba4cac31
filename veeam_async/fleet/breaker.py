"""Back-off for appliances that do not answer: open after some failures, one probe at a time when the wait is over."""

from __future__ import annotations

import enum
import random
import time
from collections.abc import Callable

import attrs

from ..errors import AuthenticationError, ConnectError, DecodeError, RequestTimeout, ServerError, VeeamError


class BreakerState(enum.StrEnum):
    """State of an appliance's breaker.

    Attributes:
        CLOSED: the appliance is asked.
        OPEN: it failed too often and is not asked until the wait is over.
        HALF_OPEN: the wait is over; one call probes whether it is back.
        REFUSED: it refused the login. It is not asked again until the credentials change or `Fleet.reset` is called,
            so that no account is locked.
    """

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"
    REFUSED = "refused"


class ApplianceSkipped(VeeamError):
    """The appliance was not asked, because its breaker is open. The error that opened it is the `__cause__`.

    Attributes:
        retry_after: seconds until it is asked again; None where it is not asked again by itself.
    """

    def __init__(self, message: str, *, appliance: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, appliance=appliance)
        self.retry_after = retry_after


@attrs.frozen(kw_only=True)
class BreakerPolicy:
    """When an appliance is left alone, and for how long.

    Attributes:
        failures: failures in a row that open the breaker. Failures are those of the appliance as a whole: no
            connection, a time limit passed, 5xx, a body that is no JSON. An error that only one call can have (403,
            404, a mistake in the caller's function) is none.
        wait: seconds until the first probe. Each failed probe doubles it.
        max_wait: upper bound of the wait, seconds.
        jitter: share of the wait by which it is shortened at random, 0 to 1, so that probes do not come together.
        retry_login: seconds after which a refused login is tried again; None for never.
    """

    failures: int = attrs.field(default=3, validator=attrs.validators.ge(1))
    wait: float = attrs.field(default=30.0, validator=attrs.validators.gt(0))
    max_wait: float = attrs.field(default=900.0, validator=attrs.validators.gt(0))
    jitter: float = attrs.field(default=0.2, validator=[attrs.validators.ge(0), attrs.validators.le(1)])
    retry_login: float | None = None


def is_appliance_failure(error: BaseException) -> bool:
    """True for an error that says something about the appliance as a whole, not about one call."""
    return isinstance(error, (ConnectError, RequestTimeout, ServerError, DecodeError))


class Breaker:
    """The breaker of one appliance.

    Args:
        policy: when to open, and for how long.
        clock: seconds that never go back.
    """

    __slots__ = ("_clock", "_count", "_policy", "_probing", "_refused", "_until", "_wait", "last_error")

    def __init__(self, policy: BreakerPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Closes the breaker and forgets what was."""
        self._count = 0
        self._wait = self._policy.wait
        self._until: float | None = None
        self._refused = False
        self._probing = False
        self.last_error: BaseException | None = None

    @property
    def state(self) -> BreakerState:
        if self._refused and (self._until is None or self._clock() < self._until):
            return BreakerState.REFUSED
        if self._until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._until else BreakerState.HALF_OPEN

    @property
    def retry_after(self) -> float | None:
        """Seconds until the appliance is asked again, or None where that needs a reset or is now."""
        return None if self._until is None else max(0.0, self._until - self._clock())

    def admit(self, name: str) -> None:
        """Lets one call through, or says why not. In the state HALF_OPEN the caller that is let through is the probe.

        Raises:
            ApplianceSkipped: the breaker is open, or a probe is in progress.
        """
        state = self.state
        if state is BreakerState.CLOSED or (state is BreakerState.HALF_OPEN and not self._probing):
            self._probing = state is BreakerState.HALF_OPEN
            return
        if state is BreakerState.REFUSED:
            text = "the login was refused and is not repeated by itself"
        elif state is BreakerState.HALF_OPEN:
            text = "another call probes whether it answers again"
        else:
            text = f"no answer {self._count} times in a row; asked again in {self.retry_after:.0f} s"
        raise ApplianceSkipped(text, appliance=name, retry_after=self.retry_after) from self.last_error

    def succeeded(self) -> None:
        """A call was answered."""
        self.reset()

    def failed(self, error: BaseException) -> None:
        """A call raised. What is no failure of the appliance counts as an answer of it."""
        if isinstance(error, AuthenticationError):
            self._refused = True
            self._probing = False
            self.last_error = error
            retry = self._policy.retry_login
            self._until = None if retry is None else self._clock() + retry
        elif isinstance(error, RequestTimeout) and error.limit == "deadline":
            # The fan-out was over, which says nothing about the appliance.
            self.abandoned()
        elif is_appliance_failure(error):
            probe, self._probing = self._probing, False
            self._refused = False
            self._count += 1
            self.last_error = error
            if probe:
                self._wait = min(self._wait * 2, self._policy.max_wait)
            if probe or self._count >= self._policy.failures:
                wait = min(self._wait, self._policy.max_wait)
                self._until = self._clock() + wait * (1 - self._policy.jitter * random.random())
        else:
            self.reset()

    def abandoned(self) -> None:
        """A call was ended from outside before it said anything about the appliance."""
        self._probing = False
