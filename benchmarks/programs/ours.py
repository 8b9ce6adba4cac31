"""Start, log in, 200 typed sessions, exit: with this package. Prints the peak resident memory in KiB."""

import asyncio
import sys
from pathlib import Path

from veeam_async import Password
from veeam_async.vbr.v1_3_rev0 import Client


async def main() -> None:
    async with Client(sys.argv[1], Password("svc-monitor", "secret")) as vbr:
        page = await vbr.sessions.get_all_sessions(limit=200)
        names = {row.name for row in page.data if row.end_time and row.result}
    assert len(names) == 200


asyncio.run(main())
# Not ru_maxrss: that begins with what the parent had when it forked.
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
