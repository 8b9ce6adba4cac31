"""A site of six simulated appliances, with an exporter that polls when a test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import attrs
import pytest

from veeam_async.fleet import Appliance, BreakerPolicy, Fleet
from veeam_async.metrics import Exporter
from veeam_async.options import Product
from veeam_async.retry import RetryPolicy
from veeam_async.testing import SimulatedAppliance


@attrs.define
class Site:
    """Six appliances, two of each product."""

    simulated: list[SimulatedAppliance]
    fleet: Fleet
    exporter: Exporter


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    kinds: list[tuple[Product, str]] = [
        ("vbr", "1.3-rev1"), ("vbr", "1.1-rev0"), ("aws", "1.7-rev0"), ("aws", "1.7-rev0"), ("azure", "v8.1"),
        ("azure", "v8"),
    ]  # fmt: skip
    async with AsyncExitStack() as stack:
        simulated = [
            await stack.enter_async_context(SimulatedAppliance(*kind, seed=seed, validate=False))
            for seed, kind in enumerate(kinds)
        ]
        fleet = Fleet(
            (
                Appliance(
                    f"a{number}",
                    each.url,
                    each.credentials,
                    product=product,
                    revision=revision,
                    tags=[each.product.name, "lab"],
                    labels={"customer": 'Example "AG"', "cost-centre": "7", "product": "own"},
                )
                for number, (each, (product, revision)) in enumerate(zip(simulated, kinds, strict=True))
            ),
            retry=RetryPolicy(attempts=1),
            breaker=BreakerPolicy(failures=2),
        )
        exporter = Exporter(fleet, every=3600, timeout=10)
        async with fleet:
            yield Site(simulated, fleet, exporter)
        await exporter.aclose()
