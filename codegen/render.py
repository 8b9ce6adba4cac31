"""Classes and functions as text: one string for each file of a revision's package."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs
import jinja2

from codegen import document as doc
from codegen import naming
from codegen.emitted import Argument, Class, Emitted, Function, facts, members

LINE_LENGTH = 120

_ERRORS = {
    400: "BadRequestError",
    401: "UnauthorizedError",
    403: "ForbiddenError",
    404: "NotFoundError",
    409: "ConflictError",
    429: "RateLimitedError",
}
_BUILTIN = frozenset("str int float bool bytes list dict None".split())
_IMPORTED = {
    "datetime": "from datetime import datetime",
    "date": "from datetime import date",
    "Any": "from typing import Any",
    "Unset": "from veeam_async.unset import Unset",
    "Upload": "from veeam_async.streaming import Upload",
}


@attrs.frozen
class Target:
    """What is generated, as its files say it.

    Attributes:
        product, revision: as on the command line (`vbr`, `1.3-rev0`).
        product_title: the product's name for people.
        reference: base of the vendor's reference pages, or an empty string.
    """

    product: str
    revision: str
    product_title: str
    reference: str = ""

    @property
    def label(self) -> str:
        return f"{self.product}/{self.revision}"

    @property
    def package(self) -> str:
        return "v" + re.sub(r"[^0-9A-Za-z]+", "_", self.revision.removeprefix("v")).lower()


def render(emitted: Emitted, target: Target) -> dict[str, str]:
    """The files of a revision's package.

    Args:
        emitted: what there is to write.
        target: what to call it.

    Returns:
        Path inside the package to text, not yet formatted.
    """
    return _Renderer(emitted, target).files()


def product_init(product_title: str) -> str:
    """`__init__.py` of a product's package."""
    return _environment().get_template("product_init.py.jinja").render(product_title=product_title)


def format_tree(folder: Path) -> None:
    """Sort the imports of all Python files below a folder and format them with ruff, whatever configuration lies around.

    Raises:
        SpecError: ruff found something that is no Python.
    """
    options = ["--isolated", "--no-cache", "--target-version", "py311", "--line-length", str(LINE_LENGTH), str(folder)]
    first_party = 'lint.isort.known-first-party=["veeam_async"]'
    for command in (["check", "--select", "I", "--fix", "--quiet", "--config", first_party], ["format"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command, *options], capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr or done.stdout).strip() or "failed and does not say why"
            raise doc.SpecError(*(f"ruff: {line}" for line in said.splitlines()[:20]))


def _literal(value: str) -> str:
    text = json.dumps(value, ensure_ascii=not value.isprintable())
    return text if "\\u" not in text or value.isascii() else repr(value)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["literal"] = _literal
    return environment


def _prose(text: str) -> str:
    """Text of the document's as it can stand in a docstring: one line, nothing that ends or escapes."""
    return " ".join(text.split()).replace("\\", "/").replace('"""', "'''").rstrip('"')


def _wrapped(prefix: str, text: str, indent: int, hanging: int = 4) -> list[str]:
    """Lines of at most 120 characters, indented; the first begins with `prefix`."""
    import textwrap

    return textwrap.wrap(
        prefix + text,
        LINE_LENGTH - 1,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [" " * indent + prefix]


def _names(expressions: Iterable[str]) -> list[str]:
    """The names that type expressions need, sorted."""
    found = {name for expression in expressions for name in re.findall(r"[A-Za-z_]\w*", expression)}
    return sorted(found - _BUILTIN)


class _Renderer:
    def __init__(self, emitted: Emitted, target: Target) -> None:
        self.emitted = emitted
        self.target = target
        self.home = {name: module for module, names in emitted.modules.items() for name in names}
        self.environment = _environment()
        self.common = {
            "label": target.label,
            "source": f"specs/{target.label}.json",
            "product": target.product,
            "product_title": target.product_title,
            "revision": target.revision,
        }

    def files(self) -> dict[str, str]:
        modules = self.emitted.modules
        listed = [(name, self.home[name]) for name in self.emitted.classes]
        groups = [
            {"name": group, "tag": _prose(tag), "cls": self._api_class(group), "count": sum(f.group == group for f in self.emitted.functions)}
            for group, tag in self.emitted.groups.items()
        ]
        operations = [(function.operation.operation_id, f"{function.group}.{function.name}") for function in self.emitted.functions]
        files = {
            "__init__.py": self._text("revision_init.py.jinja"),
            "client.py": self._text("client.py.jinja", groups=groups),
            "api/__init__.py": self._text("api_init.py.jinja", groups=list(self.emitted.groups), operations=operations),
            "models/__init__.py": self._text("models_init.py.jinja", modules=sorted(listed)),
            "models/__init__.pyi": self._text(
                "models_init.pyi.jinja", modules=[(module, sorted(names)) for module, names in modules.items()], all=sorted(self.home)
            ),
        }
        for group in self.emitted.groups:
            files[f"api/{group}.py"] = self._api(group)
        for module, names in modules.items():
            files[f"models/{module}.py"] = self._models(module, names)
        return files

    def _text(self, template: str, **values: Any) -> str:
        text = self.environment.get_template(template).render(**self.common, **values)
        return re.sub(r"\n{4,}", "\n\n\n", text).rstrip("\n") + "\n"

    # -- models

    def _models(self, module: str, names: list[str]) -> str:
        classes = [self.emitted.classes[name] for name in names]
        kinds = {made.schema.kind for made in classes}
        bases = {made.base for made in classes if made.base}
        expressions = [field.type for made in classes for field in made.fields] + [made.type for made in classes if made.type]
        needed = [name for name in _names(expressions) if name not in names]
        runtime = []
        if "Unset" in needed:
            runtime.append("from veeam_async.unset import UNSET")
        if "enum" in kinds:
            runtime.append("from veeam_async.enums import OpenEnum")
        if "model" in kinds:
            parts = [*(["Model"] if any(made.schema.kind == "model" and not made.base for made in classes) else []), "model"]
            if any(self._value(field).startswith("field(") for made in classes for field in made.fields):
                parts.insert(-1, "field")
            runtime.append(f"from veeam_async.model import {', '.join(parts)}")
        typing = ["TYPE_CHECKING"] if needed else []
        if "alias" in kinds:
            typing.append("TypeAlias")
        checking = [_IMPORTED[name] for name in needed if name in _IMPORTED]
        foreign: dict[str, list[str]] = {}
        for name in needed:
            if name not in _IMPORTED and name not in bases:
                foreign.setdefault(self.home[name], []).append(name)
        checking += [f"from .{home} import {', '.join(found)}" for home, found in foreign.items()]
        local: dict[str, list[str]] = {}
        for base in sorted(bases - set(names)):
            local.setdefault(self.home[base], []).append(base)
        imports = [*([f"from typing import {', '.join(typing)}"] if typing else []), *runtime]
        imports += [f"from .{home} import {', '.join(found)}" for home, found in local.items()]
        title = module.strip("_").replace("_", " ").capitalize()
        return self._text("models.py.jinja", title=title, imports=imports, checking=checking, items=[self._item(made) for made in classes])

    def _item(self, made: Class) -> dict[str, Any]:
        item: dict[str, Any] = {"name": made.name, "kind": made.schema.kind, "summary": self._summary(made)}
        if made.schema.kind == "enum":
            item["members"] = made.members
        elif made.schema.kind == "alias":
            item["type"] = made.type
        else:
            item |= {"base": made.base or "Model", "discriminator": made.discriminator, "children": sorted(made.children.items())}
            item["notes"] = [line.strip() for field in made.fields if field.note for line in _wrapped(f"{field.name}: ", f"{field.note}.", 8)]
            item["fields"] = [
                {
                    "name": field.name,
                    "type": field.type,
                    "value": self._value(field),
                    "comment": "pyright: ignore[reportIncompatibleVariableOverride]" if field.override else "",
                }
                for field in made.fields
            ]
        return item

    @staticmethod
    def _value(field: Any) -> str:
        wire = "" if naming.camel_case(field.name) == field.wire else f"wire={_literal(field.wire)}"
        if field.default is not None:
            return f"field(default={_literal(field.default)}{', ' + wire if wire else ''})"
        if field.required:
            return f"field({wire})" if wire else ""
        return f"field(default=UNSET, {wire})" if wire else "UNSET"

    def _summary(self, made: Class) -> str:
        if made.schema.kind == "enum":
            known = "known value" if len(made.members) == 1 else f"{len(made.members)} known values"
            return f"{_human(made.name)}: {'one ' if len(made.members) == 1 else ''}{known}."
        if made.schema.kind == "alias":
            return f"{_human(made.name)}."
        summary = _human(made.name)
        if made.children:
            summary += f": one of {len(set(made.children.values()))} kinds, told apart by `{made.discriminator}`"
        elif made.base:
            values = [field.default for field in made.fields if field.default is not None]
            summary += f": `{made.base}`" + (f" of type `{values[0]}`" if values else "")
        return summary + "."

    # -- api

    @staticmethod
    def _api_class(group: str) -> str:
        return "".join(word.capitalize() for word in group.split("_")) + "Api"

    def _api(self, group: str) -> str:
        functions = [function for function in self.emitted.functions if function.group == group]
        described = [self._function(function) for function in functions]
        expressions = [argument.type for function in functions for argument in function.arguments]
        expressions += [function.returns for function in functions] + [function.body or "" for function in functions]
        expressions += [function.listing.row for function in functions if function.listing]
        needed = _names(expressions)
        optional = any(not argument.parameter.required for function in functions for argument in function.arguments)
        optional = optional or any(function.body and not function.operation.body_required for function in functions)  # type: ignore[union-attr]
        uploads = any(function.operation.body and function.operation.body.shape == "binary" for function in functions)
        listings = any(function.listing for function in functions)
        methods = sorted({"ListMethod" if function.listing else "DownloadMethod" if _is_download(function) else "Method" for function in functions})
        parts = ["Operation"]
        parts += ["Answer"]
        if any(function.arguments for function in functions):
            parts.append("Parameter")
        if any(function.body for function in functions):
            parts.append("Body")
        if listings:
            parts.append("Listing")
        imports = [
            "from typing import TYPE_CHECKING",
            f"from veeam_async.api import {', '.join(sorted(['Api', *methods]))}",
            f"from veeam_async.operation import {', '.join(sorted(parts))}",
            *(["from veeam_async.paging import Items"] if listings else []),
            *(["from veeam_async.unset import UNSET"] if optional else []),
            "from .. import REVISION",
        ]
        checking = ["from veeam_async.client import ApplianceClient"]
        if "datetime" in needed or "date" in needed:
            checking.append(f"from datetime import {', '.join(name for name in ('date', 'datetime') if name in needed)}")
        if "Any" in needed:
            checking.append(_IMPORTED["Any"])
        if listings:
            checking.append("from veeam_async.paging import OnIncomplete")
        if uploads:
            checking.append(_IMPORTED["Upload"])
        if optional:
            checking.append(_IMPORTED["Unset"])
        models = [name for name in needed if name not in _IMPORTED]
        if models:
            checking.append(f"from ..models import {', '.join(models)}")
        return self._text(
            "api.py.jinja",
            tag=_prose(self.emitted.groups[group]),
            group=group,
            cls=self._api_class(group),
            imports=imports,
            checking=checking,
            functions=described,
        )

    def _function(self, function: Function) -> dict[str, Any]:
        operation = function.operation
        placeholders = re.findall(r"{([^}]*)}", operation.path)
        path = sorted((entry for entry in function.arguments if entry.parameter.location == "path"), key=lambda entry: placeholders.index(entry.parameter.wire))
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
            "title": _prose(operation.title),
            "method": operation.method,
            "path": operation.path,
            "returns": function.returns,
            "parameters": [{"code": _parameter(entry)} for entry in function.arguments],
            "body": {"code": self._body_code(function)} if function.body else None,
            "answers": [(status, _answer(expression, media_types)) for status, (expression, media_types) in function.answers.items()],
            "flags": self._flags(function),
            "arguments": arguments,
            "sent": _values(names),
            "body_value": ", body" if function.body else "",
            "doc": self._doc(function, path, rest),
            "download": _is_download(function),
            "iterator": None,
        }
        listing = function.listing
        if listing and function.iterator:
            asked = [] if listing.in_body else [listing.skip, listing.limit]
            left = [entry for entry in rest if entry.name not in asked]
            described["iterator"] = {
                "name": function.iterator,
                "row": listing.row,
                "page": listing.page,
                "arguments": [
                    *arguments[: len(path) + bool(function.body)],
                    "*",
                    "page_size: int | None = None",
                    "max_items: int | None = None",
                    'on_incomplete: OnIncomplete = "warn"',
                    *(_argument(entry) for entry in left),
                ],
                "sent": _values({entry.name: entry.name for entry in [*path, *left]}),
                "doc": self._iterator_doc(function),
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
        parts = [_literal(function.body)]
        if function.operation.body.media_type != "application/json":
            parts.append(_literal(function.operation.body.media_type))
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
            parts = [_literal(listing.rows), _literal(listing.row)]
            if (listing.skip, listing.limit) != ("skip", "limit"):
                parts += [_literal(listing.skip), _literal(listing.limit)]
            if listing.in_body:
                parts.append("in_body=True")
            flags.append(f"listing=Listing({', '.join(parts)})")
        return flags

    # -- docstrings

    def _doc(self, function: Function, path: list[Argument], rest: list[Argument]) -> str:
        operation = function.operation
        lines = _wrapped(f"{_prose(operation.title)}: ", f"{operation.method} {operation.path}.", 4, 0)
        lines[0] = lines[0].strip()
        if operation.inferred:
            lines += ["", *_wrapped("", "Inferred: no document shows this operation, it is taken from its likes. A warning says so at the first call.", 4, 0)]
        if operation.deprecated:
            lines += ["", "    Deprecated by the vendor."]
        if not operation.secured:
            lines += ["", "    Needs no token."]
        lines += ["", "    Args:", "        client: the appliance."]
        lines += [line for entry in path for line in self._argument_doc(entry)]
        if function.body and operation.body:
            lines += _wrapped("body: ", f"what is sent, as {operation.body.media_type}.", 8)
        lines += [line for entry in rest for line in self._argument_doc(entry)]
        lines += ["", "    Returns:"]
        for status, (expression, media_types) in function.answers.items():
            said = f"`{expression}`" if expression else "nothing"
            kind = f" as {', '.join(media_types)}" if any(media != "application/json" for media in media_types) else ""
            lines += _wrapped(f"{status}: ", f"{said}{kind}.", 8)
        lines += ["", "    Raises:"]
        for error, statuses in self._errors(operation.errors).items():
            lines += _wrapped(f"{error}: ", f"{', '.join(map(str, statuses))}.", 8)
        lines.append("        VeeamError: no answer, or one that cannot be read.")
        if self.target.reference:
            lines += ["", f"    Reference: {self._reference(operation)}"]
        return "\n".join(line.rstrip() for line in lines)

    @staticmethod
    def _iterator_doc(function: Function) -> str:
        lines = _wrapped(f"{_prose(function.operation.title)}: ", "every row of every page, for `async for`.", 4, 0)
        lines[0] = lines[0].strip()
        lines += ["", *_wrapped("", f"What is not said here is as in `{function.name}`.", 4, 0), "", "    Args:"]
        if function.body:
            lines.append("        body: what is sent; its paging is filled in.")
        lines += [
            "        page_size: rows to ask for at a time; None leaves it to the server.",
            "        max_items: rows at most; None for all.",
            "        on_incomplete: what to do when the server did not give everything.",
        ]
        return "\n".join(lines)

    @staticmethod
    def _argument_doc(entry: Argument) -> list[str]:
        parameter = entry.parameter
        said = f"{parameter.location} `{parameter.wire}`"
        if more := facts(parameter.format, parameter.default):
            said += f", {more}"
        if "datetime" in entry.type:
            said += ", with its zone"
        if parameter.array == "csv":
            said += ", sent comma-separated"
        return _wrapped(f"{entry.name}: ", f"{said}.", 8)

    @staticmethod
    def _errors(statuses: list[int]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for status in statuses:
            found.setdefault(_ERRORS.get(status, "ServerError" if status >= 500 else "ApiError"), []).append(status)
        return found

    def _reference(self, operation: doc.Operation) -> str:
        tag = re.sub(r"\s+", "-", operation.tag.strip())
        return f"{self.target.reference.rstrip('/')}/tag/{tag}#operation/{operation.operation_id}"


def _human(name: str) -> str:
    """A class name as words: `EJobType` is `Job type`, `BackupJobModel` is `Backup job model`."""
    words = re.findall(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+", name) or [name]
    if len(words) > 1 and words[0] == "E":
        words = words[1:]
    return " ".join([words[0][:1].upper() + words[0][1:], *(word if word.isupper() or word[-1] == "s" and word[:-1].isupper() else word.lower() for word in words[1:])])


def _argument(entry: Argument) -> str:
    if entry.parameter.required:
        return f"{entry.name}: {entry.type}"
    return f"{entry.name}: {entry.type} | Unset = UNSET"


def _parameter(entry: Argument) -> str:
    parameter = entry.parameter
    wire = naming.camel_case(entry.name) != parameter.wire
    parts = [_literal(entry.name)]
    if wire or parameter.location != "query":
        parts.append(_literal(parameter.wire))
    if parameter.location != "query":
        parts.append(_literal(parameter.location))
    if entry.type != "str":
        parts.append(f"type={_literal(entry.type)}")
    if parameter.required:
        parts.append("required=True")
    if parameter.array != "none":
        parts.append(f"array={_literal(parameter.array)}")
    return f"Parameter({', '.join(parts)})"


def _answer(expression: str, media_types: list[str]) -> str:
    if not expression:
        return "Answer()"
    if media_types == ["application/json"]:
        return f"Answer({_literal(expression)})"
    return f"Answer({', '.join(_literal(text) for text in [expression, *media_types])})"


def _values(names: dict[str, str]) -> str:
    return "{" + ", ".join(f"{_literal(name)}: {value}" for name, value in names.items()) + "}"


def _is_download(function: Function) -> bool:
    return any(set(members(expression)) & {"bytes"} for expression, _ in function.answers.values())
