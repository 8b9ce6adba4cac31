"""One world, shown by several simulated appliances: what tests compare rows over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from veeam_async.fleet import Appliance, Fleet
from veeam_async.testing import SimulatedAppliance, World


@asynccontextmanager
async def shown(revisions: Sequence[tuple[str, str]], world: World) -> AsyncIterator[Fleet]:
    """A fleet of one appliance of each product and revision, all with the same world."""
    simulated = [SimulatedAppliance(product, name, world=world) for product, name in revisions]
    await asyncio.gather(*(one.start() for one in simulated))
    try:
        async with Fleet(
            Appliance(f"{product} {name}", one.url, one.credentials, product=product, revision=name)  # type: ignore[arg-type]
            for (product, name), one in zip(revisions, simulated, strict=True)
        ) as fleet:
            yield fleet
    finally:
        await asyncio.gather(*(one.stop() for one in simulated))
    assert [one.errors for one in simulated] == [[] for _ in simulated]
