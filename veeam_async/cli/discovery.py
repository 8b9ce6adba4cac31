"""Where the fleet file is, when nobody says so, and which appliance is meant."""

from __future__ import annotations

import os
from pathlib import Path

import click

from .status import CommandError

NAME = "fleet.toml"


def user_folder() -> Path:
    """The folder of this user's settings: `~/.config/veeam-async` on Linux, the system's usual place elsewhere."""
    return Path(click.get_app_dir("veeam-async"))


def discover_fleet() -> Path | None:
    """The fleet file of VEEAM_FLEET, of this folder, or of the user's settings; None where there is none.

    Raises:
        CommandError: VEEAM_FLEET names no file.
    """
    if named := os.environ.get("VEEAM_FLEET"):
        try:
            if not Path(named).is_file():
                raise CommandError(f"VEEAM_FLEET={named}: no such file")
        except OSError as error:
            raise CommandError(f"VEEAM_FLEET={named}: {error.strerror or 'cannot be read'}") from None
        return Path(named)
    return next((path for path in (Path(NAME), user_folder() / NAME) if _is_file(path)), None)


def _is_file(path: Path) -> bool:
    # A folder that this user may not look into has no file for them.
    try:
        return path.is_file()
    except OSError:
        return False


def fleet_file(given: Path | None) -> Path:
    """The file that was named, or the one that is found.

    Raises:
        CommandError: there is none.
    """
    path = given if given is not None else discover_fleet()
    if path is None:
        raise CommandError(
            f"no fleet file: name one, set VEEAM_FLEET, or put it at ./{NAME} or {user_folder() / NAME}; "
            "`veeam-async init` writes a first one"
        )
    return path


def host_and(words: tuple[str, ...], what: str) -> tuple[str, str]:
    """`[HOST] WHAT`: without a host the one of VEEAM_HOST.

    Raises:
        CommandError: too few words, or too many.
    """
    if len(words) == 2:
        return words[0], words[1]
    if len(words) > 2:
        raise CommandError(f"too many arguments: {' '.join(words[2:])}; give [HOST] {what}")
    host = os.environ.get("VEEAM_HOST")
    if not words:
        raise CommandError(f"{what} is missing")
    if not host:
        raise CommandError(f"no HOST: give it before {words[0]}, or set VEEAM_HOST")
    return host, words[0]
