"""`veeam-async exporter`: a fleet's metrics for Prometheus."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from .._running import run
from .fleets import open_fleet
from .output import stderr
from .prometheus import require_metrics
from .simulation import stopped
from .status import CommandError, Status


def serve(path: Path, listen: str, every: float, where: Sequence[str]) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    require_metrics()
    from ..metrics import Exporter

    address, _, number = listen.rpartition(":")
    if not address or not number.isdigit() or int(number) > 65535:
        raise CommandError(f"--listen {listen}: give ADDRESS:PORT, such as 127.0.0.1:9801")
    address = address.strip("[]")
    fleet, view = open_fleet(path, where)

    async def work() -> None:
        async with fleet, Exporter(view, every=every) as exporter:
            try:
                port = await exporter.serve(address, int(number))
            except OSError as error:
                raise CommandError(f"--listen {listen}: {error.strerror or error}") from error
            shown = f"[{address}]" if ":" in address else address
            stderr().print(
                f"Metrics of {len(view)} appliances: http://{shown}:{port}/metrics. Ctrl-C ends it.", markup=False
            )
            await stopped()

    with contextlib.suppress(KeyboardInterrupt):
        run(work())
    return Status.OK
