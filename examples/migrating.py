"""What a veeam-br program looks like here. The old lines stand above the new ones.

VEEAM_HOST=vbr01 VEEAM_USERNAME=operator VEEAM_PASSWORD=... python -m veeam_async.examples.migrating
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from veeam_async import NotFoundError, Password, run
from veeam_async.vbr.v1_3_rev0 import Client
from veeam_async.vbr.v1_3_rev0.models import BackupJobModel


async def main() -> None:
    host, user, password = (os.environ[f"VEEAM_{name}"] for name in ("HOST", "USERNAME", "PASSWORD"))

    # vc = VeeamClient(host=f"https://{host}:9419", username=user, password=password, api_version="1.3-rev0")
    # await vc.connect()
    async with Client(host, Password(user, password)) as vbr:
        # page = await vc.call(vc.api("sessions").get_all_sessions, limit=200)   # and no more than 200
        since = datetime.now(UTC) - timedelta(days=1)
        count = 0
        async for _session in vbr.sessions.get_all_sessions(created_after_filter=since):
            count += 1
        print(count, "sessions since yesterday")

        # job.additional_properties["virtualMachines"]   # the subtype's fields were stripped
        async for job in vbr.jobs.get_all_jobs():
            if isinstance(job, BackupJobModel):
                print(job.name, "backs up", job.virtual_machines)

        # answer = await vc.call(vc.api("jobs").get_job, id=job_id)
        # if answer is None or isinstance(answer, Error): ...
        try:
            await vbr.jobs.get_job("00000000-0000-4000-8000-000000000000")
        except NotFoundError as error:
            print("not found:", error.message)

    # await vc.close()   # leaving the block has logged out and closed everything


if __name__ == "__main__":
    run(main())
