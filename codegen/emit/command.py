"""`python -m codegen emit`: spec files to an importable package tree.

Everything is made in a folder beside the package and compared with the spec before it takes its place: what fails
leaves the package as it was.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from codegen import compare, gate
from codegen.emit import package as packages
from codegen.emit import render
from codegen.emit.formatting import format_tree
from codegen.emit.reading import read
from codegen.emit.target import Target
from codegen.faults import BadInput

ROOT = Path(__file__).parents[2]
_NAME = re.compile(r"[a-z][a-z0-9_]*/[A-Za-z0-9][A-Za-z0-9.\-]*")


@attrs.frozen
class Report:
    """What was emitted for a revision, counted on what was written; of the spec's count where it says `of`."""

    label: str
    operations: int
    schemas: int
    families: int
    children: int
    files: int
    spec: compare.Counts
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.label}: {self.operations}/{self.spec.operations} operations, {self.schemas} schemas, "
            f"{self.families}/{self.spec.families} families, {self.children} children, {self.files} files"
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `emit`."""
    parser.add_argument(
        "revisions", nargs="*", metavar="P/R", help="such as vbr/1.3-rev0; all of the specs when left out"
    )
    parser.add_argument(
        "--specs",
        type=Path,
        default=ROOT / "specs",
        metavar="DIR",
        help="where the spec files are (default: %(default)s)",
    )
    parser.add_argument(
        "--package",
        type=Path,
        default=ROOT / "veeam_async",
        metavar="DIR",
        help="the package to emit into (default: %(default)s)",
    )


def main(arguments: argparse.Namespace) -> int:
    """Emit; print one line for each revision, or one for each fault."""
    try:
        reports = emit(arguments.specs, arguments.package, arguments.revisions)
    except BadInput as error:
        print(*(f"codegen emit: {line}" for line in error.lines), sep="\n", file=sys.stderr)
        return 2
    for report in reports:
        for warning in report.warnings:
            print(f"{report.label}: {warning}", file=sys.stderr)
        print(report)
    return 0


def emit(specs: Path, package: Path, revisions: Sequence[str] = ()) -> list[Report]:
    """Emit revisions into a package, all or nothing.

    Args:
        specs: folder with `<product>/<revision>.json` and `catalog.toml`.
        package: folder of the package; made where it is missing.
        revisions: `product/revision` names; all of the specs when empty.

    Returns:
        One report for each revision, in the order asked for.

    Raises:
        BadInput: bad input, or something of a spec without a counterpart. Nothing is written.
    """
    targets = find(specs, revisions)
    package.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{package.name}.", dir=package.parent) as scratch:
        reports = generate(specs, targets, Path(scratch))
        _swap(Path(scratch), package, targets)
    return reports


def find(specs: Path, revisions: Sequence[str] = ()) -> list[Target]:
    """What to emit, with what the catalog says of it.

    Raises:
        BadInput: a name that is none, a spec that is not there, a catalog that cannot be read.
    """
    catalog = _catalog(specs)
    names = list(dict.fromkeys(revisions)) or sorted(
        f"{path.parent.name}/{path.stem}" for path in specs.glob("*/*.json")
    )
    faults = []
    targets: list[Target] = []
    for name in names:
        if not _NAME.fullmatch(name):
            faults.append(f"{name!r} does not name a revision: say PRODUCT/REVISION, such as vbr/1.3-rev0")
        elif not (specs / f"{name}.json").is_file():
            there = sorted(f"{path.parent.name}/{path.stem}" for path in specs.glob("*/*.json"))
            faults.append(f"{name}: there is no {specs / f'{name}.json'}; there are: {', '.join(there) or 'none'}")
        else:
            product, _, revision = name.partition("/")
            entry: dict[str, Any] = catalog.get("revisions", {}).get(name, {})
            about = catalog.get("products", {}).get(product, {})
            title = about.get("title") or entry.get("title") or product
            tags = about.get("tags", {})
            targets.append(Target(product, revision, str(title), str(entry.get("reference", "")), tags))
    packages: dict[tuple[str, str], str] = {}
    for target in targets:
        other = packages.setdefault((target.product, target.package), target.label)
        if other != target.label:
            faults.append(f"{target.label} and {other} would both be the package {target.product}.{target.package}")
    if not names:
        faults.append(f"{specs}: there are no specs")
    if faults:
        raise BadInput(*faults)
    return targets


def generate(specs: Path, targets: Sequence[Target], folder: Path) -> list[Report]:
    """Write the packages of all targets below a folder, formatted and compared with their specs."""
    jobs = [(specs / f"{target.label}.json", target, folder) for target in targets]
    faults: list[str] = []
    reports: list[Report] = []
    workers = min(len(jobs), os.cpu_count() or 1, 2)
    with _runner(workers) as run:
        for outcome in run(_one, jobs):
            if isinstance(outcome, Report):
                reports.append(outcome)
            else:
                faults += outcome
    if faults:
        raise BadInput(*faults)
    for product, title in {target.product: target.product_title for target in targets}.items():
        (folder / product / "__init__.py").write_text(render.product_init(title), encoding="utf-8")
    return reports


@contextmanager
def _runner(workers: int) -> Iterator[Any]:
    if workers <= 1:
        yield map
        return
    # Started afresh: a fork would take along the threads' locks and the open files of whoever calls this.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool.map


def _one(job: tuple[Path, Target, Path]) -> Report | list[str]:
    """Emit one revision; faults come back as lines, since an exception of a pool's process would lose them."""
    path, target, folder = job
    try:
        data = load(path)
        home = folder / target.product / target.package
        files, warnings = write(data, target, home)
        format_tree(home)
        counts, spec = compare.compare(data, home, target.label)
    except BadInput as error:
        return list(error.lines)
    return Report(
        target.label,
        counts.operations,
        counts.schemas,
        counts.families,
        counts.children,
        files,
        spec,
        tuple(warnings),
    )


def write(data: dict[str, Any], target: Target, home: Path) -> tuple[int, list[str]]:
    """Write the package of one revision and read it once more, not yet formatted nor compared with its spec.

    Args:
        data: the OpenAPI document.
        target: what to call it.
        home: the folder of the package; made here.

    Returns:
        The number of files, and what was taken otherwise than written.

    Raises:
        BadInput: something of the document has no counterpart, or what was written is not what templates write.
    """
    document = read(data, target.label)
    files = render.render(packages.build(document, target.label, target.tags), target)
    for name, text in files.items():
        place = home / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    gate.check_tree(home, data, target.label, target.product_title)
    return len(files), document.warnings


def _swap(fresh: Path, package: Path, targets: Sequence[Target]) -> None:
    """Put new packages where old ones were; on a fault all old ones come back."""
    moved: list[tuple[Path, Path | None]] = []
    try:
        package.mkdir(exist_ok=True)
        if not (package / "__init__.py").exists():
            (package / "__init__.py").write_text(
                '"""Packages generated by `python -m codegen emit`."""\n', encoding="utf-8"
            )
        for target in targets:
            (package / target.product).mkdir(exist_ok=True)
            init = package / target.product / "__init__.py"
            shutil.copyfile(fresh / target.product / "__init__.py", init)
            place = package / target.product / target.package
            old: Path | None = None
            if place.exists():
                old = fresh / f"{target.product}.{target.package}.old"
                place.rename(old)
            moved.append((place, old))
            (fresh / target.product / target.package).rename(place)
    except OSError as error:
        for place, old in reversed(moved):
            shutil.rmtree(place, ignore_errors=True)
            if old is not None and old.exists():
                old.rename(place)
        raise BadInput(f"{package}: cannot be written: {error}") from None


def load(path: Path) -> dict[str, Any]:
    """The JSON of a spec file.

    Raises:
        BadInput: there is none, or it is no OpenAPI 3 document.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(
            f"{path}: there is no such spec; `python -m codegen ingest` makes it from a vendor document"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{path}: cannot be read as JSON: {error}") from None
    if (
        not isinstance(data, dict)
        or not isinstance(data.get("paths"), dict)
        or not str(data.get("openapi", "")).startswith("3.")
    ):
        raise BadInput(f"{path}: this is no OpenAPI 3 document")
    return data


def _catalog(specs: Path) -> dict[str, Any]:
    path = specs / "catalog.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path}: cannot be read: {error}") from None
