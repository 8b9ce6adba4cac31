"""What a fan-out gives for each appliance: one answer, with a value or an error."""

from __future__ import annotations

from typing import Generic, TypeVar, cast

import attrs

from .._html import table
from .appliance import Appliance
from .breaker import BreakerState

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@attrs.frozen
class Answer(Generic[T_co]):
    """The answer of one appliance.

    Attributes:
        appliance: whose it is.
        value: what the function returned; None where there is an error.
        error: what the function raised, or why it was not called or was ended; None where there is a value.
            `ApplianceSkipped`: the breaker is open. `RequestTimeout` with limit `appliance` or `deadline`: the time
            for this appliance, or for the whole fan-out, was over. Otherwise the function's own error.
        elapsed: seconds from the start of the first attempt to the answer.
        attempts: how often the function was called: 0 where the appliance was skipped or the deadline came first.
        breaker: state of the appliance's breaker after this answer.
    """

    appliance: Appliance
    value: T_co | None
    error: BaseException | None = None
    elapsed: float = 0.0
    attempts: int = 1
    breaker: BreakerState = BreakerState.CLOSED

    @property
    def ok(self) -> bool:
        """True where there is a value (which may be None) and no error."""
        return self.error is None

    @property
    def skipped(self) -> bool:
        """True where the function was not called at all."""
        return self.attempts == 0

    def _repr_html_(self) -> str:
        """The answer as notebooks show it."""
        shown = {"value": self.value} if self.error is None else {"error": self.error}
        taken = {"elapsed": f"{self.elapsed:.3f} s", "attempts": self.attempts, "breaker": self.breaker.value}
        return table(f"Answer of {self.appliance.name}", shown | taken)

    def result(self) -> T_co:
        """The value.

        Raises:
            BaseException: the answer's error, where it has one.
        """
        if self.error is not None:
            raise self.error
        return cast(T_co, self.value)
