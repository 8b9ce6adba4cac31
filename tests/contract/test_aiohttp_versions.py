"""The oldest and the newest aiohttp that the package allows, each in an environment of its own below build/."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.contract,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform == "win32", reason="makes environments as POSIX has them"),
]

ROOT = Path(__file__).resolve().parents[2]
# What sends and mocks single calls, what relies on aiohttp's insides, and calls over real sockets and TLS.
TESTS = ["testing/test_mocking.py", "faults/test_aiohttp_seam.py", "faults/test_transport.py", "faults/test_tls.py"]
NEEDS = [
    "aioresponses", "cryptography", "hypothesis", "jsonschema", "orjson", "pyotp", "pytest", "pytest-asyncio",
    "pytest-timeout", "python-dateutil", "attrs", "trustme",
]  # fmt: skip


def allowed() -> tuple[str, str]:
    """The requirement for the oldest version that is allowed, and the one for all."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (requirement,) = [one for one in project["dependencies"] if one.startswith("aiohttp")]
    lowest = re.search(r">=([\d.]+)", requirement)
    assert lowest
    return f"aiohttp=={lowest[1]}", requirement


@pytest.mark.parametrize("requirement", allowed(), ids=["oldest", "newest"])
def test_suite_with_another_aiohttp(requirement: str) -> None:
    """What touches aiohttp works with it."""
    folder = ROOT / "build" / "aiohttp" / re.sub(r"[^\w.]", "_", requirement)
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=200)
    command = [str(python), "-m", "pip", "install", "--quiet", "--upgrade", requirement, *NEEDS]
    installed = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert installed.returncode == 0, installed.stderr[-1000:]
    done = subprocess.run(
        [python, "-m", "pytest", "-q", *(f"tests/{name}" for name in TESTS)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
