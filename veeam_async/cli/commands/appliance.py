"""Commands about one appliance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from ..completion import complete_appliance, complete_call, complete_parameter
from ..discovery import host_and
from ..options import PATH, POSITIVE, host_argument, one_appliance, output, timeout
from ..selection import Selection
from ..status import CommandError

if TYPE_CHECKING:
    from ..target import Target


@click.command()
@click.argument("words", nargs=-1, metavar="[HOST] OPERATION [KEY=VALUE | KEY:=JSON]...", shell_complete=complete_call)
@one_appliance
@click.option(
    "--param", "-p", metavar="NAME=VALUE", multiple=True, shell_complete=complete_parameter,
    help="A path or query parameter; repeatable.",
)  # fmt: skip
@click.option("--body", metavar="JSON|@FILE", help="The request body; @- reads stdin. KEY=VALUE goes on top of it.")
@click.option("--all", "all_rows", is_flag=True, help="Every page of a listing, one JSON object a line.")
@click.option("--wait", "wait_for", is_flag=True, help="Wait for the work that the call started.")
@click.option("--out", metavar="FILE", type=PATH, help="File for a download; - is stdout.")
@click.option("--dry-run", is_flag=True, help="Show the request and send nothing.")
@timeout(60.0, "Seconds for an answer, the login included.")
@output(default="json")
def call(
    words: Sequence[str], target: Target, param: Sequence[str], body: str | None, all_rows: bool, wait_for: bool,
    out: Path | None, dry_run: bool, timeout: float, selection: Selection,
) -> int:  # fmt: skip
    """Call an operation of one appliance.

    Its answer is printed as JSON.

    HOST is a name in the fleet file, a name, an address, name:port or an origin; VEEAM_HOST where it is left out.
    OPERATION is an operationId; `veeam-async operations` finds it. KEY=VALUE is a parameter or a text in the body,
    KEY:=JSON any value in the body, a.b a property of a property. Secrets come from the environment, a file, the
    keyring or a prompt.
    """
    from ..call import How, call_operation
    from ..fields import Input, is_field

    at = next((index for index, word in enumerate(words) if index and is_field(word)), len(words))
    host, operation = host_and(tuple(words[:at]), "OPERATION")
    for word in words[at:]:
        if not is_field(word):
            raise CommandError(f"{word}: give KEY=VALUE or KEY:=JSON")
    chosen = attrs.evolve(target, host=host, timeout=timeout)
    how = How(all_rows, wait_for, out, dry_run)
    return call_operation(chosen, operation, Input(param, words[at:], body), how, selection)


@click.command()
@host_argument("[HOST] SESSION")
@one_appliance
@click.option("--timeout", type=POSITIVE, help="Seconds to wait at most.")
def wait(words: Sequence[str], target: Target, timeout: float | None) -> int:
    """Wait for a session, with its progress.

    Status 2 when it failed, with its log.

    SESSION is the id of a session, or of an operation of Backup for Azure.
    """
    from ..wait import wait_for_session

    host, session = host_and(tuple(words), "SESSION")
    return wait_for_session(attrs.evolve(target, host=host), session, timeout)


@click.command()
@host_argument("[HOST] SESSION")
@one_appliance
@timeout(60.0, "Seconds for an answer, the login included.")
@output()
def logs(words: Sequence[str], target: Target, timeout: float, selection: Selection) -> int:
    """Show the log of a session.

    The oldest line is first; the session need not be over.

    SESSION is the id of a session, as `veeam-async poll sessions --columns appliance,name,id` shows it.
    """
    from ..logs import show_log

    host, session = host_and(tuple(words), "SESSION")
    return show_log(attrs.evolve(target, host=host, timeout=timeout), session, selection)


@click.command()
@click.argument("host", required=False, envvar="VEEAM_HOST", shell_complete=complete_appliance)
@one_appliance
@timeout(120.0, "Seconds for each answer.")
@click.option("--out", metavar="FILE", type=PATH, help="The report; conformance-PRODUCT-REVISION.json by default.")
@output()
def conformance(host: str | None, target: Target, timeout: float, out: Path | None, selection: Selection) -> int:
    """Compare an appliance with its document.

    It calls every operation that only reads, and writes a report that holds no value of the appliance: operations,
    statuses and timings, and which fields depart from the document and how. Attach it to an issue.

    Status 0: it is as its document says. 1: it departs from it.
    """
    from ..conformance.command import check_conformance

    if not host:
        raise CommandError("no HOST: give it, or set VEEAM_HOST")
    return check_conformance(attrs.evolve(target, host=host, timeout=timeout), out, selection)
