"""Exit statuses and the errors that end a command: what a monitoring system or a script goes by."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import contextmanager


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


class Interrupted(Exception):
    """Ctrl-C, with what a person has to know about what goes on without this process."""


class ReaderGone(Exception):
    """Whoever read our stdout has enough (`| head`): no error of ours."""


@contextmanager
def usage(option: str = "") -> Iterator[None]:
    """What the library refuses as an argument is a mistake in what was typed: one line, status 3.

    Args:
        option: what the line begins with, such as `--fingerprint`.
    """
    try:
        yield
    except (ValueError, TypeError, LookupError) as error:
        if isinstance(error, LookupError) and not isinstance(error, (KeyError, IndexError)):
            raise
        text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
        raise CommandError(f"{option}: {text}" if option else text) from None
