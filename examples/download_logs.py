"""Collect an appliance's logs: start the export, wait for it, download the bundle whole or not at all.

VEEAM_HOST=vbr01 VEEAM_USERNAME=operator VEEAM_PASSWORD=... python -m veeam_async.examples.download_logs logs.zip
"""

from __future__ import annotations

import os
import sys

from veeam_async import Password, run
from veeam_async.vbr.v1_3_rev0 import Client


def show(received: int, total: int | None) -> None:
    print(f"{received:,} of {'?' if total is None else f'{total:,}'} bytes", file=sys.stderr)


async def main(path: str) -> None:
    credentials = Password(os.environ["VEEAM_USERNAME"], os.environ["VEEAM_PASSWORD"])
    async with Client(os.environ["VEEAM_HOST"], credentials) as vbr:
        started = await vbr.call("ExportSupportLogs", body={"exportType": "All"})
        session = await vbr.wait(started, timeout=1800)
        async with vbr.log_export.download_support_log_bundle(session.id).stream() as bundle:
            size = await bundle.save(path, progress=show)
        print(f"{path}: {size:,} bytes")


if __name__ == "__main__":
    run(main(sys.argv[1]))
