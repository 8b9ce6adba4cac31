"""Sessions of a fleet in PostgreSQL, each state of each once, wherever the process is killed.

pip install 'veeam-async[sql]' 'psycopg[binary]'
VEEAM_FLEET=fleet.toml python -m veeam_async.examples.history_postgres postgresql+psycopg://user@host/database
"""

from __future__ import annotations

import os
import sys

from sqlalchemy import Column, DateTime, MetaData, Table, Text, create_engine, insert

from veeam_async import run
from veeam_async.fleet import Fleet, Session
from veeam_async.fleet.sql_cursor import SqlCursor

metadata = MetaData()
texts = [Column(name, Text) for name in ("appliance", "id", "name", "state", "result", "message")]
times = [Column(name, DateTime(timezone=True)) for name in ("started", "ended")]
history = Table("veeam_sessions", metadata, *texts, *times)


async def main(url: str) -> None:
    engine = create_engine(url)
    metadata.create_all(engine)
    cursor = SqlCursor(engine)
    async with Fleet.from_toml(os.environ["VEEAM_FLEET"]) as fleet:
        async for change in fleet.watch(Session, every=60, cursor=cursor, at_once=True, ignore=["progress"]):
            values = {column.name: getattr(change.row, column.name) for column in history.columns}
            with cursor.transaction() as db:  # the row and that it was taken: both or neither
                db.execute(insert(history).values(values | {"appliance": change.appliance.name}))
                change.done()


if __name__ == "__main__":
    run(main(sys.argv[1]))
