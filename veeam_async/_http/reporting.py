"""Events, for clients that have a listener."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from .._operation.call import Call
from ..errors import VeeamError
from ..events import (
    Event,
    Listener,
    RequestAnswered,
    RequestFailed,
    RequestRetried,
    RequestStarted,
    TokenRenewed,
    Tolerated,
)
from .token import Token

if TYPE_CHECKING:
    from .._model.strictness import Tolerated as Departure

_log = logging.getLogger("veeam_async.transport")


class Reporter:
    """Gives the events of one appliance to a listener. What that raises is logged and does no harm."""

    def __init__(self, appliance: str, listener: Listener) -> None:
        self._appliance = appliance
        self._listener = listener

    def report(self, event: Event) -> None:
        """Give an event to the listener."""
        try:
            self._listener(event)
        except Exception:
            _log.exception("%s: the events listener failed", self._appliance)

    def started(self, call: Call, attempt: int) -> None:
        self.report(RequestStarted(self._appliance, call.label, call.method, _path(call), attempt))

    def answered(self, call: Call, attempt: int, status: int, size: int, elapsed: float) -> None:
        self.report(
            RequestAnswered(self._appliance, call.label, call.method, _path(call), attempt, status, size, elapsed)
        )

    def retried(self, call: Call, attempt: int, status: int | None, error: VeeamError, pause: float) -> None:
        self.report(RequestRetried(self._appliance, call.label, attempt, status, str(error), pause))

    def failed(self, call: Call, attempt: int, error: VeeamError, elapsed: float) -> None:
        status = getattr(error, "status", None)
        self.report(
            RequestFailed(
                self._appliance,
                call.label,
                call.method,
                _path(call),
                attempt,
                status if isinstance(status, int) else None,
                type(error).__name__,
                error.step,
                str(error),
                elapsed,
            )
        )

    def renewed(self, token: Token, elapsed: float) -> None:
        self.report(TokenRenewed(self._appliance, token.source, token.lifetime, elapsed))

    def tolerated(self, label: str, what: Departure) -> None:
        self.report(Tolerated(self._appliance, label, what.model, what.field, what.kind, what.value))


def _path(call: Call) -> str:
    return call.path.partition("?")[0]
