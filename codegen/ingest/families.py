"""Families: a base, a discriminator, and the children that it distinguishes. Each rule is one of `mend`'s.

A family leaves here in one form: the children say what they inherit, the base has a mapping that names every child, and
no `oneOf`. A union that cannot be a family, since a member has a base already that has nothing to do with it, is left a
union without a discriminator.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from codegen import naming
from codegen.ingest.walking import resolve, schemas

SCHEMA_PREFIX = "#/components/schemas/"
OWN_PART = ("type", "required", "properties", "additionalProperties")
_UNIONS = ("oneOf", "anyOf")
_KEYWORDS = re.compile(
    r"#|components|schemas|paths|properties|items|additionalProperties|allOf|oneOf|anyOf|content|schema"
)


def name_unions(document: dict[str, Any]) -> None:
    """A union with a discriminator that stands in another schema or in an operation is given a name of its own."""
    named = document["components"].setdefault("schemas", {})
    top = {id(found) for found in named.values()}
    inner = [
        (where, found)
        for where, found in schemas(document)
        if "discriminator" in found and id(found) not in top and any(key in found for key in _UNIONS)
    ]
    given: list[tuple[str, dict[str, Any]]] = []
    for where, found in inner:
        name = next((name for name, other in given if other == found), None)
        if name is None:
            parts = [part for part in where.split("/") if not _KEYWORDS.fullmatch(part)]
            name = naming.invented(" ".join(parts).replace("~1", " "), named)
            given.append((name, dict(found)))
            named[name] = given[-1][1]
        found.clear()
        found["$ref"] = SCHEMA_PREFIX + name
    if not named:
        del document["components"]["schemas"]


def settle_families(document: dict[str, Any]) -> None:
    """Every schema with a discriminator becomes the base of a family, or a union without one.

    The documents say both "a base is one of its children" and "a child is its base and more": a circle, in which no
    object is valid and no generator can follow. Or the base says which its children are, and they know nothing of
    it. Or one schema is a child of several.
    """
    named = document["components"].get("schemas", {})
    bases = [name for name, found in named.items() if found.get("discriminator")]
    claimed: set[str] = set()
    # Where children say what they inherit, that is so; what only a base says comes after it.
    for name in sorted(bases, key=lambda name: not heirs(named).get(SCHEMA_PREFIX + name)):
        base = named[name]
        mapping = _mapping(base, name, named)
        union = next((key for key in _UNIONS if key in base), None)
        strangers = _adopt(document, name, list(dict.fromkeys(mapping.values())), claimed)
        if strangers and union:
            del base["discriminator"]
            continue
        claimed.update(mapping.values())
        base["discriminator"]["mapping"] = {value: there for value, there in mapping.items() if there not in strangers}
        if union:
            del base[union]
        base["discriminator"] = base.pop("discriminator")


def open_circles(document: dict[str, Any]) -> None:
    """A union without a discriminator of schemas that inherit from it is their base, and no union."""
    for name, base in document["components"].get("schemas", {}).items():
        for key in _UNIONS:
            listed = [part.get("$ref", "") for part in base.get(key, ())]
            named = listed and all(there.startswith(SCHEMA_PREFIX) for there in listed)
            if not named or "discriminator" in base:
                continue
            if all(SCHEMA_PREFIX + name in _ancestors(document, there) for there in listed):
                del base[key]
                base.setdefault("type", "object")


def _mapping(base: dict[str, Any], name: str, named: dict[str, Any]) -> dict[str, str]:
    """Which value stands for which child; one that no mapping names is chosen by its own name (OpenAPI)."""
    mapping = {
        value: there if "/" in there else SCHEMA_PREFIX + there
        for value, there in base["discriminator"].get("mapping", {}).items()
    }
    listed = [part["$ref"] for key in _UNIONS for part in base.get(key, ()) if "$ref" in part]
    # Of several bases, a schema that no mapping names is a child of the first alone.
    heirs_here = heirs(named).get(SCHEMA_PREFIX + name, ())
    children = [SCHEMA_PREFIX + child for child in heirs_here if _parents(named[child])[0] == SCHEMA_PREFIX + name]
    for there in [*listed, *children]:
        if there not in mapping.values() and there.startswith(SCHEMA_PREFIX):
            mapping[there.removeprefix(SCHEMA_PREFIX).replace("~1", "/").replace("~0", "~")] = there
    return mapping


def _adopt(document: dict[str, Any], name: str, members: list[str], claimed: set[str]) -> list[str]:
    """Give the members of a family its base; those that cannot have it, and then none has got it.

    A class has one base, the first of those that its schema names; what it has of the others is copied.
    """
    reference = SCHEMA_PREFIX + name
    base = document["components"]["schemas"][name]
    for there in members:
        if there not in claimed:
            _put_first(resolve(document, {"$ref": there}), reference)
    outside = [there for there in members if reference not in set(_line(document, there))]
    own = set(_ancestors(document, reference))
    objects = [there for there in outside if _is_object(document, there) and there not in own]
    parents = {there: _parents(resolve(document, {"$ref": there})) for there in objects}
    firsts = {references[0] for references in parents.values() if references}
    if len(objects) == len(outside) and not firsts:
        for there in outside:
            child = resolve(document, {"$ref": there})
            more = child.get("allOf", [])
            own_part = {key: child.pop(key) for key in OWN_PART if key in child}
            child["allOf"] = [{"$ref": reference}, *more, *([own_part] if own_part or not more else [])]
        return []
    if len(objects) == len(members) == len(outside) and len(firsts) == 1 and all(parents.values()):
        (common,) = firsts
        if not _parents(base) and "properties" not in base and reference not in _ancestors(document, common):
            # What all members have in common, the union has: it stands between.
            for there in outside:
                for part in resolve(document, {"$ref": there})["allOf"]:
                    if part.get("$ref") == common:
                        part["$ref"] = reference
            base["allOf"] = [{"$ref": common}]
            return []
    return outside


def _is_object(document: dict[str, Any], reference: str) -> bool:
    found = resolve(document, {"$ref": reference})
    if "enum" in found or ("discriminator" not in found and any(key in found for key in _UNIONS)):
        return False
    kind: str = found.get("type", "object")
    return kind == "object"


def _put_first(found: dict[str, Any], reference: str) -> None:
    parts = found.get("allOf", [])
    found_there = [part for part in parts if part.get("$ref") == reference]
    if found_there and _parents(found)[0] != reference:
        found["allOf"] = found_there + [part for part in parts if part not in found_there]


def _parents(found: dict[str, Any]) -> list[str]:
    parts = found.get("allOf", ())
    own = [part["$ref"] for part in parts if "$ref" in part]
    return own + [parent for part in parts if "$ref" not in part for parent in _parents(part)]


def _line(document: dict[str, Any], reference: str) -> Iterator[str]:
    """A schema, its base, the base of that, and so on."""
    seen: list[str] = []
    while reference not in seen:
        seen.append(reference)
        yield reference
        reference = next(iter(_parents(resolve(document, {"$ref": reference}))), reference)


def _ancestors(document: dict[str, Any], reference: str) -> Iterator[str]:
    """A schema and all that it inherits from."""
    queue = [reference]
    for current in queue:
        yield current
        found = resolve(document, {"$ref": current})
        queue += [parent for parent in _parents(found) if parent not in queue]


def heirs(named: dict[str, Any]) -> dict[str, list[str]]:
    """The names of the schemas that inherit from a reference."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, schema in named.items():
        for reference in dict.fromkeys(_parents(schema)):
            found[reference].append(name)
    return found


def hand_down_required(document: dict[str, Any]) -> None:
    """A base that requires what only its children have means that each child requires it."""
    named = document["components"].get("schemas", {})
    children = heirs(named)
    for name, base in named.items():
        if "discriminator" not in base or not base.get("required"):
            continue
        absent = [key for key in base["required"] if key not in base.get("properties", {})]
        for child in children.get(SCHEMA_PREFIX + name, ()) if absent else ():
            for part in named[child]["allOf"]:
                more = [
                    key for key in absent if key in part.get("properties", {}) and key not in part.get("required", ())
                ]
                if more:
                    part["required"] = [*part.get("required", ()), *more]
