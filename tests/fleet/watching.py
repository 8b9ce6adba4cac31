"""A program that watches sessions and writes each change down, to be killed by test_kill."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from veeam_async.credentials import Password
from veeam_async.fleet import Appliance, FileCursor, Fleet, Session, SqliteCursor


async def main(folder: Path, kind: str) -> None:
    config = json.loads((folder / "fleet.json").read_text())
    cursor = SqliteCursor(folder / "cursor.db") if kind == "sqlite" else FileCursor(folder / "cursor.jsonl")
    appliances = [Appliance(name, url, Password(*config["login"])) for name, url in config["appliances"].items()]
    with open(folder / "out.jsonl", "ab", buffering=0) as out:  # noqa: ASYNC230
        async with Fleet(appliances) as fleet, fleet.watch(Session, every=0.2, cursor=cursor, at_once=True) as watch:
            async for change in watch:
                line = {"key": change.key, "who": change.appliance.name, "id": change.row.id, "kind": change.kind}
                out.write(json.dumps(line).encode() + b"\n")
                os.fsync(out.fileno())


asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
