"""Models on CPython 3.14, which Pyodide brings as a package of npm: no other 3.14 is needed on the machine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

pytestmark = [pytest.mark.contract, pytest.mark.clone]

ROOT = Path(__file__).parents[2]
TESTS = [
    "test_model.py", "test_model_classes.py", "test_model_edges.py", "test_model_sharing.py",
    "test_model_showing.py", "test_enums.py", "test_timestamps.py", "test_type_expressions.py", "test_codec.py",
]  # fmt: skip
# Threads and deep stacks, which that platform has not; and what orjson refuses and json, which stands in, does not.
LEFT_OUT = [
    "threads",
    "contains_itself",
    "beyond_pythons_stack",
    "repr_is_bounded",
    "deeply_nested",
    "json_has_nothing_for",
]


def test_models_on_3_14() -> None:
    """The tests of models pass on Python 3.14."""
    node = shutil.which("node")
    assert node, "this needs Node"
    options = ["-q", "--noconftest", "--import-mode=importlib", "-p", "no:cacheprovider", "-o", "addopts=",
               "-o", "filterwarnings=", "-k", " and ".join(f"not {word}" for word in LEFT_OUT)]  # fmt: skip
    done = subprocess.run(
        [node, ROOT / "tests/contract/python_3_14/models.mjs", ROOT, sysconfig.get_path("purelib"), *options,
         *(f"tests/{name}" for name in TESTS)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "Python 3.14" in done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) > 250
