"""Cases, interleaved rounds, medians and ratios: what every benchmark is made of."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

OURS = "ours"


@frozen
class Case:
    """One thing measured, for each subject that does it.

    Attributes:
        group: what it belongs to, such as `decode`.
        name: what is measured, such as `sessions, 200 rows`.
        values: subject to its values, one for each round, in `unit`.
        unit: `s`, `ms`, `us`, `MiB`, `KiB`, `bytes`, `files`, ...; always less is better.
        at_most: subject to the ratio ours/subject that must not be exceeded.
        limit: what ours must not exceed, in `unit`, where that does not depend on the machine.
        note: one line for a reader.
    """

    group: str
    name: str
    values: Mapping[str, list[float]]
    unit: str
    at_most: Mapping[str, float] = field(factory=dict)
    limit: float | None = None
    note: str = ""

    def median(self, subject: str) -> float:
        """The median of a subject's values."""
        return statistics.median(self.values[subject])

    def ratio(self, subject: str) -> float:
        """Ours over theirs: below 1 is faster, or smaller, than the peer."""
        theirs = self.median(subject)
        return self.median(OURS) / theirs if theirs else float("inf")

    def missed(self) -> list[str]:
        """What was promised and not reached, one line each."""
        lines = [
            f"{self.group}: {self.name}: {self.ratio(subject):.2f}x {subject}, at most {at_most:.2f}x"
            for subject, at_most in self.at_most.items()
            if subject in self.values and self.ratio(subject) > at_most
        ]
        if self.limit is not None and self.median(OURS) > self.limit:
            lines.append(f"{self.group}: {self.name}: {self.median(OURS):g} {self.unit}, at most {self.limit:g}")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """The case for the JSON report."""
        peers = [subject for subject in self.values if subject != OURS]
        return {
            "group": self.group,
            "name": self.name,
            "unit": self.unit,
            "median": {subject: self.median(subject) for subject in self.values},
            "rounds": {subject: len(values) for subject, values in self.values.items()},
            "ratio": {subject: round(self.ratio(subject), 4) for subject in peers} if OURS in self.values else {},
            "at_most": dict(self.at_most),
            "limit": self.limit,
            "note": self.note,
        }


def interleaved(subjects: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Call each subject once a round, in turn and in turning order, and collect what each gives."""
    values: dict[str, list[float]] = {name: [] for name in subjects}
    order = list(subjects)
    for _ in range(rounds):
        for name in order:
            gc.collect()
            values[name].append(subjects[name]())
        order = order[1:] + order[:1]
    return values
