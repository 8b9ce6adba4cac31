"""Keeping secrets out of what people and logs get to see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MASK = "***"
# Shorter strings would blank out innocent text; nobody should have such a password.
_SHORTEST = 4


def redact(text: str, secrets: Iterable[str | None]) -> str:
    """The text with every secret in it masked, plain or as a JSON string or a form would spell it."""
    if not text:
        return text
    from urllib.parse import quote, quote_plus

    for secret in secrets:
        if not secret or len(secret) < _SHORTEST:
            continue
        doubled = secret.replace("\\", "\\\\")
        for spelling in (doubled.replace('"', '\\"'), doubled, secret, quote(secret), quote_plus(secret)):
            text = text.replace(spelling, MASK)
    return text


def redact_all(data: Any, secrets: Iterable[str | None]) -> Any:
    """Parsed JSON with every secret masked in its strings."""
    if isinstance(data, str):
        return redact(data, secrets)
    if isinstance(data, list):
        return [redact_all(item, secrets) for item in data]
    if isinstance(data, dict):
        return {redact(key, secrets): redact_all(value, secrets) for key, value in data.items()}
    return data


class Hidden(dict[str, str]):
    """A dict whose repr shows no values: crash reporters print the variables of every frame."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


class HiddenTuple(tuple[str, ...]):
    """A tuple whose repr shows nothing, for the same reason."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} secrets>"
