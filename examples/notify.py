"""A message for each session that fails, by anything that apprise knows: mail, chat, SMS.

pip install veeam-async apprise
python -m veeam_async.examples.notify fleet.toml mailtos://user:password@example.com slack://...
"""

from __future__ import annotations

import sys
from datetime import timedelta

from apprise import Apprise

from veeam_async import run
from veeam_async.fleet import FileCursor, Fleet, Result, Session


async def main(fleet_file: str, *urls: str) -> None:
    notifier = Apprise()
    if not notifier.add(list(urls)):
        sys.exit("apprise does not know one of these addresses")
    cursor = FileCursor("notified.jsonl")  # what was sent is not sent again after a restart
    async with Fleet.from_toml(fleet_file) as fleet:
        watch = fleet.watch(Session, every=60, cursor=cursor, since=timedelta(hours=1), at_once=True)
        async for change in watch:
            session = change.row
            if session.result is Result.FAILED:
                title = f"{session.name} on {change.appliance.name} failed"
                if not await notifier.async_notify(title=title, body=session.message or "no message"):
                    sys.exit("not delivered: it is tried again with the next start")


if __name__ == "__main__":
    run(main(*sys.argv[1:]))
