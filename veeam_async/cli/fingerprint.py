"""`veeam-async fingerprint`: the certificate that a host answers with."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import attrs
from rich.markup import escape

from .._running import run
from ..errors import VeeamError
from .entries import Entry
from .formats import show
from .output import Column, duration, put, stderr, text
from .selection import Selection
from .status import Status, usage
from .words import explain, short


def parse_time(value: str | None) -> datetime | None:
    """The end of a certificate's validity as `Certificate` has it."""
    if value is None:
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def days_left(not_after: datetime | None) -> float | None:
    """Days until then; negative when it is over."""
    return None if not_after is None else (not_after - datetime.now(UTC)).total_seconds() / 86_400


@attrs.frozen
class Seen:
    """The certificate of a host, or why it cannot be read."""

    host: str
    fingerprint: str | None = None
    subject: str | None = None
    issuer: str | None = None
    not_after: datetime | None = None
    error: VeeamError | None = None

    def to_dict(self) -> dict[str, Any]:
        return attrs.asdict(self) | {"error": explain(self.error) if self.error else None}


async def look(host: str, port: int, timeout: float = 10.0) -> Seen:
    """Fetch one certificate; an error is part of the answer."""
    from .._http.certificates import fetch_certificate
    from .._http.origin import parse_host

    try:
        origin = parse_host(host, default_port=port, allow_http=True)
        seen = await fetch_certificate(origin.host, origin.port, timeout=timeout)
    except ValueError as error:
        return Seen(host, error=VeeamError(str(error)))
    except VeeamError as error:
        return Seen(host, error=error)
    return Seen(host, seen.fingerprint, seen.subject, seen.issuer, parse_time(seen.not_after))


def _ends(value: Any) -> str:
    left = days_left(value)
    if left is None:
        return ""
    style = "bad" if left < 0 else "warning" if left < 30 else ""
    shown = escape(
        text(value)[:10] + (f" (expired {-left:.0f} d ago)" if left < 0 else f" (in {duration(left * 86400)})")
    )
    return f"[{style}]{shown}[/]" if style else shown


COLUMNS = [
    Column("host", "host"),
    Column("fingerprint", "SHA-256 fingerprint", wrap=True),
    Column("subject", "subject", rank=2),
    Column("issuer", "issuer", rank=3),
    Column("not_after", "ends", rank=1, show=_ends),
]


def show_fingerprints(hosts: Sequence[str], product: str, username: str, selection: Selection) -> int:
    """Print what each host shows; status 2 when one shows nothing, 3 when one is no address."""
    from .._http.origin import parse_host
    from ..profiles import profile

    with usage():
        port = profile(product).default_port
        for host in hosts:
            parse_host(host, default_port=port, allow_http=True)
    selection.check(one.name for one in attrs.fields(Seen))

    async def look_at_all() -> list[Seen]:
        return await asyncio.gather(*(look(host, port) for host in hosts))

    seen = run(look_at_all())
    good = [one for one in seen if one.error is None]
    if selection.output == "toml":
        for one in good:
            entry = Entry(
                one.host, product=None if product == "vbr" else product, username=username,
                password_env="VEEAM_PASSWORD", fingerprint=one.fingerprint,
            )  # fmt: skip
            put(entry.toml().lstrip("\n") + "\n")
    elif good or selection.output != "table":
        listed = good if selection.output == "table" else seen
        show(COLUMNS, [one.to_dict() for one in listed], selection)
    if good and selection.output == "table":
        stderr().print("Compare it with what the appliance's own console shows before you trust it.")
    for one in seen:
        if one.error is not None:
            stderr().print(f"{escape(one.host)}: [bad]{escape(short(one.error))}[/]")
    return Status.OK if len(good) == len(seen) else Status.FAILED
