"""What ends a command with one line on stderr and exit status 2."""

from __future__ import annotations


class BadInput(Exception):
    """The user's input cannot be worked with; the message is one line that says what and where."""
