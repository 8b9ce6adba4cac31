"""Backup for Microsoft 365, the Service Provider Console and Veeam ONE, as far as specifications of them are there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from veeam_async._spec import revisions
from veeam_async.testing import Behaviour, SimulatedAppliance, World

LOGIN = {"m365": "/{}/token", "spc": "/api/v3/token", "one": "/api/token"}
KNOWN = [(product, revision) for product, revision in revisions() if product in LOGIN]


def of(product: str) -> pytest.MarkDecorator:
    """Runs a test with each revision of a product, or skips it where there is none."""
    found = [revision for name, revision in KNOWN if name == product]
    marks = () if found else (pytest.mark.skip(reason=f"there is no specification of {product}"),)
    return pytest.mark.parametrize("revision", [pytest.param(name, marks=marks) for name in found or ["none"]])


class Caller:
    """A bare client that is logged in."""

    def __init__(self, session: aiohttp.ClientSession, appliance: SimulatedAppliance) -> None:
        self.session = session
        self.appliance = appliance
        self.headers: dict[str, str] = {}

    async def login(self, **form: str) -> tuple[int, Any]:
        product = self.appliance.product.name
        own = {"username": self.appliance.username, "password": self.appliance.password, "grant_type": "password"}
        if product == "m365":
            own["disable_antiforgery_token"] = "true"
        path = LOGIN[product].format(self.appliance.revision)
        async with self.session.post(self.appliance.url + path, data={**own, **form}) as answer:
            body = await answer.json()
        if answer.status == 200 and body.get("access_token"):
            self.headers["Authorization"] = f"Bearer {body['access_token']}"
        return answer.status, body

    async def __call__(self, method: str, path: str, **options: Any) -> tuple[int, Any, Any]:
        url = self.appliance.url + path
        async with self.session.request(method, url, headers=self.headers, **options) as answer:
            data = await answer.read()
            is_json = answer.content_type.endswith("json")
            return answer.status, json.loads(data) if data and is_json else None, answer.headers

    async def get(self, path: str, **query: Any) -> Any:
        status, body, _ = await self("GET", path, params=query)
        assert status == 200, (path, status, body)
        return body


@asynccontextmanager
async def calling(product: str, revision: str, **options: Any) -> AsyncIterator[Caller]:
    async with SimulatedAppliance(product, revision, **options) as appliance, aiohttp.ClientSession() as session:
        caller = Caller(session, appliance)
        status, body = await caller.login()
        assert status == 200, body
        yield caller
        assert not appliance.errors


@of("m365")
async def test_m365_pages_have_no_total_and_a_relative_next_link(revision: str) -> None:
    """Thirty rows a page by default; the next link alone says that there is more. v7 lists jobs bare."""
    async with calling("m365", revision) as caller:
        world = caller.appliance.world
        own = [one.id for one in world.sessions if one.kind == "backup"]
        path, seen = f"/{revision}/JobSessions", []
        while path:
            page = await caller.get(path)
            assert len(page["results"]) <= 30
            seen += [row["id"] for row in page["results"]]
            path = page["_links"].get("next", {}).get("href", "")
            assert path == "" or path.startswith(f"/{revision}/JobSessions?")
        assert seen == own
        jobs = await caller.get(f"/{revision}/Jobs")
        assert isinstance(jobs, list) is (revision == "v7")


@of("m365")
async def test_m365_wants_the_antiforgery_cookie_unless_the_login_said_otherwise(revision: str) -> None:
    """A token asked for without disable_antiforgery_token is refused on calls without a cookie."""
    async with calling("m365", revision) as caller:
        await caller.get(f"/{revision}/License")
        await caller.login(disable_antiforgery_token="false")
        assert (await caller("GET", f"/{revision}/License"))[0] == 401


@of("m365")
async def test_m365_starts_a_job_and_answers_its_session(revision: str) -> None:
    """A start answers with the session, whose status ends as the job's outcome says."""
    async with calling("m365", revision, time_scale=1000) as caller:
        job = caller.appliance.world.jobs[0]
        job.outcome, job.seconds = "failed", 0
        status, session, _ = await caller("POST", f"/{revision}/Jobs/{job.id}/start", json={})
        assert status < 300
        if revision != "v7":  # where a start answers nothing
            assert session["status"] in ("Running", "Failed")
        last = caller.appliance.world.last_session(job)
        assert last is not None
        assert (await caller.get(f"/{revision}/JobSessions/{last.id}"))["status"] == "Failed"


@of("m365")
async def test_m365_revisions_are_paths(revision: str) -> None:
    """A revision that the server does not serve is 404; letter case of the path's revision does not matter."""
    async with calling("m365", revision) as caller:
        assert (await caller("GET", "/v1/License"))[0] == 404
        await caller.get(f"/{revision.upper()}/License")


@of("spc")
async def test_spc_answers_in_envelopes(revision: str) -> None:
    """Rows are under `data` beside `meta.pagingInfo`; one object is under `data` too; errors are a list."""
    async with calling("spc", revision) as caller:
        page = await caller.get("/api/v3/infrastructure/backupServers/jobs", limit=5, offset=3)
        total = len(caller.appliance.world.jobs)
        assert page["meta"]["pagingInfo"] == {"total": total, "count": 5, "offset": 3}
        assert [row["instanceUid"] for row in page["data"]] == [job.id for job in caller.appliance.world.jobs[3:8]]
        assert (await caller.get("/api/v3/about"))["data"]["serverVersion"]
        caller.headers["Authorization"] = "Bearer gone"
        status, body, _ = await caller("GET", "/api/v3/about")
        assert status == 401 and body["errors"][0]["type"] == "security"


@of("spc")
async def test_spc_filters_and_sorts_by_json(revision: str) -> None:
    """`filter` and `sort` are JSON texts in the query: conditions, groups, nested properties, collations."""
    async with calling("spc", revision) as caller:
        path = "/api/v3/infrastructure/backupServers/jobs"
        job = caller.appliance.world.jobs[4]
        one = [{"property": "name", "operation": "equals", "collation": "ignorecase", "value": job.name.upper()}]
        assert [row["instanceUid"] for row in (await caller.get(path, filter=json.dumps(one)))["data"]] == [job.id]
        either = {
            "operation": "or",
            "items": [{**one[0]}, {"property": "name", "operation": "contains", "value": "Oslo"}],
        }
        names = [row["name"] for row in (await caller.get(path, filter=json.dumps([either])))["data"]]
        assert job.name in names and len(names) > 1 and all(name == job.name or "Oslo" in name for name in names)
        sort = json.dumps([{"property": "name", "direction": "descending"}])
        names = [row["name"] for row in (await caller.get(path, sort=sort))["data"]]
        assert names == sorted(names, reverse=True)
        assert (await caller("GET", path, params={"filter": "[{"}))[0] == 400


@of("spc")
async def test_spc_may_answer_elsewhere(revision: str) -> None:
    """With asynchronous calls any GET is 202 with a Location; the action's result is the whole answer."""
    async with calling("spc", revision, behaviour=Behaviour(asynchronous=True)) as caller:
        path = "/api/v3/infrastructure/backupServers/jobs"
        status, body, headers = await caller("GET", path)
        assert (status, body) == (202, None)
        action = headers["Location"].removeprefix(caller.appliance.url)
        info = await caller.get(action)
        assert info["data"]["status"] == "succeed"
        result = await caller.get(f"{action}/result")
        assert len(result["data"]) == len(caller.appliance.world.jobs)


@of("spc")
async def test_spc_takes_api_keys_and_says_520_for_its_own_failures(revision: str) -> None:
    """A key serves as the token, without a login; a failure of the server is 520."""
    async with calling("spc", revision) as caller:
        caller.headers = {"Authorization": f"Bearer {caller.appliance.tokens.add_key(caller.appliance.user)}"}
        await caller.get("/api/v3/about")
        caller.appliance.faults.add(status=500, times=1)
        assert (await caller("GET", "/api/v3/about"))[0] == 520


@of("one")
async def test_one_pages_by_items_and_total(revision: str) -> None:
    """`items` and `totalCount`, a hundred rows by default, filters as one JSON object."""
    async with calling("one", revision) as caller:
        base = f"/api/v{revision}"
        page = await caller.get(f"{base}/vbr/repositories", Limit=5, Offset=5)
        repositories = caller.appliance.world.repositories
        assert page["totalCount"] == len(repositories)
        assert [row["repositoryUidInVbr"] for row in page["items"]] == [one.id for one in repositories[5:10]]
        wanted = json.dumps({"property": "name", "operation": "equals", "value": repositories[3].name})
        rows = (await caller.get(f"{base}/vbr/repositories", Filter=wanted))["items"]
        assert [row["name"] for row in rows] == [repositories[3].name]


@of("one")
async def test_one_polls_its_only_long_work_by_post(revision: str) -> None:
    """Log collection is a task whose state is asked for by POST."""
    async with calling("one", revision, world=World(time_scale=10_000)) as caller:
        base = f"/api/v{revision}/about/logs"
        _, task, _ = await caller("POST", base, json={})
        caller.appliance.world.finish(task["id"])
        status, body, _ = await caller("POST", f"{base}/tasks/{task['id']}/status")
        assert (status, body["state"]) == (200, "Completed")


@of("one")
async def test_one_refuses_as_its_document_says(revision: str) -> None:
    """A revision that is not served is 400, a dead token 401 without a body."""
    async with calling("one", revision) as caller:
        assert (await caller("GET", "/api/v9.9/about"))[0] == 400
        caller.headers = {"Authorization": "Bearer gone"}
        assert (await caller("GET", f"/api/v{revision}/about"))[:2] == (401, None)


@pytest.mark.parametrize(("product", "revision"), KNOWN or [pytest.param("", "", marks=pytest.mark.skip("none"))])
async def test_every_get_of_a_further_product_answers(product: str, revision: str) -> None:
    """No GET of any revision fails inside the appliance."""
    async with calling(product, revision, behaviour=Behaviour(unknown_ids="answer"), validate=False) as caller:
        wrong = {}
        for operation in caller.appliance.spec.operations.values():
            if operation.method == "GET":
                some = "11111111-2222-4333-8444-555555555555"
                path = "/".join(some if part.startswith("{") else part for part in operation.path.split("/"))
                status, _, _ = await caller("GET", path)
                if status not in (200, 202, 204, 404):
                    wrong[operation.operation_id] = status
        assert not wrong


@of("spc")
async def test_spc_refuses_a_version_in_a_shape_of_its_own(revision: str) -> None:
    """What answers a version that is not served is not the console's envelope of errors."""
    async with calling("spc", revision) as caller:
        caller.headers["X-Client-Version"] = "1.0"
        status, body, _ = await caller("GET", "/api/v3/about")
        assert status == 400
        assert body["error"].keys() == {"code", "message", "innerError"}
        assert body["error"]["code"] == "UnsupportedApiVersion"
