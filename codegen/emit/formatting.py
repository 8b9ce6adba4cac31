"""Emitted files as ruff formats them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from codegen.emit.writing import LINE_LENGTH
from codegen.faults import BadInput


def format_tree(folder: Path) -> None:
    """Sort the imports of all Python files below a folder and format them with ruff, by no configuration but this.

    Raises:
        BadInput: ruff found something that is no Python.
    """
    options = ["--isolated", "--no-cache", "--target-version", "py311", "--line-length", str(LINE_LENGTH), str(folder)]
    isort = 'lint.isort={known-first-party=["veeam_async"], combine-as-imports=true}'
    for command in (["check", "--select", "I", "--fix", "--quiet", "--config", isort], ["format"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options], capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip() or "failed and does not say why"
            raise BadInput(*(f"ruff: {line}" for line in said.splitlines()[:20]))
