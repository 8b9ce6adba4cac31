"""A small table for notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

from ._text import neutral

_LONGEST = 300


def table(title: str, values: Mapping[str, Any]) -> str:
    """Names and values, one a line; what is None is left out. Nothing of a value is markup."""
    lines = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>{_shown(value)}</td></tr>"
        for name, value in values.items()
        if value is not None
    )
    return f"<table><caption>{escape(neutral(title, _LONGEST))}</caption>{lines}</table>"


def _shown(value: Any) -> str:
    text = value.isoformat(" ", "seconds") if isinstance(value, datetime) else str(value)
    return escape(neutral(text, _LONGEST))
