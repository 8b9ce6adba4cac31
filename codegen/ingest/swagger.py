"""Swagger 2.0 brought to OpenAPI 3.0: the same facts in the words of the newer version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from codegen.faults import BadInput
from codegen.ingest.walking import METHODS, resolve

_REFERENCES = {
    "#/definitions/": "#/components/schemas/",
    "#/parameters/": "#/components/parameters/",
    "#/responses/": "#/components/responses/",
}
_SCHEMA_KEYS = (
    "type", "format", "items", "default", "enum", "maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum",
    "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "multipleOf", "x-nullable",
    "x-veeam-nullable", "x-ms-enum",
)  # fmt: skip
_NULLABLE = ("x-nullable", "x-veeam-nullable")
_STYLES: dict[str, tuple[str, bool]] = {
    "csv": ("form", False),
    "multi": ("form", True),
    "ssv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
}
# Marks of query parameters that hold JSON, and the definition that says which: Swagger 2.0 has no `content`.
_JSON_PARAMETERS = {
    "x-veeam-pagination-filter": "FilterParameter",
    "x-veeam-pagination-sort": "SortParameter",
    "x-veeam-pagination-select": "SelectParameter",
}
_FLOWS = {"accessCode": "authorizationCode", "application": "clientCredentials"}
_BINARY = {"type": "string", "format": "binary"}


def to_3_0(document: dict[str, Any]) -> dict[str, Any]:
    """The document as OpenAPI 3.0.

    Args:
        document: a Swagger 2.0 document; it is not changed.

    Raises:
        BadInput: it says what OpenAPI 3.0 has no words for.
    """
    for key in ("definitions", "parameters", "responses", "securityDefinitions"):
        if not isinstance(document.get(key, {}), dict):
            raise BadInput(f"/{key} is no object")
    made = {key: value for key, value in document.items() if key in ("info", "tags", "security", "x-displayName")}
    made |= {key: value for key, value in document.items() if key.startswith("x-")}
    made["openapi"] = "3.0.3"
    made["servers"] = [{"url": document.get("basePath") or "/"}]
    shared = document.get("parameters", {})
    made["components"] = {
        "schemas": {name: schema(part) for name, part in document.get("definitions", {}).items()},
        "parameters": {
            name: _parameter(document, part, f"/parameters/{name}")
            for name, part in shared.items()
            if isinstance(part, dict) and part.get("in") not in ("body", "formData")
        },
        "responses": {
            name: _response(part, _media_types(document, {}, "produces"), name)
            for name, part in document.get("responses", {}).items()
        },
        "securitySchemes": {
            name: _security_scheme(part) for name, part in document.get("securityDefinitions", {}).items()
        },
    }
    made["paths"] = {path: _path_item(document, item, path) for path, item in document["paths"].items()}
    return made


def _path_item(document: dict[str, Any], item: Any, path: str) -> Any:
    if not isinstance(item, dict):
        raise BadInput(f"/paths/{path}: not an object")
    shared = _parts(document, item.get("parameters"), f"/paths/{path}")
    made: dict[str, Any] = {}
    plain = [part for part, found in shared if found.get("in") not in ("body", "formData")]
    if plain:
        made["parameters"] = [_parameter(document, part, f"/paths/{path}") for part in plain]
    for method, operation in item.items():
        if method in METHODS:
            if not isinstance(operation, dict):
                raise BadInput(f"/paths/{path}/{method}: not an object")
            made[method] = _operation(document, operation, shared, f"/paths/{path}/{method}")
    return made


def _operation(
    document: dict[str, Any], operation: dict[str, Any], shared: list[tuple[Any, dict[str, Any]]], where: str
) -> dict[str, Any]:
    made = {
        key: value
        for key, value in operation.items()
        if key not in ("parameters", "responses", "consumes", "produces", "schemes")
    }
    parts = _parts(document, operation.get("parameters"), where)
    plain = [part for part, found in parts if found.get("in") not in ("body", "formData")]
    if plain:
        made["parameters"] = [_parameter(document, part, where) for part in plain]
    own = {(found.get("in"), found.get("name")) for _, found in parts}
    in_body = [found for _, found in parts if found.get("in") in ("body", "formData")]
    in_body += [
        found
        for _, found in shared
        if found.get("in") in ("body", "formData") and (found.get("in"), found.get("name")) not in own
    ]
    if in_body:
        made["requestBody"] = _request_body(document, operation, in_body, where)
    produces = _media_types(document, operation, "produces")
    responses = operation.get("responses")
    if not isinstance(responses, dict):
        raise BadInput(f"{where}: an operation without responses")
    made["responses"] = {code: _response(part, produces, str(code)) for code, part in responses.items()}
    return made


def _parts(document: dict[str, Any], parameters: Any, where: str) -> list[tuple[Any, dict[str, Any]]]:
    """Each parameter as it stands, and what it stands for."""
    if not isinstance(parameters or [], list) or not all(isinstance(part, dict) for part in parameters or ()):
        raise BadInput(f"{where}/parameters: not a list of objects")
    return [(part, resolve(document, part)) for part in parameters or ()]


def _media_types(document: dict[str, Any], operation: dict[str, Any], key: str) -> list[str]:
    found = operation.get(key, document.get(key)) or ["application/json"]
    if not isinstance(found, list) or not all(isinstance(part, str) for part in found):
        raise BadInput(f"/{key}: not a list of media types")
    # What everybody speaks comes first: the first is what is sent.
    return sorted(dict.fromkeys(found), key=lambda media_type: media_type != "application/json")


def _parameter(document: dict[str, Any], value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"{where}: a parameter that is no object")
    if "$ref" in value:
        return {"$ref": _reference(value["$ref"])}
    made = {key: part for key, part in value.items() if key not in (*_SCHEMA_KEYS, "collectionFormat")}
    for mark, definition in _JSON_PARAMETERS.items():
        if value.get(mark) is True and value.get("type") == "string" and definition in document.get("definitions", {}):
            reference = {"$ref": f"#/components/schemas/{definition}"}
            return made | {"content": {"application/json": {"schema": reference}}}
    made["schema"] = schema({key: value[key] for key in _SCHEMA_KEYS if key in value})
    if value.get("type") == "array" or "collectionFormat" in value:
        separator = value.get("collectionFormat", "csv")
        if value.get("in") in ("path", "header") and separator == "csv":
            made["style"], made["explode"] = "simple", False
        elif separator not in _STYLES:
            raise BadInput(f"{where}: collectionFormat {separator!r} has no form in OpenAPI 3.0")
        else:
            made["style"], made["explode"] = _STYLES[separator]
    return made


def _request_body(
    document: dict[str, Any], operation: dict[str, Any], parts: list[dict[str, Any]], where: str
) -> dict[str, Any]:
    consumes = _media_types(document, operation, "consumes")
    bodies = [part for part in parts if part.get("in") == "body"]
    if bodies:
        if len(parts) > 1:
            raise BadInput(f"{where}: more than one body")
        found = schema(bodies[0].get("schema", {}))
        content = {media_type: {"schema": found} for media_type in consumes}
        return {"required": bodies[0].get("required") is True, "content": content}
    has_file = any(part.get("type") == "file" for part in parts)
    forms = [kind for kind in consumes if kind in ("multipart/form-data", "application/x-www-form-urlencoded")]
    if has_file:
        forms = ["multipart/form-data"]
    form: dict[str, Any] = {"type": "object", "properties": {}}
    for part in parts:
        form["properties"][str(part.get("name"))] = schema({key: part[key] for key in _SCHEMA_KEYS if key in part})
    required = [str(part.get("name")) for part in parts if part.get("required") is True]
    if required:
        form["required"] = required
    forms = forms or ["application/x-www-form-urlencoded"]
    return {"required": bool(required), "content": {kind: {"schema": form} for kind in forms}}


def _response(value: Any, produces: list[str], code: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"response {code}: not an object")
    if "$ref" in value:
        return {"$ref": _reference(value["$ref"])}
    made = {key: part for key, part in value.items() if key not in ("schema", "examples", "headers")}
    if isinstance(value.get("headers"), dict):
        made["headers"] = {
            name: {"schema": schema({key: part[key] for key in _SCHEMA_KEYS if key in part})}
            for name, part in value["headers"].items()
            if isinstance(part, dict)
        }
    if "schema" in value:
        found = schema(value["schema"])
        made["content"] = {kind: {"schema": found} for kind in _fitting(produces, found, code)}
    return made


def _fitting(produces: list[str], found: dict[str, Any], code: str) -> list[str]:
    """Of all that an operation produces, what a response with this schema can be: files are no JSON, objects are."""
    of_json = [kind for kind in produces if kind.partition(";")[0].endswith(("/json", "+json"))]
    if found == _BINARY:
        return [kind for kind in produces if kind not in of_json] or ["application/octet-stream"]
    if code.startswith("2"):
        of_json = [kind for kind in of_json if kind != "application/problem+json"] or of_json
    return of_json or produces


def schema(value: Any) -> Any:
    """A schema in the words of OpenAPI 3.0."""
    if not isinstance(value, dict):
        return value
    made = dict(_schema_members(value))
    if any(value.get(key) is True for key in _NULLABLE):
        made["nullable"] = True
    if made.get("type") == "file":
        return dict(_BINARY)
    return made


def _schema_members(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, part in value.items():
        if key in _NULLABLE or key == "example":
            continue
        if key == "$ref":
            yield key, _reference(part)
        elif key == "discriminator" and isinstance(part, str):
            yield key, {"propertyName": part}
        elif key == "properties" and isinstance(part, dict):
            yield key, {name: schema(found) for name, found in part.items()}
        elif key in ("allOf", "anyOf", "oneOf") and isinstance(part, list):
            yield key, [schema(found) for found in part]
        elif key in ("items", "additionalProperties", "not"):
            yield key, schema(part)
        else:
            yield key, part


def _reference(value: Any) -> Any:
    for old, new in _REFERENCES.items():
        if isinstance(value, str) and value.startswith(old):
            return new + value.removeprefix(old)
    return value


def _security_scheme(value: Any) -> Any:
    if not isinstance(value, dict) or value.get("type") not in ("basic", "oauth2"):
        return value
    if value["type"] == "basic":
        return {"type": "http", "scheme": "basic"}
    flow = str(value.get("flow"))
    about = {key: value[key] for key in ("authorizationUrl", "tokenUrl", "scopes") if key in value}
    return {"type": "oauth2", "flows": {_FLOWS.get(flow, flow): about}}
