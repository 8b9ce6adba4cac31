"""An OpenAPI document of a product and a revision that nobody knows, with whatever a generator may stumble over."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def answer(schema: dict[str, Any] | None, media_type: str = "application/json") -> dict[str, Any]:
    return {"description": "OK", **({"content": {media_type: {"schema": schema}}} if schema is not None else {})}


def operation(operation_id: str, tag: str = "Widgets", **changes: Any) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "summary": operation_id,
        "tags": [tag],
        "responses": {"204": answer(None)},
        **changes,
    }


def query(name: str, schema: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, **changes}


STRING = {"type": "string"}
SCHEMAS: dict[str, Any] = {
    "EColour": {
        "type": "string",
        "enum": ["red", "Red-ish", "red ish", "256KB", "None", "name", "mro", "", "2019", "-"],
    },
    "Widget": {
        "type": "object",
        "required": ["id", "kind", "maybe", "issued"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "ID": STRING,
            "kind": STRING,
            "maybe": {"type": "integer", "nullable": True},
            ".issued": {"type": "string", "format": "date-time"},
            "issued": STRING,
            "_links": ref("Links"),
            "from": STRING,
            "field": STRING,
            "to_dict": STRING,
            "additionalProperties": STRING,
            "date": {"type": "string", "format": "date"},
            "list": {"type": "array", "items": {"type": "string", "nullable": True}},
            "sshPort": {"type": "integer", "default": 22},
            "SSHFingerprint": STRING,
            "colour": {"allOf": [ref("EColour")], "nullable": True},
            "parent": ref("Widget"),
            "size": {"type": "object", "properties": {"width": {"type": "number"}, "unit": {"enum": ["mm", "in"]}}},
            "labels": {"type": "object", "additionalProperties": {"type": "array", "items": ref("Part")}},
            "anything": {},
            "free": {"type": "object"},
            "either": {"oneOf": [ref("Part"), STRING, {"type": "array", "items": {"type": "integer"}}]},
        },
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"Gear": "#/components/schemas/Gear", "Cog": "Gear", "Spring": "#/components/schemas/Spring"},
        },
    },
    "Gear": {
        "allOf": [ref("Widget"), {"type": "object", "required": ["ID"], "properties": {"teeth": {"type": "integer"}}}]
    },
    "Spring": {
        "allOf": [ref("Widget"), ref("Part"), ref("Coil")],
        "properties": {"force": {"type": "number"}},
    },
    "Coil": {"type": "object", "properties": {"turns": {"type": "integer"}}},
    "Part": {"type": "object", "properties": {"name": STRING, "of": {"type": "array", "items": ref("Widget")}}},
    "Links": {"type": "object", "additionalProperties": ref("Part")},
    "Serial": STRING,
    "Tree": {"type": "object", "additionalProperties": ref("Tree")},
    "Shape": {
        "oneOf": [ref("Circle"), ref("Square")],
        "discriminator": {"propertyName": "shape"},
    },
    "Circle": {"type": "object", "properties": {"shape": STRING, "radius": {"type": "number"}}},
    "Square": {"type": "object", "properties": {"side": {"type": "number"}}},
    "Model": {"type": "object", "properties": {"class": STRING}},
    "Operation": {"type": "object", "properties": {"status": {"type": "integer", "enum": [1, 2]}}},
    "Page«Widget»": {
        "type": "object",
        "properties": {"results": {"type": "array", "items": ref("Widget")}, "totalCount": {"type": "integer"}},
    },
    "Paging": {"type": "object", "properties": {"Skip": {"type": "integer"}, "Limit": {"type": "integer"}}},
    "Search": {"type": "object", "properties": {"pagination": ref("Paging"), "words": STRING}},
    "Unused": {"type": "object", "properties": {"left": ref("EUnused")}},
    "EUnused": {"type": "string", "enum": ["A"]},
}
PATHS: dict[str, Any] = {
    "/widgets": {
        "get": operation(
            "Widgets_GetWidgets",
            parameters=[
                query("Offset", {"type": "integer"}),
                query("Limit", {"type": "integer"}),
                query("colours", {"type": "array", "items": ref("EColour")}, style="form", explode=False),
                query("self", STRING),
                query("client", STRING, required=True),
                query("body", STRING),
                query("page_size", STRING),
                query("api-version", STRING),
                {"name": "Accept", "in": "header", "schema": STRING},
                {"name": "X-API-Version", "in": "header", "schema": STRING},
            ],
            responses={
                "200": answer(ref("Page«Widget»")),
                "401": answer(None),
                "404": answer(None),
                "503": answer(None),
            },
        ),
        "post": operation(
            "CreateWidget",
            requestBody={
                "content": {"application/json": {"schema": ref("Widget")}, "text/json": {"schema": ref("Widget")}}
            },
            responses={"201": answer(ref("Widget")), "202": answer(ref("Operation")), "204": answer(None)},
        ),
    },
    "/widgets/{widget-id}/parts/{class}": {
        "parameters": [
            {"name": "class", "in": "path", "required": True, "schema": {"type": "string", "nullable": True}},
            {"name": "widget-id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
        ],
        "get": operation(
            "import", parameters=[{"$ref": "#/components/parameters/Depth"}], responses={"200": answer(ref("Widget"))}
        ),
        "put": operation(
            "Widgets_upload",
            deprecated=True,
            security=[],
            requestBody={
                "required": True,
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            },
        ),
        "delete": operation(
            "Widgets_Upload_Part",
            requestBody={
                "content": {
                    "multipart/form-data": {
                        "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
                    }
                }
            },
        ),
    },
    "/search": {
        "post": operation(
            "Search",
            "Full Search (beta)",
            **{"x-safe": True, "x-inferred": True},
            requestBody={"required": True, "content": {"application/json": {"schema": ref("Search")}}},
            responses={"200": answer(ref("Page«Widget»"))},
        ),
    },
    "/export": {
        "get": operation(
            "Export",
            "Login",
            responses={
                "200": {
                    "description": "OK",
                    "content": {
                        "text/csv": {"schema": STRING},
                        "application/zip": {"schema": {"type": "string", "format": "binary"}},
                    },
                }
            },
        ),
        "post": {
            "summary": 'Has "quotes" and a \\ in it',
            "tags": ["Login"],
            "responses": {"200": answer({"type": "array", "items": ref("Shape")})},
        },
    },
}


def document(**changes: Any) -> dict[str, Any]:
    """The document; `paths` and `schemas` add to it, None takes away."""
    made = deepcopy(
        {
            "openapi": "3.0.3",
            "info": {"title": "Odd", "version": "7"},
            "security": [{"Bearer": []}],
            "paths": PATHS | changes.get("paths", {}),
            "components": {
                "schemas": SCHEMAS | changes.get("schemas", {}),
                "parameters": {"Depth": query("depth", {"type": "integer", "default": 3})},
            },
        }
    )
    for part in (made["paths"], made["components"]["schemas"]):
        for key in [key for key, value in part.items() if value is None]:
            del part[key]
    return made


def write_specs(folder: Path, **documents: Any) -> Path:
    """A specs folder: `write_specs(tmp, v7=document())` has `odd/v7.json`; the catalog gives the product a title."""
    (folder / "odd").mkdir(parents=True, exist_ok=True)
    for name, content in documents.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / "odd" / f"{name}.json").write_text(text, encoding="utf-8")
    (folder / "catalog.toml").write_text(
        '[products.odd]\ntitle = "Odd Product"\n\n[revisions."odd/v7"]\nreference = "https://example.com/odd"\n',
        encoding="utf-8",
    )
    return folder
