"""Run by another interpreter, the one that has veeam-br: logs in and lists; prints what it got as JSON."""

import asyncio
import json
import sys

from veeam_br.client import VeeamClient  # pyright: ignore[reportMissingImports]


async def main(url: str, user: str, password: str, ca_file: str) -> None:
    async with VeeamClient(url, user, password, "1.3-rev0", verify_ssl=ca_file) as client:
        await client.connect()
        found = {}
        for name, place, operation in (
            ("jobs", "jobs", "get_all_jobs"),
            ("states", "jobs", "get_all_jobs_states"),
            ("sessions", "sessions", "get_all_sessions"),
            ("repositories", "repositories", "get_all_repositories"),
            ("repository_states", "repositories", "get_all_repositories_states"),
        ):
            page = await client.call(getattr(client.api(place), operation))
            found[name] = [type(page).__name__, page.pagination.total, [row.name for row in page.data]]
        json.dump(found, sys.stdout)


asyncio.run(main(*sys.argv[1:]))
