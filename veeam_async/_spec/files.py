"""Where specification files are, and reading them."""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any

from .. import _added
from .spec import Spec

_PACKAGE = Path(__file__).resolve().parent.parent


class UnknownRevision(LookupError):
    """No specification file of that product and revision was found."""


def _without_circles(document: dict[str, Any]) -> dict[str, Any]:
    # A vendor's base lists its children in `oneOf` while each child inherits it; the mapping says the same.
    for schema in document.get("components", {}).get("schemas", {}).values():
        if schema.get("discriminator", {}).get("mapping"):
            schema.pop("oneOf", None)
    return document


def folders() -> tuple[Path, ...]:
    """Where specification files are: `VEEAM_SPECS` (a path list), those that a user added, the package, a clone."""
    own = tuple(Path(part) for part in os.environ.get("VEEAM_SPECS", "").split(os.pathsep) if part)
    return (*own, Path(_added.folder(), "specs"), _PACKAGE / "specs", _PACKAGE.parent / "specs")


def revisions() -> list[tuple[str, str]]:
    """Product and revision of every specification file that is found."""
    names: dict[tuple[str, str], None] = {}
    for folder in folders():
        for path in sorted(folder.glob("*/*.json")):
            names[path.parent.name, path.stem] = None
    return list(names)


def load(product: str, revision: str) -> Spec:
    """The specification of one revision, read and indexed once for each process.

    Args:
        product: `vbr`, `aws`, `azure`, `m365`, `spc` or `one`.
        revision: as the file is named, such as `1.3-rev0` or `v8.1`.

    Raises:
        UnknownRevision: no such file; the message lists what there is.
    """
    for folder in folders():
        path = folder / product / f"{revision}.json"
        if os.path.isfile(path):  # which a folder that must not be looked into does not make an error
            return _read(product, revision, path)
    present = ", ".join(f"{product} {revision}" for product, revision in revisions()) or "none"
    raise UnknownRevision(f"no specification of {product} {revision}; found: {present}")


@functools.cache
def _read(product: str, revision: str, path: Path) -> Spec:
    return from_document(product, revision, json.loads(path.read_text(encoding="utf-8-sig")))


def from_document(product: str, revision: str, document: dict[str, Any]) -> Spec:
    """A specification from an OpenAPI document in memory, which is taken over and changed."""
    return Spec(product, revision, _without_circles(document))
