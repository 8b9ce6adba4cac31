from __future__ import annotations

import asyncio
import hashlib
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.testing.caller import NEWEST, REVISIONS, Caller, calling, filled
from veeam_async._spec import UnknownRevision
from veeam_async.testing import Behaviour, SimulatedAppliance

LISTS = {
    "vbr": "/api/v1/jobs/states",
    "aws": "/api/v1/virtualMachines/policies",
    "azure": "/api/v8.1/policies/virtualMachines",
}


@pytest.mark.parametrize(("product", "revision"), REVISIONS)
async def test_every_operation_answers(product: str, revision: str) -> None:
    """No operation of any revision fails inside the appliance; each answers with a status of its own document."""
    options = Behaviour(unknown_ids="answer")
    async with calling(product, revision, validate=False, behaviour=options) as caller:
        wrong = {}
        product_ = caller.appliance.product
        skipped = {("POST", product_.login_path(revision)), product_.logout_call(revision)}
        for operation in caller.appliance.spec.operations.values():
            if (operation.method, operation.path) in skipped or operation.path.endswith(
                ("/acceptMfa", "/identityProvider/token")
            ):
                continue
            body: dict[str, Any] | None = {} if operation.body else None
            reply = await caller(operation.method, filled(operation.path), json=body)
            if reply.status not in {response.status for response in operation.responses}:
                wrong[operation.operation_id] = (reply.status, reply.body[:200])
        assert not wrong


@pytest.mark.parametrize(("product", "revision"), NEWEST)
async def test_without_a_token_a_call_is_refused(product: str, revision: str) -> None:
    """A call without a token, or with a made-up one, is 401 without a body, or in the product's shape by choice."""
    async with calling(product, revision) as caller:
        caller.token = "made-up"
        reply = await caller("GET", LISTS[product])
        assert (reply.status, reply.body) == (401, b"")
        caller.appliance.behaviour.unauthorized = "product"
        for token in (None, "made-up"):
            caller.token = token
            reply = await caller("GET", LISTS[product])
            assert reply.status == 401
            assert {"vbr": "errorCode", "aws": "errorCode", "azure": "traceId"}[product] in reply.json


@pytest.mark.parametrize(("kind", "body"), [("empty", b""), ("string", b'"The access token is not known."')])
async def test_a_401_may_have_no_body_or_a_bare_string(kind: Any, body: bytes) -> None:
    """The two odd bodies that real servers give a rejected token are there by choice."""
    async with calling(behaviour=Behaviour(unauthorized=kind)) as caller:
        caller.token = "made-up"
        reply = await caller("GET", LISTS["vbr"])
        assert (reply.status, reply.body) == (401, body)


@pytest.mark.parametrize("revision", [None, "9.9-rev9"])
async def test_a_wrong_revision_is_answered_with_the_right_ones(revision: str | None) -> None:
    """A missing or unknown x-api-version is 400 with the supported revisions in the text, at the login too."""
    async with calling("vbr", "1.3-rev0") as caller:
        caller.revision = revision
        for reply in (await caller("GET", LISTS["vbr"]), await caller.grant(grant_type="password")):
            assert reply.status == 400
            assert "1.3-rev0" in reply.json["message"] and "1.2-rev1" in reply.json["message"]


@pytest.mark.parametrize(
    ("kind", "status", "code"), [("not_implemented", 400, "NotImplemented"), ("server_error", 500, "UnknownError")]
)
async def test_a_wrong_revision_may_be_answered_with_nothing(kind: Any, status: int, code: str) -> None:
    """The variants of other releases: 400 NotImplemented and 500."""
    async with calling(behaviour=Behaviour(revision_error=kind)) as caller:
        caller.revision = "9.9-rev9"
        reply = await caller("GET", LISTS["vbr"])
        assert (reply.status, reply.json["errorCode"]) == (status, code)


async def test_azure_knows_no_revision_header() -> None:
    """The Azure product takes its revision from the path."""
    async with calling("azure", "v8.1") as caller:
        assert caller.revision is None
        await caller.get(LISTS["azure"])


async def test_an_appliance_speaks_its_older_revisions_too() -> None:
    """A header, or a path, of an older revision is answered in that revision's own shape."""
    async with calling("vbr", "1.3-rev0") as caller:
        assert {row["type"] for row in (await caller.get("/api/v1/jobs"))["data"]} != {"Backup"}
        caller.revision = "1.1-rev0"
        assert {row["type"] for row in (await caller.get("/api/v1/jobs"))["data"]} == {"Backup"}
    async with calling("azure", "v8.1") as caller:
        assert (await caller.get("/api/v8/policies/sql"))["totalCount"] == (await caller.get("/api/v8.1/policies/sql"))[
            "totalCount"
        ]


async def test_an_unknown_path_is_404_and_a_wrong_method_405() -> None:
    """What the revision does not have is refused as servers do."""
    async with calling() as caller:
        assert (await caller("GET", "/api/v1/nothing")).status == 404
        assert (await caller("DELETE", "/api/v1/jobs")).status == 405


@pytest.mark.parametrize(
    ("product", "revision", "path", "query", "reported"),
    [
        ("vbr", "1.3-rev0", "/api/v1/jobs", "limit=many", "query limit"),
        ("vbr", "1.3-rev0", "/api/v1/jobs", "typeFilter=Nonsense", "query typeFilter"),
        ("aws", "1.7-rev0", "/api/v1/sessions", "Offset=-1", "query Offset"),
        ("azure", "v8.1", "/api/v8.1/jobSessions", "FromUtc=yesterday", "query FromUtc"),
    ],
)
async def test_a_query_that_does_not_fit_is_400(
    product: str, revision: str, path: str, query: str, reported: str
) -> None:
    """A wrong value or a value outside the enum: 400 that names it."""
    async with calling(product, revision) as caller:
        reply = await caller("GET", f"{path}?{query}")
        assert reply.status == 400
        assert reported in reply.body.decode()


async def test_an_id_that_is_no_uuid_is_400_where_the_document_wants_one() -> None:
    """Path parameters are checked."""
    async with calling() as caller:
        reply = await caller("GET", "/api/v1/jobs/seven")
        assert reply.status == 400 and "path id" in reply.json["message"]


async def test_a_body_is_checked_against_the_child_that_its_discriminator_names() -> None:
    """A body of the right base with a field of its child missing or wrong is 400 that says where."""
    async with calling() as caller:
        body = {"type": "Standard", "username": 7}
        reply = await caller("POST", "/api/v1/credentials", json=body)
        assert reply.status == 400 and "body username: 7 is not of type 'string'" in reply.json["message"]
        reply = await caller("POST", "/api/v1/credentials", json={"type": "Linux", "username": "root"})
        assert reply.status == 400 and "'authenticationType' is a required property" in reply.json["message"]
        reply = await caller(
            "POST", "/api/v1/credentials", json={"type": "Standard", "username": "root", "password": "x"}
        )
        assert reply.status == 201, reply.body


async def test_a_body_without_its_discriminators_child_is_400() -> None:
    """A discriminator's value that no child stands for cannot be asked for."""
    async with calling() as caller:
        reply = await caller("POST", "/api/v1/jobs", json={"type": "Unknown", "name": "x"})
        assert reply.status == 400 and "type" in reply.json["message"]


@pytest.mark.parametrize(
    ("product", "revision", "path", "where"),
    [
        ("vbr", "1.3-rev0", "/api/v1/credentials", lambda answer: answer["message"]),
        ("aws", "1.7-rev0", "/api/v1/repositories", lambda answer: str(answer["data"])),
        ("azure", "v8.1", "/api/v8.1/repositories", lambda answer: str(answer["errors"])),
    ],
)
async def test_errors_have_the_products_own_shape(product: str, revision: str, path: str, where: Any) -> None:
    """What does not fit in a body is reported where the product reports such things."""
    async with calling(product, revision) as caller:
        reply = await caller("POST", path, json=[1])
        assert reply.status == 400
        assert "body" in where(reply.json)
        expected = "application/json" if product == "vbr" else "application/problem+json"
        assert reply.headers["Content-Type"].startswith(expected)


async def test_a_missing_body_is_400() -> None:
    """A required body has to be there."""
    async with calling() as caller:
        assert (await caller("POST", "/api/v1/jobs")).status == 400


@pytest.mark.parametrize("strict", [False, True])
async def test_what_goes_beyond_the_document_is_ignored_and_recorded_or_refused(strict: bool) -> None:
    """Unknown parameters, needless bodies and unknown or read-only properties are departures; 400 with strict=True."""
    status = 400 if strict else 200
    async with calling(strict=strict) as caller:
        assert (await caller("GET", "/api/v1/jobs?Limit=3")).status == status
        identity = caller.appliance.world.jobs[0].id
        assert (await caller("POST", f"/api/v1/jobs/{identity}/enable", json={"a": 1})).status == status
        body = {"type": "Standard", "username": "root", "password": "x", "colour": "red"}
        assert (await caller("POST", "/api/v1/credentials", json=body)).status == (400 if strict else 201)
        reported = [(departure.operation_id, departure.where) for departure in caller.appliance.departures]
        assert reported == [
            ("GetAllJobs", "query Limit"), ("EnableJob", "body"), ("CreateCreds", "body colour"),
        ]  # fmt: skip
    async with calling("azure", "v8.1", strict=strict) as caller:
        path = "/api/v8.1/settings/retention"
        settings = await caller.get(path)
        reply = await caller("PUT", path, json=settings)
        assert (reply.status < 300) is not strict, reply.body
        assert {departure.where for departure in caller.appliance.departures} >= {"body _links"}


async def test_a_release_serves_the_revisions_that_the_vendor_lists_for_it() -> None:
    """A version chooses the revisions; those without a document are answered from their nearest neighbour's."""
    async with calling("vbr", None, version="13.0.1") as caller:
        appliance = caller.appliance
        assert (appliance.version, appliance.revision, appliance.revisions[-1]) == ("13.0.1", "1.3-rev1", "1.0-rev1")
        assert appliance.documents["1.2-rev0"] == "1.2-rev1" and appliance.documents["1.1-rev0"] == "1.1-rev0"
        for revision in appliance.revisions:
            caller.revision = revision
            await caller.login()
            await caller.get("/api/v1/jobs")
        caller.revision = "1.4-rev0"
        assert (await caller("GET", "/api/v1/jobs")).status == 400
    async with calling("azure", None) as caller:
        assert caller.appliance.revisions[0] == "v8.1"
        assert (await caller.get("/api/v7/policies/sql"))["totalCount"] > 0
        assert (await caller("GET", "/api/v5/policies/sql")).status == 404


def test_a_version_or_a_revision_that_is_not_there_is_refused_at_once() -> None:
    """An unknown release, and a revision that a release does not serve, are errors that say what there is."""
    with pytest.raises(UnknownRevision, match=r"13\.0\.1"):
        SimulatedAppliance("vbr", version="13.9")
    with pytest.raises(UnknownRevision, match="does not serve"):
        SimulatedAppliance("vbr", "1.3-rev1", version="12.3")
    with pytest.raises(UnknownRevision, match="no specification of aws"):
        SimulatedAppliance("aws", "7.7")
    assert SimulatedAppliance("aws").revision and SimulatedAppliance("azure").revision
    assert SimulatedAppliance("vbr", "1.2-rev1", version="13").revision == "1.2-rev1"


async def test_it_serves_its_documents_without_a_token() -> None:
    """Every served revision's document is at /swagger/vREVISION/swagger.json, and an index leads to them."""
    async with calling() as caller:
        caller.token = caller.revision = None
        reply = await caller("GET", "/swagger/v1.2-rev1/swagger.json")
        assert reply.status == 200 and "/api/v1/jobs" in reply.json["paths"]
        assert b"/swagger/v1.3-rev0/swagger.json" in (await caller("GET", "/swagger/index.html")).body
        assert (await caller("GET", "/swagger/v9.9/swagger.json")).status == 404


async def test_answers_have_the_headers_of_the_vendors_examples() -> None:
    """VBR names the charset and sends the headers that its overview lists; the cloud products name the charset."""
    async with calling() as caller:
        reply = await caller("GET", "/api/v1/jobs")
        assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
        for name, value in caller.appliance.product.headers.items():
            assert reply.headers[name] == value
    async with calling("azure", "v8.1") as caller:
        reply = await caller("GET", "/api/v8.1/nothing")
        assert reply.headers["Content-Type"] == "application/problem+json; charset=utf-8"


async def test_the_port_of_a_stopped_appliance_is_nobody_elses() -> None:
    """Between stop and close a port refuses connections and is given to no other appliance."""
    async with calling() as caller:
        port = caller.appliance.port
        await caller.appliance.stop()
        others = [SimulatedAppliance(seed=number) for number in range(20)]
        for other in others:
            await other.start()
        assert port not in {other.port for other in others}
        for other in others:
            await other.close()
        await caller.appliance.start()
        assert caller.appliance.port == port


async def test_a_wrong_media_type_is_refused() -> None:
    """A body of a media type that the operation does not take is 415 (azure) or 400."""
    async with calling("azure", "v8.1") as caller:
        assert (await caller("POST", "/api/v8.1/repositories", data=b"<a/>")).status == 415
    async with calling() as caller:
        assert (await caller("POST", "/api/v1/credentials", data=b"<a/>")).status == 400


async def test_without_validation_what_does_not_fit_is_taken() -> None:
    """validate=False lets everything through."""
    async with calling(validate=False) as caller:
        await caller.get("/api/v1/jobs", limit="many", nonsense=1)


async def test_unknown_ids_are_404_or_made_up() -> None:
    """An id that no list shows is 404, or answered, by choice."""
    path = "/api/v1/jobs/11111111-2222-4333-8444-555555555555"
    async with calling() as caller:
        reply = await caller("GET", path)
        assert (reply.status, reply.json["errorCode"]) == (404, "NotFound")
        assert (await caller("POST", path + "/start")).status == 404
        caller.appliance.behaviour.unknown_ids = "answer"
        assert (await caller("GET", path)).status == 200


async def test_requests_are_recorded_and_counted() -> None:
    """Each request is there with its operation, query, headers and status; counts go by operationId."""
    async with calling() as caller:
        await caller.get("/api/v1/jobs", limit=3)
        await caller("GET", "/api/v1/nothing")
        last, one = caller.appliance.requests[-1], caller.appliance.requests[-2]
        assert (one.method, one.path, one.operation_id, one.status) == ("GET", "/api/v1/jobs", "GetAllJobs", 200)
        assert one.query == {"limit": ["3"]} and one.headers["x-api-version"] == "1.3-rev0"
        assert (last.operation_id, last.status) == ("", 404)
        assert caller.appliance.count("GetAllJobs") == 1 and caller.appliance.count("login") == 1


async def test_no_record_shows_a_token() -> None:
    """The repr of a recorded request and of the credentials holds no secret."""
    async with calling() as caller:
        await caller.get("/api/v1/jobs")
        shown = repr(list(caller.appliance.requests)) + repr(caller.appliance.credentials) + repr(caller.appliance.user)
        assert caller.token is not None and caller.token not in shown
        assert caller.appliance.password not in shown


async def test_many_appliances_on_one_loop_keep_apart() -> None:
    """Appliances on one loop have worlds, tokens and counts of their own."""
    async with calling(seed=1) as one, calling(seed=2) as two:
        first, second = await one.get("/api/v1/jobs"), await two.get("/api/v1/jobs")
        assert {row["id"] for row in first["data"]}.isdisjoint(row["id"] for row in second["data"])
        two.token = one.token
        assert (await two("GET", "/api/v1/jobs")).status == 401


async def test_a_stopped_appliance_comes_back_on_its_port() -> None:
    """stop() makes it unreachable, start() brings it back where it was, tokens included."""
    async with calling() as caller:
        port = caller.appliance.port
        await caller.appliance.stop()
        with pytest.raises(aiohttp.ClientConnectionError):
            await caller("GET", "/api/v1/jobs")
        await caller.appliance.start()
        assert caller.appliance.port == port
        await caller.get("/api/v1/jobs")


async def test_https_is_verified_by_its_own_authority() -> None:
    """With tls the served certificate is good for its own authority alone, and its fingerprint is reported."""
    async with calling(tls=True) as caller:
        await caller.get("/api/v1/jobs")
        assert caller.appliance.url.startswith("https://")
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        _, writer = await asyncio.open_connection(caller.appliance.host, caller.appliance.port, ssl=context)
        served = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        assert hashlib.sha256(served).hexdigest() == caller.appliance.fingerprint
        writer.close()
        await writer.wait_closed()
        caller.ssl = True
        await caller.appliance.stop()  # the verified connections of the pool must not serve
        await caller.appliance.start()
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await caller("GET", "/api/v1/jobs")


async def test_the_certificate_can_change() -> None:
    """A new certificate of the same authority is trusted, one of another is not; the fingerprint follows."""
    async with calling(tls=True) as caller:
        before = caller.appliance.fingerprint
        caller.appliance.change_certificate()
        assert caller.appliance.fingerprint != before
        await caller.appliance.stop()
        await caller.appliance.start()
        await caller.get("/api/v1/jobs")
        caller.appliance.change_certificate(trusted=False)
        await caller.appliance.stop()
        await caller.appliance.start()
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await caller("GET", "/api/v1/jobs")


async def test_roles_get_403_on_single_operations() -> None:
    """An account that may not do a thing gets 403 for it and the rest works."""
    async with calling() as caller:
        caller.appliance.add_user("reader", "secret", forbidden={"GetInstalledLicense"})
        await caller.login("reader", "secret")
        reply = await caller("GET", "/api/v1/license")
        assert (reply.status, reply.json["errorCode"]) == (403, "AccessDenied")
        await caller.get("/api/v1/jobs")


async def test_calls_without_a_token_work_where_the_product_allows_it() -> None:
    """Server time (vbr) and the sign-on URL (aws) need no token."""
    async with calling() as caller:
        caller.token = None
        assert "serverTime" in await caller.get("/api/v1/serverTime")
    async with calling("aws", "1.7-rev0") as caller:
        caller.token = None
        assert "redirectToUrl" in await caller.get("/api/v1/identityProvider/signOnUrl", userName="anna")


async def test_the_clock_of_the_server_goes_on() -> None:
    """Server time is not the one of the first question."""
    async with calling() as caller:
        first = (await caller.get("/api/v1/serverTime"))["serverTime"]
        await asyncio.sleep(1.1)
        assert (await caller.get("/api/v1/serverTime"))["serverTime"] > first


async def test_downloads_come_in_the_media_type_that_was_asked_for() -> None:
    """An operation with several media types answers by Accept."""
    async with calling("aws", "1.7-rev0") as caller:
        reply = await caller("POST", "/api/v1/users/export", accept="text/csv")
        assert reply.headers["Content-Type"].startswith("text/csv") and reply.body.startswith(b"Name")
        reply = await caller("POST", "/api/v1/users/export", accept="application/xml")
        assert reply.body.startswith(b"<export")


async def test_uploads_are_taken() -> None:
    """A multipart upload that fits is answered."""
    async with calling("aws", "1.7-rev0") as caller:
        form = aiohttp.FormData()
        form.add_field("licenseFile", b"license", filename="a.lic", content_type="application/octet-stream")
        assert (await caller("POST", "/api/v1/licensing/license", data=form)).status == 200


async def test_deletes_can_be_eventually_consistent() -> None:
    """With delete_lag a deleted thing is still answered for a while after its deletion was, then it is gone."""
    async with calling(behaviour=Behaviour(delete_lag=0.3)) as caller:
        path = f"/api/v1/jobs/{caller.appliance.world.jobs[0].id}"
        assert (await caller("DELETE", path)).status == 204
        assert (await caller("GET", path)).status == 200
        await asyncio.sleep(0.4)
        assert (await caller("GET", path)).status == 404


async def test_credentials_are_in_use_as_long_as_something_uses_them_and_a_while_longer() -> None:
    """Credentials of a server cannot be deleted; with in_use_for not at once after the server either."""
    async with calling(behaviour=Behaviour(in_use_for=0.3)) as caller:
        world = caller.appliance.world
        key = world.servers[0].credentials_id
        path = f"/api/v1/credentials/{key}"
        reply = await caller("DELETE", path)
        assert reply.status == 400 and "in use" in reply.json["message"]
        for server in [one for one in world.servers if one.credentials_id == key]:
            deleted = await caller("DELETE", f"/api/v1/backupInfrastructure/managedServers/{server.id}")
            assert deleted.status < 300
        assert (await caller("DELETE", path)).status == 400
        await asyncio.sleep(0.4)
        assert (await caller("DELETE", path)).status == 204


async def test_large_listings_can_be_slow() -> None:
    """With seconds_per_row an answer takes as long as the whole listing is large, however small the page."""
    async with calling(behaviour=Behaviour(seconds_per_row=0.005)) as caller:
        rows = len(caller.appliance.world.sessions)
        started = asyncio.get_running_loop().time()
        await caller.get("/api/v1/sessions", limit=1)
        assert asyncio.get_running_loop().time() - started >= rows * 0.005


async def test_nothing_is_left_behind() -> None:
    """After its block an appliance has no task, no socket and no file left."""
    appliance = SimulatedAppliance(tls=True)
    before = asyncio.all_tasks()
    async with appliance, aiohttp.ClientSession() as session:
        caller = Caller(session, appliance)
        caller.ssl = ssl.create_default_context(cafile=appliance.ca_file)
        await caller.login()
        ca_file = Path(appliance.ca_file)
        assert await asyncio.to_thread(ca_file.is_file)
    assert not await asyncio.to_thread(ca_file.parent.exists)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(appliance.host, appliance.port)
