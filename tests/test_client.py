"""The client apart from faults: calls by name, lists of operations, what it refuses, what it says."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from veeam_async import BearerToken, Password
from veeam_async._http.pool import Pool
from veeam_async._model import UNSET
from veeam_async._operation.operation import Body, Operation, Parameter, Response, Revision
from veeam_async._operation.request import Request
from veeam_async.client import ApplianceClient
from veeam_async.errors import DecodeError, InferredOperationWarning
from veeam_async.events import Tolerated
from veeam_async.registry import client_class, revisions
from veeam_async.testing import SimulatedAppliance
from veeam_async.vbr.v1_3_rev0 import Client
from veeam_async.vbr.v1_3_rev0.models import SessionsResult

ALL = revisions()
HERE = Revision("vbr", "1.3-rev0", "veeam_async.vbr.v1_3_rev0")


@pytest.fixture
async def appliance() -> AsyncIterator[SimulatedAppliance]:
    async with SimulatedAppliance("vbr", "1.3-rev0") as one:
        yield one


@pytest.fixture
async def client(appliance: SimulatedAppliance) -> AsyncIterator[Client]:
    async with Client(appliance.url, appliance.credentials) as one:
        yield one


class Echo:
    """A server that answers with what it got, or with what a test sets."""

    def __init__(self) -> None:
        self.answer: Any = None
        self.url = ""

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        if self.answer is not None:
            return web.Response(**self.answer)
        got = {"method": request.method, "path": request.raw_path, "body": body.decode(), "type": request.content_type}
        return web.json_response(got | {"headers": dict(request.headers)})


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    server = Echo()
    runner = web.ServerRunner(web.Server(server.serve))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = "http://{}:{}".format(*runner.addresses[0])  # `site.name` has the port from aiohttp 3.14 on
    yield server
    await runner.cleanup()


def operation(method: str = "POST", path: str = "/do", **options: Any) -> Operation[Any]:
    options.setdefault("responses", {200: Response("Any", "application/json")})
    return Operation("DoIt", "Do It", method, path, revision=HERE, tag="T", group="t", name="do_it", **options)


def bearer(echo: Echo, **options: Any) -> Client:
    return Client(echo.url, BearerToken("a-token"), **options)


@pytest.mark.parametrize("revision", ALL, ids=str)
def test_operations_are_listed_in_the_documents_order(revision: Revision) -> None:
    """`Client.operations` has every operation once, each with what a caller needs to know."""
    listed = client_class(revision).operations
    ids = [one.operation_id for one in listed]
    assert len(set(ids)) == len(ids) > 90
    for one in listed:
        assert one.method in ("GET", "POST", "PUT", "DELETE", "PATCH")
        assert one.path.startswith(("/api/", f"/{revision.name}/"))
        assert one.tag and one.name and one.name.islower()
        assert isinstance(one.inferred, bool)
        for parameter in one.parameters:
            assert parameter.location in ("path", "query", "header")
            assert parameter.name and parameter.wire and isinstance(parameter.required, bool)


async def test_call_by_operation_id_gives_what_the_typed_function_gives(
    client: Client, appliance: SimulatedAppliance
) -> None:
    """`client.call` takes Python names and gives the typed answer."""
    page = await client.call("GetAllSessions", limit=3)
    assert isinstance(page, SessionsResult)
    assert page == await client.sessions.get_all_sessions(limit=3)
    one = await client.call("GetSession", id=page.data[0].id)
    assert one.id == page.data[0].id
    assert appliance.count("GetAllSessions") == 2


async def test_call_refuses_what_is_not_there(client: Client, appliance: SimulatedAppliance) -> None:
    """An unknown operationId, a missing and an unknown parameter are errors before anything is sent."""
    with pytest.raises(ValueError, match="NoSuchThing"):
        await client.call("NoSuchThing")
    with pytest.raises(TypeError, match="id"):
        await client.call("GetSession")
    with pytest.raises(TypeError, match="colour"):
        await client.call("GetAllSessions", colour="red")
    assert not appliance.requests


async def test_request_sends_what_it_is_given(echo: Echo) -> None:
    """`client.request` sends query, headers and bodies of all kinds, with the token."""
    async with bearer(echo) as client:
        got = (await client.request("get", "/a/b?x=1", query={"y": [1, "z"]}, headers={"X-One": "1"})).json()
        assert (got["method"], got["path"], got["headers"]["X-One"]) == ("GET", "/a/b?x=1&y=1&y=z", "1")
        assert got["headers"]["Authorization"] == "Bearer a-token"
        assert got["headers"]["x-api-version"] == "1.3-rev0"
        got = (await client.request("POST", "/a", json={"a": [1, None]})).json()
        assert (got["body"], got["type"]) == ('{"a":[1,null]}', "application/json")
        got = (await client.request("POST", "/a", data={"a b": "c&d"})).json()
        assert (got["body"], got["type"]) == ("a+b=c%26d", "application/x-www-form-urlencoded")
        got = (await client.request("PUT", "/a", data=b"raw")).json()
        assert (got["body"], got["type"]) == ("raw", "application/octet-stream")
        got = (await client.request("POST", "/a")).json()
        assert got["body"] == ""


@pytest.mark.parametrize(
    ("described", "given", "sent", "media"),
    [
        (Body("Any"), {"a": 1}, '{"a":1}', "application/json"),
        (Body("Any"), [1, 2], "[1,2]", "application/json"),
        (Body("Any"), None, "null", "application/json"),
        (Body("X", "application/x-www-form-urlencoded"), {"a": "b c"}, "a=b+c", "application/x-www-form-urlencoded"),
        (Body("bytes", "application/octet-stream"), b"abc", "abc", "application/octet-stream"),
    ],
)
async def test_bodies_by_media_type(echo: Echo, described: Body, given: Any, sent: str, media: str) -> None:
    """A body goes out as its operation's media type wants it."""
    async with bearer(echo) as client:
        got = await Request(client, operation(body=described), {}, given)
    assert (got["body"], got["type"]) == (sent, media)


async def test_model_as_body(echo: Echo) -> None:
    """A model is sent in wire names, without what is unset."""
    from veeam_async.vbr.v1_3_rev0.models import PaginationResult

    async with bearer(echo) as client:
        got = await Request(client, operation(body=Body("PaginationResult")), {}, PaginationResult(total=1, count=2))
    assert json.loads(got["body"]) == {"total": 1, "count": 2}


@pytest.mark.parametrize(
    ("answer", "reply", "value"),
    [
        (Response(), {"text": "ignored"}, None),
        (Response("bytes", "application/octet-stream"), {"body": b"\0\1"}, b"\0\1"),
        (Response("bytes", "application/octet-stream"), {"body": b""}, b""),
        (Response("str", "text/csv"), {"body": "ä;b".encode(), "content_type": "text/csv"}, "ä;b"),
        (Response("str", "text/plain"), {"text": "ä", "charset": "latin-1"}, "ä"),
        (
            Response("str", "text/plain"),
            {"body": b"x", "headers": {"Content-Type": "text/plain; charset=nonsense"}},
            "x",
        ),
        (Response("str", "application/json"), {"text": '"a"'}, "a"),
        (Response("list[int]"), {"text": "[1,2]"}, [1, 2]),
        (Response("dict[str, Any]"), {"text": '{"a":1}'}, {"a": 1}),
        (Response("Any"), {"text": "17"}, 17),
        (Response("Any"), {"text": ""}, None),
    ],
)
async def test_answers_by_type(echo: Echo, answer: Response, reply: dict[str, Any], value: Any) -> None:
    """An answer becomes what its operation says: nothing, bytes, text, or JSON."""
    echo.answer = reply
    async with bearer(echo) as client:
        assert await Request(client, operation("GET", responses={200: answer}), {}) == value


async def test_answers_by_status(echo: Echo) -> None:
    """Each success status is decoded as its own type; one that is not documented as what was due."""
    described = operation(
        "GET", responses={200: Response("list[int]"), 202: Response("dict[str, int]"), 204: Response()}
    )
    async with bearer(echo) as client:
        for status, text, value in ((200, "[1]", [1]), (202, '{"a":1}', {"a": 1}), (204, "", None), (203, "[2]", [2])):
            echo.answer = {"status": status, "text": text}
            assert await Request(client, described, {}) == value


async def test_header_parameter_overrides_accept(echo: Echo) -> None:
    """An Accept parameter of the document wins over the media types of the answers."""
    described = operation(parameters=(Parameter("accept", "Accept", "header"),))
    async with bearer(echo) as client:
        assert (await Request(client, described, {"accept": "text/csv"}))["headers"]["Accept"] == "text/csv"
        assert (await Request(client, described, {"accept": UNSET}))["headers"]["Accept"] == "application/json"


async def test_unsecured_call_carries_no_token(echo: Echo) -> None:
    """A call that the document exempts is sent without a login and without a token."""
    async with Client(echo.url, Password("a", "b")) as client:
        got = await Request(client, operation(secured=False), {})
        assert "Authorization" not in got["headers"]
        assert client.token is None


async def test_inferred_operation_warns_once(echo: Echo) -> None:
    """An operation that no document evidences warns at its first call, and not again."""
    described = operation(inferred=True)
    async with bearer(echo) as client:
        with pytest.warns(InferredOperationWarning, match="DoIt"):
            await Request(client, described, {})
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            await Request(client, described, {})


async def test_strict_refuses_what_is_otherwise_tolerated(echo: Echo) -> None:
    """`strict=True` makes a DecodeError of an unknown enum value, with field, operation and appliance."""
    page = {"data": [], "pagination": {"total": "many", "count": 0}}
    echo.answer = {"text": json.dumps(page)}
    async with bearer(echo) as lenient:
        assert (await lenient.sessions.get_all_sessions()).pagination is not None
    async with bearer(echo, strict=True, name="one") as strict:
        with pytest.raises(DecodeError, match=r"pagination\.total") as caught:
            await strict.sessions.get_all_sessions()
    assert (caught.value.appliance, caught.value.operation, caught.value.status) == ("one", "GetAllSessions", 200)


async def test_tolerated_is_reported(echo: Echo) -> None:
    """A listener gets what was tolerated, with appliance, operation, model and field."""
    reported: list[Any] = []
    echo.answer = {"text": json.dumps({"data": [], "pagination": {"total": "many", "count": 0}})}
    async with bearer(echo, events=reported.append, name="one") as client:
        await client.sessions.get_all_sessions()
    (event,) = [event for event in reported if isinstance(event, Tolerated)]
    assert (event.appliance, event.operation, event.model, event.field) == (
        "one", "GetAllSessions", "PaginationResult", "total",
    )  # fmt: skip


async def test_examination_can_be_left_out(echo: Echo) -> None:
    """With `examine=False` a listener hears of requests and not of what was tolerated."""
    reported: list[Any] = []
    echo.answer = {"text": json.dumps({"data": [], "pagination": {"total": "many", "count": 0}})}
    async with bearer(echo, events=reported.append, examine=False) as client:
        await client.sessions.get_all_sessions()
    assert {type(event).__name__ for event in reported} == {"RequestStarted", "RequestAnswered", "TokenRenewed"}


async def test_label_of_an_appliance() -> None:
    """The label is the host, or what the caller says."""
    assert Client("vbr01.example.com", BearerToken("x")).name == "vbr01.example.com"
    named = Client("vbr01.example.com", BearerToken("x"), name="Hamburg")
    assert "Hamburg" in repr(named) and named.base_url == "https://vbr01.example.com:9419"


async def test_one_pool_for_many_clients() -> None:
    """Clients on a shared pool share its connections; each keeps its own token."""
    async with SimulatedAppliance() as one, SimulatedAppliance(seed=2) as two, Pool() as pool:
        clients = [Client(each.url, each.credentials, pool=pool) for each in (one, two, one)]
        await asyncio.gather(*(client.request("GET", "/api/v1/serverInfo") for client in clients))
        assert len({client.token.access for client in clients if client.token is not None}) == 3
        for client in clients:
            await client.aclose()
        assert (one.count("Logout"), two.count("Logout")) == (2, 1)


async def test_client_can_be_made_before_the_loop_runs() -> None:
    """Making a client needs no running loop."""
    made: ApplianceClient = await asyncio.to_thread(Client, "vbr01", BearerToken("x"))
    assert made.name == "vbr01"
    await made.aclose()


def test_import_is_cheap() -> None:
    """Importing the client loads no generated module, no pyotp, no dateutil, and builds no TLS context of ours."""
    script = (
        "import sys, veeam_async.client, veeam_async.connection, veeam_async._http.tls_context\n"
        "loaded = [m for m in sys.modules if m.startswith(('veeam_async.vbr', 'veeam_async.aws', 'veeam_async.azure',"
        " 'pyotp', 'dateutil', 'openapi', 'trustme'))]\n"
        "assert not loaded, loaded\n"
        "assert not veeam_async._http.tls_context._kept\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
