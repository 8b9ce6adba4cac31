"""Both type checkers know every call: rows, pages, keywords, downloads, uploads."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SNIPPET = ROOT / "tests" / "data" / "calls_snippet.py"

pytestmark = [pytest.mark.clone, pytest.mark.slow, pytest.mark.timeout(600)]


def expected() -> set[int]:
    return {n for n, line in enumerate(SNIPPET.read_text(encoding="utf-8").splitlines(), 1) if line.endswith("# E")}


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=590)
    return done.stdout + done.stderr


def test_mypy() -> None:
    """With --strict, mypy finds an error in each marked line and in no other."""
    pytest.importorskip("mypy")
    said = run(
        sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir=.mypy_cache/snippets", str(SNIPPET)
    )
    errors = [line for line in said.splitlines() if line.startswith("tests/data/") and ": error:" in line]
    found = {int(line.split(":")[1]) for line in errors}
    assert found == expected(), said


def test_pyright(tmp_path: Path) -> None:
    """In its standard mode, pyright finds an error in each marked line and in no other."""
    # Where `make types` puts it, or wherever else there is one.
    pyright = shutil.which("pyright", path=str(ROOT / "node_modules" / ".bin")) or shutil.which("pyright")
    if pyright is None:
        pytest.skip("pyright is not installed")
    # Where it lies the project's configuration leaves it out.
    copy = shutil.copy(SNIPPET, tmp_path)
    said = run(pyright, "--outputjson", "--pythonpath", sys.executable, str(copy))
    try:
        diagnostics = json.loads(said[said.index("{") :])["generalDiagnostics"]
    except (ValueError, KeyError):
        pytest.skip(f"pyright does not run here: {said[:200]}")
    found = {each["range"]["start"]["line"] + 1 for each in diagnostics if each["severity"] == "error"}
    assert found == expected(), said
