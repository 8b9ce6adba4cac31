"""An aiohttp.web backend with one fleet for its lifetime.

VEEAM_FLEET=fleet.toml python -m veeam_async.examples.aiohttp_backend
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

from aiohttp import web

from veeam_async import Fleet, preload

FLEET = web.AppKey("fleet", Fleet)
routes = web.RouteTableDef()


async def fleet_for_life(app: web.Application) -> AsyncIterator[None]:
    async with Fleet.from_toml(os.environ.get("VEEAM_FLEET", "fleet.toml")) as fleet:
        await preload(groups=["repositories", "repository"])
        app[FLEET] = fleet
        yield


@routes.get("/repositories")
async def repositories(request: web.Request) -> web.Response:
    """All repositories; `?tag=berlin` leaves those of a part of the fleet."""
    fleet = request.app[FLEET].where(tag=request.query.getall("tag", []))
    rows = fleet.repositories(deadline=20)
    found = [row.to_dict() async for row in rows]
    return web.json_response({
        "repositories": found,
        "free": sum(row["free"] or 0 for row in found),
        "errors": {one.appliance.name: str(one.error) for one in rows.errors},
    })  # fmt: skip


def make_app() -> web.Application:
    app = web.Application()
    app.cleanup_ctx.append(fleet_for_life)
    app.add_routes(routes)
    return app


if __name__ == "__main__":
    web.run_app(make_app(), host="127.0.0.1", port=8080)
