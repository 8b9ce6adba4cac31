"""What makes a document one that can be worked with at all."""

from __future__ import annotations

from typing import Any

from codegen.faults import BadInput
from codegen.ingest.bounds import MAX_NAME
from codegen.ingest.walking import objects, operations, target


def check_document(document: dict[str, Any], source: str) -> dict[str, Any]:
    """The document itself, where it is Swagger 2.0, OpenAPI 3.0 or 3.1 with at least one path.

    Raises:
        BadInput: it is something else.
    """
    version = document.get("openapi")
    if "swagger" in document:
        if str(document["swagger"]) != "2.0":
            raise BadInput(f"{source}: Swagger {document['swagger']} is not 2.0")
    elif version is None:
        raise BadInput(f"{source}: not an OpenAPI document: no `openapi` at the top")
    elif not isinstance(version, str) or not version.startswith(("3.0", "3.1")):
        raise BadInput(f"{source}: OpenAPI {version} is not 3.0 or 3.1")
    for key, kind in (("info", dict), ("paths", dict), ("components", dict), ("tags", list), ("security", list)):
        if key in document and not isinstance(document[key], kind):
            raise BadInput(f"{source}: /{key} is no {'object' if kind is dict else 'list'}")
    if not document.get("paths"):
        raise BadInput(f"{source}: an OpenAPI document without paths")
    return document


def check_references(document: dict[str, Any]) -> None:
    """Every `$ref` and every discriminator mapping of a spec (facts, so no examples) leads somewhere.

    Raises:
        BadInput: the first that does not.
    """
    for where, found in objects(document):
        reference = found.get("$ref")
        if isinstance(reference, str):
            try:
                target(document, reference)
            except BadInput as fault:
                raise BadInput(f"{fault} (at {where})") from None
        discriminator = found.get("discriminator")
        if isinstance(discriminator, dict) and isinstance(discriminator.get("mapping"), dict):
            for value, reference in discriminator["mapping"].items():
                there = reference if "/" in str(reference) else f"#/components/schemas/{reference}"
                try:
                    target(document, str(there))
                except BadInput as fault:
                    raise BadInput(f"{fault} (at {where}/discriminator/mapping/{value})") from None


def check_operations(document: dict[str, Any]) -> None:
    """Every operation has a name of its own, and every placeholder of a path its parameter.

    Raises:
        BadInput: the first that has not.
    """
    seen: dict[str, str] = {}
    for path, method, operation in operations(document):
        where = f"{method.upper()} {path}"
        name = operation.get("operationId")
        if not name or not isinstance(name, str):
            raise BadInput(f"{where}: no operationId")
        if name in seen:
            raise BadInput(f"two operations with the operationId {name!r}: {seen[name]} and {where}")
        seen[name] = where
    if not seen:
        raise BadInput("a document without operations")
    check_names(document)


def check_names(document: dict[str, Any]) -> None:
    """No name is longer than a file's name or a line can be.

    Raises:
        BadInput: the first that is.
    """
    names = [*document["components"].get("schemas", ()), *document["paths"]]
    for _, _, operation in operations(document):
        names += [operation["operationId"], *operation.get("tags", ()), operation.get("summary", "")]
    for name in names:
        if len(name) > MAX_NAME:
            raise BadInput(f"a name of {len(name)} letters: {name[:60]!r}...")
