"""Hostile documents by the thousand: each ends in lines of ours, or in a package that imports, and runs nothing."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from codegen.compare import compare
from codegen.emit import Target, write
from codegen.faults import BadInput
from tests.codegen.hostile import Hostile
from veeam_async._operation import Operation
from veeam_async._spec import METHODS

CHUNK = 250


def outcome(seed: int, folder: Path) -> bool:
    """Emit and import the document of a seed; False where it was refused."""
    marker = folder / "marker"
    data = Hostile(seed, marker).document()
    name = f"hostile_{seed}"
    refusal: tuple[str, ...] | None = None
    home = folder / name
    try:
        write(data, Target(name, "v1", "Hostile"), home)
        compare(data, home, name)
    except BadInput as error:
        refusal = error.lines
    finally:
        assert not marker.exists(), seed
    if refusal is not None:
        assert refusal
        assert all(line.isprintable() for line in refusal)
        shutil.rmtree(home, ignore_errors=True)
        return False
    try:
        check_imported(name, home, data)
    finally:
        for module in [module for module in sys.modules if module.split(".")[0] == name]:
            del sys.modules[module]
        shutil.rmtree(home)
    assert not marker.exists(), seed
    return True


def check_imported(name: str, home: Path, data: dict[str, Any]) -> None:
    """Every module imports, every operation is described, every class is there."""
    for path in sorted(home.rglob("*.py")):
        relative = path.relative_to(home.parent).with_suffix("").as_posix().replace("/", ".")
        importlib.import_module(relative.removesuffix(".__init__"))
    api = importlib.import_module(f"{name}.api")
    assert len(api.OPERATIONS) == sum(method in METHODS for item in data["paths"].values() for method in item)
    for place in api.OPERATIONS.values():
        group, _, function = place.partition(".")
        module = getattr(api, group)
        assert isinstance(getattr(module, f"_{function.upper()}"), Operation)
        assert callable(getattr(module, function))
    models = importlib.import_module(f"{name}.models")
    for class_name in models.MODULES:
        value = getattr(models, class_name)
        assert isinstance(value, type | str)


def run(start: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return sum(outcome(seed, folder) for seed in range(start, start + CHUNK))


@pytest.mark.parametrize("start", range(0, 2000, CHUNK))
def test_a_hostile_document_runs_nothing(start: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code, keywords, dunders, homoglyphs, control characters in every text: refused in lines, or emitted as texts."""
    assert run(start, tmp_path, monkeypatch) > CHUNK // 20


@pytest.mark.fuzz
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("start", range(2000, 52_000, CHUNK))
def test_many_hostile_documents_run_nothing(start: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for fifty thousand documents."""
    run(start, tmp_path, monkeypatch)
