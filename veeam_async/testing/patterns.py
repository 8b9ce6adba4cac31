"""Patterns of documents: read as ECMA 262 has them, and texts that fit them."""

from __future__ import annotations

import re
from functools import cache

_BACKREFERENCE = re.compile(r"(?<!\\)\\([1-9])")
# A text of each shape that documents ask for: paths, addresses, hosts, masks, times.
_SHAPES = (
    "C:",
    "C:\\Backup",
    "/backup",
    "host01.example.com",
    "data-1",
    "data",
    "192.0.2.10",
    "255.255.255.0",
    "https://example.com/backup",
    "svc@example.com",
    "HOST01\\svc",
    "\\\\host01\\backup",
    "host01/backup",
    "2026-01",
    "22:00",
)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of ECMA 262, where a reference to a group that took no part fits the empty text.

    Raises:
        re.error: Python has no such pattern.
    """
    return re.compile(_BACKREFERENCE.sub(r"(?(\1)\\\1)", pattern))


def fitting(text: str, pattern: str) -> str:
    """A text that fits a pattern: the given one, that one without spaces, one of a known shape; else the given one."""
    try:
        fits = compiled(pattern)
    except re.error:
        return text
    shapes = (text, text.replace(" ", "-"), text.replace(" ", "-").lower(), *_SHAPES)
    return next((one for one in shapes if fits.search(one)), text)
