"""`veeam-async poll -o prometheus`: one round as a page of metrics, for a textfile collector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._running import run
from ..fleet import ROW_TYPES
from .output import put
from .status import CommandError, Status

if TYPE_CHECKING:
    from ..fleet import Fleet, FleetView
    from .printing import Patience


def require_metrics() -> None:
    """Say which extra is missing, instead of an import error."""
    try:
        import bcrypt
        import prometheus_client
        import yaml
    except ImportError as error:
        raise CommandError(
            f"this needs an extra ({error.name} is missing): pip install 'veeam-async[cli,metrics]'"
        ) from None
    del bcrypt, prometheus_client, yaml


def poll_prometheus(fleet: Fleet, view: FleetView, source: str, patience: Patience) -> int:
    """Poll once and print the metrics of one kind of row; what did not answer is `veeam_up 0`."""
    require_metrics()
    from ..metrics import FAMILIES, Exporter

    if source not in {family.rows for family in FAMILIES}:
        raise CommandError(f"-o prometheus: {source} have no metrics")
    kinds = [row for row in ROW_TYPES if row.source == source]

    async def work() -> tuple[str, int, int]:
        async with fleet:
            exporter = Exporter(
                view,
                rows=kinds,
                checks=False,
                silent_every=None,
                concurrency=patience.concurrency,
                timeout=patience.timeout,
            )
            await exporter.poll(deadline=patience.deadline)
            page, _ = exporter.render()
            return page, exporter.up, len(view)

    page, up, total = run(work())
    put(page)
    return Status.OK if up == total else Status.ATTENTION if up else Status.FAILED
