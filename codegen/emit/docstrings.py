"""Docstrings of endpoint functions: the operation's title, method and path, its parameters, answers and errors."""

from __future__ import annotations

import re

from codegen.emit import document as doc
from codegen.emit.package import Argument, Function
from codegen.emit.remarks import remarks
from codegen.emit.target import Target
from codegen.emit.writing import prose, wrapped

_ERRORS = {
    400: "BadRequestError",
    401: "UnauthorizedError",
    403: "ForbiddenError",
    404: "NotFoundError",
    409: "ConflictError",
    429: "RateLimitedError",
}
_INFERRED = "Inferred: no document shows this operation, its likes do. A warning says so at the first call."


def function_doc(function: Function, path: list[Argument], rest: list[Argument], target: Target) -> str:
    """The docstring of an endpoint function, without its quotes.

    Args:
        function: the function.
        path: its arguments before the body.
        rest: its arguments after the body.
        target: what is generated.
    """
    operation = function.operation
    lines = wrapped(f"{prose(operation.title)}: ", f"{operation.method} {operation.path}.", 4, 0)
    lines[0] = lines[0].strip()
    if operation.inferred:
        lines += ["", f"    {_INFERRED}"]
    if operation.deprecated:
        lines += ["", "    Deprecated by the vendor."]
    if not operation.secured:
        lines += ["", "    Needs no token."]
    arguments = [line for entry in path for line in _argument_doc(entry)]
    if function.body and operation.body:
        arguments += wrapped("body: ", f"what is sent, as {operation.body.media_type}.", 8)
    arguments += [line for entry in rest for line in _argument_doc(entry)]
    if arguments:
        lines += ["", "    Args:", *arguments]
    lines += ["", "    Returns:"]
    for status, (expression, media_types) in function.answers.items():
        said = f"`{expression}`" if expression else "nothing"
        kind = f" as {', '.join(media_types)}" if any(media != "application/json" for media in media_types) else ""
        lines += wrapped(f"{status}: ", f"{said}{kind}.", 8)
    lines += ["", "    Raises:"]
    for error, statuses in _errors(operation.errors).items():
        lines += wrapped(f"{error}: ", f"{', '.join(map(str, statuses))}.", 8)
    lines.append("        VeeamError: no answer, or one that cannot be read.")
    if target.reference:
        lines += ["", f"    Reference: {prose(_reference(operation, target))}"]
    return "\n".join(line.rstrip() for line in lines)


def _argument_doc(entry: Argument) -> list[str]:
    parameter = entry.parameter
    said = f"{parameter.location} `{parameter.wire}`"
    if parameter.deprecated:
        said += ", deprecated"
    said = ", ".join([said, *remarks(parameter.source, parameter.wire)])
    if "datetime" in entry.type:
        said += ", with its zone"
    if parameter.array == "csv":
        said += ", sent comma-separated"
    return wrapped(f"{entry.name}: ", f"{said}.", 8)


def _errors(statuses: list[int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for status in statuses:
        found.setdefault(_ERRORS.get(status, "ServerError" if status >= 500 else "ApiError"), []).append(status)
    return found


def _reference(operation: doc.Operation, target: Target) -> str:
    tag = re.sub(r"\s+", "-", operation.tag.strip())
    return f"{target.reference.rstrip('/')}/tag/{tag}#operation/{operation.operation_id}"
