"""Poll a fleet and write one JSON line for each job; appliances that did not answer go to stderr.

python examples/poll_fleet.py fleet.toml > jobs.jsonl
"""

from __future__ import annotations

import sys

import orjson

from veeam_async import Fleet, run
from veeam_async.fleet import Row


async def main(path: str) -> int:
    async with Fleet.from_toml(path) as fleet:
        failed = 0
        async for item in fleet.jobs(deadline=120):
            if isinstance(item, Row):
                print(orjson.dumps(item.to_dict()).decode())
            elif item.error is not None:
                failed += 1
                print(f"{item.appliance.name}: {item.error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run(main(sys.argv[1])))
