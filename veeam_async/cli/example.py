"""`veeam-async example`: the programs that come with the package, to read, to keep and to change."""

from __future__ import annotations

import ast
from pathlib import Path

from .formats import show
from .output import Column, put
from .selection import Selection
from .status import CommandError, Status

_PACKAGE = Path(__file__).resolve().parent.parent

COLUMNS = [Column("name", "name"), Column("what", "what it is")]


def list_examples(selection: Selection) -> int:
    """Show each example and the first line of what it says about itself."""
    rows = [{"name": name, "what": _first_line(path)} for name, path in _examples().items()]
    show(COLUMNS, rows, selection, "veeam-async example NAME prints one; its first lines say how to run it")
    return Status.OK


def print_example(name: str) -> int:
    """Print the text of an example.

    Raises:
        CommandError: there is none of that name.
    """
    examples = _examples()
    path = examples.get(name.removesuffix(".py"))
    if path is None:
        raise CommandError(f"there is no example {name}; there are: {', '.join(examples)}")
    put(path.read_text(encoding="utf-8"))
    return Status.OK


def example_names() -> list[str]:
    """The names of all examples."""
    return list(_examples())


def _examples() -> dict[str, Path]:
    """The files by their names: of the installed package, or of the clone that this package is in."""
    folder = next(path for path in (_PACKAGE / "examples", _PACKAGE.parent / "examples") if path.is_dir())
    paths = [*sorted(folder.glob("*.py")), *sorted((folder / "deployment").iterdir())]
    return {path.name.removesuffix(".py"): path for path in paths}


def _first_line(path: Path) -> str:
    source = path.read_text(encoding="utf-8")
    said = ast.get_docstring(ast.parse(source)) if path.suffix == ".py" else source.lstrip("# ")
    return (said or "").partition("\n")[0]
