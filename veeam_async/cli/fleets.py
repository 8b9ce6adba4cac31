"""The fleet of a fleet file, and the part of it that --where names."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from ..fleet import Fleet, FleetView
from .status import CommandError
from .trace import show_event


def open_fleet(path: Path, where: Sequence[str], *, verbose: bool = False) -> tuple[Fleet, FleetView]:
    """The whole fleet, which is to be closed, and the view that --where leaves of it.

    Args:
        path: the fleet file.
        where: conditions as they were typed.
        verbose: show each request and answer on stderr.

    Raises:
        CommandError: a condition is not one, or no appliance meets them all.
    """
    # The command prints each error itself, once.
    logging.getLogger("veeam_async").addHandler(logging.NullHandler())
    logging.getLogger("veeam_async").propagate = False
    conditions: dict[str, list[str]] = {}
    for condition in where:
        key, sign, value = condition.partition("=")
        if not sign or key not in ("tag", "product", "name", "revision"):
            raise CommandError(f"--where {condition}: give tag=, product=, revision= or name= and a value")
        conditions.setdefault(key, []).append(value)
    fleet = Fleet.from_toml(path, events=show_event, examine=False) if verbose else Fleet.from_toml(path)
    view = fleet.where(
        product=conditions.get("product"),
        revision=conditions.get("revision"),
        tag=conditions.get("tag"),
        name=conditions.get("name"),
    )
    if not len(view):
        raise CommandError(f"{path}: no appliance" + (f" meets --where {' --where '.join(where)}" if where else ""))
    return fleet, view
