"""`-o zabbix`: one document for a master item, with low-level discovery and the values of what is discovered.

The discovery rule depends on the master item and takes `$.discovery`, each item prototype a value such as
`$.values["{#KEY}"].status`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..._text import neutral
from .checked import Checked, count, measures, problems, state, worst

_MACROS = {"appliance": "{#APPLIANCE}", "product": "{#PRODUCT}", "id": "{#ID}", "name": "{#NAME}", "kind": "{#KIND}"}

_LEFT_OUT = {*_MACROS, "labels"}


def page(checked: Sequence[Checked], now: datetime) -> str:
    """The document of a check, keyed by appliance.

    Args:
        checked: what was seen.
        now: what days are counted from.
    """
    values = {
        one["appliance"]: {
            "status": state(one),
            "problems": problems(one),
            "revision": one["revision"] or "",
            **measures(one, now),
        }
        for one in checked
    }
    discovery = [
        {"{#KEY}": _key(one["appliance"]), "{#APPLIANCE}": one["appliance"], "{#PRODUCT}": one["product"],
         "{#HOST}": one["host"]}
        for one in checked
    ]  # fmt: skip
    totals = {"status": worst(checked), **count(checked)}
    keyed = {_key(name): each for name, each in values.items()}
    return _document({"fleet": totals, "discovery": discovery, "values": keyed})


def rows(cells: Iterable[Mapping[str, Any]]) -> str:
    """The document of rows, keyed by appliance and id; times are Unix seconds."""
    discovery: list[dict[str, str]] = []
    values: dict[str, dict[str, Any]] = {}
    for one in cells:
        key = _key(f"{one['appliance']}/{one['id']}")
        discovery.append(
            {"{#KEY}": key} | {macro: str(one[name]) for name, macro in _MACROS.items() if one.get(name) is not None}
        )
        values[key] = {
            name: _value(value) for name, value in one.items() if name not in _LEFT_OUT and value is not None
        }
    return _document({"discovery": discovery, "values": values})


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float)):
        return value
    return neutral(value if isinstance(value, str) else json.dumps(value, default=str))


def _key(text: str) -> str:
    # It stands between quotes in a JSONPath.
    return neutral(text).replace("\\", "/").replace('"', "'")


def _document(content: Mapping[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=True) + "\n"
