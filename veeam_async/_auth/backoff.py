"""When a token may be asked for again after that has failed."""

from __future__ import annotations

import asyncio
import copy
import random
from time import monotonic

from ..errors import AuthenticationError, VeeamError

# A refused login is not tried again by itself for this long, and for twice as long each further time.
COOL_DOWN = 300.0
COOL_DOWN_CAP = 3600.0
# Any other failure: a token endpoint that is broken is asked ever more seldom, however many calls want a token.
PAUSE = 0.5
PAUSE_CAP = 30.0
# Seconds that a call waits for its turn; where it would be longer, it gets the last error at once.
_LONGEST_WAIT = 1.5


class Backoff:
    """Spaces out the requests for a token of one appliance after those that failed."""

    def __init__(self) -> None:
        self._error: VeeamError | None = None
        self._until = 0.0
        self._refusals = 0
        self._failures = 0

    def failed(self, error: VeeamError) -> None:
        """A request for a token has failed."""
        if isinstance(error, AuthenticationError):
            self._refusals += 1
            pause = min(COOL_DOWN_CAP, COOL_DOWN * 2.0 ** min(self._refusals - 1, 10))
            error.retry_after = pause
        else:
            self._failures += 1
            # Those that failed together do not come back together.
            pause = min(PAUSE_CAP, PAUSE * 2.0 ** min(self._failures - 1, 10)) * random.uniform(0.8, 1.2)
        self._error = error
        self._until = monotonic() + pause

    def forget(self) -> None:
        """A request has succeeded, or the credentials have changed."""
        self._error = None
        self._until = 0.0
        self._refusals = self._failures = 0

    async def turn(self) -> None:
        """Wait until a token may be asked for again, if that is soon.

        Raises:
            VeeamError: what the last request failed with, where it is not.
        """
        error = self._error
        left = self._until - monotonic()
        if error is None or left <= 0:
            return
        refused = isinstance(error, AuthenticationError)
        if not refused and left <= _LONGEST_WAIT:
            await asyncio.sleep(left)
            return
        again = copy.copy(error)
        again.message = f"{error.message}; not tried again for {left:.0f} s" + (
            ", so that no account is locked (new credentials or login(force=True) try at once)" if refused else ""
        )
        if isinstance(again, AuthenticationError):
            again.retry_after = left
        raise again
