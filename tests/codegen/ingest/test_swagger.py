"""Swagger 2.0 in the words of OpenAPI 3.0."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from codegen.emit import emit
from codegen.faults import BadInput
from codegen.ingest import ingest, swagger
from tests.codegen.small import VENDOR, needs_vendor


def document(**changes: Any) -> dict[str, Any]:
    """A Swagger 2.0 document with one of everything."""
    made: dict[str, Any] = {
        "swagger": "2.0",
        "info": {"title": "Console REST API", "version": "9.9"},
        "basePath": "/api/v9",
        "securityDefinitions": {"bearer": {"type": "apiKey", "name": "Authorization", "in": "header"}},
        "parameters": {"uid": {"in": "path", "name": "uid", "required": True, "type": "string", "format": "uuid"}},
        "definitions": {
            "Item": {
                "type": "object",
                "properties": {"name": {"type": "string", "x-nullable": True}, "size": {"type": "integer"}},
            },
            "FilterParameter": {"type": "array", "items": {"type": "object"}},
        },
        "paths": {
            "/items": {
                "get": {
                    "operationId": "GetItems",
                    "tags": ["Items"],
                    "parameters": [
                        {"in": "query", "name": "ids", "type": "array", "items": {"type": "string"}},
                        {
                            "in": "query",
                            "name": "kinds",
                            "type": "array",
                            "items": {"$ref": "#/definitions/Item"},
                            "collectionFormat": "multi",
                        },
                        {"in": "query", "name": "filter", "type": "string", "x-veeam-pagination-filter": True},
                    ],
                    "responses": {"200": {"description": "OK", "schema": {"$ref": "#/definitions/Item"}}},
                }
            },
            "/items/{uid}": {
                "parameters": [{"$ref": "#/parameters/uid"}],
                "put": {
                    "operationId": "PutItem",
                    "tags": ["Items"],
                    "consumes": ["application/json-patch+json", "application/json"],
                    "parameters": [
                        {"in": "body", "name": "b", "required": True, "schema": {"$ref": "#/definitions/Item"}}
                    ],
                    "responses": {"204": {"description": "OK"}},
                },
                "post": {
                    "operationId": "UploadItem",
                    "tags": ["Items"],
                    "x-veeam-allow-anonymous": True,
                    "consumes": ["multipart/form-data"],
                    "produces": ["application/octet-stream", "application/json"],
                    "parameters": [
                        {"in": "formData", "name": "file", "required": True, "type": "file"},
                        {"in": "formData", "name": "note", "type": "string"},
                    ],
                    "responses": {
                        "200": {"description": "OK", "schema": {"type": "file"}},
                        "400": {"description": "No", "schema": {"$ref": "#/definitions/Item"}},
                    },
                },
            },
        },
    }
    return made | changes


def spec(tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "document.json"
    path.write_text(json.dumps(document()), encoding="utf-8")
    ingest(str(path), "spc", "9.9", specs=tmp_path / "specs")
    content: dict[str, Any] = json.loads((tmp_path / "specs" / "spc" / "9.9.json").read_text(encoding="utf-8"))
    return content


def test_base_path_stands_before_every_path(tmp_path: Path) -> None:
    """`basePath` is part of the path that is sent."""
    assert list(spec(tmp_path)["paths"]) == ["/api/v9/items", "/api/v9/items/{uid}"]


def test_collection_formats_become_styles(tmp_path: Path) -> None:
    """Commas are Swagger's default, repeated keys are `multi`; a parameter that is marked so holds JSON."""
    ids, kinds, marked = spec(tmp_path)["paths"]["/api/v9/items"]["get"]["parameters"]
    assert (ids["style"], ids["explode"], kinds["explode"]) == ("form", False, True)
    assert kinds["schema"]["items"] == {"$ref": "#/components/schemas/Item"}
    assert marked["content"] == {"application/json": {"schema": {"$ref": "#/components/schemas/FilterParameter"}}}


def test_bodies_forms_and_files(tmp_path: Path) -> None:
    """A body has each media type, plain JSON first; form fields are one body; a file is bytes, an error is JSON."""
    item = spec(tmp_path)["paths"]["/api/v9/items/{uid}"]
    assert list(item["put"]["requestBody"]["content"]) == ["application/json", "application/json-patch+json"]
    form = item["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["properties"] == {"file": {"type": "string", "format": "binary"}, "note": {"type": "string"}}
    assert form["required"] == ["file"]
    assert list(item["post"]["responses"]["200"]["content"]) == ["application/octet-stream"]
    assert list(item["post"]["responses"]["400"]["content"]) == ["application/json"]


def test_null_and_security(tmp_path: Path) -> None:
    """`x-nullable` is `nullable`; the one scheme holds for all but what is marked as anonymous."""
    found = spec(tmp_path)
    assert found["components"]["schemas"]["Item"]["properties"]["name"] == {"type": "string", "nullable": True}
    assert found["security"] == [{"bearer": []}]
    assert found["paths"]["/api/v9/items/{uid}"]["post"]["security"] == []


def test_what_has_no_form_is_refused() -> None:
    """Tabs between values have no form in OpenAPI 3.0."""
    content = document()
    content["paths"]["/items"]["get"]["parameters"][0]["collectionFormat"] = "tsv"
    with pytest.raises(BadInput, match="collectionFormat 'tsv'"):
        swagger.to_3_0(content)


def test_the_document_is_not_changed() -> None:
    """The document that is read stays as it is."""
    content = document()
    swagger.to_3_0(content)
    assert content == document()


@needs_vendor
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "operations"),
    [("m365-v7", 457), ("m365-v8", 494), ("spc-3.6.2", 986), ("spc-3.7", 1026), ("one-2.3", 298)],
)
def test_documents_of_further_products_go_in_and_come_out(name: str, operations: int, tmp_path: Path) -> None:
    """A revision that the repository does not hold, under another name too: no code has to know it."""
    product, _, _ = name.partition("-")
    began = time.process_time()  # not the clock's: the machine may have other work
    entry = ingest(f"{VENDOR}/{name}.json", product, "99.1-rev7", specs=tmp_path / "specs")
    assert time.process_time() - began < 20
    assert entry["operations"] == operations
    (report,) = emit(tmp_path / "specs", tmp_path / "mine", [f"{product}/99.1-rev7"])
    assert report.operations == operations
