"""The report: operations, statuses, timings and departures; nothing that an appliance said."""

from __future__ import annotations

import math
from typing import Any

import attrs

from ..._operation.operation import Operation
from .compare import Departure


@attrs.define
class Asked:
    """How one operation was answered.

    Attributes:
        operation: what was called.
        status: the HTTP status, or None where no answer came.
        outcome: `answered`, `refused` (an error status), `failed` (no answer), `undocumented` (a status or a media type
            that the document does not list), `unreadable` (no JSON), `skipped`.
        reason: why it was skipped, or the class of the error and the step where it failed.
        rows: `none`, `one` or `several`, for a listing.
        seconds: until the answer.
        departures: how many were seen in the answer.
    """

    operation: Operation[Any]
    outcome: str
    status: int | None = None
    reason: str | None = None
    rows: str | None = None
    seconds: float | None = None
    departures: int = 0

    def to_dict(self) -> dict[str, Any]:
        """For the report; what does not apply is left out."""
        shown: dict[str, Any] = {
            "operation": self.operation.operation_id,
            "method": self.operation.method,
            "path": self.operation.path,
            "inferred": self.operation.inferred or None,
            "outcome": self.outcome,
            "status": self.status,
            "reason": self.reason,
            "rows": self.rows,
            "milliseconds": None if self.seconds is None else rounded(self.seconds * 1000),
            "departures": self.departures or None,
        }
        return {key: value for key, value in shown.items() if value is not None}


def rounded(value: float) -> int:
    """A number to two digits: enough to see what is slow."""
    if value < 1:
        return 0
    digits = 1 - math.floor(math.log10(value))
    return int(round(value, digits))


@attrs.define
class Report:
    """All of it.

    Attributes:
        package: version of this package.
        product, revision: what was compared.
        asked: one entry for each operation that only reads.
        departures: what departs from the document.
    """

    package: str
    product: str
    revision: str
    asked: list[Asked] = attrs.field(factory=list)
    departures: list[Departure] = attrs.field(factory=list)

    def counts(self) -> dict[str, int]:
        """Operations by outcome."""
        counts: dict[str, int] = {}
        for one in self.asked:
            counts[one.outcome] = counts.get(one.outcome, 0) + 1
        return dict(sorted(counts.items()))

    def to_dict(self) -> dict[str, Any]:
        """As it is written."""
        return {
            "format": 1,
            "package": self.package,
            "product": self.product,
            "revision": self.revision,
            "outcomes": self.counts(),
            "operations": [one.to_dict() for one in self.asked],
            "departures": [one.to_dict() for one in self.departures],
        }
