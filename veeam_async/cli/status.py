"""Exit statuses and the errors that end a command: what a monitoring system or a script goes by."""

from __future__ import annotations

import enum


class Status(enum.IntEnum):
    """Exit statuses, the same for every command; those of monitoring plug-ins."""

    OK = 0
    ATTENTION = 1
    """It worked, and something needs a person: a part failed, or `check` found what will fail soon."""
    FAILED = 2
    """It did not work; for `check`: an appliance cannot be polled."""
    NOT_RUN = 3
    """Nothing was done: the arguments, the fleet file or the environment are wrong."""
    INTERRUPTED = 130
    """Ctrl-C; what was there by then was printed."""


class CommandError(Exception):
    """Ends the command with one line for a person and a status."""

    def __init__(self, message: str, status: Status = Status.NOT_RUN) -> None:
        super().__init__(message)
        self.status = status


class ReaderGone(Exception):
    """Whoever read our stdout has enough (`| head`): no error of ours."""
