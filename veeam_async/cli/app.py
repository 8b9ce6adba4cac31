"""The command line as a whole: all commands, and how each of them ends."""

from __future__ import annotations

import asyncio
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import click

from ..errors import InsecureWarning, VeeamError, VeeamWarning
from .commands import appliance, fleet, jobs, lookup, revision, simulated, starting
from .status import CommandError, Interrupted, ReaderGone, Status

COMMANDS = (
    fleet.check, fleet.poll, jobs.jobs, appliance.logs, appliance.wait, appliance.call, fleet.each, lookup.operations,
    starting.init, starting.fleet_group, lookup.fingerprint, fleet.exporter, appliance.conformance,
    simulated.simulate, simulated.demo, revision.revision, lookup.example, lookup.completion,
)  # fmt: skip


class _InOrder(click.Group):
    """Lists the commands as they are in COMMANDS: what is needed first, first."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    name="veeam-async",
    cls=_InOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "show_default": True},
    epilog="Exit status: 0 all well, 1 a part failed or needs attention, 2 failed, 3 not run, 130 interrupted.",
)
@click.version_option(package_name="veeam-async")
def app() -> None:
    """Look at Veeam appliances, one or a whole fleet."""


for _command in COMMANDS:
    app.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit status; every expected failure is one line on stderr."""
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning  # type: ignore[assignment]
        try:
            status = app.main(list(arguments), prog_name="veeam-async", standalone_mode=False)
        except ReaderGone:
            _stop_writing()
            return Status.OK
        except (Exception, KeyboardInterrupt, asyncio.CancelledError) as error:
            return _ended_by(error)
    return int(status or 0)


def _ended_by(error: BaseException) -> int:
    from .words import explain, nothing_was_sent

    match error:
        case click.exceptions.NoArgsIsHelpError():
            print(error.format_message(), file=sys.stderr)
            return Status.NOT_RUN
        case click.UsageError():
            hint = f" (see `{error.ctx.command_path} --help`)" if error.ctx else ""
            return _say(" ".join(error.format_message().split()).rstrip(".") + hint, Status.NOT_RUN)
        case click.ClickException():
            return _say(error.format_message(), Status.NOT_RUN)
        case click.Abort() | KeyboardInterrupt() | asyncio.CancelledError():
            return _say("interrupted", Status.INTERRUPTED)
        case Interrupted():
            return _say(str(error), Status.INTERRUPTED)
        case CommandError():
            return _say(str(error), error.status)
        case VeeamError():
            return _say(explain(error), Status.NOT_RUN if nothing_was_sent(error) else Status.FAILED)
        case OSError():  # a full disk under `> file`, a folder that is not writable
            _stop_writing()
            return _say(explain(error), Status.FAILED)
        case BaseExceptionGroup():
            return _ended_by(error.exceptions[0])
        case _:
            if os.environ.get("VEEAM_DEBUG"):
                raise error
            text = f"{type(error).__name__}: {explain(error)}"
            return _say(f"a fault of this program: {text}. VEEAM_DEBUG=1 shows where", Status.FAILED)


def _show_warning(message: Warning | str, category: type[Warning], *_where: Any) -> None:
    if issubclass(category, InsecureWarning):
        _say("certificates are not verified: anyone in between can read the password and the token", Status.OK)
    elif issubclass(category, VeeamWarning):
        _say(str(message), Status.OK)


def _stop_writing() -> None:
    # Python would complain once more when it flushes stdout at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str, status: Status) -> int:
    print(f"veeam-async: {message}", file=sys.stderr)
    return status
