"""Simulated appliances driven over HTTP: faults, facts and requests for test suites in any language.

    GET    /                    the appliances, with their origins and accounts
    GET    /faults              the faults and how often each fired
    POST   /faults              a fault, its attributes as a JSON object
    DELETE /faults              end all faults
    GET    /requests            the requests that came, the newest last; ?operation= chooses
    DELETE /requests            forget them
    GET    /departures          what clients sent beyond the document
    GET    /world               the facts
    PATCH  /world               {"jobs": {"Nightly Berlin 01": {"outcome": "failed"}}}: facts by id or name
    POST   /world/jobs/NAME/start   start a job; {"outcome": "failed", "seconds": 5} are optional
    POST   /reset               forget requests, end faults, make the world anew

`?appliance=NAME` says which one where there are several.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import attrs
import orjson
from aiohttp import web

from .appliance import SimulatedAppliance
from .faults import Fault
from .world import Busy

_MOST_BODY = 4 * 1024 * 1024
_KINDS = ("credentials", "servers", "proxies", "repositories", "scale_outs", "workloads", "jobs", "sessions")
_FIXED = ("id",)

_Handler = Callable[[web.Request, SimulatedAppliance], Awaitable[Any]]


class Control:
    """An HTTP endpoint on a port of its own that drives appliances of the same event loop.

    Args:
        appliances: the appliances.
        host: address to listen on. Whoever reaches it may change the appliances, so keep it on loopback.
        port: port to listen on; 0 takes a free one.

    Example:
        ```python
        async with SimulatedAppliance() as appliance, Control([appliance]) as control:
            print(control.url)
        ```
    """

    def __init__(self, appliances: Sequence[SimulatedAppliance], host: str = "127.0.0.1", port: int = 0) -> None:
        self._appliances = {appliance.name: appliance for appliance in appliances}
        self.host = host
        self.port = port
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Origin of the endpoint."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Listen."""
        application = web.Application(client_max_size=_MOST_BODY)
        application.router.add_get("/", self._list)
        for method, path, handler in (
            ("GET", "/faults", _faults),
            ("POST", "/faults", _add_fault),
            ("DELETE", "/faults", _end_faults),
            ("GET", "/requests", _requests),
            ("DELETE", "/requests", _forget),
            ("GET", "/departures", _departures),
            ("GET", "/world", _world),
            ("PATCH", "/world", _change_world),
            ("POST", "/world/jobs/{name}/start", _start_job),
            ("POST", "/reset", _reset),
        ):
            application.router.add_route(method, path, self._for_one(handler))
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _list(self, request: web.Request) -> web.Response:
        return _json([_describe(appliance) for appliance in self._appliances.values()])

    def _for_one(self, handler: _Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            name = request.query.get("appliance")
            if name is None and len(self._appliances) > 1:
                return _error(400, f"say ?appliance=; there are {', '.join(self._appliances)}")
            appliance = next(iter(self._appliances.values())) if name is None else self._appliances.get(name)
            if appliance is None:
                return _error(404, f"there is no appliance {name}; there are {', '.join(self._appliances)}")
            try:
                return _json(await handler(request, appliance))
            except (ValueError, TypeError, Busy) as error:
                return _error(400, str(error))
            except KeyError as error:
                return _error(404, f"there is no {error.args[0]}")

        return answer


def _json(value: Any, status: int = 200) -> web.Response:
    body = orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    return web.Response(body=body, status=status, content_type="application/json")


def _error(status: int, text: str) -> web.Response:
    return _json({"error": text}, status)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _describe(appliance: SimulatedAppliance) -> dict[str, Any]:
    return {
        "name": appliance.name,
        "product": appliance.product.name,
        "version": appliance.version,
        "revisions": list(appliance.documents),
        "documents": dict(appliance.documents),
        "url": appliance.url,
        "username": appliance.username,
        "password": appliance.password,
        "ca_file": appliance.ca_file if appliance.tls else None,
    }


async def _body(request: web.Request) -> dict[str, Any]:
    data = await request.read()
    if not data:
        return {}
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"the body is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise TypeError("the body has to be a JSON object")
    return value


async def _faults(request: web.Request, appliance: SimulatedAppliance) -> Any:
    return [_shown(fault) for fault in appliance.faults]


def _shown(fault: Fault) -> dict[str, Any]:
    return {
        one.name: getattr(fault, one.name)
        for one in attrs.fields(Fault)
        if one.name == "hits" or (one.init and getattr(fault, one.name) not in (None, False, 0, 0.0, "", (), {}))
    }


async def _add_fault(request: web.Request, appliance: SimulatedAppliance) -> Any:
    options = await _body(request)
    known = {one.name for one in attrs.fields(Fault) if one.init and one.name != "mutate"}
    unknown = sorted(set(options) - known)
    if unknown:
        raise ValueError(f"a fault has no {', '.join(unknown)}; it has {', '.join(sorted(known))}")
    return _shown(appliance.faults.add(**options))


async def _end_faults(request: web.Request, appliance: SimulatedAppliance) -> Any:
    unfired = [str(fault) for fault in appliance.faults.unfired]
    appliance.faults.clear()
    return {"unfired": unfired}


async def _requests(request: web.Request, appliance: SimulatedAppliance) -> Any:
    wanted = request.query.get("operation")
    return [one.to_dict() for one in appliance.requests if wanted in (None, one.operation_id)]


async def _forget(request: web.Request, appliance: SimulatedAppliance) -> Any:
    appliance.forget()
    return {}


async def _departures(request: web.Request, appliance: SimulatedAppliance) -> Any:
    return [attrs.asdict(departure) for departure in appliance.departures]


async def _world(request: web.Request, appliance: SimulatedAppliance) -> Any:
    world = appliance.world
    world.settle()
    facts = {kind: [attrs.asdict(fact) for fact in getattr(world, kind)] for kind in (*_KINDS, "restore_points")}
    return {"now": world.now(), "license": attrs.asdict(world.license), **facts}


async def _change_world(request: web.Request, appliance: SimulatedAppliance) -> Any:
    world = appliance.world
    changes: list[tuple[Any, str, Any]] = []
    for kind, facts in (await _body(request)).items():
        if kind not in _KINDS:
            raise ValueError(f"the world has no {kind}; it has {', '.join(_KINDS)}")
        if not isinstance(facts, dict):
            raise TypeError(f"{kind} has to be an object: a name or an id, and what is to change")
        for key, values in facts.items():
            fact = next((one for one in getattr(world, kind) if key in (one.id, getattr(one, "name", None))), None)
            if fact is None:
                raise KeyError(f"{kind}: {key}")
            changes += [(fact, name, _checked(fact, name, value)) for name, value in dict(values).items()]
    for fact, name, value in changes:
        setattr(fact, name, value)
    world.changed()
    return {"changed": len(changes)}


def _checked(fact: Any, name: str, value: Any) -> Any:
    """A value for a field of a fact, if it is of the kind that the field has now."""
    names = [one.name for one in attrs.fields(type(fact)) if one.name not in _FIXED]
    if name not in names:
        raise ValueError(f"{type(fact).__name__} has no {name}; it has {', '.join(names)}")
    have = getattr(fact, name)
    if isinstance(have, datetime) or (name in ("ended", "next_run") and isinstance(value, str)):
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            raise ValueError(f"{name} needs a time zone")
        return moment
    same = isinstance(value, int | float) if isinstance(have, float) else have is None or isinstance(value, type(have))
    if not same or isinstance(value, bool) is not isinstance(have, bool):
        raise TypeError(f"{name} = {value!r}: {type(have).__name__} was expected")
    return value


async def _start_job(request: web.Request, appliance: SimulatedAppliance) -> Any:
    options = await _body(request)
    seconds = options.get("seconds")
    job = appliance.world.job(request.match_info["name"])
    outcome = options.get("outcome")
    if outcome not in (None, "success", "warning", "failed", "canceled"):
        raise ValueError(f"outcome = {outcome!r} is not one of success, warning, failed, canceled")
    session = appliance.world.start(job, seconds=None if seconds is None else float(seconds), outcome=outcome)
    await asyncio.sleep(0)
    return attrs.asdict(session)


async def _reset(request: web.Request, appliance: SimulatedAppliance) -> Any:
    appliance.reset()
    return {}
