"""Finding the revision and the port: what is asked, what is chosen, and what is said about it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from veeam_async import Password, connect, profiles
from veeam_async import client as client_module
from veeam_async._auth import negotiation
from veeam_async._http import origin
from veeam_async._http.pool import Pool
from veeam_async.connection import Negotiation
from veeam_async.errors import ConnectError, UnsupportedRevisionError
from veeam_async.profiles import Profile
from veeam_async.registry import revisions
from veeam_async.retry import RetryPolicy
from veeam_async.testing import Behaviour, SimulatedAppliance

from .wire import Exchange, Vbr, Wire

# The package's attribute of that name is the function.
connecting = sys.modules["veeam_async.connection"]
VBR = [revision.name for revision in revisions("vbr")]
CREDENTIALS = Password("monitor", "secret-enough")
PROBE = "/api/v1/serverTime"


@pytest.mark.parametrize("revision", VBR)
async def test_server_that_lists_its_revisions_is_asked_once(revision: str) -> None:
    """One request shows which revision to use, whether the server has the newest or lists what it has."""
    async with SimulatedAppliance("vbr", revision, oldest=revision) as appliance:
        async with connect(appliance.url, appliance.credentials) as client:
            assert client.revision.name == revision
            assert client.negotiation is not None
            assert client.negotiation.requests == 1
            assert client.negotiation.revision == revision
            await client.request("GET", "/api/v1/services")
    assert len([seen for seen in appliance.requests if seen.path == PROBE]) == 1
    if revision != VBR[0]:
        assert client.negotiation.server == (revision,)
        assert revision in client.negotiation.reason


@pytest.mark.parametrize("error", ["not_implemented", "server_error"])
@pytest.mark.parametrize("revision", VBR)
async def test_server_that_lists_nothing_is_probed_from_newest_to_oldest(revision: str, error: Any) -> None:
    """Where a wrong revision gets 400 or 500 without a list, one after the other is asked for."""
    async with SimulatedAppliance("vbr", revision, behaviour=Behaviour(revision_error=error)) as appliance:
        async with connect(appliance.url, appliance.credentials) as client:
            assert client.revision.name == revision
            assert client.negotiation is not None
            assert client.negotiation.requests == VBR.index(revision) + 1
            for refused in VBR[: VBR.index(revision)]:
                assert refused in client.negotiation.reason


async def test_newest_shared_revision_is_chosen() -> None:
    """Of several revisions of the server, the newest that is here is taken, not the server's newest."""
    async with Vbr() as server:

        @server.on("GET", PROBE)
        async def probe(exchange: Exchange) -> None:
            message = "Unsupported version. Supported: 1.0-rev1, 1.1-rev0, 1.2-rev1, 2.7-rev3."
            await exchange.reply(400, {"errorCode": "UnknownError", "message": message})

        async with connect(server.url, CREDENTIALS) as client:
            assert client.revision.name == "1.2-rev1"
            assert client.negotiation == Negotiation(
                revision="1.2-rev1",
                port=server.port,
                server=("2.7-rev3", "1.2-rev1", "1.1-rev0", "1.0-rev1"),
                offered=tuple(VBR),
                requests=1,
                reason="the newest of 2.7-rev3, 1.2-rev1, 1.1-rev0, 1.0-rev1 that is here",
            )


async def test_nothing_shared_is_said_with_both_lists() -> None:
    """A server that is too new or too old gets an error with both sides' revisions, and no login."""
    async with Vbr() as server:

        @server.on("GET", PROBE)
        async def probe(exchange: Exchange) -> None:
            await exchange.reply(400, {"errorCode": "UnknownError", "message": "Supported versions: 9.9-rev0"})

        with pytest.raises(UnsupportedRevisionError, match=r"9\.9-rev0") as caught:
            await connect(server.url, CREDENTIALS)
        assert caught.value.server == ("9.9-rev0",)
        assert caught.value.offered == tuple(VBR)
        assert server.logins == 0


async def test_server_that_refuses_all_is_said() -> None:
    """Where every revision is refused without a list, the error names them all."""
    async with Vbr() as server:

        @server.on("GET", PROBE)
        async def probe(exchange: Exchange) -> None:
            await exchange.reply(400, {"errorCode": "NotImplemented", "message": "no"})

        with pytest.raises(UnsupportedRevisionError) as caught:
            await connect(server.url, CREDENTIALS)
        assert all(name in str(caught.value) for name in VBR)
        assert len(server.to(PROBE)) == len(VBR)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "body": b"<html>sign on</html>", "kind": "text/html"},
        {"status": 404, "body": b"nothing here", "kind": "text/plain"},
        {"status": 401, "body": b"<html>log in</html>", "kind": "text/html"},
        {"status": 401, "body": b"", "headers": {"WWW-Authenticate": 'Basic realm="x"'}},
        {"status": 301, "body": b"", "headers": {"Location": "https://elsewhere.example/"}},
    ],
)
async def test_another_service_is_not_taken_for_the_api(answer: dict[str, Any]) -> None:
    """A web page, a 404 or a redirect elsewhere is not an appliance."""
    async with Wire() as server:

        @server.on("GET", PROBE)
        async def probe(exchange: Exchange) -> None:
            await exchange.reply(**answer)

        with pytest.raises(Exception) as caught:
            await connect(server.url, CREDENTIALS)
        assert isinstance(caught.value, (ConnectError, UnsupportedRevisionError)) or "origin" in str(caught.value)


@pytest.mark.parametrize("status", [400, 500])
async def test_a_page_in_place_of_the_api_is_asked_once(status: int) -> None:
    """A web page with an error status is no refusal of a revision: one request, and the error names what answered."""
    async with Wire() as server:

        @server.on("GET", PROBE)
        async def probe(exchange: Exchange) -> None:
            await exchange.reply(status, b"<html>proxy</html>", kind="text/html")

        with pytest.raises(ConnectError, match="does not answer as Veeam Backup & Replication"):
            await connect(server.url, CREDENTIALS)
        assert len(server.to(PROBE)) == 1


@pytest.mark.parametrize(("served", "expected"), [(["v8.1", "v8"], "v8.1"), (["v8.1"], "v8.1"), (["v8"], "v8")])
async def test_azure_is_probed_by_path(served: list[str], expected: str) -> None:
    """Azure's revisions are paths: 401 says that one is there, 404 that it is not."""
    async with SimulatedAppliance("azure", served[0], oldest=served[-1]) as appliance:
        async with connect(appliance.url, appliance.credentials, "azure") as client:
            assert client.revision.name == expected
            await client.request("GET", f"/api/{expected}/jobSessions")


async def test_aws_is_found() -> None:
    """AWS answers the probe without a token."""
    async with SimulatedAppliance("aws", "1.7-rev0") as appliance:
        client = await connect(appliance.url, appliance.credentials, product="aws")
        assert client.revision.name == "1.7-rev0"
        await client.aclose()
    assert appliance.count("login") == 0


async def test_given_revision_is_not_asked_for() -> None:
    """With a revision and a port given, nothing is sent before the first call."""
    async with SimulatedAppliance("vbr", "1.3-rev0") as appliance:
        async with connect(appliance.url, appliance.credentials, revision="1.3-rev0") as client:
            assert client.negotiation is None
        assert not appliance.requests
        with pytest.raises(ValueError, match=r"1\.3-rev0"):
            await connect(appliance.url, appliance.credentials, revision="7.0-rev0")
        with pytest.raises(ValueError, match="azure"):
            await connect(appliance.url, appliance.credentials, product="gcp")  # type: ignore[arg-type]


async def test_shared_pool_remembers() -> None:
    """The second connect on a pool asks nothing."""
    async with SimulatedAppliance("vbr", "1.2-rev1") as appliance, Pool() as pool:
        for requests in (1, 0, 0):
            async with connect(appliance.url, appliance.credentials, pool=pool) as client:
                assert client.negotiation is not None
                assert client.negotiation.requests == requests
                assert client.revision.name == "1.2-rev1"
        assert len(appliance.requests) == 1


async def test_upgraded_appliance_is_found_again() -> None:
    """When a remembered revision is refused at login, the next connect asks anew."""
    async with Pool() as pool, SimulatedAppliance("vbr", "1.2-rev1") as old:
        port = old.port
        async with connect(old.url, old.credentials, pool=pool):
            pass
        await old.stop()
        async with SimulatedAppliance("vbr", "1.3-rev0", oldest="1.3-rev0", port=port) as new:
            async with connect(new.url, new.credentials, pool=pool) as client:
                with pytest.raises(UnsupportedRevisionError):
                    await client.login()
            async with connect(new.url, new.credentials, pool=pool) as client:
                await client.login()
                assert client.revision.name == "1.3-rev0"


@pytest.fixture
async def two_ports(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Vbr, Vbr]]:
    """Two servers whose ports stand for the product's usual ones."""
    async with Vbr() as first, Vbr() as second:
        real = profiles.profile("vbr")

        def moved(product: str) -> Profile:
            return real._replace(ports=(first.port, second.port), default_port=first.port)

        monkeypatch.setattr(connecting, "profile", moved)
        yield first, second


def serve(server: Vbr) -> None:
    @server.on("GET", PROBE)
    async def probe(exchange: Exchange) -> None:
        await exchange.reply(200, {"serverTime": "2026-01-01T00:00:00Z"})


async def at(server: Vbr, **options: Any) -> Any:
    """Connect to a host name without a port; plain http stands in for https here."""
    parse = origin.parse_host

    def plain(host: str, **arguments: Any) -> Any:
        return parse(host, **arguments)._replace(scheme="http")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(negotiation, "parse_host", plain)
        patched.setattr(client_module, "parse_host", plain)
        return await connect("127.0.0.1", CREDENTIALS, port="auto", retry=RetryPolicy(attempts=1), **options)


async def test_first_port_is_preferred(two_ports: tuple[Vbr, Vbr]) -> None:
    """When the API answers on both ports, the first is taken."""
    for server in two_ports:
        serve(server)
    client = await at(two_ports[0])
    assert client.origin.port == two_ports[0].port
    await client.aclose()


async def test_second_port_is_found(two_ports: tuple[Vbr, Vbr]) -> None:
    """When another service is on the first port, the second is taken, with no wait in between."""
    first, second = two_ports

    @first.on("GET", PROBE)
    async def page(exchange: Exchange) -> None:
        await exchange.reply(200, b"<html></html>", kind="text/html")

    serve(second)
    async with asyncio.timeout(5):
        client = await at(second)
    assert client.origin.port == second.port
    assert client.negotiation is not None and client.negotiation.port == second.port
    await client.aclose()


async def test_no_port_answers(two_ports: tuple[Vbr, Vbr]) -> None:
    """When neither is the API, the error names both."""

    async def nothing(exchange: Exchange) -> None:
        await exchange.reply(404, b"not here", kind="text/plain")

    for server in two_ports:
        server.default = nothing
    with pytest.raises(ConnectError) as caught:
        await at(two_ports[0])
    assert str(two_ports[0].port) in str(caught.value) and str(two_ports[1].port) in str(caught.value)


async def test_nothing_listens() -> None:
    """A host where nothing listens is a ConnectError, and leaves nothing open."""
    async with Wire() as server:
        url = server.url
    with pytest.raises(ConnectError):
        await connect(url, CREDENTIALS, retry=RetryPolicy(attempts=1))
