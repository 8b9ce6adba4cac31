"""What a simulated appliance answers, held against the vendor's own documents and not only against ours."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from codegen.ingest.swagger import to_3_0
from tests.testing.caller import REVISIONS, Caller, calling
from veeam_async._spec import Spec, SpecOperation, from_document, load
from veeam_async.testing import World
from veeam_async.testing.checking import Checker
from veeam_async.testing.kinds import Shown
from veeam_async.testing.product_list import product as find_product
from veeam_async.testing.state import State
from veeam_async.testing.versions import serve

ANY = "11111111-2222-4333-8444-555555555555"
VENDOR = os.environ.get("VEEAM_VENDOR_SPECS", "")

pytestmark = [
    pytest.mark.vendor,
    pytest.mark.skipif(not VENDOR, reason="VEEAM_VENDOR_SPECS is not set"),
    pytest.mark.parametrize(("product", "revision"), REVISIONS),
]


def vendor_document(product: str, revision: str) -> dict[str, Any]:
    name = next(path for path in Path(VENDOR).glob(f"{product}-{revision}.*"))
    text = name.read_text(encoding="utf-8-sig")
    document: dict[str, Any] = json.loads(text) if name.suffix == ".json" else yaml.safe_load(text)
    made: dict[str, Any] = with_types_of_references(to_3_0(document) if "swagger" in document else document)
    return made


def with_types_of_references(node: Any) -> Any:
    """A copy in which what refers to one schema has that one's type: the documents of spc call words objects there."""
    if isinstance(node, list):
        return [with_types_of_references(value) for value in node]
    if not isinstance(node, dict):
        return node
    made = {name: with_types_of_references(value) for name, value in node.items()}
    if made.get("type") == "object" and len(made.get("allOf", ())) == 1 and "properties" not in made:
        del made["type"]
    return made


def without_undeclared(document: dict[str, Any]) -> dict[str, Any]:
    """The document without `required` names that the schema declares nowhere: nobody can know what they should hold."""
    spec = from_document("any", "any", document)
    for schema in spec.schemas.values():
        declared = set(spec.properties(schema))
        parts: list[Any] = [schema, *schema.get("allOf", ())]
        for part in parts:
            if "required" in part and "$ref" not in part:
                part["required"] = [name for name in part["required"] if name in declared]
    return document


def gives_json(operation: SpecOperation) -> bool:
    """True where the document says what JSON a good answer holds."""
    return any(response.status == 200 and "application/json" in response.content for response in operation.responses)


class Walk:
    """Asks one appliance for everything that it has to show, with ids from its own lists."""

    def __init__(self, caller: Caller, spec: Spec) -> None:
        self._caller = caller
        self._spec = spec
        self._keys: dict[str, str | None] = {}

    async def answer(self, operation: SpecOperation) -> Any:
        """What a GET operation answers; None where nothing is there to ask for, or no JSON came."""
        path = await self._path(operation)
        if path is None:
            return None
        reply = await self._caller("GET", path, params=self._query(operation))
        if reply.status != 200 or "json" not in reply.headers.get("Content-Type", ""):
            return None
        return reply.json

    async def _path(self, operation: SpecOperation) -> str | None:
        template = path = ""
        for segment in operation.segments:
            part = segment
            if segment.startswith("{"):
                if path not in self._keys:
                    self._keys[path] = await self._key(template, path, segment[1:-1])
                key = self._keys[path]
                if key is None:
                    return None
                part = key
            template += "/" + segment
            path += "/" + part
        return path

    async def _key(self, template: str, path: str, placeholder: str) -> str | None:
        """What the first row of a list is called, if there is such a list."""
        operation = self._spec.paths.get(template, {}).get("GET")
        listing = self._spec.listing(operation) if operation else None
        if listing is None:
            return None
        reply = await self._caller("GET", path)
        rows = (reply.json[listing[0]] if listing[0] else reply.json) if reply.status == 200 else None
        names = (placeholder, placeholder[:1].lower() + placeholder[1:], "instanceUid", "id", "name")
        return next((str(rows[0][name]) for name in names if name in rows[0]), None) if rows else None

    def _query(self, operation: SpecOperation) -> dict[str, str]:
        """Something for each query parameter that is required."""
        made = {}
        for parameter in operation.raw.get("parameters", ()):
            parameter = self._spec.resolve(parameter)
            if parameter.get("in") == "query" and parameter.get("required"):
                schema = self._spec.resolve(parameter["schema"])
                made[parameter["name"]] = str(
                    next(iter(schema.get("enum", ())), "11111111-2222-4333-8444-555555555555")
                )
        return made


async def test_answers_fit_the_vendors_own_document(product: str, revision: str) -> None:
    """Lists, nested lists and objects, the world's and made-up ones, are what the vendor's document says."""
    vendor = from_document(product, revision, without_undeclared(vendor_document(product, revision)))
    checker = Checker(vendor)
    wrong: dict[str, list[str]] = {}
    held = spoilt = asked = 0
    async with calling(product, revision, world=World(3)) as caller:
        spec = load(product, revision)
        walk = Walk(caller, spec)
        for operation in spec.operations.values():
            theirs = vendor.operations.get(operation.operation_id)
            if operation.method != "GET" or theirs is None or not gives_json(theirs):
                continue
            asked += 1
            answer = await walk.answer(operation)
            if answer is None:
                continue
            held += 1
            if problems := checker.check_answer(theirs, 200, answer):
                wrong[operation.operation_id] = problems[:3]
            spoilt += bool(checker.check_answer(theirs, 200, [answer]))
    assert not wrong
    assert held > asked * 0.7
    # The checker does look: an answer in brackets is none.
    assert spoilt > held * 0.8


def test_the_worlds_rows_fit_the_vendors_own_document(product: str, revision: str) -> None:
    """Every list and every object that shows the world is what the vendor's document, not only ours, says."""
    vendor = from_document(product, revision, without_undeclared(vendor_document(product, revision)))
    checker = Checker(vendor)
    state = State(find_product(product), serve(product, revision=revision), 0, World(3))
    handlers = state.handlers(revision)
    wrong: dict[str, list[str]] = {}
    shown = 0
    for operation in handlers.spec.operations.values():
        listing = handlers.spec.listing(operation)
        theirs = vendor.operations.get(operation.operation_id)
        if operation.method != "GET" or listing is None or theirs is None or operation.placeholders:
            continue
        held = handlers.store.collection(operation.path, operation.path)
        if held is None or not isinstance(held, Shown):
            continue
        shown += 1
        rows = vendor.listing(theirs)
        assert rows is not None
        page = {rows[0]: list(held.rows.values())}
        problems = [line for line in checker.check_answer(theirs, 200, page) if not line.startswith("value:")]
        if problems:
            wrong[operation.operation_id] = problems[:3]
    assert not wrong
    assert shown >= (6 if (product, revision) == ("aws", "1.0-rev0") else 8)
