"""When a call is sent again, how long it waits before that, and how much of it an appliance has to bear."""

from __future__ import annotations

import math
import random
from collections.abc import Collection
from time import monotonic, time
from typing import Any

import attrs

from ._validators import number, seconds

# Answers after which a call that only reads is sent again.
SAFE_STATUSES = frozenset({408, 429, 502, 503, 504})
# Answers of which nobody knows whether the appliance carried out what it was asked for.
UNCERTAIN_STATUSES = frozenset({408, 500, 502, 503, 504, 520})


def _no_single_name(policy: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    # `operation in "GetAllJobs"` would be true of every part of that name.
    if isinstance(value, (str, bytes)) or not isinstance(value, (bool, Collection)):
        raise TypeError(
            f"{attribute.name} must be True, False or a collection of operationIds, not {type(value).__name__}"
        )


@attrs.frozen
class RetryPolicy:
    """How calls are sent again.

    A call that only reads is repeated on connection errors and on 408, 429, 502, 503, 504. A call that may change
    something is repeated only when it surely was not carried out: no connection was made, 429, or 503 with Retry-After.
    (A 401 is answered by renewing the token and one repeat; that is not counted here.)

    Attributes:
        attempts: how often a call is sent at most, the first time included; 1 switches repeats off.
        backoff: seconds; the pause before repeat n is drawn evenly from 0 to `backoff * 2 ** (n - 1)` ("full jitter").
        backoff_cap: seconds; upper limit of that pause.
        retry_after_cap: seconds; a server that asks for a longer pause (Retry-After) gets no repeat: the error
            carries its wish in `retry_after`.
        budget: repeats that one appliance may take at once; each success gives back a tenth of one, each
            ten seconds one. When it is used up, errors come at once.
        unsafe: True treats all calls as if they only read; a collection of operationIds does so for these.
            A repeat may then carry out the same thing twice.

    Raises:
        ValueError: `attempts` is below 1; another number is negative, `nan` or infinite.
        TypeError: not a number; `unsafe` is a single text.
    """

    attempts: int = attrs.field(default=4, validator=number(whole=True))
    backoff: float = attrs.field(default=0.5, validator=seconds(zero=True))
    backoff_cap: float = attrs.field(default=20.0, validator=seconds(zero=True))
    retry_after_cap: float = attrs.field(default=60.0, validator=seconds(zero=True))
    budget: float = attrs.field(default=20.0, validator=number(zero=True))
    unsafe: bool | Collection[str] = attrs.field(default=False, validator=_no_single_name)

    def widened(self, operation: str) -> bool:
        """True where the caller allows this call to be repeated as if it only read."""
        return self.unsafe if isinstance(self.unsafe, bool) else operation in self.unsafe

    def pause(self, repeat: int, retry_after: float | None = None) -> float:
        """Seconds to wait before repeat number `repeat` (from 1)."""
        jitter = random.uniform(0, min(self.backoff_cap, self.backoff * 2.0 ** min(repeat - 1, 30)))
        if retry_after is None:
            return jitter
        # All that were refused together got the same time: spread them a little behind it.
        return retry_after + min(jitter, self.backoff)


class RetryBudget:
    """What is left of an appliance's repeats: a bucket that successes and time fill.

    Attributes:
        capacity: repeats that it holds at most.
        full: True while nothing is missing; then successes need not be reported.
    """

    __slots__ = ("_at", "_left", "capacity", "full")

    def __init__(self, capacity: float) -> None:
        self.capacity = capacity
        self._left = capacity
        self._at = monotonic()
        self.full = True

    def take(self) -> bool:
        """Take one repeat; False where none is left."""
        now = monotonic()
        self._left = min(self.capacity, self._left + (now - self._at) / 10.0)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        self.full = False
        return True

    def succeeded(self) -> None:
        """Give back a tenth of a repeat."""
        self._left = min(self.capacity, self._left + 0.1)
        self.full = self._left >= self.capacity


def parse_retry_after(value: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, at least 0; None where it is absent or makes no sense."""
    if not value:
        return None
    value = value.strip()
    try:
        seconds = float(value)
    except ValueError:
        from email.utils import parsedate_to_datetime

        try:
            date = parsedate_to_datetime(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        try:
            # The server's clock may differ from ours; its Date header does not come with every proxy's answer,
            # and the cap bounds the damage.
            seconds = date.timestamp() - time()
        except (ValueError, OverflowError, OSError):
            return None
        return max(0.0, seconds)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
