"""Pages of the site that are made out of the package: operations of every revision, the changelog."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

from scripts.model_pages import linked, model_page
from veeam_async import Operation, Revision, revisions
from veeam_async._model.classes import is_enum, is_model, resolve
from veeam_async._model.expressions import parse
from veeam_async._model.fields import REQUIRED, fields
from veeam_async.profiles import profile

ROOT = Path(__file__).resolve().parent.parent
# Enum values that a page shows; the rest is counted.
_VALUES = 12


def pages() -> Iterator[tuple[str, str, list[str]]]:
    """File, text and place in the navigation of each page."""
    yield "recipes.md", recipes_page(), ["Recipes"]
    yield "changelog.md", (ROOT / "CHANGELOG.md").read_text().replace("](docs/", "]("), ["Changelog"]
    yield "operations/index.md", revisions_page(), ["Operations", "All revisions"]
    for known in revisions():
        title = f"{profile(known.product).title} {known.name}"
        yield page(known), operations_page(known), ["Operations", title]
        yield page(known, "models"), model_page(known), ["Models", title]


def recipes_page() -> str:
    """The examples as blocks to read and to copy."""
    folder = ROOT / "examples"
    jobs = re.findall(r"^\| `(\w+\.py)` \| (.+?) \|$", (folder / "README.md").read_text(), re.MULTILINE)
    lines = [
        "# Recipes\n",
        "Whole programs that come with the package. Each runs in the tests of this project. Its first lines say what",
        "to install and how to run it, and `veeam-async example NAME > FILE` gives you one to change. Without an",
        "appliance, `veeam-async simulate 7` starts some and writes `simulated/fleet.toml`.\n",
    ]
    for name, job in jobs:
        lines += [
            f"## {job[0].upper()}{job[1:]}\n",
            f'```python title="{name}"',
            (folder / name).read_text().rstrip(),
            "```\n",
        ]
    unit = "veeam-async-exporter.service"
    lines += ["## The exporter as a systemd service\n", f'```ini title="{unit}"']
    lines += [(folder / "deployment" / unit).read_text().rstrip(), "```\n"]
    lines += ["## The exporter in a container\n", '```dockerfile title="Dockerfile"']
    return "\n".join([*lines, (ROOT / "Dockerfile").read_text().rstrip(), "```\n"])


def page(known: Revision, kind: str = "operations") -> str:
    """The file of a revision's operations, or of its models."""
    return f"{kind}/{known.product}-{known.name}.md"


def revisions_table(link: str = "", product: str | None = None) -> str:
    """Every revision with what it holds, as a Markdown table.

    Args:
        link: put before the file names of the revisions' pages; without it the names are no links.
        product: only its revisions.
    """
    catalog = tomllib.loads((ROOT / "specs" / "catalog.toml").read_text())["revisions"]
    lines = [
        "| product | revision | of | package | operations | models | families | inferred |",
        "|---|---|---|---|--:|--:|--:|--:|",
    ]
    for known in revisions(product):
        entry = catalog[f"{known.product}/{known.name}"]
        name = f"[{known.name}]({link}{Path(page(known)).name})" if link else known.name
        lines.append(
            f"| {profile(known.product).title} | {name} | {entry['product_version']} | `{known.package}` | "
            f"{entry['operations']} | {entry['schemas']} | {entry['families']} | {entry['inferred'] or ''} |"
        )
    return "\n".join(lines) + "\n"


def revisions_page() -> str:
    """The page above the operation indexes."""
    return (
        "# Operations\n\n"
        "Each revision has a page with all its operations: parameters, body and answer with types and enum values.\n"
        "Each type leads to the page of the revision's models, with their fields and values.\n"
        "On the command line, `veeam-async operations vbr auto repository` finds an operation and\n"
        "`veeam-async operations show GetJob` shows one.\n\n"
        "*Of* is the product version that brought the revision. *Families* are schemas with a discriminator: they\n"
        "have subclasses here. No document evidences an *inferred* operation, so it may not exist.\n\n"
        + revisions_table(link="./")
    )


def operations_page(known: Revision) -> str:
    """The operations of one revision, a section for each tag."""
    operations = import_module(known.package).Client.operations
    lines = [f"# {profile(known.product).title} {known.name}\n", f"`from {known.package} import Client`\n"]
    for tag, group in groupby(sorted(operations, key=lambda operation: operation.tag), key=lambda one: one.tag):
        lines += [f"## {tag}\n", *section(group)]
    return "\n".join(lines)


def section(operations: Iterable[Operation[Any]]) -> Iterable[str]:
    """A heading for each operation with what it takes and gives."""
    for operation in operations:
        package = operation.revision.package
        # The builder puts a further `../` in front: pages become folders.
        models = f"../{page(operation.revision, 'models').removesuffix('.md')}/"
        notes = ["*inferred*"] if operation.inferred else []
        notes += ["*deprecated*"] if operation.deprecated else []
        yield f"### {operation.operation_id}\n"
        yield f"{operation.title or operation.operation_id}: `{operation.method} {operation.path}` {' '.join(notes)}\n"
        names = [one.name if one.required else f"{one.name}=" for one in operation.parameters]
        names += ["body"] if operation.body is not None else []
        yield f"`client.{operation.group}.{operation.name}({', '.join(names)})`\n"
        for one in operation.parameters:
            required = ", required" if one.required else ""
            values = _enums(one.type, package)
            yield f"- `{one.wire}`: {linked(one.type, package, models)}, {one.location}{required}{values}"
        if operation.parameters:
            yield ""
        if operation.body is not None:
            yield f"Body: {linked(operation.body.type, package, models)}\n"
            yield from _fields(operation.body.type, package, models)
        for status, response in operation.responses.items():
            if response.type:
                yield f"Answer {status}: {linked(response.type, package, models)}\n"


def _fields(type_: str, package: str, models: str) -> Iterator[str]:
    """The fields of the models in a type, as a list."""
    lines = 0
    for name in sorted(parse(type_).classes):
        cls = _class(name, package)
        if not is_model(cls):
            continue
        for each in fields(cls).values():
            lines += 1
            required = ", required" if each.default is REQUIRED else ""
            values = _enums(each.annotation, package)
            yield f"- `{each.wire}`: {linked(each.annotation, package, models)}{required}{values}"
    if lines:
        yield ""


def _enums(type_: str, package: str) -> str:
    """The values of the enums in a type, in words."""
    texts = []
    for name in sorted(parse(type_).classes):
        cls = _class(name, package)
        if is_enum(cls):
            values = [f"`{member.value}`" for member in cls]
            more = f" and {len(values) - _VALUES} more" if len(values) > _VALUES else ""
            texts.append(f"; {', '.join(values[:_VALUES])}{more}")
    return "".join(texts)


def _class(name: str, package: str) -> Any:
    try:
        return resolve(name, package)
    except NameError:
        return None
