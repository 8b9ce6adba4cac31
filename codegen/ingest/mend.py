"""Defects that documents share, mended by rule: each rule is a function, takes the facts and changes them in place.

What is wrong in one document alone is no rule but a patch (`patches.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from codegen.ingest.facts import phrase
from codegen.ingest.walking import METHODS, below, objects, operations, resolve, schemas, target

SCHEMA_PREFIX = "#/components/schemas/"


def mend(document: dict[str, Any]) -> None:
    """Apply every rule, in order."""
    for rule in RULES:
        rule(document)


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


def no_files_in_json(document: dict[str, Any]) -> None:
    """`format: binary` within JSON is text: bytes have no form there, and which text it is the format does not say.

    A file that comes in several formats, of which JSON is one, is a file in each of them.
    """
    seen: set[str] = set()
    waiting = [
        content["schema"]
        for _, found in objects(document["paths"])
        for media_type, content in found.get("content", {}).items()
        if media_type.endswith("json") and "schema" in content and not _is_file(found["content"])
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


_OWN_PART = ("type", "required", "properties", "additionalProperties")


def gather_own_part(document: dict[str, Any]) -> None:
    """What a composed schema adds to its base stands in one place: the last element of its `allOf`."""
    for _, found in list(schemas(document)):
        parts = found.get("allOf")
        if not isinstance(parts, list) or not any("$ref" in part for part in parts) or "properties" not in found:
            continue
        own = {key: found.pop(key) for key in _OWN_PART if key in found}
        parts.append(own)


def split_unions(document: dict[str, Any]) -> None:
    """A discriminated base keeps its mapping and gives up its `oneOf`.

    The documents say both "a base is one of its children" and "a child is its base and more": a circle, in which no
    object is valid and no generator can follow. The children say what they inherit; the base says, in a mapping that
    names every child, which value stands for which.
    """
    named = document["components"].get("schemas", {})
    heirs = _heirs(named)
    for name, base in named.items():
        discriminator = base.get("discriminator")
        if not discriminator:
            continue
        reference = SCHEMA_PREFIX + name
        children = heirs.get(reference, [])
        mapping = {
            value: there if "/" in there else SCHEMA_PREFIX + there
            for value, there in discriminator.get("mapping", {}).items()
        }
        union = next((key for key in ("oneOf", "anyOf") if key in base), None)
        listed = [part["$ref"] for part in base.get(union, ()) if "$ref" in part] if union else []
        for there in [*listed, *(SCHEMA_PREFIX + child for child in children)]:
            if there not in mapping.values() and _inherits(target(document, there), reference):
                # OpenAPI: a schema that no mapping names is chosen by its own name.
                mapping[there.rpartition("/")[2]] = there
        discriminator["mapping"] = mapping
        if union and all(_inherits(target(document, there), reference) for there in listed):
            del base[union]
        base["discriminator"] = base.pop("discriminator")


def give_children_their_base(document: dict[str, Any]) -> None:
    """A schema that a mapping names and that does not say what it inherits is given its base."""
    named = document["components"].get("schemas", {})
    for name, base in named.items():
        if "discriminator" not in base:
            continue
        reference = SCHEMA_PREFIX + name
        for there in dict.fromkeys(base["discriminator"]["mapping"].values()):
            child = target(document, there)
            if "allOf" in child or child is base:
                continue
            own = {key: child.pop(key) for key in _OWN_PART if key in child}
            child["allOf"] = [{"$ref": reference}, own]


def _heirs(named: dict[str, Any]) -> dict[str, list[str]]:
    """The names of the schemas that inherit from a reference."""
    heirs: dict[str, list[str]] = defaultdict(list)
    for name, found in named.items():
        for reference in dict.fromkeys(part["$ref"] for part in found.get("allOf", ()) if "$ref" in part):
            heirs[reference].append(name)
    return heirs


def _inherits(found: dict[str, Any], reference: str) -> bool:
    return any(part.get("$ref") == reference for part in found.get("allOf", ()))


def hand_down_required(document: dict[str, Any]) -> None:
    """A base that requires what only its children have means that each child requires it."""
    named = document["components"].get("schemas", {})
    heirs = _heirs(named)
    for name, base in named.items():
        if "discriminator" not in base or not base.get("required"):
            continue
        absent = [key for key in base["required"] if key not in base.get("properties", {})]
        for child in heirs.get(SCHEMA_PREFIX + name, ()) if absent else ():
            for part in named[child]["allOf"]:
                more = [
                    key for key in absent if key in part.get("properties", {}) and key not in part.get("required", ())
                ]
                if more:
                    part["required"] = [*part.get("required", ()), *more]


def drop_unknown_required(document: dict[str, Any]) -> None:
    """A required name that is no property of the schema, nor of what it is composed of, is dropped."""
    parts = {id(part) for _, found in schemas(document) for part in found.get("allOf", ())}
    for _, found in schemas(document):
        if id(found) in parts:
            continue  # judged with the schema that it is a part of
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
    spread_path_parameters,
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
    split_unions,
    give_children_their_base,
    hand_down_required,
    drop_unknown_required,
    drop_empty_alternatives,
    drop_unused,
)
