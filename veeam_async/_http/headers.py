"""Headers of a user's own, for every request to an appliance: what a gateway in front of it wants to see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._redact import Hidden, HiddenTuple

# Compiled when they are first needed: few programs have headers of their own.
_NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_VALUE = r"[\t\x20-\x7e]*"
# Made by the package for each request, or by the connection for itself.
_RESERVED = frozenset(
    {
        "accept", "accept-encoding", "authorization", "connection", "content-encoding", "content-length",
        "content-type", "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection", "range", "te",
        "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
_MOST = 50
_LONGEST = 8 * 1024
_SHORTEST_SECRET = 8


def own_headers(headers: Mapping[str, str] | None, *, reserved: str | None = None) -> dict[str, str]:
    """The headers, checked. No repr shows their values.

    Args:
        headers: values by name. Blanks and line ends around a value are taken off.
        reserved: a further name that is the package's own: the product's revision header.

    Raises:
        TypeError: not a mapping of texts.
        ValueError: a name or a value that no request can carry, or that the package sets itself.
    """
    checked: dict[str, str] = Hidden()
    if headers is None:
        return checked
    if not isinstance(headers, Mapping):
        raise TypeError(f"headers must be a mapping of names to values, not {type(headers).__name__}")
    if len(headers) > _MOST:
        raise ValueError(f"{len(headers)} headers for every request are too many: {_MOST} at most")
    seen: set[str] = set()
    for name, value in headers.items():
        _check(name, value)
        lower = name.lower()
        if lower in _RESERVED or (reserved is not None and lower == reserved.lower()):
            raise ValueError(f"the header {name} is set by this package")
        if lower in seen:
            raise ValueError(f"the header {name} is given twice, in two spellings")
        seen.add(lower)
        checked["User-Agent" if lower == "user-agent" else name] = value.strip()
    return checked


def secrets_in_headers(headers: Mapping[str, str]) -> HiddenTuple:
    """What of headers must not be seen when an answer repeats it. Short values are names rather than secrets."""
    return HiddenTuple(value for value in headers.values() if len(value) >= _SHORTEST_SECRET)


def _check(name: Any, value: Any) -> None:
    if not isinstance(name, str) or not isinstance(value, str):
        kind = type(value if isinstance(name, str) else name).__name__
        raise TypeError(f"a header is a str by a str, not a {kind}")
    if not re.fullmatch(_NAME, name):
        raise ValueError(f"{name[:40]!r} is no name of a header")
    # The value is not repeated: it may be a secret.
    if not re.fullmatch(_VALUE, value.strip()):
        raise ValueError(f"the value of the header {name} has a line break, or is not ASCII")
    if len(value) > _LONGEST:
        raise ValueError(f"the value of the header {name} is longer than {_LONGEST} letters")
