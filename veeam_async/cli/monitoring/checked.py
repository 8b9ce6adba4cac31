"""What all formats of a check have in common: the state as a number, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..._text import neutral

Checked = Mapping[str, Any]
"""One appliance as `check -o json` has it: `appliance`, `product`, `status`, `problems`, `elapsed`, ..."""

# As Nagios, checkmk, Icinga and Zabbix' triggers have it.
STATES = {"ok": 0, "attention": 1, "failed": 2}
_LONGEST = 500


def state(checked: Checked) -> int:
    """0: all well, 1: something will fail soon, 2: the appliance cannot be polled."""
    return STATES[checked["status"]]


def worst(checked: Iterable[Checked]) -> int:
    """The worst state of all; 3, unknown, where there is none."""
    return max(map(state, checked), default=3)


def count(checked: Sequence[Checked]) -> dict[str, int]:
    """How many there are in each state, by its word."""
    return {word: sum(one["status"] == word for one in checked) for word in STATES}


def problems(checked: Checked) -> str:
    """What an operator has to know, on one line."""
    return neutral("; ".join(checked["problems"]), _LONGEST)


def days_until(moment: datetime | None, now: datetime) -> float | None:
    """Days until then, with two decimals; None where there is no such moment."""
    return None if moment is None else round((moment - now).total_seconds() / 86400, 2)


def measures(checked: Checked, now: datetime) -> dict[str, float]:
    """The numbers of a check that are there, by names that all formats can carry."""
    values = {
        "elapsed": checked["elapsed"],
        "clock_offset": checked["clock_offset"],
        "certificate_days": days_until(checked["certificate_ends"], now),
        "license_days": days_until(checked["license_ends"], now),
    }
    return {name: value for name, value in values.items() if value is not None}
