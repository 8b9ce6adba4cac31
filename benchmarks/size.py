"""What must not grow: the wheel in bytes and files, the source files of generated and hand-written code."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from .measure import OURS, Case
from .peers import veeam_br_python

ROOT = Path(__file__).resolve().parent.parent


def measure(rounds: int) -> Iterator[Case]:
    """Sizes do not vary, so one round is all."""
    del rounds
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, stdin=subprocess.DEVNULL)
        wheel = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            entries = archive.infolist()
        installed = sum(entry.file_size for entry in entries)
        yield Case("size", "wheel", {OURS: [wheel.stat().st_size / 1e6]}, "MB", limit=6)
    files: dict[str, list[float]] = {OURS: [len(entries)]}
    unpacked: dict[str, list[float]] = {OURS: [installed / 1e6]}
    if python := veeam_br_python():
        package = next(python.parent.parent.glob("lib/python*/site-packages/veeam_br"))
        sources = [path for path in package.rglob("*.py") if "__pycache__" not in path.parts]
        files["veeam-br"] = [len(sources)]
        unpacked["veeam-br"] = [sum(path.stat().st_size for path in sources) / 1e6]
    yield Case("size", "files in the wheel", files, "files", limit=2000)
    yield Case("size", "unpacked, without compiled modules", unpacked, "MB")
