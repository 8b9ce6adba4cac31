"""Operations that are inferred from others of the same document."""

from __future__ import annotations

from typing import Any

from codegen.ingest import inferred


def test_an_analogy_without_an_id_and_with_parameters_of_its_path() -> None:
    """What a document leaves out of an operation, or says of its whole path, is no obstacle to what is inferred."""
    part = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    like: dict[str, Any] = {"summary": "Get Thing", "tags": ["A"], "responses": {"200": {"description": "OK"}}}
    spec: dict[str, Any] = {"paths": {"/a/{id}": {"parameters": [part], "get": like}}}
    entry = {
        "tag": "B", "title": "Get Thing", "method": "GET", "analogy-not-evidence": "/b/{id}",
        "analogy-of": "the A operation of the same title",
    }  # fmt: skip
    assert inferred.add({"x-unresolved-operations": [entry]}, spec) == []
    made = spec["paths"]["/b/{id}"]["get"]
    assert made["parameters"] == [part]
    assert made["responses"] == like["responses"]
    assert "x-inferred-from" not in made
