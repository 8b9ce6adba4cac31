"""`veeam-async poll --format prometheus`: one round as a page of metrics, for a textfile collector."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from .._running import run
from .output import put
from .status import CommandError, Status

if TYPE_CHECKING:
    from ..fleet import Fleet, FleetView
    from .printing import Patience

# What each kind of row gives metrics of, by the beginning of their names.
PREFIXES = {
    "jobs": "veeam_job",
    "sessions": "veeam_session",
    "repositories": "veeam_repository",
    "licenses": "veeam_license",
}
ALWAYS = ("veeam_up", "veeam_appliance_info", "veeam_poll", "veeam_breaker_open")


def require_metrics() -> None:
    """Say which extra is missing, instead of an import error."""
    try:
        import prometheus_client
    except ImportError:
        raise CommandError("this needs an extra: pip install 'veeam-async[cli,metrics]'") from None
    del prometheus_client


def poll_prometheus(fleet: Fleet, view: FleetView, source: str, patience: Patience) -> int:
    """Poll once and print the metrics of one kind of row; what did not answer is `veeam_up 0`."""
    require_metrics()
    if source not in PREFIXES:
        raise CommandError(f"--format prometheus goes with {', '.join(PREFIXES)}: {source} have no metrics")
    from ..metrics import Exporter

    async def work() -> tuple[str, int]:
        async with fleet:
            exporter = Exporter(view, concurrency=patience.concurrency, timeout=patience.timeout)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience.deadline):
                    await exporter.poll()
            page, _ = exporter.render()
            return page.decode(), len(view)

    page, total = run(work())
    wanted = (PREFIXES[source], *ALWAYS)
    lines = [
        line for line in page.splitlines() if line.removeprefix("# HELP ").removeprefix("# TYPE ").startswith(wanted)
    ]
    put("\n".join(lines) + "\n")
    up = sum(line.startswith("veeam_up{") and line.endswith(" 1.0") for line in lines)
    return Status.OK if up == total else Status.ATTENTION if up else Status.FAILED
