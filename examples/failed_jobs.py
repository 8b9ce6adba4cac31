"""Watch a fleet and alert on failed jobs: each failure once, also across restarts.

The cursor file remembers what was reported. Here an alert is a line; put a mail, a chat or a ticket in its place.

python -m veeam_async.examples.failed_jobs fleet.toml [ROUNDS]
"""

from __future__ import annotations

import sys

from veeam_async import Fleet, run
from veeam_async.fleet import Answer, Job, Result, SqliteCursor


def alert(job: Job) -> None:
    print(f"{job.appliance.name}: {job.name} failed, last run {job.last_run}")


def unreachable(answer: Answer[object]) -> None:
    print(f"{answer.appliance.name}: {answer.error}", file=sys.stderr)


async def main(path: str, rounds: int | None = None) -> None:
    cursor = SqliteCursor("failed-jobs.sqlite")
    try:
        async with Fleet.from_toml(path) as fleet:
            changes = fleet.watch(
                Job, every=300, cursor=cursor, rounds=rounds, at_once=True, on_error=unreachable,
                ignore=("next_run", "objects", "description"),
            )  # fmt: skip
            async for change in changes:
                if change.row.last_result == Result.FAILED:
                    alert(change.row)
    finally:
        cursor.close()


if __name__ == "__main__":
    run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None))
