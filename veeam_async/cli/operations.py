"""`veeam-async operations`: find an operation of a revision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from .output import Column, json_line, json_text, put, stderr, stdout, table
from .status import CommandError, Status

if TYPE_CHECKING:
    from .._operation.operation import Operation, Revision


def find_revision(product: str, name: str) -> Revision:
    """A revision of the package by product and name; the newest for `auto`."""
    from ..registry import revisions

    known = [revision for revision in revisions() if revision.product == product]
    if not known:
        raise CommandError(f"no product {product!r}; there are vbr, aws and azure")
    if name == "auto":
        return known[0]
    for revision in known:
        if revision.name == name:
            return revision
    raise CommandError(f"{product} has no revision {name!r}; there are {', '.join(one.name for one in known)}")


def operation_names(product: str, name: str) -> Iterator[tuple[str, str]]:
    """Every operationId and `group.function` of each operation, without loading the functions."""
    revision = find_revision(product, name)
    yield from import_module(f"{revision.package}.api").OPERATIONS.items()


def describe(operation: Operation[Any]) -> dict[str, Any]:
    """An operation as a row."""
    return {
        "operation": operation.operation_id,
        "method": operation.method,
        "path": operation.path,
        "function": f"{operation.group}.{operation.name}",
        "title": operation.title,
        "tag": operation.tag,
        "inferred": operation.inferred,
        "body": operation.body.type if operation.body else None,
        "parameters": [
            {"name": p.name, "wire": p.wire, "in": p.location, "type": p.type, "required": p.required}
            for p in operation.parameters
        ],
    }


def _parameters(parameters: list[dict[str, Any]]) -> str:
    names = (f"[bold]{p['name']}[/]" if p["required"] else p["name"] for p in parameters if p["in"] != "header")
    return ", ".join(names)


COLUMNS = [
    Column("operation", "operation"),
    Column("method", "method", rank=2),
    Column("path", "path", rank=1, wrap=True),
    Column("function", "function", rank=3),
    Column("parameters", "parameters", rank=4, show=_parameters, wrap=True),
    Column("note", "", rank=1),
]


def list_operations(product: str, revision_name: str, words: Sequence[str], format: str) -> int:
    """Print the operations that have every word in id, title, path, tag or function."""
    revision = find_revision(product, revision_name)
    client = import_module(revision.package).Client
    rows = []
    for operation in client.operations:
        row = describe(operation)
        searched = " ".join(
            str(row[key]) for key in ("operation", "title", "path", "tag", "function", "method")
        ).lower()
        if all(word.lower() in searched for word in words):
            rows.append(row | {"note": "inferred" if operation.inferred else ""})
    if format == "json":
        put(json_text(rows) + "\n")
    elif format == "jsonl":
        for row in rows:
            put(json_line(row) + "\n")
    elif rows:
        console = stdout()
        table(COLUMNS, rows, console, f"{revision.product} {revision.name}: {len(rows)} operations")
        if any(row["inferred"] for row in rows):
            stderr().print("inferred: no document of this revision evidences the operation; it may not exist")
    if not rows:
        stderr().print(f"no operation of {product} {revision.name} has {escape(' and '.join(words))}")
        return Status.ATTENTION
    return Status.OK
