"""A short-lived process that does not log in each time: the token stays in a file that only its owner can read.

Run it twice: the second run makes no login.

VEEAM_HOST=vbr01 VEEAM_USERNAME=operator VEEAM_PASSWORD=... python -m veeam_async.examples.token_store veeam-tokens
"""

from __future__ import annotations

import os
import sys

from veeam_async import Password, run
from veeam_async.events import Event, TokenRenewed
from veeam_async.token_store import FileTokenStore
from veeam_async.vbr.v1_3_rev0 import Client


def show(event: Event) -> None:
    if isinstance(event, TokenRenewed):
        print("token from", event.how)


async def main(folder: str) -> None:
    credentials = Password(os.environ["VEEAM_USERNAME"], os.environ["VEEAM_PASSWORD"])
    store = FileTokenStore(folder)
    async with Client(os.environ["VEEAM_HOST"], credentials, token_store=store, events=show) as vbr:
        states = await vbr.jobs.get_all_jobs_states(limit=100)
        print(len(states.data), "jobs")


if __name__ == "__main__":
    run(main(sys.argv[1]))
