"""An api module as text: the operations of one tag, their functions, and the class that binds them."""

from __future__ import annotations

import re
from typing import Any

import jinja2

from codegen import naming
from codegen.emit.docstrings import function_doc
from codegen.emit.expressions import IMPORTS, members, names
from codegen.emit.package import Argument, Emitted, Function
from codegen.emit.target import Target
from codegen.emit.writing import literal


def api_class(group: str) -> str:
    """The class that binds a group's functions: `managed_servers` has `ManagedServersApi`."""
    return "".join(word.capitalize() for word in group.split("_")) + "Api"


class ApiRenderer:
    """Renders api modules."""

    def __init__(self, emitted: Emitted, target: Target, template: jinja2.Template, common: dict[str, str]) -> None:
        self.emitted = emitted
        self.target = target
        self.template = template
        self.common = common

    def render(self, group: str) -> str:
        """The text of a group's module."""
        functions = [function for function in self.emitted.functions if function.group == group]
        described = [self._function(function) for function in functions]
        expressions = [argument.type for function in functions for argument in function.arguments]
        expressions += [function.returns for function in functions] + [function.body or "" for function in functions]
        expressions += [
            text for function in functions if function.listing for text in (function.listing.row, function.listing.page)
        ]
        needed = names(expressions)
        optional = any(not argument.parameter.required for function in functions for argument in function.arguments)
        optional = optional or any(function.body and not function.operation.body_required for function in functions)
        uploads = any(function.operation.body and function.operation.body.shape == "binary" for function in functions)
        listings = any(function.listing for function in functions)
        downloads = any(_is_download(function) for function in functions)
        parts = ["Api", "Caller", "Operation", "Response"]
        if any(not function.listing and not _is_download(function) for function in functions):
            parts.append("Request")
        if any(function.arguments for function in functions):
            parts.append("Parameter")
        if any(function.body for function in functions):
            parts.append("Body")
        if listings:
            parts.append("Paging")
        imports = [
            f"from veeam_async._operation import {', '.join(sorted(parts))}",
            *(["from veeam_async.downloads import Download"] if downloads else []),
            *(["from veeam_async.listing import Listing"] if listings else []),
            *(["from veeam_async._model import UNSET"] if optional else []),
            "from .. import REVISION",
        ]
        checking = []
        if "datetime" in needed or "date" in needed:
            checking.append(
                f"from datetime import {', '.join(name for name in ('date', 'datetime') if name in needed)}"
            )
        if "Any" in needed:
            checking.append(IMPORTS["Any"])
        if uploads:
            checking.append(IMPORTS["Upload"])
        if optional:
            checking.append(IMPORTS["Unset"])
        models = [name for name in needed if name not in IMPORTS]
        if models:
            checking.append(f"from ..models import {', '.join(models)}")
        if checking:
            imports.insert(0, "from typing import TYPE_CHECKING")
        return self.template.render(
            **self.common,
            tag=self.emitted.groups[group],
            group=group,
            cls=api_class(group),
            imports=imports,
            checking=checking,
            functions=described,
        )

    def _function(self, function: Function) -> dict[str, Any]:
        operation = function.operation
        placeholders = re.findall(r"{([^}]*)}", operation.path)
        path = sorted(
            (entry for entry in function.arguments if entry.parameter.location == "path"),
            key=lambda entry: placeholders.index(entry.parameter.wire),
        )
        rest = [entry for entry in function.arguments if entry.parameter.location != "path"]
        rest.sort(key=lambda entry: not entry.parameter.required)
        arguments = [f"{entry.name}: {entry.type}" for entry in path]
        if function.body:
            arguments.append(self._body_argument(function))
        if rest:
            arguments += ["*", *(_argument(entry) for entry in rest)]
        names = {entry.name: entry.name for entry in [*path, *rest]}
        described: dict[str, Any] = {
            "name": function.name,
            "constant": "_" + function.name.upper(),
            "operation_id": operation.operation_id,
            "title": operation.title,
            "method": operation.method,
            "path": operation.path,
            "returns": function.returns,
            "parameters": [{"code": _parameter(entry)} for entry in function.arguments],
            "body": {"code": self._body_code(function)} if function.body else None,
            "responses": [
                (status, _response(expression, media_types))
                for status, (expression, media_types) in function.answers.items()
            ],
            "flags": self._flags(function),
            "arguments": arguments,
            "sent": _values(names),
            "body_value": ", body" if function.body else "",
            "doc": function_doc(function, path, rest, self.target),
            "request": _request(function),
        }
        return described

    @staticmethod
    def _body_argument(function: Function) -> str:
        body = function.operation.body
        expression = "Upload" if body and body.shape == "binary" else function.body
        return f"body: {expression}" if function.operation.body_required else f"body: {expression} | Unset = UNSET"

    @staticmethod
    def _body_code(function: Function) -> str:
        assert function.operation.body and function.body
        parts = [literal(function.body)]
        if function.operation.body.media_type != "application/json":
            parts.append(literal(function.operation.body.media_type))
        if not function.operation.body_required:
            parts.append("required=False")
        return f"Body({', '.join(parts)})"

    @staticmethod
    def _flags(function: Function) -> list[str]:
        operation = function.operation
        flags = []
        if not operation.secured:
            flags.append("secured=False")
        if operation.safe is not None and operation.safe != (operation.method in ("GET", "HEAD")):
            flags.append(f"safe={operation.safe}")
        if operation.inferred:
            flags.append("inferred=True")
        if operation.deprecated:
            flags.append("deprecated=True")
        if listing := function.listing:
            parts = [literal(listing.rows), literal(listing.row)]
            if (listing.skip, listing.limit) != ("skip", "limit"):
                parts += [literal(listing.skip), literal(listing.limit)]
            if listing.in_body:
                parts.append("in_body=True")
                if listing.within != "pagination":
                    parts.append(f"within={literal(listing.within)}")
            flags.append(f"paging=Paging({', '.join(parts)})")
        return flags


def _argument(entry: Argument) -> str:
    if entry.parameter.required:
        return f"{entry.name}: {entry.type}"
    return f"{entry.name}: {entry.type} | Unset = UNSET"


def _parameter(entry: Argument) -> str:
    parameter = entry.parameter
    wire = naming.camel_case(entry.name) != parameter.wire
    parts = [literal(entry.name)]
    if wire or parameter.location != "query":
        parts.append(literal(parameter.wire))
    if parameter.location != "query":
        parts.append(literal(parameter.location))
    if entry.type != "str":
        parts.append(f"type={literal(entry.type)}")
    if parameter.required:
        parts.append("required=True")
    if parameter.array != "none":
        parts.append(f"array={literal(parameter.array)}")
    if parameter.json:
        parts.append("json=True")
    return f"Parameter({', '.join(parts)})"


def _response(expression: str, media_types: list[str]) -> str:
    if not expression:
        return "Response()"
    if media_types == ["application/json"]:
        return f"Response({literal(expression)})"
    return f"Response({', '.join(literal(text) for text in [expression, *media_types])})"


def _values(names: dict[str, str]) -> str:
    return "{" + ", ".join(f"{literal(name)}: {value}" for name, value in names.items()) + "}"


def _request(function: Function) -> tuple[str, str]:
    """The class of what the function returns, and its type."""
    if function.listing:
        return "Listing", f"Listing[{function.listing.row}, {function.listing.page}]"
    kind = "Download" if _is_download(function) else "Request"
    return kind, f"{kind}[{function.returns}]"


def _is_download(function: Function) -> bool:
    return any(set(members(expression)) & {"bytes"} for expression, _ in function.answers.values())
