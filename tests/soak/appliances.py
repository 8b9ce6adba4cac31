"""The other side of the soak: appliances that fail, restart, get new certificates, and run jobs all the while.

A process of its own, so that what it takes is not counted. It writes where its appliances are as one line of JSON, and
troubles them until a line comes on its standard input; then all is well again, and it says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

import trustme

from veeam_async.testing import SimulatedAppliance
from veeam_async.testing.certificates import Authority
from veeam_async.testing.world import Busy

PRODUCTS = ("vbr", "vbr", "vbr", "aws", "azure")
# Seconds between two troubles, on average.
PAUSE = 0.4


class Rotating(Authority):
    """An authority that can be followed by another: the same file, and nothing else of it."""

    def rotate(self) -> None:
        self._ca = trustme.CA()
        self._ca.cert_pem.write_to_path(self.ca_file)
        self.renew()


class Site:
    """All appliances, and what can happen to them.

    Args:
        count: how many there are.
        folder: where the file with the authorities to trust is.
        seed: chooses what happens.
    """

    def __init__(self, count: int, folder: Path, seed: int) -> None:
        self.rng = Random(seed)
        self.trusted = folder / "trusted.pem"
        self.appliances = [
            SimulatedAppliance(
                PRODUCTS[number % len(PRODUCTS)],
                tls=True,
                seed=number,
                access_lifetime=20.0,
                record=False,
                validate=False,
            )
            for number in range(count)
        ]
        self.down: set[int] = set()
        self.troubles = 0

    async def start(self) -> None:
        for appliance in self.appliances:
            appliance.authority = Rotating()
            await appliance.start()
        self.write_trusted()

    def write_trusted(self) -> None:
        """Trust the authorities of all appliances, in the place of those before."""
        authorities = [appliance.authority for appliance in self.appliances]
        text = "".join(Path(one.ca_file).read_text() for one in authorities if one is not None)
        beside = self.trusted.with_suffix(".new")
        beside.write_text(text)
        os.replace(beside, self.trusted)

    def describe(self) -> str:
        return json.dumps(
            [
                {
                    "name": appliance.name,
                    "url": appliance.url,
                    "product": appliance.product.name,
                    "username": appliance.username,
                    "password": appliance.password,
                }
                for appliance in self.appliances
            ]
        )

    async def trouble(self, until: asyncio.Event) -> None:
        """Let something happen, again and again."""
        kinds: list[Callable[[SimulatedAppliance], Awaitable[None]]] = [
            self._fault, self._fault, self._fault, self._run_a_job, self._run_a_job, self._restart, self._revoke,
            self._new_certificate, self._new_authority, self._stranger,
        ]  # fmt: skip
        while not until.is_set():
            await self.rng.choice(kinds)(self.rng.choice(self.appliances))
            self.troubles += 1
            try:
                await asyncio.wait_for(until.wait(), self.rng.uniform(0, 2 * PAUSE))
            except TimeoutError:
                pass

    async def _fault(self, appliance: SimulatedAppliance) -> None:
        options: dict[str, Any] = self.rng.choice(
            [
                {"status": 500}, {"status": 503, "retry_after": 1}, {"status": 429}, {"status": 404}, {"html": True},
                {"empty": True}, {"delay": 3.0}, {"drip": 2.0}, {"cut": "before"}, {"cut": "after"}, {"cut": "body"},
                {"truncate": 100}, {"reject_token": True}, {"status": 401, "login": True},
                {"status": 500, "login": True}, {"cut": "before", "login": True}, {"body": b"\xff{", "login": True},
            ]
        )  # fmt: skip
        appliance.faults.add(**options, times=self.rng.randint(1, 5), optional=True)

    async def _run_a_job(self, appliance: SimulatedAppliance) -> None:
        world = appliance.world
        with contextlib.suppress(Busy):
            world.start(self.rng.choice(list(world.jobs)))

    async def _restart(self, appliance: SimulatedAppliance) -> None:
        await appliance.stop()
        await asyncio.sleep(self.rng.uniform(0.1, 2.0))
        if self.rng.random() < 0.5:
            appliance.tokens.revoke_all()
        await appliance.start()

    async def _revoke(self, appliance: SimulatedAppliance) -> None:
        self.rng.choice([appliance.tokens.revoke_access, appliance.tokens.revoke_all])()

    async def _new_certificate(self, appliance: SimulatedAppliance) -> None:
        appliance.change_certificate()

    async def _new_authority(self, appliance: SimulatedAppliance) -> None:
        assert isinstance(appliance.authority, Rotating)
        appliance.authority.rotate()
        self.write_trusted()

    async def _stranger(self, appliance: SimulatedAppliance) -> None:
        appliance.change_certificate(trusted=False)
        await asyncio.sleep(self.rng.uniform(0.1, 1.0))
        appliance.change_certificate()

    def all_is_well(self) -> None:
        for appliance in self.appliances:
            appliance.faults.clear()
            appliance.change_certificate()


async def main(count: int, folder: Path, seed: int) -> None:
    site = Site(count, folder, seed)
    await site.start()
    print(site.describe(), flush=True)
    enough = asyncio.Event()
    troubles = asyncio.create_task(site.trouble(enough))
    await asyncio.to_thread(sys.stdin.readline)
    enough.set()
    await troubles
    site.all_is_well()
    print(site.troubles, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for appliance in site.appliances:
        await appliance.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
