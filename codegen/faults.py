"""What ends a command with exit status 2 and one line on stderr for each fault."""

from __future__ import annotations

LONGEST = 1000
"""Letters of a line at most."""


class BadInput(Exception):
    """The input cannot be worked with.

    Attributes:
        lines: what is wrong and where, one line for each fault.
    """

    def __init__(self, *lines: str) -> None:
        self.lines = tuple(_line(text) for text in lines)
        super().__init__("\n".join(self.lines))


def _line(text: str) -> str:
    """One line that a terminal can show, whatever a document put into it."""
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in " ".join(text.split()))
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."
