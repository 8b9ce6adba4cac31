"""Answers built from the schemas, nulls and absences included, come back whole through the typed functions.

A simulated appliance serves them. `VEEAM_FUZZ_EXAMPLES` says how many there are for each answer of each operation.
"""

from __future__ import annotations

import asyncio
import copy
import os
from collections.abc import Callable
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.contract.run import client_class
from tests.ending import session_ends
from tests.properties.objects import Document, Maker, document, names
from tests.properties.test_codec_properties import read_all
from tests.test_every_operation import Fitting, document_of
from veeam_async._model import encode
from veeam_async._operation.operation import Operation, Response
from veeam_async.client import ApplianceClient
from veeam_async.testing import SimulatedAppliance

EXAMPLES = int(os.environ.get("VEEAM_FUZZ_EXAMPLES", "2"))
BUILT = settings(
    max_examples=EXAMPLES,
    derandomize="VEEAM_FUZZ_EXAMPLES" not in os.environ,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

pytestmark = [
    pytest.mark.clone,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::veeam_async.errors.InferredOperationWarning"),
]


def thinned(value: Any, random: Random) -> Any:
    """The same JSON with every sixth field or so null, and as many absent."""
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for key, inner in value.items():
            chance = random.random()
            if chance < 0.15:
                found[key] = None
            elif chance < 0.85:
                found[key] = thinned(inner, random)
        return found
    if isinstance(value, list):
        return [thinned(inner, random) for inner in value]
    return value


class Whole:
    """One revision's appliance, client and documents, on a loop of their own."""

    def __init__(self, revision: str, appliance: SimulatedAppliance, client: ApplianceClient) -> None:
        self.found: Document = document(revision)
        self.arguments = Fitting(document_of(revision))
        self.appliance = appliance
        self.client = client

    async def returns(self, operation: Operation[Any], status: int, sent: Any) -> None:
        """Serve a value as the operation's answer and compare what the typed function makes of it."""
        fault = self.appliance.faults.add(
            operation=operation.operation_id, status=status, body=orjson.dumps(sent), content_type="application/json"
        )
        try:
            bound = getattr(getattr(self.client, operation.group), operation.name)
            # Its reply, for awaiting a listing waits for a page that is still put together.
            back = (await bound(**self.arguments.of(operation)).reply()).value
        finally:
            self.appliance.faults.remove(fault)
        assert fault.hits == 1
        assert encode(back) == sent
        read_all(back)
        assert encode(back) == sent


def answers(operation: Operation[Any], described: dict[str, Any]) -> list[tuple[int, Response, dict[str, Any]]]:
    """The operation's JSON answers: status, answer, schema."""
    found = []
    for status, answer in operation.responses.items():
        content = described["responses"][str(status)].get("content", {})
        schema = next((body.get("schema") for media, body in content.items() if "json" in media), None)
        if answer.type not in ("", "bytes", "str") and schema is not None:
            found.append((status, answer, schema))
    return found


@pytest.mark.parametrize("revision", names())
def test_answers_come_back_whole(revision: str) -> None:
    """For each JSON answer of each operation: as the schema has it, and with nulls and absences strewn in."""
    product, _, name = revision.partition("/")

    async def begin() -> Whole:
        appliance = SimulatedAppliance(product, name, validate=False)
        await appliance.start()
        client = client_class(revision)(appliance.url, appliance.credentials)
        await client.login()
        return Whole(revision, appliance, client)

    async def end(whole: Whole) -> None:
        await whole.client.aclose()
        await whole.appliance.close()

    with asyncio.Runner() as runner:
        whole = runner.run(begin())
        try:
            count = every_answer(whole, runner.run)
        finally:
            runner.run(end(whole))
    assert count > 80


def every_answer(whole: Whole, run: Callable[[Any], None]) -> int:
    def check(what: tuple[Operation[Any], int, dict[str, Any]], random: Random) -> None:
        operation, status, schema = what
        sent = Maker(whole.found, random).value(schema, 0)
        if isinstance(sent, dict) and sent.get(whole.client.profile.faults):
            sent[whole.client.profile.faults] = []  # anything else there is an error
        run(whole.returns(operation, status, copy.deepcopy(sent)))
        run(whole.returns(operation, status, thinned(sent, random)))

    count = 0
    paths = document_of(whole.found.name)["paths"]
    for operation in whole.client.operations:
        if session_ends(whole.client, operation):
            continue
        for status, answer, schema in answers(operation, paths[operation.path][operation.method.lower()]):
            try:
                BUILT(given(st.just((operation, status, schema)), st.randoms(use_true_random=True))(check))()
            except Exception as error:
                error.add_note(f"{whole.found.name} {operation.operation_id} {status} {answer.type}")
                raise
            count += 1
    return count
