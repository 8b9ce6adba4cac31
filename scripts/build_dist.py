"""`make dist`: sdist and wheel, the same bytes twice, and the suite against the wheel as installed.

`--quick` leaves out the second build and the suite: it proves that the wheel installs and imports.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
WORK = ROOT / "build" / "dist"
ENVIRONMENT = WORK / "venv"
SUITE = WORK / "suite"

# Budgets for six products in fifteen revisions: what is above is a reason to look, not to raise the number.
MAX_WHEEL_BYTES = 6_000_000
MAX_WHEEL_FILES = 2_000

# What the suite needs beside the package. What uses the generator is about a clone, not about the wheel.
SUITE_NEEDS = [
    "tests", "examples", "docs", "specs", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "mkdocs.yml",
    "pyproject.toml",
]  # fmt: skip
CLONE_ONLY = re.compile(r"^(from|import) (codegen|scripts|tests\.contract|tests\.docs)\b", re.MULTILINE)
TOOLS = [
    "aioresponses", "apprise", "fastapi", "hypothesis", "line-protocol-parser", "mcp", "nagiosplugin",
    "opentelemetry-sdk", "psycopg[binary]", "pytest", "pytest-asyncio", "pytest-randomly",
    "pytest-timeout", "pytest-xdist", "PyYAML", "schemathesis", "tomlkit", "uvicorn", "httpx",
]  # fmt: skip


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> None:
    """Run a command; end with what it was where it fails."""
    arguments = [str(part) for part in command]
    # A PYTHONPATH of the caller's could put the clone before what is installed.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(arguments, cwd=cwd, env={**inherited, **environment}, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        sys.exit(f"dist: `{' '.join(arguments)}` failed with status {done.returncode}")


def build(into: Path) -> dict[str, str]:
    """Build the sdist, and the wheel from the sdist; give the SHA-256 of each file."""
    shutil.rmtree(into, ignore_errors=True)
    # Reproducible archives carry a fixed time instead of the clock's.
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "1577836800")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", into, SOURCE_DATE_EPOCH=epoch)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(into.iterdir())}


def check_size(wheel: Path) -> None:
    size = wheel.stat().st_size
    with zipfile.ZipFile(wheel) as archive:
        files = len(archive.namelist())
    print(f"dist: {wheel.name}: {size:,} bytes, {files:,} files", flush=True)
    if size > MAX_WHEEL_BYTES or files > MAX_WHEEL_FILES:
        sys.exit(f"dist: more than the budget of {MAX_WHEEL_BYTES:,} bytes and {MAX_WHEEL_FILES:,} files")


def install(wheel: Path) -> Path:
    """Install the wheel alone into an empty environment, then prove that it works with no extra at all."""
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    uv = subprocess.run([ROOT / "scripts" / "uv"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    run(uv, "venv", "--quiet", "--python", sys.executable, ENVIRONMENT)
    python = ENVIRONMENT / "bin" / "python"
    pip: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", python, "--constraint", "requirements.txt"]
    run(*pip, wheel)
    program = (
        "import asyncio, importlib, veeam_async\n"
        "for known in veeam_async.revisions():\n"
        "    client = importlib.import_module(known.package).Client\n"
        "    print(known.product, known.name, len(client.operations))\n"
    )
    run(python, "-I", "-c", program, cwd=WORK)
    run(*pip, f"{wheel}[cli,speed,metrics,keyring,mfa,dask,arrow,sql,testing,bench]", *TOOLS)
    return python


def suite(python: Path) -> None:
    """Run the suite in a folder that holds no source of the package."""
    shutil.rmtree(SUITE, ignore_errors=True)
    SUITE.mkdir(parents=True)
    for name in SUITE_NEEDS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, SUITE / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copy(source, SUITE / name)
    ignored = [f"--ignore={path.relative_to(SUITE)}" for path in sorted(SUITE.glob("tests/**/*.py"))
               if CLONE_ONLY.search(path.read_text())]  # fmt: skip
    print("dist: left out, for they need a clone:", *(name.partition("=")[2] for name in ignored), flush=True)
    # From the folder of the suite, as pytest will do it: a package that comes from anywhere else would prove nothing.
    program = (
        "import pathlib, sys, veeam_async\n"
        "where = pathlib.Path(veeam_async.__file__)\n"
        "print('dist: the suite tests', where.parent, flush=True)\n"
        "sys.exit(not where.is_relative_to(sys.prefix))\n"
    )
    run(python, "-c", program, cwd=SUITE)
    run(python, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", "-m", "not contract and not fuzz and not clone",
        *ignored, cwd=SUITE)  # fmt: skip


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    first = build(DIST)
    wheel = next(DIST.glob("*.whl"))
    check_size(wheel)
    if not quick:
        again = build(WORK / "again")
        if again != first:
            sys.exit(f"dist: two builds differ: {first} and {again}")
        print("dist: built twice, the same bytes", flush=True)
    python = install(wheel)
    if not quick:
        suite(python)
    for name, digest in first.items():
        print(f"{digest}  dist/{name}")


if __name__ == "__main__":
    main()
