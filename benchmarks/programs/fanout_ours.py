"""A fleet: log in everywhere and make five small typed calls each, twice. Prints CPU, time and memory as JSON."""

import asyncio
import gc
import json
import os
import sys
import time
import tracemalloc
from typing import Any

from veeam_async import Password
from veeam_async.fleet import Appliance, Fleet
from veeam_async.tls import TlsPolicy
from veeam_async.vbr.v1_3_rev0 import Client


def resident() -> int:
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def poll(client: Client) -> int:
    length = 0
    for _ in range(5):
        length = len((await client.service.get_server_info()).name)
    return length


async def main(config: dict[str, Any]) -> None:
    scheme = "https" if config["ca_file"] else "http"
    tls = TlsPolicy(ca_file=config["ca_file"]) if config["ca_file"] else None
    found: dict[str, float] = {}
    one = Appliance("w", f"{scheme}://127.0.0.1:{config['ports'][0]}", Password("u", "p"), revision="1.3-rev0")
    async with Fleet([one], tls=tls) as warm:  # imports are not what is measured
        await warm.gather(poll)
    before = resident()
    tracemalloc.start()
    fleet = Fleet(
        (
            Appliance(str(port), f"{scheme}://127.0.0.1:{port}", Password("u", "p"), revision="1.3-rev0")
            for port in config["ports"]
        ),
        tls=tls,
    )
    found["listed_bytes"] = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    async with fleet:
        for name in ("first", "next"):
            cpu, wall = time.process_time(), time.perf_counter()
            answers = await fleet.gather(poll, concurrency=200)
            found[f"{name}_cpu"], found[f"{name}_s"] = time.process_time() - cpu, time.perf_counter() - wall
            assert all(answer.result() == 5 for answer in answers), next(a.error for a in answers if not a.ok)
            del answers
        found["active_bytes"] = resident() - before
    print(json.dumps(found))


asyncio.run(main(json.loads(sys.stdin.readline())))
