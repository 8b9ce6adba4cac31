"""`check -o checkmk`: local checks for checkmk's agent, a service for each appliance and one for the fleet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..._text import neutral
from .checked import Checked, count, measures, problems, state, worst


def page(checked: Sequence[Checked], now: datetime) -> str:
    """Lines of state, service, metrics and text.

    Args:
        checked: what was seen.
        now: what days are counted from.
    """
    counts = count(checked)
    metrics = "|".join(f"{word}={number}" for word, number in counts.items())
    words = ", ".join(f"{number} {word}" for word, number in counts.items())
    lines = [f'{worst(checked)} "Veeam fleet" {metrics} {len(checked)} appliances: {words}']
    for one in checked:
        values = "|".join(f"{name}={value}" for name, value in measures(one, now).items()) or "-"
        said = problems(one) or f"revision {one['revision']}"
        lines.append(f'{state(one)} "Veeam {_name(one["appliance"])}" {values} {_text(said)}')
    return "\n".join(lines) + "\n"


def _name(text: str) -> str:
    return neutral(text).replace('"', "'").replace("\\", "/")


def _text(text: str) -> str:
    # `\n` would be a line end, `|` is for metrics.
    return neutral(text).replace("\\", "/").replace("|", "/")
