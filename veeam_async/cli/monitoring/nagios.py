"""`check -o nagios`: the output of a plugin for Nagios, Icinga, Naemon and their like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..._text import neutral
from .checked import STATES, Checked, count, measures, problems, state, worst

_WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
_UNITS = {"elapsed": "s", "clock_offset": "s", "certificate_days": "", "license_days": ""}
# Nagios takes 4 KB of output; the line of what is wrong comes ahead of details.
_NAMED = 5


def page(checked: Sequence[Checked], now: datetime) -> str:
    """A status line, a line for each appliance with problems, and performance data.

    Args:
        checked: what was seen, worst first.
        now: what days are counted from.
    """
    counts = count(checked)
    bad = [one for one in checked if state(one)]
    said = f"{counts['ok']} of {len(checked)} appliances are well" if checked else "no appliance was checked"
    if bad:
        named = ", ".join(_plain(one["appliance"]) for one in bad[:_NAMED])
        said += f"; {named}" + (f" and {len(bad) - _NAMED} more" if len(bad) > _NAMED else "")
    totals = [f"{word}={counts[word]};;;0;{len(checked)}" for word in STATES]
    lines = [f"VEEAM {_WORDS[worst(checked)]} - {said} | {' '.join(totals)}"]
    details = [f"{_WORDS[state(one)]} {_plain(one['appliance'])}: {_plain(problems(one))}" for one in bad]
    each = [datum for one in checked for datum in _data(one, now)]
    if details:
        lines += details
    if each:
        lines[-1] += (" | " if len(lines) > 1 else " ") + " ".join(each)
    return "\n".join(lines) + "\n"


def _data(checked: Checked, now: datetime) -> list[str]:
    """Performance data: `'label'=value[unit]`."""
    name = _plain(checked["appliance"]).replace("'", "").replace("=", "_")
    return [f"'{name} {what}'={value}{_UNITS[what]}" for what, value in measures(checked, now).items()]


def _plain(text: str) -> str:
    # A bar begins performance data.
    return neutral(text).replace("|", "/")
