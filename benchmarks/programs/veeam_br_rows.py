"""What a program with veeam-br does for the rows of its appliances, by hand. Prints CPU of a row, in microseconds."""

import asyncio
import sys
import time
from typing import Any

from veeam_br.client import VeeamClient  # pyright: ignore[reportMissingImports]


def row(session: Any) -> dict[str, Any]:
    result = session.result
    over = str(session.state) == "Stopped"
    return {
        "id": session.id,
        "name": session.name,
        "kind": session.session_type,
        "job_id": session.job_id,
        "state": session.state,
        "result": result.result if over and result else None,
        "message": result.message if result else None,
        "progress": session.progress_percent,
        "started": session.creation_time,
        "ended": session.end_time,
    }


async def main(url: str, pages: int) -> None:
    client = VeeamClient(url, "svc-monitor", "secret", "1.3-rev0", verify_ssl=False)
    await client.connect()
    sessions = client.api("sessions").get_all_sessions
    await client.call(sessions, limit=200)
    began = time.process_time()
    rows = [row(one) for _ in range(pages) for one in (await client.call(sessions, limit=200)).data]
    cpu = time.process_time() - began
    await client.close()
    print(cpu / len(rows) * 1e6)


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
