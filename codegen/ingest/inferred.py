"""Operations that no document evidences: offered by analogy, and marked so that nobody takes them for a fact.

A reconstructed document lists in `x-unresolved-operations` the titles whose path is not known. Where it gives
`analogy-not-evidence` (the path that the same-titled operation of another tag would have here), the operation becomes
one with `x-inferred: true`; where `analogy-of` identifies that other operation, it has its parameters, body and
answers. Further paths stand in the product's patch file, each with what it rests on:

    [[inferred]]
    tag = "Workers"
    title = "Get Worker Custom Tags"
    path = "/api/v1/workers/customTags"
    evidence = ["azure/v8.1"]
    revisions = ["1.7-rev0"]
"""

from __future__ import annotations

import copy
import re
import tomllib
from pathlib import Path
from typing import Any

from codegen.faults import BadInput
from codegen.ingest import catalog
from codegen.ingest.walking import METHODS, operations

_TEXTS = ("tag", "method", "title", "analogy-not-evidence", "analogy-of")
_ANALOGY = re.compile(r"the (?P<tag>.+) operation of the same title")
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def declared(specs: Path, product: str, revision: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The inferred paths of a revision that a patch file declares, by tag and title.

    Raises:
        BadInput: an entry without tag, title, path or evidence.
    """
    path = next((home / "patches" / f"{product}.toml" for home in (specs, catalog.HOME)), None)
    if path is None or not path.exists():
        path = catalog.HOME / "patches" / f"{product}.toml"
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("inferred", []) if path.exists() else []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise BadInput(f"{path}: {fault}") from fault
    found = {}
    for number, entry in enumerate(entries):
        if not all(isinstance(entry.get(key), str) for key in ("tag", "title", "path")) or not entry.get("evidence"):
            raise BadInput(f"{path.name}: inferred {number + 1}: not tag, title and path as texts, with evidence")
        if revision in entry.get("revisions", [revision]):
            found[entry["tag"], entry["title"]] = entry
    return found


def add(
    document: dict[str, Any], spec: dict[str, Any], further: dict[tuple[str, str], dict[str, Any]] | None = None
) -> list[dict[str, str]]:
    """Add the operations that can be inferred.

    Args:
        document: the vendor document, or what was reconstructed of one.
        spec: its facts, changed in place.
        further: what `declared` gives.

    Returns:
        The titles that are left: `tag`, `method`, `title` (both empty where the tag alone is known).
    """
    by_title = {
        (tag, op.get("summary")): _with_shared_parameters(spec["paths"][path], op)
        for path, _, op in operations(spec)
        for tag in op.get("tags", ())
    }
    taken = {(method, _PLACEHOLDER.sub("{}", path)) for path, method, _ in operations(spec)}
    left_over = []
    entries = document.get("x-unresolved-operations") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadInput("/x-unresolved-operations: not a list of objects")
    for number, entry in enumerate(entries):
        if not all(isinstance(entry.get(key) or "", str) for key in _TEXTS) or not entry.get("tag"):
            raise BadInput(f"/x-unresolved-operations/{number}: not {', '.join(_TEXTS)} as texts")
        more = (further or {}).get((entry["tag"], entry.get("title") or ""))
        if more and not entry.get("analogy-not-evidence"):
            entry = entry | {"analogy-not-evidence": more["path"], "x-evidence": more["evidence"]}
        path, method = entry.get("analogy-not-evidence"), (entry.get("method") or "").lower()
        if (
            not path
            or not entry.get("title")
            or method not in METHODS
            or (method, _PLACEHOLDER.sub("{}", path)) in taken
        ):
            left_over.append({"tag": entry["tag"], "method": method.upper(), "title": entry.get("title") or ""})
            continue
        analogy = _ANALOGY.fullmatch(entry.get("analogy-of") or "")
        like = by_title.get((analogy["tag"], entry["title"])) if analogy else None
        spec["paths"].setdefault(path, {})[method] = _operation(entry, path, like)
        taken.add((method, _PLACEHOLDER.sub("{}", path)))
    return left_over


def _with_shared_parameters(item: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """An operation with the parameters that its path gives to all of its operations."""
    shared = item.get("parameters")
    return operation | {"parameters": [*shared, *operation.get("parameters", ())]} if shared else operation


def _operation(entry: dict[str, Any], path: str, like: dict[str, Any] | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": f"{_camel(entry['tag'])}_{_camel(entry['title'])}",
        "summary": entry["title"],
        "tags": [entry["tag"]],
        "x-evidence": entry.get("x-evidence", []),
        "x-typing": "untyped",
        "x-inferred": True,
    }
    names = _PLACEHOLDER.findall(path)
    if like is None:
        made["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
        ]
        made["responses"] = {"200": {"description": "OK"}}
        return made
    if "operationId" in like:  # documents leave it out; it is made later
        made["x-inferred-from"] = like["operationId"]
    made |= {key: copy.deepcopy(like[key]) for key in ("parameters", "requestBody", "responses") if key in like}
    return made


def _camel(title: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", title))
