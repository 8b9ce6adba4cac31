"""Make `.venv` with all that tests, benchmarks and the generator need; do nothing where it is already there.

Runs on the bare interpreter: standard library only. `--node FOLDER` installs the Node programs of FOLDER/package.json;
`--debian PACKAGE ...` the Debian packages that the contract tests run, where there is apt-get and the right to use it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"


def fingerprint(*parts: str | Path) -> str:
    """A hash of what an environment is made from, so that it is made again only when that changes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def run(*command: str | Path) -> None:
    """Run a command; end with its status, and with what was being done, where it fails."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        sys.exit(f"setup: `{' '.join(str(part) for part in command)}` failed with status {done.returncode}")


def up_to_date(stamp: Path, wanted: str) -> bool:
    return stamp.is_file() and stamp.read_text() == wanted


def python_environment() -> None:
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = VENV / ".stamp"
    # The path is part of the stamp: scripts in an environment name it, so a clone that was moved needs a new one.
    wanted = fingerprint(ROOT / "pyproject.toml", ROOT / "constraints.txt", str(ROOT), sys.version)
    if python.exists() and up_to_date(stamp, wanted):
        return
    works = python.exists() and not subprocess.run([str(python), "-c", "import pip"], check=False).returncode
    if not works:
        print(f"setup: making {VENV.name} with Python {sys.version.split()[0]}", flush=True)
        venv.EnvBuilder(with_pip=True, clear=True).create(VENV)
    print("setup: installing what the tests, the benchmarks and the generator need", flush=True)
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint", "constraints.txt",
        "--editable", ".[dev]")  # fmt: skip
    stamp.write_text(wanted)


def node_environment(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("setup: npm not found; the type check and the contract tests need Node 18 or newer")
    stamp = folder / "node_modules" / ".stamp"
    wanted = fingerprint(folder / "package.json", folder / "package-lock.json")
    if up_to_date(stamp, wanted):
        return
    names = ", ".join(json.loads((folder / "package-lock.json").read_text())["packages"][""].get("dependencies", {}))
    print(f"setup: installing {names} from npm", flush=True)
    run(npm, "ci", "--prefix", folder, "--no-fund", "--no-audit", "--no-progress", "--loglevel=error")
    stamp.write_text(wanted)


def debian_packages(*packages: str) -> None:
    """Install what is missing; say so, and go on, where that is not possible: the tests of it are skipped then."""
    asked = ("dpkg-query", "--show", "--showformat=${db:Status-Status}\\n")
    missing = []
    for package in packages if shutil.which("dpkg-query") else ():
        status = subprocess.run([*asked, package], capture_output=True, text=True, check=False).stdout
        if "installed" not in status.split():
            missing.append(package)
    if shutil.which("apt-get") is None or (missing and os.geteuid() != 0):
        print(f"setup: {', '.join(packages)}: needs apt-get and root; the tests of it are skipped", flush=True)
    elif missing:
        print(f"setup: installing {', '.join(missing)} from Debian", flush=True)
        run("apt-get", "update", "--quiet=2")
        run("apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends", *missing)


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit(f"setup: Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    if sys.argv[1:2] == ["--debian"]:
        debian_packages(*sys.argv[2:])
    elif sys.argv[1:2] == ["--node"]:
        node_environment(ROOT / (sys.argv[2] if len(sys.argv) > 2 else "."))
    else:
        python_environment()


if __name__ == "__main__":
    main()
