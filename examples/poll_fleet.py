"""Poll a fleet and write one JSON line for each job; appliances that did not answer go to stderr.

python -m veeam_async.examples.poll_fleet fleet.toml > jobs.jsonl
"""

from __future__ import annotations

import sys

import orjson

from veeam_async import Fleet, run


async def main(path: str) -> int:
    async with Fleet.from_toml(path) as fleet:
        rows = fleet.jobs(deadline=120)
        async for job in rows:
            print(orjson.dumps(job.to_dict()).decode())
        for answer in rows.errors:
            print(f"{answer.appliance.name}: {answer.error}", file=sys.stderr)
    return 1 if rows.errors else 0


if __name__ == "__main__":
    sys.exit(run(main(sys.argv[1])))
