"""The facts of an OpenAPI 3.0 document, and nothing else: what an interface is, none of the prose about it.

Each kind of object has the keys that are facts, in the order in which they are written. A key that is not listed is not
carried over, so that prose of a kind that no one has seen yet cannot slip in.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from codegen.faults import BadInput
from codegen.ingest.walking import METHODS

_SCHEMA_PLAIN = (
    "type", "format", "enum", "default", "nullable", "required", "readOnly", "writeOnly", "deprecated",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "xml",
)  # fmt: skip
_SCHEMA_LISTS = ("allOf", "oneOf", "anyOf")
_PARAMETER_PLAIN = ("name", "in", "required", "deprecated", "allowEmptyValue", "style", "explode", "allowReserved")

# Extensions that state facts. Their values are flags, names and codes; what the vendor or anybody else writes about
# something in sentences is left out whatever its key.
_EXTENSIONS = re.compile(
    r"x-evidence|x-typing|x-path-derived|x-verified-in-[\w.-]+|x-inferred|x-safe|x-required-[\w.-]+|x-enum-source"
    r"|x-known-values|x-v\d[\w.]*-status|x-veeam-(?:authorize|async-result|page-result)|x-not-versioned"
)
_ANONYMOUS = ("x-anonymous", "x-veeam-allow-anonymous")
_NULLABLE = ("nullable", "x-nullable", "x-veeam-nullable")
# In RFC 9110's words, which Python has from 3.13 on: a spec is to be the same whichever Python made it.
_PHRASES = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
_NAME = re.compile(r"[\w.,:;/<>{}()\[\]&@*+'-]+(?: [\w.,:;/<>{}()\[\]&@*+'-]+){0,5}")


def facts(document: dict[str, Any]) -> dict[str, Any]:
    """The document's facts, as a new OpenAPI 3.0 document.

    Args:
        document: an OpenAPI 3.0 document; it is not changed.
    """
    components = _object(document, "components", "")
    kept: dict[str, Any] = {
        "openapi": "3.0.3",
        "info": {
            "title": str(_object(document, "info", "").get("title", "")),
            "version": str(_object(document, "info", "").get("version", "")),
        },
        # Where it is served is the user's to say.
        "servers": [{"url": "/"}],
    }
    security = _security(document, components)
    if security is not None:
        kept["security"] = security
    base = base_path(document)
    paths = {base + path: _path_item(item, f"/paths/{path}") for path, item in _object(document, "paths", "").items()}
    used = {tag for item in paths.values() for method in METHODS for tag in item.get(method, {}).get("tags", ())}
    kept["tags"] = [
        {"name": tag["name"]} | ({"x-displayName": tag["x-displayName"]} if _is_name(tag.get("x-displayName")) else {})
        for tag in document.get("tags", ())
        if isinstance(tag, dict) and isinstance(tag.get("name"), str) and tag["name"] in used
    ]
    kept["paths"] = {path: item for path, item in paths.items() if item}
    parts: dict[str, Any] = {}
    for kind, reader in (
        ("schemas", schema), ("parameters", parameter), ("requestBodies", _body), ("responses", _response),
        ("headers", _header), ("securitySchemes", _security_scheme),
    ):  # fmt: skip
        found = _object(components, kind, "/components")
        if found:
            parts[kind] = {name: reader(found[name], f"/components/{kind}/{name}") for name in sorted(found)}
    kept["components"] = parts
    return kept


def base_path(document: dict[str, Any]) -> str:
    """What stands before every path: that of the first server's address, without its slash at the end."""
    servers = document.get("servers") or [{}]
    url = servers[0].get("url") if isinstance(servers, list) and isinstance(servers[0], dict) else None
    path = re.sub(r"^(?:https?:)?//[^/]*", "", url) if isinstance(url, str) else ""
    return path.rstrip("/") if path.startswith("/") and "{" not in path else ""


def _security(document: dict[str, Any], components: dict[str, Any]) -> Any:
    """What every operation asks for; where a document names one scheme and never says where, that one."""
    schemes = list(_object(components, "securitySchemes", "/components"))
    says = "security" in document or any(
        isinstance(operation, dict) and "security" in operation
        for item in _object(document, "paths", "").values()
        for operation in (item.values() if isinstance(item, dict) else ())
    )
    return document.get("security") if says or len(schemes) != 1 else [{schemes[0]: []}]


def schema(value: Any, where: str) -> dict[str, Any]:
    """The facts of a schema object or a reference."""
    if value is True or value == {}:
        return {}
    found = _require(value, where)
    if "$ref" in found:
        kept: dict[str, Any] = _reference(found, where)
        if any(found.get(key) is True for key in _NULLABLE):
            # A reference has no neighbours in OpenAPI 3.0; this is how "that, or null" is said.
            return {"allOf": [kept], "nullable": True}
        return kept
    kept = {}
    for key in _SCHEMA_PLAIN:
        if key in found:
            kept[key] = found[key]
        elif key == "nullable" and any(found.get(name) is True for name in _NULLABLE):
            kept[key] = True
    _check_schema(kept, where)
    if "properties" in found:
        properties = _require(found["properties"], f"{where}/properties")
        kept["properties"] = {name: schema(part, f"{where}/properties/{name}") for name, part in properties.items()}
    if "items" in found:
        kept["items"] = schema(found["items"], f"{where}/items")
    if "additionalProperties" in found:
        extra = found["additionalProperties"]
        kept["additionalProperties"] = (
            extra if isinstance(extra, bool) else schema(extra, f"{where}/additionalProperties")
        )
    for key in _SCHEMA_LISTS:
        if key in found:
            if not isinstance(found[key], list):
                raise BadInput(f"{where}/{key}: not a list")
            kept[key] = [schema(part, f"{where}/{key}/{index}") for index, part in enumerate(found[key])]
    if "not" in found:
        kept["not"] = schema(found["not"], f"{where}/not")
    if "discriminator" in found:
        discriminator = _require(found["discriminator"], f"{where}/discriminator")
        kept_discriminator: dict[str, Any] = {
            "propertyName": _text(discriminator.get("propertyName"), f"{where}/discriminator/propertyName")
        }
        kept["discriminator"] = kept_discriminator
        if "mapping" in discriminator:
            mapping = _require(discriminator["mapping"], f"{where}/discriminator/mapping")
            kept_discriminator["mapping"] = {
                value: _text(there, f"{where}/discriminator/mapping/{value}") for value, there in mapping.items()
            }
    _extensions(found, kept)
    return kept


def _check_schema(kept: dict[str, Any], where: str) -> None:
    if not isinstance(kept.get("enum", []), list):
        raise BadInput(f"{where}/enum: not a list")
    _texts(kept.get("required", []), f"{where}/required")
    for key in ("type", "format", "pattern"):
        if key in kept:
            _text(kept[key], f"{where}/{key}")


def parameter(value: Any, where: str) -> dict[str, Any]:
    """The facts of a parameter object or a reference to one."""
    found = _require(value, where)
    if "$ref" in found:
        return _reference(found, where)
    if not isinstance(found.get("name"), str) or found.get("in") not in ("path", "query", "header", "cookie"):
        raise BadInput(f"{where}: a parameter without name or place")
    kept = {key: found[key] for key in _PARAMETER_PLAIN if key in found}
    if str(found.get("x-veeam-model-binder", "")).partition("<")[0].endswith("CsvModelBinder"):
        # The server reads one comma-separated value, whatever OpenAPI's default would send.
        kept["style"], kept["explode"] = "form", False
    _schema_or_content(found, kept, where)
    _extensions(found, kept)
    return kept


def _path_item(value: Any, where: str) -> dict[str, Any]:
    found = _require(value, where)
    if "$ref" in found:
        raise BadInput(f"{where}: a path item behind a $ref")
    kept: dict[str, Any] = {}
    if found.get("parameters"):
        kept["parameters"] = _parameters(found["parameters"], where)
    for key, operation in found.items():
        if key in METHODS:
            kept[key] = _operation(operation, f"{where}/{key}")
    return kept


def _operation(value: Any, where: str) -> dict[str, Any]:
    found = _require(value, where)
    kept: dict[str, Any] = {}
    for key in ("operationId", "summary"):
        if key in found:
            kept[key] = " ".join(_text(found[key], f"{where}/{key}").split())
    if "summary" in kept:
        kept["summary"] = kept["summary"].rstrip(" .")  # a title is no sentence
    if "tags" in found:
        kept["tags"] = _texts(found["tags"], f"{where}/tags")
    for key in ("deprecated", "security"):
        if key in found:
            kept[key] = found[key]
    if any(found.get(key) is True for key in _ANONYMOUS):
        kept["security"] = []
    _extensions(found, kept)
    if found.get("parameters"):
        kept["parameters"] = _parameters(found["parameters"], where)
    if "requestBody" in found:
        kept["requestBody"] = _body(found["requestBody"], f"{where}/requestBody")
    responses = _object(found, "responses", where)
    if not responses:
        raise BadInput(f"{where}: an operation without responses")
    kept["responses"] = {
        str(code): _response(responses[code], f"{where}/responses/{code}", str(code)) for code in responses
    }
    return kept


def _parameters(value: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise BadInput(f"{where}/parameters: not a list")
    return [parameter(part, f"{where}/parameters/{index}") for index, part in enumerate(value)]


def _body(value: Any, where: str) -> dict[str, Any]:
    found = _require(value, where)
    if "$ref" in found:
        return _reference(found, where)
    kept: dict[str, Any] = {"required": found["required"]} if "required" in found else {}
    kept["content"] = _content(_object(found, "content", where), where)
    _extensions(found, kept)
    return kept


def _response(value: Any, where: str, code: str = "") -> dict[str, Any]:
    found = _require(value, where)
    if "$ref" in found:
        return _reference(found, where)
    kept: dict[str, Any] = {"description": phrase(code or where.rpartition("/")[2])}
    if found.get("headers"):
        headers = _object(found, "headers", where)
        kept["headers"] = {name: _header(part, f"{where}/headers/{name}") for name, part in headers.items()}
    if found.get("content"):
        kept["content"] = _content(_object(found, "content", where), where)
    _extensions(found, kept)
    return kept


def phrase(code: str) -> str:
    """The standard HTTP phrase of a status code: what OpenAPI wants as a response's description.

    A response under components has a name in place of a code; the name is split into its words.
    """
    if code.isdigit():
        try:
            return _PHRASES.get(int(code)) or HTTPStatus(int(code)).phrase
        except ValueError:
            return f"Status {code}"
    return " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", code)) or code


def _header(value: Any, where: str) -> dict[str, Any]:
    found = _require(value, where)
    if "$ref" in found:
        return _reference(found, where)
    kept = {key: found[key] for key in _PARAMETER_PLAIN if key in found and key not in ("name", "in")}
    _schema_or_content(found, kept, where)
    return kept


def _schema_or_content(found: dict[str, Any], kept: dict[str, Any], where: str) -> None:
    if "schema" in found:
        kept["schema"] = schema(found["schema"], f"{where}/schema")
    elif "content" in found:
        kept["content"] = _content(_object(found, "content", where), where)
    else:
        kept["schema"] = {}


def _content(content: dict[str, Any], where: str) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for media_type, value in content.items():
        found = _require(value, f"{where}/content/{media_type}")
        kept[media_type] = {}
        if "schema" in found:
            kept[media_type]["schema"] = schema(found["schema"], f"{where}/content/{media_type}/schema")
        if found.get("encoding"):
            kept[media_type]["encoding"] = {
                name: {key: part[key] for key in ("contentType", "style", "explode", "allowReserved") if key in part}
                for name, part in _object(found, "encoding", where).items()
            }
    return kept


def _security_scheme(value: Any, where: str) -> dict[str, Any]:
    found = _require(value, where)
    kept: dict[str, Any] = {
        key: found[key]
        for key in ("$ref", "type", "name", "in", "scheme", "bearerFormat", "openIdConnectUrl")
        if key in found
    }
    if "flows" in found:
        kept["flows"] = {
            flow: {key: part[key] for key in ("authorizationUrl", "tokenUrl", "refreshUrl") if key in part}
            | {"scopes": dict.fromkeys(part.get("scopes", {}), "")}
            for flow, part in _object(found, "flows", where).items()
        }
    return kept


def _extensions(found: dict[str, Any], kept: dict[str, Any]) -> None:
    kept.update((key, value) for key, value in found.items() if _EXTENSIONS.fullmatch(str(key)) and _states(value))


def _states(value: Any) -> bool:
    """True where an extension's value holds flags, numbers, names and codes alone: no sentence."""
    if isinstance(value, dict):
        return all(_states(part) for part in value.values())
    if isinstance(value, list):
        return all(_states(part) for part in value)
    return not isinstance(value, str) or _is_name(value)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 80 and _NAME.fullmatch(value) is not None


def _object(holder: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    value = holder.get(key)
    return {} if value is None else _require(value, f"{where}/{key}")


def _reference(found: dict[str, Any], where: str) -> dict[str, Any]:
    return {"$ref": _text(found["$ref"], f"{where}/$ref")}


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{where}: not a text")
    return value


def _texts(value: Any, where: str) -> list[str]:
    if not isinstance(value, list):
        raise BadInput(f"{where}: not a list")
    return [_text(part, f"{where}/{index}") for index, part in enumerate(value)]


def _require(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"{where}: not an object")
    return value
