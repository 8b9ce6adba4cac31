"""A revision's entry in the catalog: where its document came from, what is in it, which of its POSTs only read."""

from __future__ import annotations

import re
from typing import Any

from codegen.ingest.documents import Document
from codegen.ingest.walking import operations


def counts(spec: dict[str, Any]) -> dict[str, int]:
    """What a spec holds: operations, of them inferred, schemas, discriminated families and their children."""
    schemas = spec["components"].get("schemas", {})
    bases = {name: found for name, found in schemas.items() if "discriminator" in found}
    children = {there for found in bases.values() for there in found["discriminator"].get("mapping", {}).values()}
    return {
        "operations": sum(1 for _ in operations(spec)),
        "inferred": sum(1 for _, _, operation in operations(spec) if operation.get("x-inferred")),
        "schemas": len(schemas),
        "families": len(bases),
        "children": len(children),
    }


def write(
    book: dict[str, Any],
    product: str,
    revision: str,
    spec: dict[str, Any],
    document: Document,
    known: dict[str, dict[str, str]],
    siblings: list[dict[str, Any]],
) -> dict[str, Any]:
    """Put a revision's entry into the catalog, and mark in its spec the POSTs that only read.

    What was decided by hand in an entry that is there stays. What a document says about other revisions fills
    what their entries lack.

    Args:
        book: the catalog, changed in place.
        product: whose entry it is.
        revision: the same.
        spec: the spec, changed in place.
        document: what was read.
        known: what the document says about revisions (`revisions.learn`).
        siblings: the specs of the product's other revisions.

    Returns:
        The entry.
    """
    name = f"{product}/{revision}"
    about = book["products"][product]
    learnt = about.setdefault("known", {})
    for key, facts in known.items():
        # A newer document knows better what became of an older revision; its own row is its own to say.
        learnt[key] = learnt.get(key, {}) | facts if key == revision else facts | learnt.get(key, {})
    about["known"] = {key: learnt[key] for key in sorted(learnt, key=_order)}
    old = book["revisions"].get(name, {})
    book["revisions"][name] = {
        "product": product,
        "revision": revision,
        "source": document.source,
        "sha256": document.sha256,
        "title": spec["info"]["title"],
        "product_version": old.get("product_version", ""),
        "reference": old.get("reference", ""),
        "port": old.get("port", about["port"]),
        **counts(spec),
        "safe_posts": _safe_posts(book, name, spec, siblings),
    }
    for key, entry in book["revisions"].items():
        facts = about["known"].get(entry["revision"], {}) if key.startswith(f"{product}/") else {}
        for fact in ("product_version", "reference"):
            entry[fact] = entry.get(fact) or facts.get(fact, "")
    entry = book["revisions"][name]
    for _, method, operation in operations(spec):
        operation.pop("x-safe", None)
        if method == "post" and operation["operationId"] in entry["safe_posts"]:
            _insert(operation, "x-safe", True)
    return dict(entry)


def _safe_posts(book: dict[str, Any], name: str, spec: dict[str, Any], siblings: list[dict[str, Any]]) -> list[str]:
    """The POSTs that only read, by operationId: as decided by hand, else as decided in the product's other revisions.

    Another revision's decision counts where operationId and path are the same but for the revision in the path.
    """
    posts = {operation["operationId"]: path for path, method, operation in operations(spec) if method == "post"}
    if "safe_posts" in book["revisions"].get(name, {}):
        decided = set(book["revisions"][name]["safe_posts"])
        return [operation_id for operation_id in posts if operation_id in decided]
    inherited = {
        (operation["operationId"], _unversioned(path))
        for sibling in siblings
        for path, _, operation in operations(sibling)
        if operation.get("x-safe")
    }
    return [operation_id for operation_id, path in posts.items() if (operation_id, _unversioned(path)) in inherited]


def _unversioned(path: str) -> str:
    return re.sub(r"^/api/v[\d.]+/", "/api/*/", path)


def _insert(operation: dict[str, Any], key: str, value: Any) -> None:
    """Put a key before parameters, body and responses, where the reader looks for it."""
    tail: dict[str, Any] = {
        name: operation.pop(name) for name in ("parameters", "requestBody", "responses") if name in operation
    }
    operation[key] = value
    operation.update(tail)


def _order(revision: str) -> tuple[list[int], str]:
    return [int(number) for number in re.findall(r"\d+", revision)], revision
