"""Poll a fleet with all cores: each process reads a shard of it, and the rows come back as one Arrow table.

pip install 'veeam-async[arrow]'
python -m veeam_async.examples.poll_in_processes fleet.toml sessions.parquet
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from itertools import repeat

import pyarrow as pa
import pyarrow.parquet as pq

from veeam_async import Fleet, run


def read_shard(path: str, index: int, count: int) -> tuple[pa.Table, list[str]]:
    """In a process of its own: the rows of a shard, and which of its appliances did not give everything."""
    return run(_read_shard(path, index, count))


async def _read_shard(path: str, index: int, count: int) -> tuple[pa.Table, list[str]]:
    async with Fleet.from_toml(path) as fleet:
        rows = fleet.shard(index, count).sessions(since=timedelta(days=7))
        table = await rows.to_arrow()
        return table, [f"{answer.appliance.name}: {answer.error}" for answer in rows.errors]


def main(path: str, output: str) -> int:
    count = os.cpu_count() or 1
    with ProcessPoolExecutor(count) as processes:
        shards = list(processes.map(read_shard, repeat(path), range(count), repeat(count)))
    pq.write_table(pa.concat_tables(table for table, _ in shards), output)
    errors = [error for _, errors in shards for error in errors]
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
