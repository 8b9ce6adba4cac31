"""What an exchange needs of the transport that it belongs to."""

from __future__ import annotations

from typing import Protocol

import aiohttp

from .._operation.call import Call
from ..errors import VeeamError
from ..retry import RetryBudget, RetryPolicy
from ..timeouts import Timeouts
from .sender import Sender


class Reporter(Protocol):
    """Gives events to a listener; see `reporting`, which few clients load."""

    def started(self, call: Call, attempt: int) -> None: ...

    def answered(self, call: Call, attempt: int, status: int, size: int, elapsed: float) -> None: ...

    def retried(self, call: Call, attempt: int, status: int | None, error: VeeamError, pause: float) -> None: ...

    def failed(self, call: Call, attempt: int, error: VeeamError, elapsed: float) -> None: ...


class Surroundings(Protocol):
    """What an exchange has in common with the others of its appliance."""

    name: str
    sender: Sender
    timeouts: Timeouts
    limits: tuple[aiohttp.ClientTimeout, aiohttp.ClientTimeout]
    retry: RetryPolicy
    budget: RetryBudget
    max_body: int
    digits: int

    @property
    def reporter(self) -> Reporter | None: ...
