"""`-o influx`: line protocol for InfluxDB, VictoriaMetrics and Telegraf (`exec`, and `execd` with `--watch`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..._text import neutral
from .checked import Checked, measures, problems, state

# What a series goes by. All else is a field.
TAGS = frozenset({"appliance", "product", "id", "name", "kind"})
_INTEGERS = range(-(2**63), 2**63)


def point(measurement: str, values: Mapping[str, Any], at: datetime, labels: Mapping[str, str] | None = None) -> str:
    """One line.

    Args:
        measurement: its name.
        values: those whose names are in `TAGS` are tags, the others fields; None is left out.
        at: the time of the point.
        labels: further tags, as `label_NAME`.
    """
    tags = {name: str(values[name]) for name in sorted(TAGS & values.keys()) if values[name] not in (None, "")}
    tags |= {f"label_{name}": value for name, value in sorted((labels or {}).items()) if value}
    fields = {name: _field(value) for name, value in values.items() if name not in TAGS and value is not None}
    head = ",".join((_key(measurement), *(f"{_key(name)}={_key(value)}" for name, value in tags.items())))
    # A point needs a field; that a row is there is one.
    body = ",".join(f"{_key(name)}={value}" for name, value in fields.items()) or "present=true"
    return f"{head} {body} {int(at.timestamp() * 1_000_000) * 1000}\n"


def page(checked: Sequence[Checked], now: datetime) -> str:
    """A line for each appliance of a check, measurement `veeam_check`."""
    return "".join(
        point(
            "veeam_check",
            {
                "appliance": one["appliance"],
                "product": one["product"],
                "status": state(one),
                "login": one["login"],
                "problems": problems(one) or None,
                "revision": one["revision"],
                **measures(one, now),
            },
            now,
        )
        for one in checked
    )


def _field(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{int(value.timestamp())}i"
    if isinstance(value, int) and value in _INTEGERS:
        return f"{value}i"
    if isinstance(value, (int, float)):
        return repr(float(value))
    shown = neutral(value if isinstance(value, str) else json.dumps(value, default=str))
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _key(text: str) -> str:
    """A measurement, or the name or value of a tag."""
    # A backslash at its end would escape what follows, and it cannot be escaped.
    shown = neutral(text).replace("\\", "/")
    return shown.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")
