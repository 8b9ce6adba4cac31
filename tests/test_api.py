"""Endpoint functions bound to clients: `client.jobs.get_job(id)` is `api.jobs.get_job(client, id)`."""

from __future__ import annotations

import inspect
import pydoc
import types
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.scripted import Scripted
from veeam_async.api import BoundDownload, BoundList
from veeam_async.credentials import BearerToken
from veeam_async.vbr.v1_3_rev0 import Client
from veeam_async.vbr.v1_3_rev0.api import deployment, jobs
from veeam_async.vbr.v1_3_rev0.api.jobs import JobsApi


@pytest.fixture
async def vbr() -> AsyncIterator[Client]:
    async with Client("http://127.0.0.1:9", BearerToken("token")) as client:
        yield client


async def test_a_method_is_the_function_bound(vbr: Client) -> None:
    """A bound operation is a bound method of the endpoint function, as fast as one written by hand."""
    bound = vbr.jobs.get_job
    assert isinstance(bound, types.MethodType)
    assert bound.__func__ is jobs.get_job
    assert bound.__self__ is vbr


async def test_bound_and_function_send_the_same(vbr: Client) -> None:
    """`client.jobs.get_job(id)` and `api.jobs.get_job(client, id)` send the same request."""
    async with Scripted() as server:
        server.on("GET", "/api/v1/jobs/7", {"id": "7", "name": "daily", "type": "VSphereBackup"})
        async with Client(server.url, BearerToken("token")) as client:
            one = await client.jobs.get_job("7")
            other = await jobs.get_job(client, "7")
    assert one == other
    assert server.requests[0].path == server.requests[1].path == "/api/v1/jobs/7"


async def test_the_class_gives_the_functions() -> None:
    """On the class an attribute is the endpoint function, so that documentation tools find it."""
    assert JobsApi.get_job is jobs.get_job
    assert JobsApi.get_all_jobs is jobs.get_all_jobs
    assert deployment.DeploymentApi.download_deployment_kit is deployment.download_deployment_kit


@pytest.mark.parametrize("name", ["get_job", "get_all_jobs", "create_job"])
async def test_signatures_and_help(vbr: Client, name: str) -> None:
    """`inspect.signature` and `help` show the operation's own parameters and text, without the client."""
    bound = getattr(vbr.jobs, name)
    function = getattr(jobs, name)
    parameters = list(inspect.signature(function).parameters)
    assert list(inspect.signature(bound).parameters) == parameters[1:]
    assert inspect.getdoc(bound) == inspect.getdoc(function)
    assert function.__doc__.splitlines()[0] in pydoc.plain(pydoc.render_doc(bound))


async def test_a_listing_bound(vbr: Client) -> None:
    """A listing can be called, walked by `items` and by `pages`, and says what it is."""
    bound = vbr.jobs.get_all_jobs
    assert isinstance(bound, BoundList)
    assert bound.__name__ == "get_all_jobs"
    assert repr(bound) == "<listing get_all_jobs>"
    assert not hasattr(bound, "client")


async def test_a_download_bound(vbr: Client) -> None:
    """A download says what it is, and its signature is the operation's."""
    bound = vbr.deployment.download_deployment_kit
    assert isinstance(bound, BoundDownload)
    assert list(inspect.signature(bound).parameters) == ["task_id"]
    assert repr(bound) == "<download download_deployment_kit>"


async def test_wrong_arguments_are_python_s_own_errors(vbr: Client) -> None:
    """A misspelt or missing argument is a `TypeError` before anything is sent."""
    with pytest.raises(TypeError, match="limt"):
        await vbr.jobs.get_all_jobs(limt=5)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        vbr.jobs.get_all_jobs.items(skip=5)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        await vbr.jobs.get_job()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        await vbr.deployment.download_deployment_kit.to_file("/nowhere/kit")  # type: ignore[call-arg]


def test_groups_of_the_client() -> None:
    """A group is made once for each client and holds on to it."""
    client = Client("http://127.0.0.1:9", BearerToken("token"))
    assert client.jobs is client.jobs
    assert client.jobs.client is client
    assert "client of" in repr(client.jobs)


def every_operation() -> list[Any]:
    return list(Client.operations)


def test_every_operation_is_an_attribute_of_its_group() -> None:
    """Each of the client's operations is found under its group by its name."""
    client = Client("http://127.0.0.1:9", BearerToken("token"))
    for operation in every_operation():
        assert callable(getattr(getattr(client, operation.group), operation.name)), operation
