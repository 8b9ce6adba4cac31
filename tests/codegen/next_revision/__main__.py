"""Bring made-up next revisions in and out, and call them.

    python -m tests.codegen.next_revision DOC PRODUCT FIRST COUNT FOLDER [--paths N] [--calls N] [--only CHANGE]

Each becomes a package and a specification below FOLDER, which has to be XDG_DATA_HOME/veeam-async, so that everything
knows them as it knows what a user added. Prints a line for each; exit status 1 where one failed.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import pkgutil
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

import yaml

from codegen.emit import emit
from codegen.faults import BadInput
from codegen.ingest import documents
from codegen.ingest.command import ingest
from codegen.ingest.facts import base_path
from codegen.ingest.walking import METHODS
from tests.codegen.next_revision import of_operations, of_schemas, of_versions
from tests.codegen.next_revision.draft import Draft
from tests.contract.arguments import Arguments
from veeam_async.errors import ConflictError, NotFoundError, VeeamError
from veeam_async.testing import Behaviour, SimulatedAppliance
from veeam_async.testing.product_list import product as find_product

CHANGES = {change.__name__: change for change in (*of_schemas.CHANGES, *of_operations.CHANGES)}


def main() -> int:
    """Run all; 1 where one failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("document")
    parser.add_argument("product")
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--paths", type=int, default=12)
    parser.add_argument("--calls", type=int, default=12)
    parser.add_argument("--only", action="append", choices=sorted(CHANGES))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    source = documents.read(arguments.document).content
    failed = 0
    for seed in range(arguments.first, arguments.first + arguments.count):
        draft = Draft(source, seed, arguments.paths)
        applied = change(draft, arguments.only)
        try:
            done = once(draft, arguments.product, seed, arguments.folder, arguments.calls)
            say(seed, applied, *done)
        except Exception as fault:  # whatever it is, the next one is tried as well
            failed += 1
            say(seed, applied, "FAILED", type(fault).__name__, *getattr(fault, "lines", (str(fault)[:2000],)))
            if not isinstance(fault, (BadInput, AssertionError)):
                traceback.print_exc()
    return 1 if failed else 0


def say(seed: int, applied: list[str], *lines: str) -> None:
    """A line on a revision; several where it failed."""
    sys.stdout.write(("\n  " if "FAILED" in lines else " ").join([str(seed), ", ".join(applied), *lines]) + "\n")
    sys.stdout.flush()


def change(draft: Draft, only: list[str] | None) -> list[str]:
    """Make some changes, in any order, and write it in any version; the names of what was done."""
    names = only or draft.random.sample(sorted(CHANGES), draft.random.choice([1, 3, 6, len(CHANGES)]))
    for name in names:
        CHANGES[name](draft)
        draft.document = json.loads(json.dumps(draft.document))
    version = draft.random.choice(["as it is", "3.1", "2.0"])
    if draft.swagger or version == "as it is":
        return list(names)
    if version == "3.1":
        of_versions.to_3_1(draft)
    elif not of_versions.to_swagger(draft):
        version = "not 2.0"
    return [*names, version]


def once(draft: Draft, product: str, seed: int, folder: Path, calls: int) -> tuple[str, ...]:
    """One revision in, out, imported, counted and called."""
    revision = f"{80 + seed // 1000}.{seed % 1000}"
    if find_product(product).revision_path is not None:
        revision = draft.called(revision)
    text = folder / f"{product}-{seed}.yaml"
    text.parent.mkdir(parents=True, exist_ok=True)
    as_yaml = draft.random.random() < 0.3
    # Without parts that are one object in Python, which a document has not.
    draft.document = json.loads(json.dumps(draft.document))
    text.write_text(
        yaml.dump(draft.document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
        if as_yaml
        else json.dumps(draft.document),
        encoding="utf-8",
    )
    ingest(str(text), product, revision, specs=folder / "specs")
    (report,) = emit(folder / "specs", folder / "packages", [f"{product}/{revision}"])
    sys.path_importer_cache.clear()
    importlib.invalidate_caches()
    package = importlib.import_module(f"veeam_async.{product}.v{revision.removeprefix('v').replace('.', '_')}")
    assert Path(str(package.__file__)).is_relative_to(folder), package.__file__
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
    compared(draft.document, package, folder / "specs" / product / f"{revision}.json")
    outcome = asyncio.run(called(product, revision, package, folder, draft, calls)) if calls else "not called"
    text.unlink()
    return str(report), outcome


def compared(document: dict[str, Any], package: Any, spec: Path) -> None:
    """Every operation and every schema of the document is in the package, and nothing beside them."""
    base = document.get("basePath", "").rstrip("/") if "swagger" in document else base_path(document)
    due = {
        (base + path, method.upper())
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }
    declared = [operation for operation in package.Client.operations if not operation.inferred]
    there = [(operation.path, operation.method) for operation in declared]
    assert len(there) == len(due), f"{len(there)} operations, {len(due)} were due"
    assert set(there) == due, sorted(due ^ set(there))[:5]
    names = document.get("definitions") if "swagger" in document else document["components"].get("schemas", {})
    kept = json.loads(spec.read_text(encoding="utf-8"))["components"].get("schemas", {})
    assert set(names or ()) <= set(kept), sorted(set(names or ()) - set(kept))[:5]
    for name, schema in (names or {}).items():
        wires = set(schema.get("properties", {}))
        parts = [kept[name], *kept[name].get("allOf", ())]
        lost = wires - {wire for part in parts for wire in part.get("properties", {})}
        assert not lost, f"{name} has lost {sorted(lost)[:5]}"
    models = importlib.import_module(f"{package.__name__}.models")
    for class_name in models.MODULES:
        assert getattr(models, class_name) is not None


async def called(product: str, revision: str, package: Any, folder: Path, draft: Draft, count: int) -> str:
    """Call operations at a simulated appliance of the revision."""
    spec = json.loads((folder / "specs" / product / f"{revision}.json").read_text(encoding="utf-8"))
    arguments = Arguments(spec)
    faults: list[str] = []
    behaviour = Behaviour(unknown_ids="answer")
    async with SimulatedAppliance(product, revision, validate=True, behaviour=behaviour) as appliance:
        async with package.Client(appliance.url, appliance.credentials, logout=False) as client:
            await client.login()
            able = [
                one
                for one in client.operations
                if not any(word in one.path.lower() for word in ("token", "oauth", "login", "logout"))
            ]
            chosen = draft.random.sample(able, min(count, len(able)))
            for operation in chosen:
                where = f"{operation.method} {operation.path}"
                try:
                    given = arguments.of(operation)
                    given.pop("x_client_version", None)  # which an appliance compares with its own
                    await getattr(getattr(client, operation.group), operation.name)(**given)
                except (NotFoundError, ConflictError) as refusal:
                    # Its world has no such thing, or not in that state: an answer, where it knew the operation.
                    if not appliance.requests[-1].operation_id:
                        faults.append(f"{where}: {refusal}")
                except (VeeamError, TypeError, ValueError, AttributeError, KeyError, LookupError) as fault:
                    seen = [f"{one.method} {one.path} {one.status}" for one in list(appliance.requests)[-1:]]
                    faults.append(f"{where}: {type(fault).__name__}: {str(fault)[:400]} {seen}")
        faults += [f"simulated appliance: {error!r}" for error in appliance.errors]
    assert not faults, "\n    ".join(faults)
    return f"{len(chosen)} called"


if __name__ == "__main__":
    if os.environ.get("XDG_DATA_HOME") is None:
        sys.exit("XDG_DATA_HOME has to be set")
    sys.exit(main())
