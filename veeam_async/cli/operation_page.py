"""`veeam-async operations show ID`: what an operation takes and gives, and a body to begin with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from .._model.classes import is_enum, is_model, resolve
from .._model.expressions import TypeExpression, parse
from .._model.fields import REQUIRED, fields
from .._operation.finding import find_operation, function_of, spelling
from .operations import describe, find_revision
from .output import json_text, put, stdout
from .status import CommandError, Status, usage

if TYPE_CHECKING:
    from .._operation.operation import Operation

# Levels of nested objects in a skeleton; below them stands an empty one.
_LEVELS = 3


def show_operation(product: str, revision_name: str, name: str, output: str) -> int:
    """Print an operation: as a page for people, or as JSON."""
    revision = find_revision(product, revision_name)
    with usage():
        operation = find_operation(revision, spelling(revision, name))
    package = revision.package
    if output == "skeleton":
        if operation.body is None:
            raise CommandError(f"{operation.operation_id} takes no body")
        put(json_text(skeleton(operation)) + "\n")
        return Status.OK
    if output == "json":
        row = describe(operation) | {
            "answers": {str(status): each.type or None for status, each in operation.responses.items()},
            "fields": {part: list(_rows(type_, package)) for part, type_ in _parts(operation)},
            "skeleton": skeleton(operation),
        }
        put(json_text(row) + "\n")
        return Status.OK
    for line in _page(operation, package):
        stdout().print(line, soft_wrap=True)
    return Status.OK


def _parts(operation: Operation[Any]) -> Iterator[tuple[str, str]]:
    if operation.body is not None:
        yield "body", operation.body.type
    for status, response in operation.responses.items():
        if response.type:
            yield f"answer {status}", response.type


def _page(operation: Operation[Any], package: str) -> Iterator[str]:
    revision = operation.revision
    yield f"[bold]{escape(operation.operation_id)}[/]  {operation.method} {escape(operation.path)}"
    yield f"{escape(operation.title)}, {revision.product} {revision.name}"
    if operation.deprecated:
        yield "[warning]The vendor calls it deprecated.[/]"
    if operation.inferred:
        yield "[warning]No document of this revision evidences it: it may not exist.[/]"
    if not operation.safe:
        yield "It may change something: it is sent again only when it surely was not carried out."
    yield f"Python: client.{operation.group}.{function_of(operation).__name__}(...)"
    if operation.parameters:
        yield ""
        yield "[bold]Parameters[/]"
        for one in operation.parameters:
            yield from _line(one.wire, one.type, one.required, f"in {one.location}", package)
    for part, type_ in _parts(operation):
        yield ""
        rows = list(_rows(type_, package))
        yield f"[bold]{part.capitalize()}[/]  {escape(type_)}"
        for row in rows:
            yield from _line(row["name"], row["type"], row["required"], row["note"], package)
    if operation.body is not None:
        yield ""
        yield "[bold]A body to begin with[/] (-o skeleton prints it alone)"
        yield escape(json_text(skeleton(operation)))


def _line(name: str, type_: str, required: bool, note: str, package: str) -> Iterator[str]:
    shown = type_.replace(" | Unset", "")
    mark = ", required" if required else ""
    about = f", {note}" if note else ""
    yield f"  {escape(name)}: {escape(shown)}{mark}{about}"
    for enum, values in _enums(parse(type_), package):
        yield f"      [faint]{escape(enum)}: {escape(', '.join(values))}[/]"


def _enums(expression: TypeExpression, package: str) -> Iterator[tuple[str, list[str]]]:
    for name in sorted(expression.classes):
        try:
            cls = resolve(name, package)
        except NameError:
            continue
        if is_enum(cls):
            yield name, [str(member.value) for member in cls]


def _rows(type_: str, package: str) -> Iterator[dict[str, Any]]:
    """The fields of the models in a type, the children's names of one that has kinds."""
    for name in sorted(parse(type_).classes):
        try:
            cls = resolve(name, package)
        except NameError:
            continue
        if not is_model(cls):
            continue
        kinds = getattr(cls, "__children__", {})
        for each in fields(cls).values():
            discriminates = each.name == cls.__dict__.get("__discriminator__")
            notes = ["read-only"] if each.read_only else []
            notes += [f"{value}: {child}" for value, child in kinds.items()] if discriminates else []
            yield {
                "name": each.wire,
                "type": each.annotation,
                "required": each.default is REQUIRED,
                "note": "; ".join(notes),
            }


def skeleton(operation: Operation[Any]) -> Any:
    """A body with every required field, values to be replaced; None where the operation takes none."""
    if operation.body is None:
        return None
    return _example(parse(operation.body.type), operation.revision.package, 0, ())


def _example(expression: TypeExpression, package: str, level: int, above: tuple[str, ...]) -> Any:
    if not expression.nodes:
        return None
    node = expression.nodes[0]
    if node.name == "list":
        return [_example(node.item, package, level, above)] if node.item is not None and level < _LEVELS else []
    if node.name == "dict":
        return {}
    plain = {"str": "", "int": 0, "float": 0.0, "bool": False, "datetime": "2026-01-31T22:00:00Z", "date": "2026-01-31"}
    if not node.is_class:
        return plain.get(node.name)
    try:
        cls = resolve(node.name, package)
    except NameError:
        return None
    if is_enum(cls):
        return next((member.value for member in cls), "")
    if not is_model(cls):
        return ""
    if level >= _LEVELS or node.name in above:
        return {}
    chosen = next(iter(getattr(cls, "__children__", {}).items()), None)
    child = resolve(chosen[1], package) if chosen is not None else cls
    values = {
        each.wire: _example(parse(each.annotation), package, level + 1, (*above, node.name))
        for each in fields(child).values()
        if not each.read_only and (each.default is REQUIRED or each.name == cls.__dict__.get("__discriminator__"))
    }
    discriminator = fields(cls).get(cls.__dict__.get("__discriminator__") or "")
    if chosen is not None and discriminator is not None:
        values[discriminator.wire] = chosen[0]
    return values
