"""What a person sees while a fleet answers: a bar on a terminal, nothing in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column

from .output import size, stderr

# What the bar, the numbers and the time need beside the text.
_BESIDE = 26


class FleetProgress:
    """Counts appliances that have answered.

    Args:
        console: where it is shown; nothing is where this is no terminal.
        names: of the appliances that are to answer.
        what: what is being fetched.
    """

    def __init__(self, console: Console, names: Iterable[str], what: str) -> None:
        self._waiting = dict.fromkeys(names)
        self._answered = False
        self.failed = 0
        self.rows = 0
        self._what = what
        self._bar = Progress(
            TextColumn(
                "{task.description}", table_column=Column(max_width=max(console.width - _BESIDE, 10), no_wrap=True)
            ),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(what, total=len(self._waiting))

    def answer(self, name: str, *, failed: bool) -> None:
        """One more appliance has answered."""
        self._waiting.pop(name, None)
        self._answered = True
        self.failed += failed
        self._update(advance=1)

    def row(self) -> None:
        """One more row has come; shown at every hundredth."""
        self.rows += 1
        if self.rows % 100 == 0:
            self._update()

    def _update(self, advance: int = 0) -> None:
        text = f"{self._what}: {self.rows:,} rows" if self.rows else self._what
        if 0 < len(self._waiting) <= 2 and self._answered:
            # Who is it that everybody waits for?
            text = f"{self._what}: waiting for {escape(' and '.join(self._waiting))}"
        if self.failed:
            text += f", [bad]{self.failed} failed[/]"
        self._bar.update(self._task, advance=advance, description=text)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


class Spinner:
    """What one call is doing: a spinner on a terminal, nothing in a pipe.

    Args:
        bar: where it turns.
        text: what is done.
    """

    def __init__(self, bar: Progress, text: str) -> None:
        self._bar = bar
        self._text = text
        self._task = bar.add_task(escape(text), total=None)

    def count(self, rows: int) -> None:
        """Say how many rows have come; at every hundredth."""
        if rows % 100 == 0:
            self._bar.update(self._task, description=f"{escape(self._text)}: {rows:,} rows")

    def bytes(self, received: int, total: int | None) -> None:
        """Say how much of a file has come."""
        of = f" of {size(total)}" if total else ""
        self._bar.update(self._task, description=f"{escape(self._text)}: {size(received)}{of}")


@contextmanager
def busy(text: str) -> Iterator[Spinner]:
    """A spinner on stderr with the time that has passed, while a call is in progress."""
    console = stderr()
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        yield Spinner(bar, text)
