"""A program that watches sessions and writes each change down, to be killed by test_kill."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from veeam_async import Password
from veeam_async.fleet import Appliance, FileCursor, Fleet, Session, SqliteCursor


async def main(folder: Path, kind: str) -> None:
    config = json.loads((folder / "fleet.json").read_text())
    cursor = FileCursor(folder / "cursor.jsonl") if kind == "file" else SqliteCursor(folder / "cursor.db")
    if isinstance(cursor, SqliteCursor) and kind == "transaction":
        with cursor.transaction() as db:
            db.execute("CREATE TABLE IF NOT EXISTS results (line TEXT)")
        (folder / "results").touch()
    appliances = [Appliance(name, url, Password(*config["login"])) for name, url in config["appliances"].items()]
    with open(folder / "out.jsonl", "ab", buffering=0) as out:  # noqa: ASYNC230
        async with Fleet(appliances) as fleet, fleet.watch(Session, every=0.2, cursor=cursor, at_once=True) as watch:
            async for change in watch:
                line = {"key": change.key, "who": change.appliance.name, "id": change.row.id, "kind": change.kind}
                if isinstance(cursor, SqliteCursor) and kind == "transaction":
                    with cursor.transaction() as db:
                        db.execute("INSERT INTO results VALUES (?)", (json.dumps(line),))
                        change.done()
                else:
                    out.write(json.dumps(line).encode() + b"\n")
                    os.fsync(out.fileno())


asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
