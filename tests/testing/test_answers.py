from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.testing.caller import REVISIONS
from veeam_async.testing.answers import Answers
from veeam_async.testing.products import product as find_product
from veeam_async.testing.spec import Spec, from_document, load
from veeam_async.testing.state import State
from veeam_async.testing.validate import Validator
from veeam_async.testing.world import World

VENDOR = os.environ.get("VEEAM_VENDOR_SPECS", "")


def all_answers(spec: Spec, seed: int = 0) -> dict[tuple[str, int], Any]:
    answers = Answers(spec, seed)
    return {
        (operation.operation_id, response.status): answers.of(operation, response.status, "application/json")
        for operation in spec.operations.values()
        for response in operation.responses
        if "application/json" in response.content
    }


@pytest.mark.parametrize(("product", "revision"), REVISIONS)
def test_made_up_answers_fit_the_specification(product: str, revision: str) -> None:
    """What is made up for each operation of each revision is what its schema says."""
    spec = load(product, revision)
    validator = Validator.of(spec)
    wrong = {
        key: problems[:3]
        for key, value in all_answers(spec).items()
        if (problems := validator.check_answer(spec.operations[key[0]], key[1], value))
    }
    assert not wrong


def test_the_same_seed_gives_the_same_answers() -> None:
    """Answers depend on the seed alone, and another seed gives others."""
    spec = load("vbr", "1.3-rev0")
    assert all_answers(spec, 5) == all_answers(spec, 5)
    assert all_answers(spec, 5) != all_answers(spec, 6)


def kinds(spec: Spec, value: Any, schema: Any, found: dict[str, set[str]]) -> None:
    """Collect, for each discriminator's base that a value goes through, the values that were met."""
    reference = schema.get("$ref", "")
    schema = spec.resolve(schema)
    if isinstance(value, list):
        for entry in value:
            kinds(spec, entry, schema.get("items", {}), found)
    elif isinstance(value, dict):
        children = spec.children(schema)
        if children:
            kind = value[schema["discriminator"]["propertyName"]]
            found.setdefault(reference, set()).add(kind)
            schema = spec.lookup(children[kind])
        properties = spec.properties(schema)
        for name, entry in value.items():
            if name in properties:
                kinds(spec, entry, properties[name], found)


@pytest.mark.parametrize("revision", ["1.1-rev0", "1.2-rev1", "1.3-rev0", "1.3-rev1"])
def test_every_discriminator_value_is_reachable(revision: str) -> None:
    """Over a few answers of each operation, each base shows every child that its mapping names."""
    spec = load("vbr", revision)
    answers = Answers(spec)
    places = [
        (operation, response.status, response.content["application/json"])
        for operation in spec.operations.values()
        for response in operation.responses
        if "application/json" in response.content
    ]
    found: dict[str, set[str]] = {}
    lacking: dict[str, set[str]] = {}
    leading: dict[str, set[str]] = {}
    for turn in range(200):
        for place in places:
            operation, status, schema = place
            met: dict[str, set[str]] = {}
            kinds(spec, answers.of(operation, status, "application/json", turn), schema, met)
            for base, values in met.items():
                found.setdefault(base, set()).update(values)
            leading.setdefault(operation.operation_id, set()).update(met)
        lacking = {base: left for base, met in found.items() if (left := set(spec.children(spec.lookup(base))) - met)}
        if not lacking:
            break
        if turn > 5:
            places = [place for place in places if leading[place[0].operation_id] & set(lacking)]
    assert not lacking
    assert len(found) > 5


def test_a_polymorphic_list_holds_each_subtype() -> None:
    """A made-up list of polymorphic rows has a row of every subtype."""
    spec = load("vbr", "1.3-rev0")
    listing = spec.listing(spec.operations["GetAllCreds"])
    assert listing is not None
    made = {row["type"] for row in Answers(spec).rows(listing[1], "any")}
    assert made == set(spec.children(listing[1]))


def vendor_document(product: str, revision: str) -> dict[str, Any]:
    name = next(path for path in Path(VENDOR).glob(f"{product}-{revision}.*"))
    text = name.read_text(encoding="utf-8-sig")
    document: dict[str, Any] = json.loads(text) if name.suffix == ".json" else yaml.safe_load(text)
    return document


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


@pytest.mark.vendor
@pytest.mark.skipif(not VENDOR, reason="VEEAM_VENDOR_SPECS is not set")
@pytest.mark.parametrize(("product", "revision"), REVISIONS)
def test_the_worlds_rows_fit_the_vendors_own_document(product: str, revision: str) -> None:
    """Every list and every object that shows the world is what the vendor's document, not only ours, says."""
    vendor = from_document(product, revision, without_undeclared(vendor_document(product, revision)))
    validator = Validator(vendor)
    state = State.of(find_product(product), [revision], 0, World(3))
    face = state.faces[revision]
    wrong: dict[str, list[str]] = {}
    shown = 0
    for operation in face.spec.operations.values():
        listing = face.spec.listing(operation)
        theirs = vendor.operations.get(operation.operation_id)
        if operation.method != "GET" or listing is None or theirs is None or operation.placeholders:
            continue
        held = face.store.collection(operation.path, operation.path)
        if held is None or type(held).__name__ != "Facts":
            continue
        shown += 1
        rows = vendor.listing(theirs)
        assert rows is not None
        page = {rows[0]: list(held.rows.values())}
        problems = [line for line in validator.check_answer(theirs, 200, page) if not line.startswith("value:")]
        if problems:
            wrong[operation.operation_id] = problems[:3]
    assert not wrong
    assert shown >= 8
