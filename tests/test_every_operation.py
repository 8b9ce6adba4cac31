"""Every operation of every revision, through its typed function, to a server that checks requests by openapi-core."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.contract.arguments import Arguments
from tests.contract.run import client_class, misfit
from tests.ending import session_ends
from veeam_async._operation.operation import Operation
from veeam_async.client import ApplianceClient
from veeam_async.downloads import Download
from veeam_async.errors import VeeamError
from veeam_async.testing import Behaviour, SimulatedAppliance

SPECS = Path(__file__).parent.parent / "specs"
REVISIONS = sorted(f"{path.parent.name}/{path.stem}" for path in SPECS.glob("*/*.json"))
CONCURRENCY = 8

pytestmark = [
    pytest.mark.clone,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    # Each inferred operation says so at its first call.
    pytest.mark.filterwarnings("ignore::veeam_async.errors.InferredOperationWarning"),
]


def document_of(revision: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SPECS / f"{revision}.json").read_text(encoding="utf-8"))
    return document


class Fitting(Arguments):
    """Arguments that openapi-core takes: its `time` is one without a zone."""

    def _string(self, found: dict[str, Any]) -> str:
        return "22:30:00" if found.get("format") == "time" else super()._string(found)


def log_in(body: Any, appliance: SimulatedAppliance) -> None:
    """Put what the appliance knows into a login's form."""
    known = {
        "username": appliance.username,
        "password": appliance.password,
        "saml_response": appliance.tokens.saml_response("single-sign-on"),
    }
    for name, value in known.items():
        if hasattr(body, name):
            setattr(body, name, value)
    if getattr(body, "grant_type", None) == "refresh_token":
        body.grant_type = type(body.grant_type)("password")


async def call(client: ApplianceClient, operation: Operation[Any], arguments: dict[str, Any]) -> str:
    """Call an operation in each form that it can be called; what is wrong with what comes back, or nothing."""
    function = getattr(getattr(client, operation.group), operation.name)
    request = function(**arguments)
    if isinstance(request, Download):
        async with function(**arguments).stream() as body:
            await body.read()
    paging = operation.paging
    answer = await request
    fault = misfit(answer, operation) if paging is None else misfit_page(answer, operation)
    if paging is not None:
        # Made-up listings know nothing of pages.
        rest = arguments | ({} if paging.in_body else {paging.skip: 0, paging.limit: 2})
        options: dict[str, Any] = {"max_items": 3, "on_incomplete": "ignore"}
        async for row in function(**rest).options(**options):
            fault = fault or misfit_row(row, operation)
        async for page in function(**rest).options(**options).pages():
            fault = fault or misfit_page(page, operation)
    return fault


def misfit_page(page: Any, operation: Operation[Any]) -> str:
    # Where the answer is an operation, its result is the page.
    name = type(page).__name__
    types = {answer.type for answer in operation.responses.values()}
    return "" if types & {name, f"AsyncOperationOf{name}"} else f"a page is {name}, {types} was due"


def misfit_row(row: Any, operation: Operation[Any]) -> str:
    assert operation.paging is not None
    due = operation.paging.row
    cls = getattr(import_module(f"{operation.revision.package}.models"), due, None)
    return "" if cls is None or isinstance(row, cls) else f"a row is {type(row).__name__}, {due} was due"


@pytest.fixture
async def appliance(revision: str, asynchronous: bool) -> AsyncIterator[SimulatedAppliance]:
    product, _, name = revision.partition("/")
    behaviour = Behaviour(unknown_ids="answer", asynchronous=asynchronous)
    async with SimulatedAppliance(product, name, validate=True, behaviour=behaviour) as appliance:
        for job in appliance.world.jobs:
            job.seconds = 3600  # what is started is still there to be stopped
        yield appliance


BEHAVIOURS = [(revision, False) for revision in REVISIONS] + [
    (name, True) for name in REVISIONS if name.startswith(("azure", "spc"))
]


@pytest.mark.parametrize(("revision", "asynchronous"), BEHAVIOURS)
async def test_every_operation(revision: str, appliance: SimulatedAppliance) -> None:
    """Each operation of a revision is called once at least, with all that it can be given: none is refused, and what
    comes back is of the type that it says."""
    arguments = Fitting(document_of(revision))
    faults: dict[str, str] = {}
    appliance.add_user("single-sign-on", saml=True)
    async with client_class(revision)(appliance.url, appliance.credentials, logout=False) as client:
        await client.login()
        gate = asyncio.Semaphore(CONCURRENCY)

        async def one(operation: Operation[Any]) -> None:
            async with gate:
                try:
                    given = arguments.of(operation)
                    if any(hasattr(given.get("body"), name) for name in ("grant_type", "saml_response")):
                        log_in(given["body"], appliance)
                    fault = await call(client, operation, given)
                except (VeeamError, TypeError, ValueError, AttributeError) as error:
                    fault = f"{type(error).__name__}: {error}"
                if fault:
                    faults[operation.operation_id] = fault

        # What is to be stopped was started before; the calls that end the session come last.
        last = [op for op in client.operations if session_ends(client, op)]
        stops = [op for op in client.operations if op.path.endswith("/stop")]
        others = [op for op in client.operations if op not in last and op not in stops]
        await asyncio.gather(*(one(operation) for operation in others))
        await asyncio.gather(*(one(operation) for operation in stops))
        refused = [(seen.operation_id, seen.status) for seen in appliance.requests if seen.status >= 400]
        for operation in last:
            await one(operation)
        count = len(client.operations)
    assert not faults, "\n".join(f"{name}: {fault}" for name, fault in faults.items())
    assert not appliance.errors
    missing = [op.operation_id for op in client.operations if not appliance.counts[op.operation_id]]
    assert not missing
    # Where a logout is carried out later, its outcome is asked for with a token that is none any more.
    assert not refused
    assert count == len(appliance.spec.operations)
