"""`check -o prtg`: the JSON of a PRTG sensor of the type EXE/Script Advanced."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..._text import neutral
from .checked import Checked, count, measures, problems, state

# PRTG recommends no more channels for a sensor.
_MOST = 50
_LONGEST = 1900


def page(checked: Sequence[Checked], now: datetime) -> str:
    """Channels for the fleet, then the state of each appliance as far as there is room, worst first.

    Args:
        checked: what was seen, worst first.
        now: what days are counted from.
    """
    if not checked:
        return json.dumps({"prtg": {"error": 1, "text": "no appliance was checked"}}) + "\n"
    counts = count(checked)
    numbers = [measures(one, now) for one in checked]
    channels = [
        _channel("Failed", counts["failed"], limitmaxerror=0.5),
        _channel("Need attention", counts["attention"], limitmaxwarning=0.5),
        _channel("Well", counts["ok"]),
    ]
    for name, key in (("First certificate to end", "certificate_days"), ("First license to end", "license_days")):
        if days := [each[key] for each in numbers if key in each]:
            channels.append(_channel(name, min(days), unit="Custom", customunit="days", limitminwarning=30))
    if offsets := [abs(each["clock_offset"]) for each in numbers if "clock_offset" in each]:
        channels.append(_channel("Largest clock offset", max(offsets), unit="TimeSeconds", limitmaxwarning=300))
    if elapsed := [each["elapsed"] for each in numbers if "elapsed" in each]:
        channels.append(_channel("Slowest answer", max(elapsed), unit="TimeSeconds"))
    for one in checked[: _MOST - len(channels)]:
        name = f"Appliance {neutral(one['appliance'])}"
        channels.append(_channel(name, state(one), limitmaxwarning=0.5, limitmaxerror=1.5))
    bad = [f"{neutral(one['appliance'])}: {problems(one)}" for one in checked if state(one)]
    said = "; ".join(bad) or f"all {len(checked)} appliances are well"
    return json.dumps({"prtg": {"result": channels, "text": said[:_LONGEST]}}) + "\n"


def _channel(name: str, value: float, *, unit: str = "Count", **more: Any) -> dict[str, Any]:
    channel: dict[str, Any] = {"channel": name, "value": value, "unit": unit, "float": int(isinstance(value, float))}
    if any(key.startswith("limit") for key in more):
        channel["limitmode"] = 1
    return channel | more
