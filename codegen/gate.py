"""What an emitted file may hold: the statements that templates write, no call but theirs, no text but the document's.

Texts of a document reach source through `codegen.emit.writing`. This reads what was written once more, as Python does
and sharing nothing with what wrote it, so that a text that got around that module stops the emit instead of running
where the package is imported.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import EllipsisType
from typing import Any

from codegen.faults import BadInput

_DESCRIPTIONS = frozenset(["Body", "Operation", "Paging", "Parameter", "Response", "Revision", "field"])
_RETURNED = frozenset(["Download", "Listing", "Request"])
_LOADING = frozenset(["AttributeError", "MODULES.get", "getattr", "globals", "importlib.import_module", "list"])
_MODULES = frozenset(["__future__", "datetime", "functools", "typing", "veeam_async"])
_FIXED = frozenset(["", ".", ".client", "module ", " has no attribute "])
_TYPE = re.compile(r"[A-Za-z_][\w.]*(?:[\w |,.\[\]]*)")
_VALUES = (
    ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.Dict, ast.BinOp, ast.Starred,
    ast.JoinedStr, ast.FormattedValue, ast.Compare, ast.UnaryOp, ast.Call,
)  # fmt: skip
_PARTS = (
    ast.Load, ast.Store, ast.BitOr, ast.Is, ast.In, ast.Eq, ast.USub, ast.keyword, ast.arguments, ast.arg, ast.alias,
)  # fmt: skip


def check_tree(folder: Path, data: Mapping[str, Any], label: str, title: str = "") -> None:
    """Refuse a package with anything in it that no template writes.

    Args:
        folder: the emitted package of a revision.
        data: the OpenAPI document that it was emitted from.
        label: the revision as on the command line.
        title: the product's name.

    Raises:
        BadInput: one line for each file.
    """
    texts = frozenset(_texts(data)) | {*label.split("/"), title}
    faults = []
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.pyi")]):
        name = path.relative_to(folder).as_posix()
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError, RecursionError) as error:
            faults.append(f"{label}: {name}: a text of the document is not written as one: {error}")
            continue
        strange = next(_module(tree, texts), None)
        if strange is not None:
            faults.append(
                f"{label}: {name}: line {getattr(strange, 'lineno', 0)}: no template writes {_shown(strange)}"
            )
    if faults:
        raise BadInput(*faults)


def _texts(value: Any) -> Iterator[str]:
    """Every text of a document, keys included; an operation without a title has its operationId for one."""
    queue = [value]
    while queue:
        part = queue.pop()
        if isinstance(part, str):
            yield part
            yield part.strip()
        elif isinstance(part, Mapping):
            queue += [*part, *part.values()]
        elif isinstance(part, list):
            queue += part


def _module(tree: ast.Module, texts: frozenset[str]) -> Iterator[ast.AST]:
    for statement in _without_docstrings(tree.body):
        match statement:
            case ast.Import(names=[ast.alias(name="importlib", asname=None)]):
                pass
            case ast.ImportFrom():
                yield from _import(statement)
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=[]):
                for inner in statement.body:
                    yield from _import(inner)
            case ast.Assign() | ast.AnnAssign():
                yield from _assignment(statement, texts)
            case ast.ClassDef():
                yield from _class(statement, texts)
            case ast.FunctionDef(name="__getattr__" | "__dir__", decorator_list=[]):
                yield from _function(statement, texts, _LOADING)
            case _:
                yield statement


def _without_docstrings(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        match statement:
            case ast.Expr(value=ast.Constant(value=str())):
                pass
            case _:
                yield statement


def _import(statement: ast.stmt) -> Iterator[ast.AST]:
    match statement:
        case ast.ImportFrom(module=module, level=level) if level or (module or "").split(".")[0] in _MODULES:
            pass
        case _:
            yield statement


def _assignment(statement: ast.Assign | ast.AnnAssign, texts: frozenset[str]) -> Iterator[ast.AST]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    yield from (target for target in targets if not isinstance(target, ast.Name))
    if isinstance(statement, ast.AnnAssign):
        yield from _value(statement.annotation, texts, frozenset())
    if statement.value is not None:
        yield from _value(statement.value, texts, _DESCRIPTIONS)


def _class(statement: ast.ClassDef, texts: frozenset[str]) -> Iterator[ast.AST]:
    yield from (base for base in statement.bases if not isinstance(base, ast.Name))
    yield from statement.keywords
    for decorator in statement.decorator_list:
        yield from _value(decorator, texts, frozenset(["model"]))
    for inner in _without_docstrings(statement.body):
        match inner:
            case ast.Assign() | ast.AnnAssign():
                yield from _assignment(inner, texts)
            case ast.FunctionDef(decorator_list=[] | [ast.Name(id="cached_property")]):
                yield from _function(inner, texts, _RETURNED)
            case ast.Pass():
                pass
            case _:
                yield inner


def _function(function: ast.FunctionDef, texts: frozenset[str], calls: frozenset[str]) -> Iterator[ast.AST]:
    arguments = function.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if argument.annotation is not None:
            yield from _value(argument.annotation, texts, frozenset())
    for default in (*arguments.defaults, *arguments.kw_defaults):
        if default is not None and not isinstance(default, ast.Name):
            yield default
    if function.returns is not None:
        yield from _value(function.returns, texts, frozenset())
    yield from _body(function.body, texts, calls)


def _body(body: list[ast.stmt], texts: frozenset[str], calls: frozenset[str]) -> Iterator[ast.AST]:
    for statement in _without_docstrings(body):
        match statement:
            case ast.ImportFrom():
                yield from _import(statement)
            case ast.If(test=test, body=inner, orelse=[]) if calls is _LOADING:
                yield from _value(test, texts, frozenset())
                yield from _body(inner, texts, calls)
            case ast.Return(value=ast.expr() as value) | ast.Raise(exc=ast.expr() as value, cause=None):
                yield from _value(value, texts, calls)
            case ast.Assign(value=value) if calls is _LOADING:
                yield from _value(value, texts, calls)
            case _:
                yield statement


def _value(value: ast.AST, texts: frozenset[str], calls: frozenset[str]) -> Iterator[ast.AST]:
    for node in ast.walk(value):
        match node:
            case ast.Call(func=function):
                if not (ast.unparse(function) in calls or (calls is _RETURNED and _is_api(node))):
                    yield node
            case ast.Constant(value=str() as text):
                if text not in texts and text not in _FIXED and not _TYPE.fullmatch(text):
                    yield node
            case ast.Constant(value=None | bool() | int() | EllipsisType()):
                pass
            case ast.Constant():
                yield node
            case _:
                if not isinstance(node, (*_VALUES, *_PARTS)):
                    yield node


def _is_api(call: ast.Call) -> bool:
    """`JobsApi(self)` in client.py: the one call whose name comes from the document."""
    return ast.unparse(call).endswith("Api(self)") and isinstance(call.func, ast.Name)


def _shown(node: ast.AST) -> str:
    text = ast.unparse(node) if isinstance(node, ast.stmt | ast.expr | ast.keyword) else type(node).__name__
    return text if len(text) <= 100 else f"{text[:100]}..."
