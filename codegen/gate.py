"""What an emitted file may hold: the statements that templates write, and no call but theirs.

Texts of a document reach source through `literal` and `prose`. This reads what was written once more, as Python does,
so that a text that got around them stops the emit instead of running where the package is imported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from codegen.faults import BadInput

_CALLS = frozenset(
    [
        "AttributeError", "Body", "Download", "Listing", "MODULES.get", "Operation", "Paging", "Parameter", "Request",
        "Response", "Revision", "field", "getattr", "globals", "importlib.import_module", "list", "model",
    ]
)  # fmt: skip
_NODES = (
    ast.Module, ast.Expr, ast.Constant, ast.ImportFrom, ast.Import, ast.alias, ast.If, ast.Name, ast.Load, ast.Store,
    ast.Assign, ast.AnnAssign, ast.ClassDef, ast.FunctionDef, ast.arguments, ast.arg, ast.Return,
    ast.Raise, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.Dict, ast.BinOp, ast.BitOr, ast.Call,
    ast.keyword, ast.Starred, ast.JoinedStr, ast.FormattedValue, ast.Compare, ast.Is, ast.In, ast.Eq, ast.UnaryOp,
    ast.USub,
)  # fmt: skip
_MODULES = frozenset(["__future__", "datetime", "functools", "importlib", "typing", "veeam_async"])


def check_tree(folder: Path, label: str) -> None:
    """Refuse a package with anything in it that no template writes.

    Args:
        folder: the emitted package of a revision.
        label: what to call it in errors.

    Raises:
        BadInput: one line for each file.
    """
    faults = []
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.pyi")]):
        name = path.relative_to(folder).as_posix()
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError, RecursionError) as error:
            faults.append(f"{label}: {name}: a text of the document is not written as one: {error}")
            continue
        strange = next(_strange(tree), None)
        if strange is not None:
            faults.append(f"{label}: {name}: line {strange[0]}: no template writes {strange[1]}")
    if faults:
        raise BadInput(*faults)


def _strange(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What no template writes: line and kind."""
    for node in ast.walk(tree):
        kind = _judged(node)
        if kind is not None:
            yield getattr(node, "lineno", 0), kind


def _judged(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=function):
            return None if ast.unparse(function) in _CALLS or _is_api_class(function) else "this call"
        case ast.Import(names=names):
            return None if [each.name for each in names] == ["importlib"] else "this import"
        case ast.ImportFrom(module=module, level=level):
            return None if level or (module or "").split(".")[0] in _MODULES else "this import"
        case ast.Expr(value=value):
            return None if isinstance(value, ast.Constant) else "this statement"
        case _:
            return None if isinstance(node, _NODES) else type(node).__name__


def _is_api_class(function: ast.expr) -> bool:
    # `return JobsApi(self)` in client.py: the one call whose name comes from the document.
    return isinstance(function, ast.Name) and function.id.isidentifier() and function.id.endswith("Api")
