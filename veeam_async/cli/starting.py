"""`veeam-async init`, `fleet add`: a first fleet file, and one more appliance in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from rich.markup import escape

from .._running import run
from ..fleet.config import FleetConfigError, load, parse
from .discovery import NAME, fleet_file, user_folder
from .entries import Entry, quoted
from .fingerprint import look
from .formats import show
from .output import Column, stderr, text
from .selection import Selection
from .status import CommandError, Status, usage
from .words import count, explain, short

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD = """\
# The appliances that veeam-async polls. No secret stands in this file: it comes from an environment variable
# (password_env), a file (password_file), the system's keyring (password_keyring) or a command (password_command).
"""


def init(*, user: bool, username: str, source: Mapping[str, str | None]) -> int:
    """Write a first fleet file with the defaults of all appliances.

    Args:
        user: into the folder of the user's settings instead of this one.
        username: the account of all appliances.
        source: where the password is, by the key of a fleet file; the first that is not None counts.
    """
    path = user_folder() / NAME if user else Path(NAME)
    key, place = next(((key, place) for key, place in source.items() if place), ("password_env", "VEEAM_PASSWORD"))
    lines = [_HEAD, "[defaults]", f"username = {quoted(username)}", f"{key} = {quoted(place)}", ""]
    if path.exists():
        raise CommandError(f"{path} is there already; `veeam-async fleet add HOST` adds an appliance to it")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write("\n".join(lines))
    console = stderr()
    console.print(f"{escape(str(path))} is written. Next:")
    if key == "password_env":
        console.print(f"  export {place}=...            the password of {escape(username)}", markup=False)
    console.print("  veeam-async fleet add HOST --pin")
    console.print("  veeam-async check")
    return Status.OK


def add(path: Path | None, entry: Entry, *, pin: bool) -> int:
    """Add an appliance to the fleet file, once the whole file is known to be right with it."""
    path = fleet_file(path)
    if pin:
        entry = attrs.evolve(entry, fingerprint=_seen(entry))
    before = path.read_text(encoding="utf-8-sig")
    after = before.rstrip("\n") + "\n" + entry.toml()
    # Secrets need not be here to add an appliance.
    try:
        names = [one.name for one in parse(after, source=str(path), folder=path.parent)]
    except FleetConfigError as error:
        if error.key is None or not error.key.startswith(("password", "token", "totp", "refresh")):
            raise
        stderr().print(f"note: {escape(explain(error))}")
        names = []
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(after, encoding="utf-8")
        part.chmod(path.stat().st_mode & 0o777)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    has = f", which has {count(len(names), 'appliance')} now" if names else ""
    stderr().print(f"{escape(entry.name or entry.host)} is in {escape(str(path))}{has}")
    return Status.OK


def _seen(entry: Entry) -> str:
    from ..profiles import profile

    with usage():
        port = profile(entry.product or "vbr").default_port
    seen = run(look(entry.host, port))
    if seen.error is not None or seen.fingerprint is None:
        raise CommandError(f"{entry.host}: {short(seen.error) if seen.error else 'no certificate'}", Status.FAILED)
    stderr().print(
        f"pinned {seen.fingerprint}, of {seen.subject}; compare it with what the appliance's console shows",
        markup=False,
    )
    return seen.fingerprint


COLUMNS = [
    Column("name", "name"),
    Column("host", "host"),
    Column("product", "product", rank=1),
    Column("revision", "revision", rank=2),
    Column("tags", "tags", rank=3, show=lambda value: escape(text(value))),
]


def list_fleet(path: Path | None, selection: Selection) -> int:
    """Print the appliances of the fleet file."""
    path = fleet_file(path)
    selection.check(column.name for column in COLUMNS)
    rows: list[dict[str, Any]] = [
        {column.name: getattr(one, column.name) for column in COLUMNS} | {"tags": sorted(one.tags)}
        for one in load(path, secrets=False)
    ]
    show(COLUMNS, rows, selection)
    stderr().print(f"{escape(str(path))}: {count(len(rows), 'appliance')}")
    return Status.OK
