"""`python -m codegen check`: whether the package is what the specs give."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codegen import emit
from codegen.__main__ import main
from codegen.check import differences
from tests.codegen.odd import document, write_specs


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with specs and the package that they give; not to be changed."""
    folder = tmp_path_factory.mktemp("made")
    emit.emit(write_specs(folder / "specs", v7=document()), folder / "acme")
    return folder


@pytest.fixture
def tree(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "tree"))


def check(tree: Path, *revisions: str) -> int:
    return main(["check", "--specs", str(tree / "specs"), "--package", str(tree / "acme"), *revisions])


def test_an_up_to_date_package(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the package is what the specs give, the status is 0 and nothing is said."""
    assert check(tree) == 0
    assert check(tree, "odd/v7") == 0
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def test_a_changed_file(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that was edited is named with its first line that differs, and the status is 1."""
    path = tree / "acme/odd/v7/client.py"
    path.write_text(path.read_text(encoding="utf-8").replace("An appliance", "Some appliance"), encoding="utf-8")
    assert check(tree) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("codegen check: odd/v7/client.py: differs from line ")
    assert "codegen emit" in lines[-1]


def test_files_missing_and_left_over(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is missing and one that no spec gives are both named; byte code is nobody's."""
    (tree / "acme/odd/v7/api/widgets.py").unlink()
    (tree / "acme/odd/v7/models/old.py").write_text("", encoding="utf-8")
    (tree / "acme/odd/v7/__pycache__").mkdir(exist_ok=True)
    (tree / "acme/odd/v7/__pycache__/x.pyc").write_bytes(b"")
    assert check(tree) == 1
    assert capsys.readouterr().err.splitlines()[:2] == [
        "codegen check: odd/v7/api/widgets.py: missing",
        "codegen check: odd/v7/models/old.py: there, but the spec does not give it",
    ]


def test_a_revision_without_a_spec(tree: Path) -> None:
    """A generated revision whose spec is gone is a difference, unless only others were asked for."""
    write_specs(tree / "specs", v8=document())
    emit.emit(tree / "specs", tree / "acme")
    (tree / "specs/odd/v8.json").unlink()
    assert differences(tree / "specs", tree / "acme") == ["odd/v8: generated, but no spec gives it"]
    assert differences(tree / "specs", tree / "acme", ["odd/v7"]) == []


def test_a_revision_that_was_never_emitted(tree: Path) -> None:
    """A spec whose package is not there is named file by file."""
    write_specs(tree / "specs", v8=document())
    found = differences(tree / "specs", tree / "acme")
    assert "odd/v8/client.py: missing" in found
    assert all(line.startswith("odd/v8/") for line in found)


def test_bad_specs(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Specs that cannot be emitted are status 2, not a difference."""
    (tree / "specs/odd/v7.json").write_text("{", encoding="utf-8")
    assert check(tree) == 2
    assert "cannot be read as JSON" in capsys.readouterr().err


@pytest.mark.clone
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_package_of_the_repository() -> None:
    """What is committed is what the specs give, made again in other processes."""
    assert differences(emit.ROOT / "specs", emit.ROOT / "veeam_async") == []
