"""Defects that documents share, mended by rule: each rule is a function, takes the facts and changes them in place.

What is wrong in one document alone is no rule but a patch (`patches.py`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from codegen import naming
from codegen.ingest import families
from codegen.ingest.facts import phrase
from codegen.ingest.walking import METHODS, below, contents, objects, operations, resolve, schemas, target

_NEGATED = re.compile(r"(?<!/properties)(?<!/schemas)/not(?:/|$)")


def mend(document: dict[str, Any]) -> None:
    """Apply every rule, in order."""
    for rule in RULES:
        rule(document)


def name_operations(document: dict[str, Any]) -> None:
    """An operation without an operationId is called by its method and path, and so is one whose name another has."""
    taken: set[str] = set()
    for _, _, operation in operations(document):
        name = operation.get("operationId")
        if name in taken:
            del operation["operationId"]
        elif name:
            taken.add(name)
    for path, method, operation in operations(document):
        if not operation.get("operationId"):
            name = naming.invented(f"{method} {path}", taken)
            taken.add(name)
            rest = dict(operation)
            operation.clear()
            operation |= {"operationId": name} | {key: part for key, part in rest.items() if key != "operationId"}


def spread_path_parameters(document: dict[str, Any]) -> None:
    """Parameters of a path are given to each of its operations."""
    for item in document["paths"].values():
        shared = item.pop("parameters", [])
        for method in METHODS:
            if shared and method in item:
                own = item[method].get("parameters", [])
                keys = {_parameter_key(document, part) for part in own}
                more = [part for part in shared if _parameter_key(document, part) not in keys]
                item[method]["parameters"] = more + own
                _move_responses_last(item[method])


def _move_responses_last(operation: dict[str, Any]) -> None:
    for key in ("requestBody", "responses"):
        if key in operation:
            operation[key] = operation.pop(key)


def _parameter_key(document: dict[str, Any], part: dict[str, Any]) -> tuple[str, str]:
    found = resolve(document, part)
    return found["in"], found["name"]


def drop_cookies(document: dict[str, Any]) -> None:
    """No parameter is a cookie: those are between a browser and its server, and a client keeps none."""
    for _, _, operation in operations(document):
        parts = operation.get("parameters", [])
        kept = [part for part in parts if resolve(document, part)["in"] != "cookie"]
        if kept:
            operation["parameters"] = kept
        elif parts:
            del operation["parameters"]


def name_responses(document: dict[str, Any]) -> None:
    """A shared response is described by the phrase of the one status code that it answers, where there is one."""
    shared = document["components"].get("responses", {})
    codes: dict[str, set[str]] = defaultdict(set)
    for _, _, operation in operations(document):
        for code, response in operation["responses"].items():
            if "$ref" in response:
                codes[response["$ref"].rpartition("/")[2]].add(code)
    for name, used in codes.items():
        if name in shared and len(used) == 1:
            shared[name]["description"] = phrase(next(iter(used)))


def plain_media_types(document: dict[str, Any]) -> None:
    """A media type is what stands before its parameters, in lower case: `application/json; charset=utf-8` is JSON."""
    for found in [*contents(document["paths"]), *contents(document["components"])]:
        content = found["content"]
        plain: dict[str, Any] = {}
        for media_type in sorted(content, key=lambda name: ";" in name):
            plain.setdefault(media_type.partition(";")[0].strip().lower(), content[media_type])
        order = dict.fromkeys(name.partition(";")[0].strip().lower() for name in content)
        found["content"] = {name: plain[name] for name in order}


def bodies_have_a_type(document: dict[str, Any]) -> None:
    """Who sends something has to say what it is: a range of media types stands for JSON where that is in it."""
    bodies = [operation.get("requestBody", {}) for _, _, operation in operations(document)]
    for body in [*bodies, *document["components"].get("requestBodies", {}).values()]:
        named = body.get("content", {})
        if "application/json" not in named and any("*" in media_type for media_type in named):
            content: dict[str, Any] = {}
            for media_type, found in body["content"].items():
                json = media_type in ("*/*", "application/*") or media_type.endswith(("/json", "+json"))
                octets = "application/json" if json else "application/octet-stream"
                content.setdefault(octets if "*" in media_type else media_type, found)
            body["content"] = content


def empty_no_content(document: dict[str, Any]) -> None:
    """A 204 has no body, whatever a document says of it: HTTP allows none, and no server can send one."""
    for _, _, operation in operations(document):
        if "content" in resolve(document, operation["responses"].get("204", {})):
            operation["responses"]["204"] = {"description": phrase("204")}


def open_login(document: dict[str, Any]) -> None:
    """The operation that gives tokens for a grant asks for none."""
    for _, _, operation in operations(document):
        body = resolve(document, operation.get("requestBody", {}))
        form = body.get("content", {}).get("application/x-www-form-urlencoded", {})
        if "grant_type" in _properties(document, form.get("schema", {})):
            operation["security"] = []


def bytes_are_bytes(document: dict[str, Any]) -> None:
    """A body of `application/octet-stream` is its bytes, also where a document describes an object around them."""
    for _, found in list(objects(document)):
        content = found.get("content")
        if isinstance(content, dict) and isinstance(content.get("application/octet-stream"), dict):
            content["application/octet-stream"]["schema"] = {"type": "string", "format": "binary"}


_TEXTS = ("/json", "+json", "/x-www-form-urlencoded")


def no_files_in_json(document: dict[str, Any]) -> None:
    """`format: binary` within JSON or a form is text: bytes have no form there, which text is not for it to say.

    A file that comes in several formats, of which JSON is one, is a file in each of them.
    """
    seen: set[str] = set()
    waiting = [
        content["schema"]
        for found in [*contents(document["paths"]), *contents(document["components"])]
        for media_type, content in found["content"].items()
        if media_type.endswith(_TEXTS) and "schema" in content and not _is_file(found["content"])
    ]
    while waiting:
        for _, found in below(waiting.pop(), ""):
            if found.get("format") == "binary":
                del found["format"]
            reference = found.get("$ref", "")
            if reference and reference not in seen:
                seen.add(reference)
                waiting.append(target(document, reference))


def _is_file(content: dict[str, Any]) -> bool:
    """Whether a body is a file in each of several media types."""
    return len(content) > 1 and all(part.get("schema", {}).get("format") == "binary" for part in content.values())


def parameters_without_null(document: dict[str, Any]) -> None:
    """No parameter is null: a path, a query or a header has no word for it. One in the path is required as well."""
    parts = [part for _, _, operation in operations(document) for part in operation.get("parameters", ())]
    for part in [*parts, *document["components"].get("parameters", {}).values()]:
        if part.get("in") == "path":
            part["required"] = True
        if isinstance(part.get("schema"), dict):
            part["schema"].pop("nullable", None)
            _unwrap(part, "schema")


def enums_go_in_and_out(document: dict[str, Any]) -> None:
    """A named enum is not read-only by itself: properties that are sent refer to it, and parameters do."""
    for found in document["components"].get("schemas", {}).values():
        if "enum" in found:
            found.pop("readOnly", None)


def _unwrap(holder: dict[str, Any], key: str) -> None:
    """`allOf` around one schema and nothing beside it is that schema."""
    value = holder[key]
    if isinstance(value, dict) and set(value) == {"allOf"} and len(value["allOf"]) == 1:
        holder[key] = value["allOf"][0]


def types_of_references(document: dict[str, Any]) -> None:
    """`type: object` around one reference says nothing, or something false where that is an enum: it goes."""
    named = {id(found) for found in document["components"].get("schemas", {}).values()}
    for _, found in list(schemas(document)):
        parts = found.get("allOf")
        if id(found) in named or not isinstance(parts, list) or len(parts) != 1 or "$ref" not in parts[0]:
            continue
        if found.get("type") == "object" and not found.keys() & {"properties", "additionalProperties", "required"}:
            del found["type"]


def unwrap_parts(document: dict[str, Any]) -> None:
    """`allOf` around one reference and nothing beside it is that reference, but for a schema of its own name."""
    for _, found in list(schemas(document)):
        for key in ("items", "additionalProperties"):
            if isinstance(found.get(key), dict):
                _unwrap(found, key)
        for name in found.get("properties", ()):
            _unwrap(found["properties"], name)
    for _, found in list(objects(document["paths"])):
        if isinstance(found.get("schema"), dict):
            _unwrap(found, "schema")


def gather_own_part(document: dict[str, Any]) -> None:
    """What a composed schema adds to its base stands in one place: the last element of its `allOf`."""
    for _, found in list(schemas(document)):
        parts = found.get("allOf")
        if not isinstance(parts, list) or not any("$ref" in part for part in parts) or "properties" not in found:
            continue
        own = {key: found.pop(key) for key in families.OWN_PART if key in found}
        parts.append(own)


def drop_unknown_required(document: dict[str, Any]) -> None:
    """A required name that is no property of the schema, nor of what it is composed of, is dropped."""
    parts = {id(part) for _, found in schemas(document) for part in found.get("allOf", ())}
    for where, found in schemas(document):
        if id(found) in parts or _NEGATED.search(where):
            continue  # judged with the schema that it is a part of; that something is not there is no fault
        known = _properties(document, found)
        for holder in (found, *found.get("allOf", ())):
            if "required" not in holder:
                continue
            kept = [name for name in dict.fromkeys(holder["required"]) if name in known]
            if kept:
                holder["required"] = kept
            else:
                del holder["required"]


def _properties(document: dict[str, Any], found: dict[str, Any], seen: set[int] | None = None) -> set[str]:
    """The names of all properties of a schema and of what it is composed of."""
    found = resolve(document, found)
    seen = set() if seen is None else seen
    if id(found) in seen:
        return set()
    seen.add(id(found))
    names = set(found.get("properties", ()))
    for key in ("allOf", "oneOf", "anyOf"):
        for part in found.get(key, ()):
            names |= _properties(document, part, seen)
    return names


def drop_empty_alternatives(document: dict[str, Any]) -> None:
    """`oneOf` of parts that say nothing fits no value at all, for each value fits every part: it goes."""
    for _, found in schemas(document):
        for key in ("oneOf", "anyOf"):
            if key in found and not any(found[key]):
                del found[key]


def drop_unused(document: dict[str, Any]) -> None:
    """Shared parameters, bodies, responses and headers that nothing refers to are left out; schemas all stay."""
    components = document["components"]
    for kind in ("requestBodies", "responses", "parameters", "headers"):
        used = {found["$ref"] for _, found in objects(document) if isinstance(found.get("$ref"), str)}
        part = {
            name: value for name, value in components.get(kind, {}).items() if f"#/components/{kind}/{name}" in used
        }
        components.pop(kind, None)
        if part:
            components[kind] = part


RULES: tuple[Callable[[dict[str, Any]], None], ...] = (
    name_operations,
    spread_path_parameters,
    drop_cookies,
    plain_media_types,
    bodies_have_a_type,
    empty_no_content,
    open_login,
    name_responses,
    parameters_without_null,
    enums_go_in_and_out,
    bytes_are_bytes,
    no_files_in_json,
    types_of_references,
    unwrap_parts,
    gather_own_part,
    families.name_unions,
    families.open_circles,
    families.settle_families,
    families.hand_down_required,
    drop_unknown_required,
    drop_empty_alternatives,
    drop_unused,
)
