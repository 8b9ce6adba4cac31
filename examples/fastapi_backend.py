"""A FastAPI backend with one fleet for its lifetime.

pip install veeam-async fastapi uvicorn
VEEAM_FLEET=fleet.toml uvicorn veeam_async.examples.fastapi_backend:app
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request

from veeam_async import Fleet, VeeamError, preload
from veeam_async.fleet import FleetView, Job


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with Fleet.from_toml(os.environ.get("VEEAM_FLEET", "fleet.toml")) as fleet:
        # So that no first request stalls the event loop.
        await preload(groups=["jobs", "sessions", "policy", "job_sessions"])
        app.state.fleet = fleet
        yield


app = FastAPI(lifespan=lifespan)


def the_fleet(request: Request) -> Fleet:
    fleet: Fleet = request.app.state.fleet
    return fleet


def one_appliance(name: str, fleet: Annotated[Fleet, Depends(the_fleet)]) -> FleetView:
    """A view of the one appliance that the path names."""
    if name not in fleet:
        raise HTTPException(404, "no such appliance")
    return fleet.where(name=name)


FleetOf = Annotated[Fleet, Depends(the_fleet)]
OneOf = Annotated[FleetView, Depends(one_appliance)]


@app.get("/appliances")
async def appliances(fleet: FleetOf) -> list[dict[str, Any]]:
    return [{"name": one.name, "product": one.product, "breaker": fleet.breaker(one.name).value} for one in fleet]


@app.get("/appliances/{name}/jobs")
async def jobs(view: OneOf) -> list[Job]:
    rows = view.jobs(deadline=20)
    found = [row async for row in rows]
    if rows.errors:
        raise HTTPException(502, str(rows.errors[0].error))
    return found


@app.get("/failures")
async def failures(fleet: FleetOf, hours: int = 24) -> dict[str, Any]:
    """Failed sessions of the whole fleet; an appliance that does not answer is named, and costs nobody else."""
    rows = fleet.sessions(since=timedelta(hours=hours), deadline=20)
    found = [row.to_dict() async for row in rows if row.result == "failed"]
    return {"sessions": found, "errors": {one.appliance.name: str(one.error) for one in rows.errors}}


@app.post("/appliances/{name}/jobs/{job}/start", status_code=202)
async def start(name: str, job: str, view: OneOf) -> dict[str, Any]:
    client = await view.client(name)
    if client.revision.product != "vbr":
        raise HTTPException(409, "jobs are started here on Backup & Replication only")
    try:
        session = await client.call("StartJob", id=job, body={"performActiveFull": False})
    except VeeamError as error:
        raise HTTPException(502, str(error)) from error
    return {"session": session.id}
