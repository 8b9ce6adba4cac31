"""Five requests to each of many appliances, some broken. Prints what came of it as JSON."""

import asyncio
import gc
import json
import os
import sys
import time
import warnings
from collections import Counter
from typing import Any

from veeam_async import Password
from veeam_async.client import ApplianceClient
from veeam_async.fleet import Appliance, Fleet
from veeam_async.retry import RetryPolicy
from veeam_async.tls import TlsPolicy

LISTINGS = {
    "vbr": "GetAllJobsStates",
    "aws": "PoliciesGetAll",
    "azure": "Policy_GetPolicies",
    "m365": "Job_Get",
    "spc": "GetBackupServerJobs",
    "one": "VbrJobs_GetVmBackupJobs",
}


async def poll(client: ApplianceClient) -> list[int]:
    counts = []
    for _ in range(5):
        answer: Any = await client.call(LISTINGS[client.revision.product])
        rows = answer if isinstance(answer, list) else next(
            getattr(answer, name) for name in ("data", "results", "items") if hasattr(answer, name)
        )  # fmt: skip
        counts.append(len(rows))
    return counts


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def main(config: list[dict[str, Any]], deadline: float) -> None:
    faults = {entry["name"]: entry["fault"] for entry in config}
    gc.collect()
    tasks, files = len(asyncio.all_tasks()), open_files()
    started, cpu = time.perf_counter(), time.process_time()
    async with Fleet(
        (
            Appliance(
                entry["name"], entry["url"], Password(entry["username"], entry["password"]), product=entry["product"],
                tls=TlsPolicy(ca_file=entry["ca_file"]) if entry["ca_file"] else None,
            )
            for entry in config
        ),
        retry=RetryPolicy(attempts=1),
    ) as fleet:  # fmt: skip
        answers = await fleet.gather(poll, concurrency=100, timeout=deadline / 4, deadline=deadline)
        elapsed, used = time.perf_counter() - started, time.process_time() - cpu
        # Twice more, quickly: refused logins must not be repeated.
        for _ in range(2):
            await fleet.where(lambda one: faults[one.name] == "password").gather(poll)
    await asyncio.sleep(0.25)
    gc.collect()
    healthy = [answer for answer in answers if faults[answer.appliance.name] in ("", "expired")]
    wrong = [answer for answer in healthy if not answer.ok or len(set(answer.result())) != 1 or not answer.result()[0]]
    for answer in wrong[:5]:
        print(answer.appliance.name, repr(answer.error), file=sys.stderr)
    print(
        json.dumps(
            {
                "seconds": elapsed,
                "cpu": used,
                "missing": len(config) - len({answer.appliance.name for answer in answers}),
                "wrong": len(wrong),
                "broken_but_ok": sum(answer.ok for answer in answers) - len(healthy) + len(wrong),
                "tasks_left": len(asyncio.all_tasks()) - tasks,
                "files_left": open_files() - files,
                "errors": Counter(type(answer.error).__name__ for answer in answers if not answer.ok),
            }
        )
    )


warnings.simplefilter("ignore")
asyncio.run(main(json.loads(sys.stdin.readline()), float(sys.argv[1])))
