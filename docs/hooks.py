"""Pages that mkdocs makes out of the package: the operation index of every revision, and the table of revisions."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from veeam_async import Operation, Revision, revisions

ROOT = Path(__file__).resolve().parent.parent
TITLES = {
    "vbr": "Veeam Backup & Replication",
    "aws": "Veeam Backup for AWS",
    "azure": "Veeam Backup for Microsoft Azure",
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the generated pages into the navigation."""
    index: list[Any] = ["operations/index.md"]
    index += [{f"{TITLES[known.product]} {known.name}": page(known)} for known in revisions()]
    assert config.nav is not None
    config.nav = [*config.nav[:-1], {"Operations": index}, config.nav[-1]]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the generated pages to what is built."""
    files.append(File.generated(config, "operations/index.md", content=revisions_page()))
    for known in revisions():
        files.append(File.generated(config, page(known), content=operations_page(known)))
    return files


def page(known: Revision) -> str:
    """The file of a revision's operations."""
    return f"operations/{known.product}-{known.name}.md"


def revisions_table(link: str = "") -> str:
    """Every revision with what it holds, as a Markdown table.

    Args:
        link: put before the file names of the revisions' pages; without it the names are no links.
    """
    catalog = tomllib.loads((ROOT / "specs" / "catalog.toml").read_text())["revisions"]
    lines = [
        "| product | revision | of | package | operations | models | families | inferred |",
        "|---|---|---|---|--:|--:|--:|--:|",
    ]
    for known in revisions():
        entry = catalog[f"{known.product}/{known.name}"]
        name = f"[{known.name}]({link}{Path(page(known)).name})" if link else known.name
        lines.append(
            f"| {TITLES[known.product]} | {name} | {entry['product_version']} | `{known.package}` | "
            f"{entry['operations']} | {entry['schemas']} | {entry['families']} | {entry['inferred'] or ''} |"
        )
    return "\n".join(lines) + "\n"


def revisions_page() -> str:
    """The page above the operation indexes."""
    return (
        "---\nhide: [toc]\n---\n\n"  # the table needs the room
        "# Operations\n\n"
        "Every operation of every revision has a section of its own, which the search finds by operationId, by path "
        "and by the words of its title. On the command line: `veeam-async operations vbr 1.3-rev0 repository`.\n\n"
        "*Of* is the product version that brought the revision. *Families* are schemas with a discriminator: they have "
        "real subclasses here. *Inferred* operations are there by analogy only: no document evidences them.\n\n"
        + revisions_table(link="./")
    )


def operations_page(known: Revision) -> str:
    """The operations of one revision, a section for each tag."""
    operations = import_module(known.package).Client.operations
    lines = [f"# {TITLES[known.product]} {known.name}\n", f"`from {known.package} import Client`\n"]
    for tag, group in groupby(sorted(operations, key=lambda operation: operation.tag), key=lambda one: one.tag):
        lines += [f"## {tag}\n", *section(group)]
    return "\n".join(lines)


def section(operations: Iterable[Operation[Any]]) -> Iterable[str]:
    """A heading for each operation, so that the search leads to it."""
    for operation in operations:
        notes = ["*inferred*"] if operation.inferred else []
        notes += ["*deprecated*"] if operation.deprecated else []
        required = [p.name for p in operation.parameters if p.required and p.location != "header"]
        if operation.body is not None:
            required.append("body")
        optional = [p.name for p in operation.parameters if not p.required and p.location != "header"]
        arguments = ", ".join([*required, *(f"{name}=" for name in optional)])
        yield f"### {operation.operation_id}\n"
        yield f"{operation.title or operation.operation_id}: `{operation.method} {operation.path}` {' '.join(notes)}\n"
        yield f"`client.{operation.group}.{operation.name}({arguments})`\n"
