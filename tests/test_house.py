"""The house: modules stand on floors, and each is small enough to be read at once."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import veeam_async

ROOT = Path(veeam_async.__file__).parent
GENERATED = {"vbr", "aws", "azure", "m365", "spc", "one"}


def _hand_written() -> dict[str, tuple[Path, ast.Module]]:
    modules: dict[str, tuple[Path, ast.Module]] = {}
    # The wheel has the generator within the package, a clone beside it.
    for path in (*ROOT.rglob("*.py"), *(ROOT.parent / "codegen").rglob("*.py")):
        inside = path.relative_to(ROOT.parent)
        if inside.parts[1] not in GENERATED:
            name = ".".join(inside.with_suffix("").parts).removesuffix(".__init__")
            modules[name] = path, ast.parse(path.read_text(encoding="utf-8"))
    return modules


MODULES = _hand_written()


def _imported(name: str) -> set[str]:
    """The hand-written modules that a module imports, in functions and for type checkers too."""
    path, tree = MODULES[name]
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            submodules = {f"{base}.{alias.name}" for alias in node.names}
            imported.update(one if one in MODULES else base for one in submodules)
    # The root lists the public names; it loads none of them before it is asked to.
    return {one for one in imported if one in MODULES} - {name, "veeam_async"}


def _reachable(start: str, arrows: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        new = arrows[waiting.pop()] - reached
        reached |= new
        waiting.extend(new)
    return reached


def test_no_circles_among_imports() -> None:
    """No module reaches itself by its imports, those in functions and those for type checkers included."""
    arrows = {name: _imported(name) for name in MODULES if name != "veeam_async"}
    reachable = {name: _reachable(name, arrows) for name in arrows}
    circles = {
        frozenset(other for other in reachable[name] if name in reachable[other])
        for name in arrows
        if name in reachable[name]
    }
    assert circles == set()


@pytest.mark.parametrize("name", MODULES)
def test_module_is_short(name: str) -> None:
    """A module has at most 400 lines."""
    path, _ = MODULES[name]
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


# What the standard library calls private, and offers all the same.
OFFERED = {"_replace", "_name_", "_value_", "_value2member_map_", "_missing_", "_getframe", "_get_running_loop"}


@pytest.mark.parametrize("name", sorted(MODULES.keys() - {"veeam_async._http._aiohttp"}))
def test_no_private_attribute_of_another_object(name: str) -> None:
    """Only an object itself uses its private attributes; the seam to aiohttp's is the one exception."""
    foreign = [
        f"{ast.unparse(node)} in line {node.lineno}"
        for node in ast.walk(MODULES[name][1])
        if isinstance(node, ast.Attribute)
        and re.match("_[a-z]", node.attr)
        and node.attr not in OFFERED
        and ast.unparse(node.value) not in ("self", "cls", "super()")
    ]
    assert foreign == []


def test_functions_are_short() -> None:
    """A function has at most 70 lines, its docstring not counted."""
    too_long: dict[str, int] = {}
    for name, (_, tree) in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or node.lineno) - node.lineno
                first = node.body[0]
                if ast.get_docstring(node, clean=False) is not None:
                    lines -= (first.end_lineno or first.lineno) - first.lineno + 1
                if lines > 70:
                    too_long[f"{name}.{node.name}"] = lines
    assert too_long == {}
