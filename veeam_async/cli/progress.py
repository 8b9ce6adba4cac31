"""What a person sees while a fleet answers: a bar on a terminal, nothing in a pipe."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class FleetProgress:
    """Counts appliances that have answered.

    Args:
        console: where it is shown; nothing is where this is no terminal.
        total: how many appliances there are.
        what: what is being fetched.
    """

    def __init__(self, console: Console, total: int, what: str) -> None:
        self.answered = 0
        self.failed = 0
        self.rows = 0
        self._what = what
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(), TimeElapsedColumn(),
            console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task(what, total=total)

    def answer(self, *, failed: bool) -> None:
        """One more appliance has answered."""
        self.answered += 1
        self.failed += failed
        self._update(advance=1)

    def row(self) -> None:
        """One more row has come; told at every hundredth."""
        self.rows += 1
        if self.rows % 100 == 0:
            self._update()

    def _update(self, advance: int = 0) -> None:
        text = f"{self._what}: {self.rows:,} rows" if self.rows else self._what
        if self.failed:
            text += f", [red]{self.failed} failed[/]"
        self._bar.update(self._task, advance=advance, description=text)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
