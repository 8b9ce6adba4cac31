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

    _until: float

    def __init__(self) -> None:
        self._error: VeeamError | None = None
        # The last pause of each kind.
        self._cool_down = 0.0
        self._pause = 0.0

    def failed(self, error: VeeamError) -> None:
        """A request for a token has failed."""
        if isinstance(error, AuthenticationError):
            pause = self._cool_down = min(COOL_DOWN_CAP, 2 * self._cool_down or COOL_DOWN)
            error.retry_after = pause
        else:
            self._pause = min(PAUSE_CAP, 2 * self._pause or PAUSE)
            # Those that failed together do not come back together.
            pause = self._pause * random.uniform(0.8, 1.2)
        self._error = error
        self._until = monotonic() + pause

    def forget(self) -> None:
        """A request has succeeded, or the credentials have changed."""
        self._error = None
        self._cool_down = self._pause = 0.0

    async def turn(self) -> None:
        """Wait until a token may be asked for again, if that is soon.

        Raises:
            VeeamError: what the last request failed with, where it is not.
        """
        error = self._error
        if error is None:
            return
        left = self._until - monotonic()
        if left <= 0:
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
