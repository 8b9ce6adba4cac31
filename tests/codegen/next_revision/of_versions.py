"""The same document in the words of another version."""

from __future__ import annotations

from typing import Any

from codegen.ingest.walking import METHODS, objects, resolve, schemas
from tests.codegen.next_revision.draft import Draft

_HOMES = {
    "#/components/schemas/": "#/definitions/",
    "#/components/parameters/": "#/parameters/",
    "#/components/responses/": "#/responses/",
}
_SIMPLE = ("type", "format", "items", "enum", "default", "minimum", "maximum", "pattern", "minLength", "maxLength")


def to_3_1(draft: Draft) -> None:
    """OpenAPI 3.1: null is a type, constants, lists of types, neighbours of references, booleans as schemas."""
    document = draft.document
    document["openapi"] = "3.1.0"
    document["jsonSchemaDialect"] = "https://json-schema.org/draft/2020-12/schema"
    document["webhooks"] = {"done": {"post": {"responses": {"200": {"description": ""}}}}}
    for _, found in list(schemas(document)):
        if found.pop("nullable", False):
            _say_null(draft, found)
        for key, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if found.pop(key, None) is True and limit in found:
                found[key] = found.pop(limit)
        if isinstance(found.get("enum"), list) and len(found["enum"]) == 1 and draft.random.random() < 0.5:
            found["const"] = found.pop("enum")[0]
    more = {
        "type": ["object"],
        "$defs": {"Inner": {"type": "string"}},
        "properties": {
            "constant": {"const": "fixed"},
            "several": {"type": ["string", "integer"]},
            "severalOrNull": {"type": ["string", "integer", "null"]},
            "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
            "free": True,
            "never": False,
            "neighbours": draft.ref(draft.structure()) | {"description": "that", "deprecated": True},
            "nothing": {"type": "null"},
            "either": {"anyOf": [draft.ref(draft.structure()), {"type": "null"}]},
            "one": {"oneOf": [{"type": "null"}, {"type": "string", "format": "uuid"}]},
            "bytes": {"type": "string", "contentEncoding": "base64"},
            "file": {"type": "string", "contentMediaType": "image/png"},
            "patterned": {"type": "object", "patternProperties": {"^x-": {"type": "string"}}},
            "positive": {"type": "integer", "exclusiveMinimum": 0},
            "examples": {"type": "string", "examples": ["a", "b"]},
            "choice": {"enum": ["a", "b", None]},
        },
        "unevaluatedProperties": False,
        "if": {"required": ["free"]}, "then": {"required": ["one"]},
        "dependentRequired": {"one": ["either"]},
        "propertyNames": {"pattern": "^[a-z]"},
    }  # fmt: skip
    reference = draft.add("SaidIn31", more)
    draft.add_operation("get", f"{draft.base()}/widgets/said", "GetSaid", responses={"200": draft.answer(reference)})
    draft.paths[f"{draft.base()}/widgets/mute"] = {"get": {"operationId": "GetMute", "tags": ["Widgets"]}}


def _say_null(draft: Draft, found: dict[str, Any]) -> None:
    kind = found.get("type")
    if isinstance(kind, str) and draft.random.random() < 0.7:
        found["type"] = [kind, "null"]
        if isinstance(found.get("enum"), list):
            found["enum"] = [*found["enum"], None]
        return
    rest = dict(found)
    found.clear()
    parts = rest.get("allOf")
    inner = parts[0] if set(rest) == {"allOf"} and isinstance(parts, list) and len(parts) == 1 else rest
    found["anyOf" if draft.random.random() < 0.5 else "oneOf"] = [inner, {"type": "null"}]


def to_swagger(draft: Draft) -> bool:
    """Swagger 2.0, where the document says nothing that has no form there; otherwise it stays what it is."""
    document = draft.document
    values = [found["discriminator"].get("mapping", {}) for _, found in objects(document) if "discriminator" in found]
    if any(value != there.rpartition("/")[2] for mapping in values for value, there in mapping.items()):
        return False  # a value is the name of a schema there
    if not all(_fits(document, item) for item in document["paths"].values()):
        return False
    components = document.pop("components")
    del document["openapi"]
    document.pop("servers", None)
    document["swagger"] = "2.0"
    document["basePath"] = "/"
    document["definitions"] = components.get("schemas", {})
    document["parameters"] = {
        name: _parameter(part) for name, part in components.get("parameters", {}).items() if "schema" in part
    }
    document["responses"] = {name: _response(part)[0] for name, part in components.get("responses", {}).items()}
    document["securityDefinitions"] = {"Bearer": {"type": "apiKey", "in": "header", "name": "Authorization"}}
    document["security"] = [{"Bearer": []}]
    bodies = components.get("requestBodies", {})
    for item in document["paths"].values():
        if "parameters" in item:
            item["parameters"] = [_parameter(part) for part in item["parameters"]]
        for method in METHODS:
            if method in item:
                _operation(item[method], bodies)
    _respell(document)
    return True


def _respell(document: dict[str, Any]) -> None:
    for _, found in list(objects(document)):
        reference = found.get("$ref")
        if isinstance(reference, str):
            for old, new in _HOMES.items():
                if reference.startswith(old):
                    found["$ref"] = new + reference.removeprefix(old)
        if found.pop("nullable", False) is True:
            found["x-nullable"] = True
        if isinstance(found.get("discriminator"), dict) and "propertyName" in found["discriminator"]:
            found["discriminator"] = found["discriminator"]["propertyName"]


def _fits(document: dict[str, Any], item: dict[str, Any]) -> bool:
    for operation in [item, *(item[method] for method in METHODS if method in item)]:
        for part in operation.get("parameters", ()):
            found = resolve(document, part)
            schema = resolve(document, found["schema"]) if "schema" in found else {}
            if found["in"] == "cookie" or schema.get("type") not in ("string", "integer", "boolean", "number", "array"):
                return False
            if found.get("style") == "deepObject" or "$ref" in schema.get("items", {}):
                return False
        content = resolve(document, operation.get("requestBody", {})).get("content", {})
        if any(kind.startswith("multipart/mixed") for kind in content):
            return False
    return True


def _parameter(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in part:
        return part
    made = {key: value for key, value in part.items() if key not in ("schema", "style", "explode", "allowReserved")}
    schema = part["schema"]
    made |= {key: schema[key] for key in _SIMPLE if key in schema}
    made.setdefault("type", "string")
    if made["type"] == "array":
        made.setdefault("items", {"type": "string"})
        if part["in"] == "query":
            made["collectionFormat"] = "multi" if part.get("explode", True) else "csv"
    return made


def _operation(operation: dict[str, Any], bodies: dict[str, Any]) -> None:
    parts = [_parameter(part) for part in operation.get("parameters", ())]
    body = operation.pop("requestBody", None)
    if body is not None:
        body = bodies[body["$ref"].rpartition("/")[2]] if "$ref" in body else body
        operation["consumes"] = list(body["content"])
        kind, media = next(iter(body["content"].items()))
        schema = media.get("schema", {})
        if kind in ("multipart/form-data", "application/x-www-form-urlencoded") and schema.get("properties"):
            for name, part in schema["properties"].items():
                form = {key: part[key] for key in _SIMPLE if key in part}
                form.setdefault("type", "string")
                if form.get("format") == "binary":
                    form = {"type": "file"}
                parts.append({"name": name, "in": "formData", "required": name in schema.get("required", ()), **form})
        else:
            parts.append({"name": "body", "in": "body", "required": body.get("required", False), "schema": schema})
    if parts:
        operation["parameters"] = parts
    produces: list[str] = []
    for code, response in operation["responses"].items():
        operation["responses"][code], kinds = _response(response)
        produces += [kind for kind in kinds if kind not in produces]
    if produces:
        operation["produces"] = produces


def _response(response: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    if "$ref" in response:
        return response, []
    made: dict[str, Any] = {"description": response.get("description", "")}
    content = response.get("content", {})
    for media in content.values():
        if "schema" in media:
            schema = media["schema"]
            made["schema"] = {"type": "file"} if schema.get("format") == "binary" else schema
            break
    return made, list(content)
