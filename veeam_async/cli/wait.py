"""`veeam-async wait`: long work on an appliance, with its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from .._running import run
from .._work import find_work
from ..errors import RequestTimeout, SessionFailed, VeeamError
from .output import json_text, put, stderr, text
from .status import Interrupted, Status
from .words import explain

if TYPE_CHECKING:
    from ..client import ApplianceClient
    from ..waiting import Progress as Step
    from .target import Target


async def wait_with_progress(client: ApplianceClient, answer_or_id: Any, timeout: float | None) -> Any:
    """Wait; a bar on a terminal, a line for each new step elsewhere."""
    console = stderr()
    if not console.is_terminal:
        last = ""

        def show(step: Step) -> None:
            nonlocal last
            line = _line(step)
            if step.percent is not None:
                line = f"{step.percent:.0f} % {line}"
            if line != last:
                console.print(escape(line))
                last = line

        return await client.wait(answer_or_id, timeout=timeout, progress=show)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("waiting", total=100)

        def show(step: Step) -> None:
            bar.update(task, completed=step.percent or 0, description=escape(_line(step)[:60]))

        return await client.wait(answer_or_id, timeout=timeout, progress=show)


def _line(step: Step) -> str:
    return step.state + (f": {text(step.last_log_line)}" if step.last_log_line else "")


def work_ids(client: ApplianceClient, answer: Any) -> list[str]:
    """The ids of the work that an answer names; none where it names none."""
    try:
        work = find_work(client.sender, answer)
    except VeeamError:
        return []
    return [one.id for one in (work if isinstance(work, list) else [work])]


def print_failure(failure: SessionFailed) -> None:
    """Say why work failed, with its log."""
    console = stderr()
    console.print(f"[bad]{escape(explain(failure))}[/]")
    for line in failure.log:
        console.print(f"  {escape(text(line))}")


def wait_for_session(target: Target, session: str, timeout: float | None) -> int:
    """Wait and print the session as it ended."""

    async def work() -> int:
        async with target.open() as client:
            try:
                ended = await wait_with_progress(client, session, timeout)
            except SessionFailed as failure:
                print_failure(failure)
                return Status.FAILED
            except RequestTimeout as late:
                if late.limit != "wait":
                    raise
                stderr().print(f"not done after {timeout:g} s; it goes on")
                return Status.ATTENTION
            put(json_text(ended) + "\n")
            return Status.OK

    try:
        return run(work())
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted; {session} goes on on the appliance") from None
