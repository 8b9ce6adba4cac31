"""Start a job by its name and wait for it, with progress.

VEEAM_HOST=vbr01 VEEAM_USERNAME=operator VEEAM_PASSWORD=... python -m veeam_async.examples.wait_for_job "Daily backup"
"""

from __future__ import annotations

import os
import sys

from veeam_async import Password, Progress, SessionFailed, run
from veeam_async.vbr.v1_3_rev0 import Client
from veeam_async.vbr.v1_3_rev0.models import JobStartSpec


def show(progress: Progress) -> None:
    percent = "" if progress.percent is None else f"{progress.percent:.0f} %"
    print(progress.state, percent, progress.last_log_line or "")


async def main(name: str) -> int:
    credentials = Password(os.environ["VEEAM_USERNAME"], os.environ["VEEAM_PASSWORD"])
    async with Client(os.environ["VEEAM_HOST"], credentials) as vbr:
        jobs = [job async for job in vbr.jobs.get_all_jobs(name_filter=name)]
        if len(jobs) != 1:
            print(f"{len(jobs)} jobs are called {name!r}", file=sys.stderr)
            return 2
        started = await vbr.jobs.start_job(jobs[0].id, JobStartSpec(perform_active_full=False))
        try:
            session = await vbr.wait(started, timeout=3600, progress=show)
        except SessionFailed as failure:
            print(f"failed: {failure.message}", *failure.log, sep="\n  ", file=sys.stderr)
            return 1
        print(f"{session.name}: {session.result.result}")
    return 0


if __name__ == "__main__":
    sys.exit(run(main(sys.argv[1])))
