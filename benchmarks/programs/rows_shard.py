"""One of several processes that read the rows of a fleet, an Arrow table each. Prints when it began and ended as JSON.

Reads the line of `fanout_server`; waits for a line on stdin before it begins, so that all begin together.
"""

import json
import sys
import time
from typing import Any

from veeam_async import Password
from veeam_async._running import run
from veeam_async.fleet import Appliance, Fleet


async def main(config: dict[str, Any], index: int, count: int, rounds: int) -> None:
    appliances = [
        Appliance(str(port), f"http://127.0.0.1:{port}", Password("u", "p"), revision="1.3-rev0")
        for port in config["ports"]
    ]
    async with Fleet(appliances) as fleet:
        mine = fleet.shard(index, count)
        await mine.sessions().to_arrow()
        print("ready", flush=True)
        sys.stdin.readline()
        cpu, began = time.process_time(), time.time()
        rows = 0
        for _ in range(rounds):
            rows += (await mine.sessions().to_arrow()).num_rows
        found = {"began": began, "ended": time.time(), "cpu": time.process_time() - cpu, "rows": rows}
    print(json.dumps(found))


run(main(json.loads(sys.stdin.readline()), *map(int, sys.argv[1:])))
