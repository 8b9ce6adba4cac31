"""The columns of each kind of row: what a person sees first, and what goes where the terminal is narrow."""

from __future__ import annotations

from typing import Any

from rich.markup import escape

from .output import Column, ago, size, text

_STYLES = {
    "failed": "bad", "error": "bad", "expired": "bad", "critical": "bad", "invalid": "bad", "offline": "bad",
    "warning": "warning", "canceled": "warning", "stopping": "warning",
    "success": "good", "valid": "good", "online": "good",
    "running": "busy", "starting": "busy", "disabled": "faint",
}  # fmt: skip


def word(value: Any) -> str:
    """A word for a state, in the colour that it deserves."""
    shown = escape(text(value))
    style = _STYLES.get(shown.lower())
    return f"[{style}]{shown}[/]" if style else shown


def _online(value: Any) -> str:
    return "" if value is None else word("online" if value else "offline")


def _count(value: Any) -> str:
    return "" if value is None else f"{value:,.0f}"


def _when(value: Any) -> str:
    return "" if value is None else escape(ago(value))


def _percent(value: Any) -> str:
    return "" if value is None else f"{value:.0f} %"


def _bytes(name: str, heading: str, rank: int) -> Column:
    return Column(name, heading, rank, show=lambda value: escape(size(value)), right=True)


APPLIANCE = Column("appliance", "appliance")
NAME = Column("name", "name")
KIND = Column("kind", "kind", rank=3)

COLUMNS: dict[str, list[Column]] = {
    "jobs": [
        APPLIANCE, NAME, KIND,
        Column("state", "state", rank=1, show=word),
        Column("last_result", "last result", show=word),
        Column("last_run", "last run", rank=1, show=_when),
        Column("last_error", "why", rank=6),
        Column("next_run", "next run", rank=2, show=_when),
        Column("objects", "objects", rank=4, show=_count, right=True),
        Column("repository_name", "repository", rank=5),
    ],
    "sessions": [
        APPLIANCE, NAME, KIND,
        Column("state", "state", rank=1, show=word),
        Column("progress", "done", rank=4, show=_percent, right=True),
        Column("result", "result", show=word),
        Column("started", "started", rank=1, show=_when),
        Column("ended", "ended", rank=3, show=_when),
        Column("message", "message", rank=2),
    ],
    "repositories": [
        APPLIANCE, NAME, KIND,
        Column("online", "state", show=_online),
        _bytes("free", "free", 0),
        _bytes("capacity", "capacity", 1),
        _bytes("used", "used", 2),
        Column("location", "where", rank=3),
        Column("path", "path", rank=4),
        Column("encrypted", "encrypted", rank=5),
    ],
    "servers": [
        APPLIANCE, NAME, KIND,
        Column("online", "state", show=_online),
        Column("version", "version", rank=1),
        Column("location", "where", rank=2),
        Column("description", "description", rank=4),
    ],
    "licenses": [
        APPLIANCE,
        Column("status", "status", show=word),
        Column("edition", "edition", rank=2),
        Column("licensed_to", "licensed to", rank=3),
        Column("expires", "ends", show=_when),
        Column("support_expires", "support ends", rank=4, show=_when),
        Column("instances_used", "used", rank=1, show=_count, right=True),
        Column("instances", "instances", rank=1, show=_count, right=True),
        Column("sockets", "sockets", rank=5, show=_count, right=True),
        _bytes("capacity", "capacity", 5),
    ],
    "protected": [
        APPLIANCE, NAME, KIND,
        Column("platform", "platform", rank=1),
        Column("location", "where", rank=4),
        _bytes("size", "size", 2),
        Column("restore_points", "points", rank=1, show=_count, right=True),
        Column("last_backup", "last backup", show=_when),
    ],
    "tasks": [
        APPLIANCE, NAME, KIND,
        Column("state", "state", rank=1, show=word),
        Column("result", "result", show=word),
        Column("started", "started", rank=1, show=_when),
        _bytes("processed", "processed", 2),
        _bytes("transferred", "sent", 3),
        Column("bottleneck", "bottleneck", rank=4),
        Column("message", "message", rank=5),
    ],
    "proxies": [
        APPLIANCE, NAME, KIND,
        Column("online", "state", show=_online),
        Column("location", "where", rank=1),
        Column("description", "description", rank=3),
    ],
    "restore_points": [
        APPLIANCE, NAME, KIND,
        Column("created", "created", show=_when),
        Column("platform", "platform", rank=2),
        _bytes("size", "size", 1),
        Column("malware", "malware", rank=3),
    ],
    "findings": [
        APPLIANCE, NAME, KIND,
        Column("severity", "severity", show=word),
        Column("time", "found", show=_when),
        Column("message", "message", rank=1),
    ],
    "alarms": [
        APPLIANCE, NAME,
        Column("severity", "severity", show=word),
        Column("state", "state", rank=1, show=word),
        Column("object_name", "object"),
        Column("kind", "kind", rank=4),
        Column("time", "raised", rank=1, show=_when),
        Column("repeats", "times", rank=5, show=_count, right=True),
        Column("message", "message", rank=2),
        Column("comment", "comment", rank=6),
    ],
}  # fmt: skip
