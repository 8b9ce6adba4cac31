"""Commands that write a fleet file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..options import FLEET_OPTION, PRODUCT, output
from ..selection import Selection


@click.command()
@click.option("--username", envvar="VEEAM_USERNAME", default="svc-monitor", help="The account of all appliances.")
@click.option("--password-env", metavar="NAME", help="Variable that holds the password; VEEAM_PASSWORD by default.")
@click.option("--password-file", metavar="FILE", help="File whose first line is the password.")
@click.option("--password-keyring", metavar="SERVICE/USER", help="Password from the system's keyring.")
@click.option("--user", is_flag=True, help="Into the folder of the user's settings instead of this one.")
def init(username: str, user: bool, **source: str | None) -> int:
    """Write a first fleet file.

    `veeam-async fleet add` puts appliances into it.
    """
    from ..starting import init

    return init(user=user, username=username, source=source)


@click.group("fleet")
def fleet_group() -> None:
    """List the fleet file, or add to it."""


@fleet_group.command("list")
@FLEET_OPTION
@output()
def list_(fleet: Path | None, selection: Selection) -> int:
    """List the appliances of the fleet file."""
    from ..starting import list_fleet

    return list_fleet(fleet, selection)


@fleet_group.command()
@click.argument("host")
@FLEET_OPTION
@click.option("--name", help="What it is called; the host where it is absent.")
@PRODUCT
@click.option("--revision", help="API revision; negotiated by default.")
@click.option("--tag", "tags", multiple=True, help="A word to select it by; repeatable.")
@click.option("--username", help="Its account, where it is not that of the defaults.")
@click.option("--password-env", metavar="NAME", help="Variable with its password, where it has one of its own.")
@click.option("--password-file", metavar="FILE", help="File with its password, where it has one of its own.")
@click.option("--pin", is_flag=True, help="Pin the certificate that it shows now: for self-signed ones.")
def add(host: str, fleet: Path | None, tags: Sequence[str], pin: bool, **more: Any) -> int:
    """Add an appliance to the fleet file."""
    from ..entries import Entry
    from ..starting import add

    return add(fleet, Entry(host, tags=tags, **more), pin=pin)
