"""Documents that hypothesis makes up: whatever is valid is emitted whole, as Python, with nothing lost."""

from __future__ import annotations

import ast
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.compare import compare
from codegen.emit.package import build
from codegen.emit.reading import read
from codegen.emit.render import render
from codegen.emit.target import Target
from codegen.faults import BadInput

NAMES = [f"S{number}" for number in range(5)]
WIRES = ["a", "A", "b", "from", "_a", ".a", "type", "self", "to_dict", "2x", "id-x"]
TEXTS = ["a", "A", "b c", "b-c", "None", "1", "", "é", "\u2028", '"', "\\", "mro"]
MEDIA_TYPES = [
    "application/json",
    "text/json",
    "application/problem+json",
    "text/csv",
    "application/xml",
    "application/octet-stream",
    "application/zip",
    "multipart/form-data",
    "application/x-www-form-urlencoded",
    "*/*",
    "image/png",
]
SCALARS: list[dict[str, Any]] = [
    {},
    {"type": "string"},
    {"type": "string", "format": "date-time", "default": "no date"},
    {"type": "string", "format": "binary"},
    {"type": "string", "format": "uuid", "default": "no id"},
    {"type": "string", "enum": []},
    {"type": ["string", "null"]},
    {"type": "integer", "format": "int64", "default": 3},
    {"type": "integer", "enum": [1, 2]},
    {"type": "number"},
    {"type": "boolean", "default": True},
    {"type": "object"},
    {"type": "object", "additionalProperties": True},
    {"const": "k"},
]
references = st.sampled_from(NAMES).map(lambda name: {"$ref": f"#/components/schemas/{name}"})
enums = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=5, unique=True).map(
    lambda texts: {"type": "string", "enum": texts}
)


def larger(parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    some = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(
        parts.map(lambda part: {"type": "array", "items": part}),
        parts.map(lambda part: {"type": "object", "additionalProperties": part}),
        some.map(lambda members: {"oneOf": members}),
        some.map(lambda members: {"anyOf": [*members, {"type": "null"}]}),
        st.tuples(references, parts).map(lambda members: {"allOf": list(members)}),
        references.map(lambda reference: {"allOf": [reference], "nullable": True}),
        st.fixed_dictionaries(
            {
                "type": st.just("object"),
                "required": st.lists(st.sampled_from([*WIRES, "missing"]), unique=True, max_size=3),
                "properties": st.dictionaries(st.sampled_from(WIRES), parts, min_size=1, max_size=4),
            }
        ),
    )


schemas = st.recursive(st.one_of(st.sampled_from(SCALARS), references, enums), larger, max_leaves=8)
contents = st.dictionaries(st.sampled_from(MEDIA_TYPES), schemas.map(lambda schema: {"schema": schema}), max_size=2)


@st.composite
def operations(draw: st.DrawFn) -> dict[str, Any]:
    codes = draw(
        st.lists(st.sampled_from(["200", "201", "202", "204", "2XX", "default", "400"]), min_size=1, unique=True)
    )
    made: dict[str, Any] = {
        "tags": [draw(st.sampled_from(["T", "Login", "Two Words"]))],
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": draw(schemas)},
            {"name": draw(st.sampled_from(["body", "x-y", "Limit"])), "in": "query", "schema": draw(schemas)},
            {"name": "Accept", "in": "header", "schema": draw(schemas)},
        ],
        "responses": {code: {"description": "", "content": draw(contents)} for code in codes},
    }
    body = draw(contents)
    return made | ({"requestBody": {"content": body}} if body else {})


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    paths = {f"/p{number}/{{id}}": {"post": draw(operations()) | {"operationId": f"Op{number}"}} for number in range(2)}
    components = {"schemas": {name: draw(schemas) for name in NAMES}}
    return {"openapi": "3.0.3", "info": {"title": "", "version": ""}, "paths": paths, "components": components}


def emit_whole(document: dict[str, Any]) -> None:
    before = json.dumps(document)
    try:
        made = read(document, "any/v1")
    except BadInput as error:
        if not all(line.endswith("inherits from itself") for line in error.lines):
            raise
        return
    files = render(build(made, "any/v1"), Target("any", "v1", "Any"))
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            ast.parse(text)
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_text(text, encoding="utf-8")
        counts, of_spec = compare(document, Path(folder), "any/v1")
    assert counts == of_spec
    assert json.dumps(document) == before


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents())
def test_any_document(document: dict[str, Any]) -> None:
    """Every valid document becomes Python that has all of it, and the document is left as it was."""
    emit_whole(document)


@pytest.mark.fuzz
@settings(max_examples=1500, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents())
@pytest.mark.timeout(1800)
def test_many_documents(document: dict[str, Any]) -> None:
    """The same, long enough to find what is rare."""
    emit_whole(document)
