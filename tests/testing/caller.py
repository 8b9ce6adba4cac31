"""A bare client of a simulated appliance: aiohttp and nothing of the package, so that each side is tested alone."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import attrs

from veeam_async.testing import SimulatedAppliance

OLD = [
    ("vbr", "1.0-rev2"),
    ("vbr", "1.1-rev0"),
    ("vbr", "1.2-rev1"),
    ("vbr", "1.3-rev0"),
    ("vbr", "1.3-rev1"),
    ("vbr", "1.3-rev2"),
    ("aws", "1.0-rev0"),
    ("aws", "1.7-rev0"),
    ("azure", "v8"),
    ("azure", "v8.1"),
]
REVISIONS = [*OLD, ("m365", "v7"), ("m365", "v8"), ("spc", "3.6.2"), ("spc", "3.7"), ("one", "2.3")]
NEWEST = [("vbr", "1.3-rev0"), ("aws", "1.7-rev0"), ("azure", "v8.1")]

TOKEN_PATHS = {
    "vbr": "/api/oauth2/token",
    "aws": "/api/v1/token",
    "azure": "/api/oauth2/token",
    "m365": "/{}/token",
    "spc": "/api/v3/token",
    "one": "/api/token",
}
HEADERS = {"vbr": "x-api-version", "aws": "x-api-version", "spc": "X-Client-Version"}


@attrs.frozen
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Caller:
    """Calls one appliance; `login` first for what needs a token."""

    def __init__(self, session: aiohttp.ClientSession, appliance: SimulatedAppliance) -> None:
        self.session = session
        self.appliance = appliance
        self.token: str | None = None
        self.revision: str | None = appliance.revision if appliance.product.name in HEADERS else None
        self.ssl: ssl.SSLContext | bool = True

    def headers(self, **more: str) -> dict[str, str]:
        made = dict(more)
        if self.revision is not None:
            made[HEADERS[self.appliance.product.name]] = self.revision
        if self.token is not None:
            made["Authorization"] = f"Bearer {self.token}"
        return made

    async def __call__(self, method: str, path: str, *, accept: str = "application/json", **options: Any) -> Reply:
        address = self.appliance.url + path
        headers = self.headers(Accept=accept)
        async with self.session.request(method, address, headers=headers, ssl=self.ssl, **options) as answer:
            return Reply(answer.status, dict(answer.headers), await answer.read())

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON value of a GET that has to succeed."""
        reply = await self("GET", path, params=query)
        assert reply.status == 200, (path, reply.status, reply.body[:500])
        return reply.json

    async def grant(self, **form: str) -> Reply:
        """The token endpoint's answer to a form."""
        path = TOKEN_PATHS[self.appliance.product.name].format(self.appliance.revision)
        return await self("POST", path, data=form)

    async def login(self, username: str = "", password: str = "") -> dict[str, Any]:
        """Log in by password and keep the token."""
        more = {"disable_antiforgery_token": "true"} if self.appliance.product.name == "m365" else {}
        reply = await self.grant(
            grant_type="password",
            username=username or self.appliance.username,
            password=password or self.appliance.password,
            **more,
        )
        assert reply.status == 200, reply.body
        answer: dict[str, Any] = reply.json
        self.token = answer.get("access_token")
        return answer


@asynccontextmanager
async def calling(product: str = "vbr", revision: str | None = "1.3-rev0", **options: Any) -> AsyncIterator[Caller]:
    """A running appliance and a caller that is logged in."""
    async with SimulatedAppliance(product, revision, **options) as appliance, aiohttp.ClientSession() as session:
        caller = Caller(session, appliance)
        if appliance.tls:
            caller.ssl = ssl.create_default_context(cafile=appliance.ca_file)
        await caller.login()
        yield caller
        assert not appliance.errors


def filled(path: str, value: str = "11111111-2222-4333-8444-555555555555") -> str:
    """A path with something in each placeholder."""
    parts = [value if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)
