from __future__ import annotations

import json
from typing import Any

import pytest

from tests.testing.caller import REVISIONS
from veeam_async._spec import Spec, from_document, load
from veeam_async.testing.answers import Answers
from veeam_async.testing.checking import Checker
from veeam_async.testing.jsonschemas import Schemas
from veeam_async.testing.references import References


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
    checker = Checker.of(spec)
    wrong = {
        key: problems[:3]
        for key, value in all_answers(spec).items()
        if (problems := checker.check_answer(spec.operations[key[0]], key[1], value))
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


def test_an_answer_has_an_end() -> None:
    """Schemas that hold each other by many fields give an answer of a bounded size, with all that is required in it."""
    names = [f"Part{number}" for number in range(12)]
    refs = {name: {"$ref": f"#/components/schemas/{name}"} for name in names}
    part = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, **refs}}
    document = {
        "openapi": "3.0.3", "info": {"title": "", "version": ""}, "paths": {},
        "components": {"schemas": {name: part | {"required": ["id"]} for name in names}},
    }  # fmt: skip
    spec = from_document("vbr", "9.9-rev9", document)
    value = Answers(spec).value({"type": "array", "minItems": 1, "items": refs["Part0"]}, "key")
    assert len(json.dumps(value)) < 500_000
    assert value[0]["id"]
    assert value[0]["Part0"]["id"]


def test_rows_of_the_world_count_in_the_size_of_an_answer() -> None:
    """Lists of lists hold large rows: some of them, and what is required has values of its own behind those."""
    tape = {"$ref": "#/components/schemas/Tape"}
    rows: dict[str, Any] = {"type": "array", "items": tape}
    for _ in range(9):
        rows = {"type": "array", "items": rows}
    properties = {"rows": rows, "last": tape, "more": tape}
    schemas = {
        "Tape": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
        "Library": {"type": "object", "required": ["last"], "properties": properties},
    }
    document = {"openapi": "3.0.3", "info": {}, "paths": {}, "components": {"schemas": schemas}}
    references = References(rows={"Tape": lambda number: {"id": "world", "blocks": [number] * 2_000}})
    answers = Answers(from_document("vbr", "9.9-rev9", document), references=references)
    value = answers.value({"$ref": "#/components/schemas/Library"})
    text = json.dumps(value)
    assert 2 <= text.count('"world"') <= 4
    assert value["last"]["id"] != "world"
    assert "more" not in value


def test_a_schema_that_is_one_of_several_within_itself() -> None:
    """A field that is its own schema and another one's has an end: the innermost leave it out."""
    thing = {"$ref": "#/components/schemas/Thing"}
    inner = {"allOf": [thing, {"properties": {"more": {"type": "string"}}}]}
    schemas = {"Thing": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "both": inner}}}
    document = {"openapi": "3.0.3", "info": {}, "paths": {}, "components": {"schemas": schemas}}
    value = Answers(from_document("vbr", "9.9-rev9", document)).value(thing)
    depth = 0
    while "both" in value:
        value, depth = value["both"], depth + 1
        assert value["id"] and value["more"]
    assert 1 < depth < 100


def test_an_enum_of_nothing_is_null() -> None:
    """`enum: [null]` has one value."""
    document = {"openapi": "3.0.3", "info": {}, "paths": {}, "components": {}}
    assert Answers(from_document("vbr", "9.9-rev9", document)).value({"enum": [None]}) is None


def test_a_child_of_a_child_is_checked_as_one() -> None:
    """A schema between a base and the child that its mapping names leads to no circle; the child's own rules count."""
    base = "#/components/schemas/Base"
    schemas: dict[str, Any] = {
        "Base": {
            "type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}},
            "discriminator": {"propertyName": "kind", "mapping": {"leaf": "#/components/schemas/Leaf~1One"}},
        },
        "Middle": {"allOf": [{"allOf": [{"$ref": base}]}, {"properties": {"middle": {"type": "integer"}}}]},
        "Leaf/One": {"allOf": [{"$ref": "#/components/schemas/Middle"}, {"required": ["leaf"]}]},
    }  # fmt: skip
    document = {"openapi": "3.0.3", "info": {}, "paths": {}, "components": {"schemas": schemas}}
    validator = Schemas(from_document("vbr", "9.9-rev9", document), "answer").validator({"$ref": base})
    assert validator.is_valid({"kind": "leaf", "leaf": 1, "middle": 2})
    assert not validator.is_valid({"kind": "leaf"})
    assert not validator.is_valid({"kind": "leaf", "leaf": 1, "middle": "text"})
