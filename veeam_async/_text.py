"""Texts that somebody else wrote, made fit for errors, logs and terminals: on one line, harmless, bounded."""

from __future__ import annotations

import unicodedata

LONGEST_TEXT = 2000

# Format characters that scripts and emoji need; all others can turn or hide what stands beside them.
_JOINERS = frozenset("\u200c\u200d")
_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def neutral(text: str, limit: int = LONGEST_TEXT) -> str:
    """The text on one line, without control, direction and surrogate characters, cut at `limit` characters.

    White space becomes one blank; other characters of these kinds are shown as escapes (`\\x1b`).
    """
    text = text[:limit]
    if not text.isprintable():
        text = "".join(_shown(character) for character in text)
        if "  " in text:
            text = " ".join(text.split())
    return text[:limit]


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    if character in "\t\n\v\f\r\x85\u2028\u2029":
        return " "
    if character in _JOINERS or unicodedata.category(character) not in _ESCAPED:
        return character
    return ascii(character)[1:-1]
