"""An MCP server over a fleet for an assistant: jobs, failures, repositories, licenses. Its tools only read.

pip install veeam-async 'mcp>=2.3'
VEEAM_FLEET=fleet.toml python -m veeam_async.examples.mcp_server
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import ToolAnnotations

from veeam_async.fleet import ROW_TYPES, Fleet, FleetView, Result


@asynccontextmanager
async def opened(_: MCPServer[Fleet]) -> AsyncIterator[Fleet]:
    async with Fleet.from_toml(os.environ.get("VEEAM_FLEET", "fleet.toml")) as fleet:
        yield fleet


server = MCPServer("veeam", lifespan=opened)
READS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
KINDS = {row.source: row for row in ROW_TYPES}


@server.tool(annotations=READS)
async def appliances(context: Context[Fleet]) -> list[dict[str, Any]]:
    """The appliances of the fleet, with product and tags."""
    fleet = context.request_context.lifespan_context
    return [{"name": one.name, "product": one.product, "tags": sorted(one.tags)} for one in fleet]


@server.tool(annotations=READS)
async def rows(context: Context[Fleet], kind: str, appliance: str = "", failed: bool = False, hours: int = 24) -> Any:
    """Rows of a kind (jobs, sessions, repositories, servers, licenses, protected), of one appliance or all.

    With `failed` only what ended so; sessions of the last `hours`.
    """
    fleet: FleetView = context.request_context.lifespan_context
    view = fleet.where(name=appliance) if appliance else fleet
    asked = view.rows(KINDS[kind], since=timedelta(hours=hours))
    found = [row.to_dict() for row in await asked.gather()]
    if failed:
        found = [row for row in found if Result.FAILED in (row.get("last_result"), row.get("result"))]
    return {"rows": found[:200], "errors": {one.appliance.name: str(one.error) for one in asked.errors}}


if __name__ == "__main__":
    server.run()
