"""What ends a command with exit status 2 and one line on stderr for each fault."""

from __future__ import annotations


class BadInput(Exception):
    """The input cannot be worked with.

    Attributes:
        lines: what is wrong and where, one line for each fault.
    """

    def __init__(self, *lines: str) -> None:
        self.lines = tuple(" ".join(line.split()) for line in lines)
        super().__init__("\n".join(self.lines))
