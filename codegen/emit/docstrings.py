"""Docstrings of endpoint functions: title, method and path, parameters, body, responses, errors, the vendor's page."""

from __future__ import annotations

import re

from codegen.emit import document as doc
from codegen.emit.parts import Argument, Function
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
_INDENT = 8
_INFERRED = "Inferred from similar operations: no document shows this one. The first call warns."


def function_doc(function: Function, path: list[Argument], rest: list[Argument], target: Target) -> list[str]:
    """The lines of the docstring of an endpoint function.

    Args:
        function: the function.
        path: its arguments before the body.
        rest: its arguments after the body.
        target: what is generated.
    """
    operation = function.operation
    lines = wrapped(f"{prose(operation.title)}: ", f"{operation.method} {operation.path}.", _INDENT, 0)
    if operation.inferred:
        lines += ["", *wrapped("", _INFERRED, _INDENT, 0)]
    if operation.deprecated:
        lines += ["", *wrapped("", "Deprecated by the vendor.", _INDENT, 0)]
    if not operation.secured:
        lines += ["", *wrapped("", "Needs no token.", _INDENT, 0)]
    arguments = [line for entry in path for line in _argument_doc(entry)]
    if function.body and operation.body:
        media_type = operation.body.media_type
        sent = "" if media_type == "application/json" else f", sent as {media_type}"
        arguments += wrapped("body: ", f"`{function.body}`{sent}.", _INDENT + 4)
    arguments += [line for entry in rest for line in _argument_doc(entry)]
    if arguments:
        lines += ["", *wrapped("", "Args:", _INDENT), *arguments]
    lines += ["", *wrapped("", "Returns:", _INDENT)]
    for status, (expression, media_types) in function.responses.items():
        said = f"`{expression}`" if expression else "nothing"
        if status == 202 and operation.elsewhere:
            said = "the same, later: the call waits for it"
        kind = f" as {', '.join(media_types)}" if any(media != "application/json" for media in media_types) else ""
        lines += wrapped(f"{status}: ", f"{said}{kind}.", _INDENT + 4)
    errors = _errors(operation.errors)
    if errors:
        lines += ["", *wrapped("", "Raises:", _INDENT)]
        for error, statuses in errors.items():
            lines += wrapped(f"{error}: ", f"{', '.join(map(str, statuses))}.", _INDENT + 4)
    if target.reference:
        lines += ["", *wrapped("Reference: ", _reference(operation, target), _INDENT)]
    return lines


def _argument_doc(entry: Argument) -> list[str]:
    parameter = entry.parameter
    said = [f"{parameter.location} `{parameter.wire}`"]
    if parameter.deprecated:
        said.append("deprecated")
    said += remarks(parameter.source, parameter.wire)
    if "datetime" in entry.type:
        said.append("with its zone")
    if parameter.array == "csv":
        said.append("sent comma-separated")
    if parameter.json:
        said.append("sent as JSON")
    return wrapped(f"{entry.name}: ", f"{', '.join(said)}.", _INDENT + 4)


def _errors(statuses: list[int]) -> dict[str, list[int]]:
    by_error: dict[str, list[int]] = {}
    for status in statuses:
        by_error.setdefault(_ERRORS.get(status, "ServerError" if status >= 500 else "ApiError"), []).append(status)
    return by_error


def _reference(operation: doc.Operation, target: Target) -> str:
    tag = re.sub(r"\s+", "-", operation.tag.strip())
    return f"{target.reference.rstrip('/')}/tag/{tag}#operation/{operation.operation_id}"
