"""`python -m codegen ingest DOC --product P --revision R`: a vendor document to a spec file and its catalog entry."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from codegen.faults import BadInput
from codegen.ingest import (
    catalog,
    coverage,
    documents,
    downgrade,
    entries,
    inferred,
    layout,
    patches,
    revisions,
    swagger,
)
from codegen.ingest.checks import check_document, check_operations, check_references
from codegen.ingest.facts import facts
from codegen.ingest.mend import mend

_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `ingest`."""
    parser.add_argument(
        "document", metavar="DOC", help="JSON or YAML, OpenAPI 3.0, 3.1 or Swagger 2.0: a file, or an appliance's URL"
    )
    parser.add_argument("--product", required=True, help="such as vbr; one of the catalog's products")
    parser.add_argument("--revision", required=True, help="the vendor's name of it, such as 1.3-rev0 or v8.1")
    parser.add_argument(
        "--specs", type=Path, default=catalog.HOME, help="where specs are kept (default: the repository's)"
    )
    parser.add_argument("--replace", action="store_true", help="ingest a revision again that is there already")
    parser.add_argument("--insecure", action="store_true", help="take any TLS certificate of the appliance")
    parser.add_argument("--fingerprint", metavar="SHA256", help="take the TLS certificate with this fingerprint alone")


def main(arguments: argparse.Namespace) -> int:
    """Run the command.

    Returns:
        0, or 2 after one line on stderr where the input is no good.
    """
    try:
        entry = ingest(
            arguments.document,
            arguments.product,
            arguments.revision,
            specs=arguments.specs,
            replace=arguments.replace,
            insecure=arguments.insecure,
            fingerprint=arguments.fingerprint,
        )
    except BadInput as fault:
        print(f"ingest: {' '.join(str(fault).split())}", file=sys.stderr)
        return 2
    counts = ", ".join(f"{entry[key]} {key}" for key in ("operations", "schemas", "families", "children"))
    guessed = f", {entry['inferred']} operations inferred" if entry["inferred"] else ""
    print(f"{arguments.product}/{arguments.revision}: {counts}{guessed}, {entry['patches']} patches applied")
    return 0


def ingest(
    where: str,
    product: str,
    revision: str,
    *,
    specs: Path = catalog.HOME,
    replace: bool = False,
    insecure: bool = False,
    fingerprint: str | None = None,
) -> dict[str, Any]:
    """Read a vendor document and write its spec file and catalog entry.

    Args:
        where: path or https URL of the document.
        product: one of the catalog's products.
        revision: the vendor's name of the revision.
        specs: the specs directory.
        replace: write over a revision that is there.
        insecure: take any TLS certificate (URLs only).
        fingerprint: SHA-256 of the one certificate to take (URLs only).

    Returns:
        The catalog entry as written, and `patches`: how many applied.

    Raises:
        BadInput: the document or what is asked for is no good; nothing has been written.
    """
    book = catalog.load(specs)
    if product not in book["products"]:
        raise BadInput(f"unknown product {product!r} (known: {', '.join(sorted(book['products']))})")
    if not _REVISION.fullmatch(revision):
        raise BadInput(f"{revision!r} is no name of a revision: letters, digits, dots and dashes")
    path = specs / product / f"{revision}.json"
    if not replace and (path.exists() or f"{product}/{revision}" in book["revisions"]):
        raise BadInput(f"{product}/{revision} is there already (--replace ingests it again)")

    document = documents.read(where, insecure=insecure, fingerprint=fingerprint)
    content = check_document(document.content, document.source)
    content = swagger.to_3_0(content) if "swagger" in content else downgrade.to_3_0(content)
    spec = facts(content)
    corrections = patches.of_product(specs, product)
    applied = patches.define(corrections, spec, revision)
    check_references(spec)
    left_over = inferred.add(content, spec, inferred.declared(specs, product, revision))
    mend(spec)
    applied += patches.apply(corrections, spec, revision)
    check_operations(spec)
    check_references(spec)

    siblings = _siblings(specs, product, revision)
    entry = entries.write(book, product, revision, spec, document, revisions.learn(content), siblings)
    texts = {path: layout.dumps(spec), specs / catalog.NAME: catalog.dumps(book)}
    if left_over:
        texts[specs / product / "COVERAGE.md"] = coverage.page(
            book["products"][product], product, revision, spec, left_over
        )
    try:
        layout.write_all(texts)
    except OSError as fault:
        raise BadInput(f"{fault.filename}: {fault.strerror}") from fault
    coverage.forget(specs / product / "COVERAGE.md", product, revision, left_over)
    return entry | {"patches": applied}


def _siblings(specs: Path, product: str, revision: str) -> list[dict[str, Any]]:
    """The specs of a product's other revisions: in this directory, and in the generator's own."""
    folders = {specs.resolve() / product, catalog.HOME / product}
    files = [file for folder in sorted(folders) for file in sorted(folder.glob("*.json")) if file.stem != revision]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]
