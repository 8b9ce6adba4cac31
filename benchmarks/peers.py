"""Peers that must not share our environment: installed once into one of their own."""

from __future__ import annotations

import functools
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VEEAM_BR = "veeam-br==0.5.1"


@functools.cache
def veeam_br_python() -> Path | None:
    """The interpreter of an environment with veeam-br, made at first; None where it cannot be installed."""
    folder = ROOT / ".venv-veeam-br"
    python = folder / "bin" / "python"
    if python.exists() and not subprocess.run([str(python), "-c", "import veeam_br"], check=False).returncode:
        return python
    print(f"installing {VEEAM_BR} into {folder.name}", file=sys.stderr)
    venv.EnvBuilder(with_pip=True, clear=True).create(folder)
    done = subprocess.run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", VEEAM_BR],
                          stdin=subprocess.DEVNULL, check=False)  # fmt: skip
    return python if done.returncode == 0 else None
