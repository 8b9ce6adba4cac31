"""A fleet: one listing of rows from each appliance, a first round with logins and later ones. Prints CPU as JSON.

Reads the line of `fanout_server`. Small fleets are polled more often, so that there is enough to measure.
"""

import gc
import json
import sys
import time
from typing import Any

from veeam_async import Password
from veeam_async._running import run
from veeam_async.fleet import Appliance, Fleet

PAGES = 9000


async def poll(fleet: Fleet) -> int:
    count = 0
    async for _ in fleet.sessions():
        count += 1
    return count


async def main(config: dict[str, Any]) -> None:
    ports = config["ports"]
    rounds = max(1, PAGES // len(ports))
    found: dict[str, float] = {"appliances": len(ports)}
    fleet = Fleet(
        Appliance(str(port), f"http://127.0.0.1:{port}", Password("u", "p"), revision="1.3-rev0") for port in ports
    )
    one = Appliance("w", f"http://127.0.0.1:{ports[0]}", Password("u", "p"), revision="1.3-rev0")
    async with Fleet([one]) as warm:  # imports are not what is measured
        await poll(warm)
    async with fleet:
        for name, times in (("first", 1), ("next", rounds)):
            gc.collect()
            cpu, wall = time.process_time(), time.perf_counter()
            rows = sum([await poll(fleet) for _ in range(times)])
            found[f"{name}_cpu"] = (time.process_time() - cpu) / times
            found[f"{name}_s"] = (time.perf_counter() - wall) / times
            assert rows == 200 * len(ports) * times, rows
    print(json.dumps(found))


run(main(json.loads(sys.stdin.readline())))
