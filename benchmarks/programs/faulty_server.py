"""Simulated appliances of all products, one in ten broken. Prints a JSON line, and another one when stdin closes."""

import asyncio
import json
import resource
import sys

from veeam_async.registry import revisions
from veeam_async.testing import SimulatedAppliance, World

FAULTS = ("dead", "hangs", "500", "html", "certificate", "expired", "password")


async def main(count: int) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    kinds = [(one.product, one.name) for one in revisions()]
    world = World(1)
    simulated = []
    for number in range(count):
        fault = FAULTS[number // 10 % len(FAULTS)] if number % 10 == 3 else ""
        one = SimulatedAppliance(
            *kinds[number % len(kinds)], world=world, seed=number % 20, validate=False, record=False,
            tls=fault == "certificate" or number % 10 == 7,
        )  # fmt: skip
        await one.start()
        match fault:
            case "hangs":
                one.faults.add(delay=600.0)
            case "500":
                one.faults.add(status=500, operation="*", after=3)
            case "html":
                one.faults.add(html=True, after=2)
            case "expired":
                one.faults.add(operation="*Get*", reject_token=True, after=1, every=3, times=2)
            case _:
                pass
        simulated.append((fault, one))
    # Not before all others have their ports: one of them would get a port that was given back.
    for fault, one in simulated:
        if fault == "dead":
            await one.stop()
    print(
        json.dumps(
            [
                {
                    "name": str(number), "fault": fault, "url": one.url, "product": one.product.name,
                    "ca_file": one.ca_file if one.tls and fault != "certificate" else None,
                    "username": one.username, "password": "wrong" if fault == "password" else one.password,
                }
                for number, (fault, one) in enumerate(simulated)
            ]
        ),
        flush=True,
    )  # fmt: skip
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps({"refused_logins": max(one.count("login") for fault, one in simulated if fault == "password")}))


asyncio.run(main(int(sys.argv[1])))
