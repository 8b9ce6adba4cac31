"""`veeam-async operations`: find an operation of a revision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from .formats import show
from .output import Column, stderr
from .selection import Selection
from .status import CommandError, Status, usage
from .words import count

if TYPE_CHECKING:
    from .._operation.operation import Operation, Revision


def find_revision(product: str, name: str) -> Revision:
    """A revision of the package by product and name; the newest for `auto`.

    Raises:
        CommandError: there is none; the message says which there are.
    """
    from ..registry import find_revision as by_name
    from ..registry import revisions

    with usage():
        if name != "auto":
            return by_name(product, name)
        here = revisions(product)
    if not here:
        raise CommandError(f"this installation has no revision of {product}")
    return here[0]


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


def list_operations(product: str, revision_name: str, words: Sequence[str], selection: Selection) -> int:
    """Print the operations that have every word in id, title, path, tag or function."""
    revision = find_revision(product, revision_name)
    selection.check([*(column.name for column in COLUMNS), "title", "tag", "inferred", "body"])
    client = import_module(revision.package).Client
    rows = []
    for operation in client.operations:
        row = describe(operation)
        searched = " ".join(
            str(row[key]) for key in ("operation", "title", "path", "tag", "function", "method")
        ).lower()
        if all(word.lower() in searched for word in words):
            rows.append(row | {"note": "inferred" if operation.inferred else ""})
    show(COLUMNS, rows, selection, f"{revision.product} {revision.name}: {count(len(rows), 'operation')}")
    if selection.output == "table" and any(row["inferred"] for row in rows):
        stderr().print("inferred: no document of this revision evidences the operation; it may not exist")
    if not rows:
        stderr().print(f"no operation of {product} {revision.name} has {escape(' and '.join(words))}")
        return Status.ATTENTION
    return Status.OK
