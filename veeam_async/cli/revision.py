"""`veeam-async revision`: add API revisions that the package does not have, list them, remove them."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import _added
from .formats import show
from .output import Column, put, stderr
from .selection import Selection
from .status import CommandError, Status

if TYPE_CHECKING:
    from types import ModuleType

_PACKAGE = Path(__file__).resolve().parent.parent
# An installed package carries the generator here, so that no top-level `codegen` is installed with it.
_GENERATOR = _PACKAGE / "_generator"

COLUMNS = [
    Column("product", "product"),
    Column("revision", "revision"),
    Column("package", "import as", rank=1),
    Column("from", "from", rank=2),
]


def _generator(module: str) -> ModuleType:
    """A module of the generator.

    Raises:
        CommandError: the extra that it needs is not installed.
    """
    place = str(_GENERATOR)
    if _GENERATOR.is_dir() and place not in sys.path:
        sys.path.insert(0, place)
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = error.name or module
        raise CommandError(f"this needs {missing}: pip install 'veeam-async[codegen]'") from None


def add(document: str, product: str, revision: str, *, replace: bool, insecure: bool, fingerprint: str | None) -> int:
    """Make a revision from a vendor document, in the user's folder.

    Raises:
        CommandError: the document or what is asked for is no good. Nothing has changed.
    """
    ingest, emit = _generator("codegen.ingest.command"), _generator("codegen.emit")
    faults = _generator("codegen.faults")
    home = Path(_added.folder())
    name = f"{product}/{revision}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix=".adding.", dir=home) as scratch,
            stderr().status(f"reading {document}"),
        ):
            specs = Path(scratch, "specs")
            if (home / "specs").is_dir():
                shutil.copytree(home / "specs", specs)
            specs.mkdir(exist_ok=True)
            entry = ingest.ingest(
                document, product, revision, specs=specs, replace=replace, insecure=insecure, fingerprint=fingerprint
            )
            (report,) = emit.emit(specs, home / "packages", [name])
            for path in (Path(product, f"{revision}.json"), Path("catalog.toml")):
                (home / "specs" / path).parent.mkdir(parents=True, exist_ok=True)
                os.replace(specs / path, home / "specs" / path)
    except faults.BadInput as fault:
        raise CommandError(" ".join(str(fault).split()), Status.FAILED) from None
    target = next(one for one in emit.find(home / "specs", [name]))
    stderr().print(
        f"{name}: {report.operations} operations, {report.schemas} models, {entry['patches']} patches applied; "
        f"in {home}",
        highlight=False,
    )
    put(f"from veeam_async.{product}.{target.package} import Client\n")
    return Status.OK


def list_revisions(selection: Selection) -> int:
    """Print every revision that `connect` knows, and where it is from."""
    from ..registry import revisions

    selection.check(column.name for column in COLUMNS)
    home = _added.folder()
    rows: list[dict[str, Any]] = []
    for revision in revisions():
        file = importlib.import_module(revision.package).__file__ or ""
        origin = "added" if file.startswith(home) else "package" if file.startswith(str(_PACKAGE)) else "registered"
        rows.append(
            {"product": revision.product, "revision": revision.name, "package": revision.package, "from": origin}
        )
    show(COLUMNS, rows, selection, f"{len(rows)} revisions; added ones are in {home}")
    return Status.OK


def remove(name: str) -> int:
    """Remove a revision that was added.

    Raises:
        CommandError: it was not added.
    """
    home = Path(_added.folder())
    product, _, revision = name.partition("/")
    added = sorted(f"{path.parent.name}/{path.stem}" for path in (home / "specs").glob("*/*.json"))
    if name not in added:
        raise CommandError(f"{name} was not added; added are: {', '.join(added) or 'none'}")
    emit, catalog = _generator("codegen.emit"), _generator("codegen.ingest.catalog")
    (target,) = emit.find(home / "specs", [name])
    shutil.rmtree(home / "packages" / product / target.package, ignore_errors=True)
    book = catalog.load(home / "specs")
    book["revisions"].pop(name, None)
    (home / "specs" / catalog.NAME).write_text(catalog.dumps(book), encoding="utf-8")
    (home / "specs" / product / f"{revision}.json").unlink()
    stderr().print(f"{name} is removed")
    return Status.OK
