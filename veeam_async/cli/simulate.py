"""`veeam-async simulate`: appliances to try things on, until Ctrl-C."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from .._running import run
from .output import stderr
from .simulation import TROUBLES, known_revisions, require_testing, stopping
from .status import Status


def simulate_fleet(
    count: int,
    directory: Path,
    products: Sequence[str],
    revisions: Sequence[str],
    *,
    tls: bool,
    faults: bool,
    seed: int,
) -> int:
    """Run the appliances and write the fleet file; end quietly on Ctrl-C or SIGTERM."""
    require_testing()
    chosen = known_revisions(list(products), list(revisions))
    from ..testing import SimulatedFleet

    console = stderr()

    async def serve() -> None:
        simulated = SimulatedFleet(
            count,
            chosen,
            tls=tls,
            faulty=1 / 3 if faults else 0,
            seed=seed,
            worlds=min(count, 8),
            validate=count <= 100,
        )
        stop = stopping()
        async with simulated:
            path = simulated.write_toml(directory / "fleet.toml")
            console.print(f"{count} simulated appliances listen on loopback; the fleet file is {escape(str(path))}")
            for member in simulated.members:
                if member.trouble:
                    console.print(f"  {member.appliance.name}: {TROUBLES[member.trouble]}")
            console.print(f"Try: veeam-async check {escape(str(path))}")
            console.print("Ctrl-C ends them.")
            # The line that a program waits for.
            print(path, flush=True)
            await stop.wait()

    with contextlib.suppress(KeyboardInterrupt):
        run(serve())
    return Status.OK
