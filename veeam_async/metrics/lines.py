"""The samples of one appliance as lines of the exposition format, no more than a limit allows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .families import OTHER, Family

# Characters of a label's value: more names nothing, and a server decides how long a name is.
_LONGEST = 250
_NO_NAME = re.compile(r"[^A-Za-z0-9_]")


def escape(value: Any) -> str:
    """A label's value as it stands between the quotes."""
    text = "" if value is None else str(value)[:_LONGEST]
    if "\\" in text or '"' in text or "\n" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return text


def label_name(text: str) -> str:
    """A text as the name of a label."""
    return _NO_NAME.sub("_", text)[:_LONGEST]


class Lines:
    """Collects samples.

    Args:
        appliance, product: labels of every sample.
        limit: samples at most; those beyond are counted in `dropped`.
    """

    def __init__(self, appliance: str, product: str, limit: int) -> None:
        self.by_family: dict[str, list[str]] = {}
        self.dropped = 0
        self._who = f'appliance="{escape(appliance)}",product="{escape(product)}"'
        self._left = limit

    def add(self, family: Family, value: float | None, *labels: Any, suffix: str = "") -> None:
        """Add a sample; None adds nothing.

        Args:
            family: its family.
            value: its value.
            *labels: values of the family's labels, in their order.
            suffix: what the sample's name has behind that of the family, as `_sum`.
        """
        if value is not None:
            self._put(family, suffix, self._labels(family.labels, labels), repr(value))

    def add_named(self, family: Family, values: Mapping[str, str]) -> None:
        """A sample with labels that a person chose, as `label_NAME`; nothing where there are none."""
        named: dict[str, str] = {}
        for name, value in values.items():
            named.setdefault(label_name(name), escape(value))
        if named:
            pairs = [f'label_{name}="{value}"' for name, value in named.items()]
            self._put(family, "", ",".join((self._who, *pairs)), "1")

    def states(self, family: Family, states: Sequence[str], current: Any, id: str) -> None:
        """One sample for each state, 1 for the current one; None is 0 for all. An unlisted one is `other`."""
        shown = None if current is None else str(current)
        if shown is not None and shown not in states:
            shown = OTHER
        start = self._labels(family.labels[:1], (id,))
        for state in states:
            self._put(family, "", f'{start},{family.labels[1]}="{state}"', "1" if state == shown else "0")

    def buckets(self, family: Family, counts: Sequence[tuple[str, int]], seconds: float) -> None:
        """A histogram: what fell below each bound, and the sum. Without counts only their number and sum."""
        for bound, count in counts[:-1]:
            self._put(family, "_bucket", f'{self._who},le="{bound}"', str(count))
        total = counts[-1][1]
        if len(counts) > 1:
            self._put(family, "_bucket", f'{self._who},le="+Inf"', str(total))
        self._put(family, "_count", self._who, str(total))
        self._put(family, "_sum", self._who, repr(seconds))

    def _labels(self, names: Sequence[str], values: Sequence[Any]) -> str:
        pairs = [f'{name}="{escape(value)}"' for name, value in zip(names, values, strict=True)]
        return ",".join((self._who, *pairs))

    def _put(self, family: Family, suffix: str, labels: str, value: str) -> None:
        if not self._left:
            self.dropped += 1
            return
        self._left -= 1
        line = f"{family.name}{suffix}{{{labels}}} {value}\n"
        self.by_family.setdefault(family.name, []).append(line)
