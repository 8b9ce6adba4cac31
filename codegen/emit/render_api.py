"""What the template of an api module is filled with: the operations of one tag and their functions."""

from __future__ import annotations

import re
from typing import Any

from codegen import naming
from codegen.emit.docstrings import function_doc
from codegen.emit.expressions import IMPORTS, members, names
from codegen.emit.parts import Argument, Emitted, Function
from codegen.emit.target import Target
from codegen.emit.writing import Code, code, docstring, expression, identifier, join, literal, remark


def api_class(group: str) -> str:
    """The class of a group's functions: `managed_servers` has `ManagedServersApi`, `data_integration_api` one `Api`."""
    return "".join(word.capitalize() for word in group.split("_")).removesuffix("Api") + "Api"


class ApiRenderer:
    """Fills the templates of api modules."""

    def __init__(self, emitted: Emitted, target: Target) -> None:
        self._emitted = emitted
        self._target = target

    def values(self, group: str) -> dict[str, Any]:
        """The values of a module's template."""
        functions = [function for function in self._emitted.functions if function.group == group]
        needed = _needed(functions)
        checking = [code(IMPORTS[name]) for name in needed if name in IMPORTS]
        models = [identifier(name) for name in needed if name not in IMPORTS]
        if models:
            checking.append(code("from ..models import {}", join(", ", models)))
        tag = self._emitted.groups[group]
        count = f"{len(functions)} operation{'' if len(functions) == 1 else 's'}"
        return {
            "title": remark(f"{tag}: {count} of"),
            "tag": remark(tag),
            "tag_literal": literal(tag),
            "group": identifier(group),
            "group_literal": literal(group),
            "cls": identifier(api_class(group)),
            "imports": _imports(functions, typing=bool(checking)),
            "checking": checking,
            "functions": [self._function(function) for function in functions],
        }

    def _function(self, function: Function) -> dict[str, Any]:
        operation = function.operation
        placeholders = re.findall(r"{([^}]*)}", operation.path)
        path = sorted(
            (entry for entry in function.arguments if entry.parameter.location == "path"),
            key=lambda entry: placeholders.index(entry.parameter.wire),
        )
        rest = [entry for entry in function.arguments if entry.parameter.location != "path"]
        rest.sort(key=lambda entry: not entry.parameter.required)
        arguments = [_argument(entry) for entry in path]
        if function.body:
            arguments.append(_body_argument(function))
        if rest:
            arguments += [code("*"), *(_argument(entry) for entry in rest)]
        request, result = _request(function)
        return {
            "name": identifier(function.name),
            "name_literal": literal(function.name),
            "constant": identifier("_" + function.name.upper()),
            "operation_id": literal(operation.operation_id),
            "title": literal(operation.title),
            "method": literal(operation.method),
            "path": literal(operation.path),
            "returns": expression(function.returns),
            "parameters": [_parameter(entry) for entry in function.arguments],
            "body": _body(function) if function.body else None,
            "responses": [
                code("{}: {}", literal(status), _response(types, media_types))
                for status, (types, media_types) in function.responses.items()
            ],
            "flags": _flags(function),
            "arguments": arguments,
            "sent": _values([*path, *rest]),
            "doc": docstring(function_doc(function, path, rest, self._target), 8),
            "request": request,
            "result": result,
        }


def _needed(functions: list[Function]) -> list[str]:
    """The names that the signatures of functions use."""
    expressions = [argument.type for function in functions for argument in function.arguments]
    expressions += [function.returns for function in functions]
    for function in functions:
        if function.body:
            expressions.append("Upload" if _is_upload(function) else function.body)
        if function.listing:
            expressions += [function.listing.row, function.listing.page]
    if any(_is_optional(function) for function in functions):
        expressions.append("Unset")
    return names(expressions)


def _is_optional(function: Function) -> bool:
    """Whether an argument of a function may be left out."""
    if function.body and not function.operation.body_required:
        return True
    return any(not argument.parameter.required for argument in function.arguments)


def _is_upload(function: Function) -> bool:
    return function.operation.body is not None and function.operation.body.shape in ("binary", "text")


def _imports(functions: list[Function], *, typing: bool) -> list[Code]:
    kinds = {_kind(function) for function in functions}
    parts = [
        code("Api"),
        *([code("Body")] if any(function.body for function in functions) else []),
        code("Caller"),
        code("Operation"),
        *([code("Paging")] if "Listing" in kinds else []),
        *([code("Parameter")] if any(function.arguments for function in functions) else []),
        *([code("Request")] if "Request" in kinds else []),
        code("Response"),
    ]
    return [
        *([code("from typing import TYPE_CHECKING")] if typing else []),
        *([code("from veeam_async._model import UNSET")] if any(map(_is_optional, functions)) else []),
        code("from veeam_async._operation import {}", join(", ", parts)),
        *([code("from veeam_async.downloads import Download")] if "Download" in kinds else []),
        *([code("from veeam_async.listing import Listing")] if "Listing" in kinds else []),
        code("from .. import REVISION"),
    ]


def _kind(function: Function) -> str:
    if function.listing:
        return "Listing"
    if any("bytes" in members(types) for types, _ in function.responses.values()):
        return "Download"
    return "Request"


def _request(function: Function) -> tuple[Code, Code]:
    """The class of what a function returns, and its type."""
    kind = identifier(_kind(function))
    if function.listing:
        row, page = expression(function.listing.row), expression(function.listing.page)
        return kind, code("Listing[{}, {}]", row, page)
    return kind, code("{}[{}]", kind, expression(function.returns))


def _argument(entry: Argument) -> Code:
    if entry.parameter.required:
        return code("{}: {}", identifier(entry.name), expression(entry.type))
    return code("{}: {} | Unset = UNSET", identifier(entry.name), expression(entry.type))


def _body_argument(function: Function) -> Code:
    kind = expression("Upload" if _is_upload(function) else function.body or "Any")
    return code("body: {}" if function.operation.body_required else "body: {} | Unset = UNSET", kind)


def _body(function: Function) -> Code:
    assert function.operation.body and function.body
    parts = [literal(function.body)]
    if function.operation.body.media_type != "application/json":
        parts.append(literal(function.operation.body.media_type))
    if not function.operation.body_required:
        parts.append(code("required=False"))
    return code("Body({})", join(", ", parts))


def _parameter(entry: Argument) -> Code:
    parameter = entry.parameter
    parts = [literal(entry.name)]
    if naming.camel_case(entry.name) != parameter.wire or parameter.location != "query":
        parts.append(literal(parameter.wire))
    if parameter.location != "query":
        parts.append(literal(parameter.location))
    if entry.type != "str":
        parts.append(code("type={}", literal(entry.type)))
    if parameter.required:
        parts.append(code("required=True"))
    if parameter.array != "none":
        parts.append(code("array={}", literal(parameter.array)))
    if parameter.json:
        parts.append(code("json=True"))
    return code("Parameter({})", join(", ", parts))


def _response(types: str, media_types: list[str]) -> Code:
    if not types:
        return code("Response()")
    if media_types == ["application/json"]:
        return code("Response({})", literal(types))
    return code("Response({})", join(", ", map(literal, [types, *media_types])))


def _values(entries: list[Argument]) -> Code:
    pairs = [code("{}: {}", literal(entry.name), identifier(entry.name)) for entry in entries]
    return code("{{{}}}", join(", ", pairs))


def _flags(function: Function) -> list[Code]:
    operation = function.operation
    flags = []
    if not operation.secured:
        flags.append(code("secured=False"))
    if operation.safe is not None and operation.safe != (operation.method in ("GET", "HEAD")):
        flags.append(code("safe=True" if operation.safe else "safe=False"))
    if operation.inferred:
        flags.append(code("inferred=True"))
    if operation.deprecated:
        flags.append(code("deprecated=True"))
    if listing := function.listing:
        parts = [literal(listing.rows), literal(listing.row)]
        if (listing.skip, listing.limit) != ("skip", "limit"):
            parts += [literal(listing.skip), literal(listing.limit)]
        if listing.in_body:
            parts.append(code("in_body=True"))
            if listing.within != "pagination":
                parts.append(code("within={}", literal(listing.within)))
        flags.append(code("paging=Paging({})", join(", ", parts)))
    return flags
