"""Specs that are no OpenAPI documents in some place: one line says where."""

from __future__ import annotations

from typing import Any

import pytest

from codegen.emit.reading import read
from codegen.faults import BadInput
from tests.codegen.odd import document, operation


def deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "a path that is a text": ({"paths": {"/x": "y"}}, "odd/v7: /paths//x: not an object"),
    "parameters that are an object": (
        {"paths": {"/x": {"get": operation("X", parameters={})}}},
        "odd/v7: /paths//x/get/parameters: not a list",
    ),
    "a parameter without a name": (
        {"paths": {"/x": {"get": operation("X", parameters=[{"in": "query"}])}}},
        "odd/v7: /paths//x/get/parameters/0: a parameter without name or place",
    ),
    "properties that are a list": ({"schemas": {"A": {"properties": []}}}, "/components/schemas/A/properties: not an"),
    "a $ref that is a number": (
        {"schemas": {"A": {"items": {"$ref": 1}}}},
        "/components/schemas/A/items/$ref: not a text",
    ),
    "half a surrogate pair": ({"schemas": {"A\ud83d": {}}}, "odd/v7: half a surrogate pair in 'A\\ud83d'"),
    "400 levels": ({"schemas": {"A": deep(400)}}, "odd/v7: nested more than 100 levels deep"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_no_openapi_document(case: str) -> None:
    """A thing of another kind than is due, and a text that no file can hold, are refused with their place."""
    changes, expected = CASES[case]
    with pytest.raises(BadInput) as caught:
        read(document(**changes), "odd/v7")
    assert expected in caught.value.lines[0]


@pytest.mark.parametrize("part", ["schemas", "parameters", "requestBodies", "responses"])
def test_components_that_are_nothing(part: str) -> None:
    """`schemas: null` is no object of schemas."""
    made = document()
    made["components"][part] = None
    with pytest.raises(BadInput) as caught:
        read(made, "odd/v7")
    assert caught.value.lines == (f"odd/v7: /components/{part}: not an object",)
