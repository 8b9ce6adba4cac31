"""The repr of a model: bounded, and without what looks like a secret by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from .base import View

# Compiled when the first model is shown.
_SECRET: Final = r"(?i)pass(word|phrase|code)|secret|token$|(private|shared)_?key|(access|api)_?key$|^pin$"
_MASK: Final = "***"
_LONGEST_TEXT: Final = 200
_MOST_ITEMS: Final = 20
_LONGEST: Final = 4000


def show(name: str, values: Mapping[str, Any]) -> str:
    """`Name(field=value, ...)`, with secrets masked and long values cut."""
    shown = ", ".join(f"{field}={_shown(field, value)}" for field, value in values.items())
    return f"{name}({shown if len(shown) <= _LONGEST else shown[:_LONGEST] + '...'})"


def _shown(name: str, value: Any) -> str:
    if value and isinstance(value, str) and re.search(_SECRET, name):
        return repr(_MASK)
    if isinstance(value, (Mapping, list)) and not isinstance(value, View):
        return _collection(value)
    if value.__class__ is str and len(value) > _LONGEST_TEXT:
        return f"{value[:_LONGEST_TEXT]!r}... ({len(value)} characters)"
    return repr(value)


def _collection(value: Mapping[str, Any] | list[Any]) -> str:
    more = f", ... {len(value) - _MOST_ITEMS} more" if len(value) > _MOST_ITEMS else ""
    if isinstance(value, list):
        return f"[{', '.join(_shown('', each) for each in value[:_MOST_ITEMS])}{more}]"
    items = [f"{key!r}: {_shown(str(key), each)}" for key, each in list(value.items())[:_MOST_ITEMS]]
    return f"{{{', '.join(items)}{more}}}"
