"""Single calls without a socket: what each product's endpoint functions send, and how each answer becomes an error."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from yarl import URL

from veeam_async import Password, RetryPolicy, VeeamError, errors
from veeam_async.registry import client_class, find_revision
from veeam_async.testing import mocked_responses

ORIGIN = {
    "vbr": "https://a1:9419",
    "aws": "https://a1:11005",
    "azure": "https://a1:443",
    "m365": "https://a1:4443",
    "spc": "https://a1:1280",
    "one": "https://a1:1239",
}
TOKEN = {
    "vbr": "/api/oauth2/token",
    "aws": "/api/v1/token",
    "azure": "/api/oauth2/token",
    "m365": "/v8/token",
    "spc": "/api/v3/token",
    "one": "/api/token",
}
REVISION = {"vbr": "1.3-rev1", "aws": "1.7-rev0", "azure": "v8.1", "m365": "v8", "spc": "3.7", "one": "2.3"}
LOGOUT = {
    "vbr": ("POST", "/api/oauth2/logout"),
    "aws": ("DELETE", "/api/v1/token"),
    "azure": ("DELETE", TOKEN["azure"]),
    "m365": ("POST", "/v8/token/logout"),
    "one": ("POST", "/api/revoke"),
}
# The header that chooses the revision, where no part of the path does.
CHOOSER = {"vbr": "x-api-version", "aws": "x-api-version", "spc": "x-client-version"}
ONCE = RetryPolicy(attempts=1)
ID = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def mocked() -> Iterator[Any]:
    """Answers to logins and logouts of each product, and whatever a test adds."""
    with mocked_responses() as mocked:
        for product, origin in ORIGIN.items():
            token = {"access_token": "t0ken", "token_type": "bearer", "refresh_token": "r", "expires_in": 900}
            mocked.post(origin + TOKEN[product], payload=token, repeat=True)
            if product in LOGOUT:
                method, path = LOGOUT[product]
                mocked.add(origin + path, method, payload={}, repeat=True)
        yield mocked


def client(product: str = "vbr", **options: Any) -> Any:
    kind = client_class(find_revision(product, REVISION[product]))
    return kind("a1", Password("svc", "secret-enough"), retry=ONCE, **options)


def sent(mocked: Any, method: str, path: str) -> tuple[URL, dict[str, list[str]], dict[str, str], Any]:
    """The only request to a path: URL without query, query, headers by lower-case name, JSON body."""
    ((url, calls),) = [
        (url, calls) for (how, url), calls in mocked.requests.items() if how == method and url.path == path
    ]
    (call,) = calls
    headers = {name.lower(): value for name, value in call.kwargs["headers"].items()}
    data = call.kwargs["data"]
    return url.with_query(None), parse_qs(url.query_string), headers, json.loads(data) if data else None


LISTINGS: list[tuple[str, str, dict[str, Any], str, dict[str, list[str]]]] = [
    (
        "vbr", "GetAllSessions", {"limit": 5, "name_filter": "Night*"}, "/api/v1/sessions",
        {"limit": ["5"], "nameFilter": ["Night*"]},
    ),
    (
        "aws", "GetSessions", {"limit": 5, "status": ["Failed"]}, "/api/v1/sessions",
        {"Limit": ["5"], "Status": ["Failed"]},
    ),
    ("azure", "JobSessions_GetJobSessions", {"limit": 5}, "/api/v8.1/jobSessions", {"Limit": ["5"]}),
    (
        "m365", "JobSession_Get", {"limit": 5, "job_id": ID, "status": "Failed"}, "/v8/JobSessions",
        {"limit": ["5"], "jobId": [ID], "status": ["Failed"]},
    ),
    (
        "spc", "GetBackupServerJobs", {"limit": 5, "filter": [{"property": "status"}]},
        "/api/v3/infrastructure/backupServers/jobs", {"limit": ["5"], "filter": ['[{"property":"status"}]']},
    ),
    (
        "one", "Alarms_GetTriggeredAlarms", {"limit": 5, "sort": '[{"property":"name"}]'},
        "/api/v2.3/alarms/triggeredAlarms", {"Limit": ["5"], "Sort": ['[{"property":"name"}]']},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("product", "operation", "arguments", "path", "query"), LISTINGS)
async def test_a_listing_is_one_get_with_its_parameters(
    mocked: Any, product: str, operation: str, arguments: dict[str, Any], path: str, query: dict[str, list[str]]
) -> None:
    """Method, URL, query and headers are the document's; there is no body and no Content-Type."""
    page = {
        "data": [], "results": [], "items": [], "totalCount": 0,
        "pagination": {"total": 0, "count": 0, "skip": 0, "limit": 5}, "meta": {"pagingInfo": {"total": 0}},
    }  # fmt: skip
    mocked.get(re.compile(r"https://a1(:\d+)?" + re.escape(path)), payload=page)
    async with client(product) as one:
        await one.call(operation, **arguments)
    url, asked, headers, body = sent(mocked, "GET", path)
    assert (url, asked, body) == (URL(ORIGIN[product]).with_path(path), query, None)
    assert headers["authorization"] == "Bearer t0ken" and headers["accept"] == "application/json"
    assert "content-type" not in headers
    choosing = {name: value for name, value in headers.items() if name in CHOOSER.values()}
    assert choosing == ({CHOOSER[product]: REVISION[product]} if product in CHOOSER else {})


CHANGES = [
    ("vbr", "StartJob", {"id": ID, "body": {"performActiveFull": True}}, "POST", f"/api/v1/jobs/{ID}/start", 201),
    ("aws", "EnablePolicy", {"policy_id": ID}, "POST", f"/api/v1/virtualMachines/policies/{ID}/enable", 200),
    ("azure", "Policy_EnablePolicy", {"policy_id": ID}, "POST", f"/api/v8.1/policies/virtualMachines/{ID}/enable", 200),
    ("m365", "Job_StartAction", {"job_id": ID, "body": {"full": True}}, "POST", f"/v8/Jobs/{ID}/start", 200),
    (
        "spc", "StartBackupServerJob", {"job_uid": ID}, "POST",
        f"/api/v3/infrastructure/backupServers/jobs/{ID}/start", 200,
    ),
    (
        "one", "Alarms_ResolveTriggeredAlarms",
        {"body": {"triggeredAlarmIds": [7], "comment": "seen", "resolveType": "Resolve"}},
        "POST", "/api/v2.3/alarms/triggeredAlarms/resolve", 200,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("product", "operation", "arguments", "method", "path", "status"), CHANGES)
async def test_a_change_sends_its_body_and_nothing_more(
    mocked: Any, product: str, operation: str, arguments: dict[str, Any], method: str, path: str, status: int
) -> None:
    """The path holds the ids; a body is JSON with its media type; without one there is no Content-Type."""
    mocked.add(ORIGIN[product] + path, method, status=status, payload={})
    async with client(product) as one:
        await one.call(operation, **arguments)
    _, query, headers, body = sent(mocked, method, path)
    assert query == {}
    assert body == arguments.get("body")
    assert headers.get("content-type") == ("application/json" if body else None)


BY_STATUS = [
    (400, errors.BadRequestError),
    (403, errors.ForbiddenError),
    (404, errors.NotFoundError),
    (409, errors.ConflictError),
    (429, errors.RateLimitedError),
    (500, errors.ServerError),
    (503, errors.ServerError),
    (418, errors.ApiError),
]


PROBLEMS = [
    ("m365", "ServiceInstance_Get", "/v8/ServiceInstance", {"errorCode": "Because", "message": "It is so."}),
    ("spc", "GetAboutInformation", "/api/v3/about", {"errors": [{"code": 7, "message": "It is so."}]}),
    ("one", "About_GetAbout", "/api/v2.3/about", {"title": "Forbidden", "status": 403, "detail": "It is so."}),
]


@pytest.mark.parametrize(("product", "operation", "path", "body"), PROBLEMS)
async def test_a_problem_of_each_product_is_read(
    mocked: Any, product: str, operation: str, path: str, body: dict[str, Any]
) -> None:
    """The message of an error is found where each product puts it."""
    mocked.get(ORIGIN[product] + path, status=403, payload=body)
    async with client(product) as one:
        with pytest.raises(errors.ForbiddenError, match="It is so"):
            await one.call(operation)


@pytest.mark.parametrize(("status", "kind"), BY_STATUS)
async def test_a_status_becomes_its_error(mocked: Any, status: int, kind: type[errors.ApiError]) -> None:
    """The error has the status, the code and the message of the body, the operation and the appliance."""
    body = {"errorCode": "Because", "message": "It is so."}
    mocked.get(ORIGIN["vbr"] + "/api/v1/serverInfo", status=status, payload=body)
    async with client() as vbr:
        with pytest.raises(kind) as caught:
            await vbr.call("GetServerInfo")
    error = caught.value
    assert (error.status, error.error_code, error.message) == (status, "Because", "It is so.")
    assert error.operation == "GetServerInfo" and "a1" in str(error.appliance)


async def test_401_again_after_the_token_was_renewed(mocked: Any) -> None:
    """A token that is refused twice is UnauthorizedError; one renewal was tried."""
    mocked.get(ORIGIN["vbr"] + "/api/v1/serverInfo", status=401, repeat=True)
    async with client() as vbr:
        with pytest.raises(errors.UnauthorizedError):
            await vbr.call("GetServerInfo")
    requests = {url.path: len(calls) for (_, url), calls in mocked.requests.items()}
    assert requests["/api/v1/serverInfo"] == 2 and requests["/api/oauth2/token"] == 2


PLACE = ConnectionKey("a1", 9419, True, True, None, None, None)
BROKEN = [
    (aiohttp.ServerDisconnectedError(), errors.ConnectError),
    (aiohttp.ClientConnectorError(PLACE, OSError(111, "refused")), errors.ConnectError),
    (TimeoutError(), errors.RequestTimeout),
    (aiohttp.ClientConnectorCertificateError(PLACE, ssl.SSLCertVerificationError(1, "self-signed")), errors.TlsError),
]  # fmt: skip


@pytest.mark.parametrize(("raised", "kind"), BROKEN, ids=["disconnected", "refused", "timeout", "certificate"])
async def test_what_aiohttp_raises_becomes_an_error_of_ours(
    mocked: Any, raised: Exception, kind: type[VeeamError]
) -> None:
    """What aiohttp raises for a broken connection and its like is a VeeamError that names the operation."""
    mocked.get(ORIGIN["vbr"] + "/api/v1/serverInfo", exception=raised, repeat=True)
    async with client() as vbr:
        with pytest.raises(kind) as caught:
            await vbr.call("GetServerInfo")
    assert caught.value.operation == "GetServerInfo"


ODD = [
    ({"body": b"<html>", "content_type": "text/html"}, errors.DecodeError),
    ({"body": b'{"name": "half'}, errors.DecodeError),
    ({"body": b"[1, 2]"}, errors.DecodeError),
    ({"body": b'{"name": "' + b"x" * 5000 + b'"}'}, errors.BodyTooLarge),
]


@pytest.mark.parametrize(("answer", "kind"), ODD, ids=["page", "half", "list", "large"])
async def test_an_odd_answer_is_a_decode_error(mocked: Any, answer: dict[str, Any], kind: type[VeeamError]) -> None:
    """A web page, half a body, a list where an object is due, and more than max_body."""
    mocked.get(ORIGIN["vbr"] + "/api/v1/serverInfo", **answer, repeat=True)
    async with client(max_body=4000) as vbr:
        with pytest.raises(kind):
            await vbr.call("GetServerInfo")


async def test_refused_logins() -> None:
    """A wrong password is AuthenticationError, a second factor that is wanted MfaRequired; neither sends the call."""
    with mocked_responses() as own:
        problem = {"errorCode": "AccessDenied", "message": "wrong"}
        own.post(ORIGIN["vbr"] + TOKEN["vbr"], status=401, payload=problem, repeat=True)
        async with client() as vbr:
            with pytest.raises(errors.AuthenticationError):
                await vbr.call("GetServerInfo")
        wanted = {"mfa_enabled": True, "mfa_token": "m", "expires_in": 0, "username": "svc"}
        own.post(ORIGIN["azure"] + TOKEN["azure"], payload=wanted, repeat=True)
        async with client("azure") as azure:
            with pytest.raises(errors.MfaRequired):
                await azure.call("System_GetAbout")
        assert {url.path for _, url in own.requests} == {TOKEN["vbr"], TOKEN["azure"]}


async def test_an_unsupported_revision_is_reported_with_those_that_there_are() -> None:
    """400 that lists revisions without the client's own is UnsupportedRevisionError."""
    text = "Unsupported RESTAPI version. The following versions are supported: 1.0-rev2, 1.1-rev0"
    with mocked_responses() as own:
        own.post(ORIGIN["vbr"] + TOKEN["vbr"], status=400, payload={"errorCode": "x", "message": text}, repeat=True)
        async with client() as vbr:
            with pytest.raises(errors.UnsupportedRevisionError) as caught:
                await vbr.call("GetServerInfo")
    assert set(caught.value.server) == {"1.0-rev2", "1.1-rev0"}


async def test_failed_work_is_reported_with_its_message(mocked: Any) -> None:
    """A session that ends in failure is SessionFailed with the session's own message."""
    session = {
        "id": ID, "name": "Nightly", "sessionType": "BackupJob", "state": "Stopped", "usn": 1,
        "creationTime": "2026-05-04T10:00:00Z", "result": {"result": "Failed", "message": "The disk is full."},
    }  # fmt: skip
    mocked.get(ORIGIN["vbr"] + f"/api/v1/sessions/{ID}", payload=session, repeat=True)
    mocked.get(ORIGIN["vbr"] + f"/api/v1/sessions/{ID}/logs", payload={"totalRecords": 0, "records": []}, repeat=True)
    async with client() as vbr:
        with pytest.raises(errors.SessionFailed, match="The disk is full"):
            await vbr.wait(ID)


def test_addresses_that_make_no_sense() -> None:
    """What makes no address is InvalidAddress before anything is sent."""
    with pytest.raises(errors.InvalidAddress):
        client_class(find_revision("vbr", REVISION["vbr"]))("vbr01..example", Password("svc", "secret-enough"))


async def test_another_origin_gets_nothing(mocked: Any) -> None:
    """A URL at another origin is UnsafeOriginError, and no request goes there."""
    async with client() as vbr:
        with pytest.raises(errors.UnsafeOriginError):
            await vbr.request("GET", "https://elsewhere.example/api/v1/jobs")
    assert {url.host for _, url in mocked.requests} <= {"a1"}


async def test_a_listing_that_ends_early(mocked: Any) -> None:
    """Fewer rows than were announced are IncompleteListing where that is asked for."""
    page = {"data": [], "pagination": {"total": 5, "count": 0, "skip": 0, "limit": 200}}
    mocked.get(re.compile(r".*/api/v1/jobs.*"), payload=page, repeat=True)
    async with client() as vbr:
        with pytest.raises(errors.IncompleteListing) as caught:
            async for _ in vbr.jobs.get_all_jobs().options(on_incomplete="raise"):
                pass
    assert (caught.value.received, caught.value.total) == (0, 5)


def test_every_error_has_a_test_here() -> None:
    """This module raises each error of the package."""
    text = Path(__file__).read_text(encoding="utf-8")
    classes = {
        name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, VeeamError)
    }
    assert {name for name in classes if f"errors.{name}" not in text} == {"VeeamError"}
