"""Keeping secrets out of what people and logs get to see."""

from __future__ import annotations

from collections.abc import Iterable

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
        for spelling in {secret, secret.replace("\\", "\\\\").replace('"', '\\"'), quote(secret), quote_plus(secret)}:
            text = text.replace(spelling, MASK)
    return text
