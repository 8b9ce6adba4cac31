"""Commands that start and stop jobs by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import click

from ..options import FLEET_OPTION, POSITIVE, VERBOSE, WHERE


@click.group()
def jobs() -> None:
    """Start and stop jobs by name.

    `veeam-async poll jobs` lists them.
    """


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        VERBOSE,
        click.option("--timeout", metavar="SECONDS", type=POSITIVE, help="Seconds to wait at most, with --wait."),
        click.option("--dry-run", is_flag=True, help="Find the job, show the request and do not send it."),
        click.option("--wait", is_flag=True, help="Wait until the session has ended, with its progress."),
        WHERE,
        FLEET_OPTION,
        click.argument("name"),
    ):
        command = option(command)
    return command


@jobs.command()
@_options
def start(**given: Any) -> int:
    """Start the job NAME, on whichever appliance of the fleet it is. NAME is a name or an id."""
    return _change("start", **given)


@jobs.command()
@_options
def stop(**given: Any) -> int:
    """Stop the job NAME, on whichever appliance of the fleet it is. NAME is a name or an id."""
    return _change("stop", **given)


def _change(
    verb: Literal["start", "stop"], *, name: str, fleet: Path | None, where: Sequence[str], wait: bool, dry_run: bool,
    timeout: float | None, verbose: bool,
) -> int:  # fmt: skip
    from ..discovery import fleet_file
    from ..jobs import Change, change_job

    return change_job(Change(verb, name, fleet_file(fleet), wait, dry_run, timeout), where, verbose=verbose)
