"""The API revisions that are here: those of this package and those of packages that a user registered."""

from __future__ import annotations

import asyncio
import logging
import pkgutil
import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._auth.revision_lists import revision_key as revision_key
from ._operation.operation import Revision
from ._text import neutral
from .profiles import PRODUCTS

if TYPE_CHECKING:
    from types import ModuleType

    from .client import ApplianceClient

_log = logging.getLogger("veeam_async.registry")

# `1.3-rev0`, `v8.1`, or the name of a package: `v1_3_rev0`.
_NAME = re.compile(r"v?\d{1,9}(?:[._-](?:rev)?\d{1,9})*", re.ASCII | re.IGNORECASE)

# Packages of one's own name what `register` takes, in their metadata, under this group of entry points.
_GROUP = "veeam_async.revisions"

_registered: dict[str, Revision] = {}
_own: dict[str, tuple[Revision, ...]] = {}


def _scan(package: ModuleType) -> list[Revision]:
    """The revisions in a package of revision packages; imports none of their models."""
    found = []
    for module in pkgutil.iter_modules(package.__path__):
        if module.ispkg and re.fullmatch(r"v\d\w*", module.name):
            # Its __init__ holds the descriptor; everything else there is loaded on use.
            revision = getattr(import_module(f"{package.__name__}.{module.name}"), "REVISION", None)
            if isinstance(revision, Revision):
                found.append(revision)
    return found


def _built_in(product: str) -> tuple[Revision, ...]:
    if product not in _own:
        try:
            package = import_module(f"veeam_async.{product}")
        except ModuleNotFoundError:
            _own[product] = ()
        else:
            _own[product] = tuple(_scan(package))
    return _own[product]


def revisions(product: str | None = None) -> list[Revision]:
    """The revisions that can be used, newest first, product by product.

    Args:
        product: `vbr`, `aws`, `azure`, `m365`, `spc` or `one`; None for all.

    Raises:
        ValueError: no such product.
    """
    if product is not None and product not in PRODUCTS:
        raise ValueError(f"no product {product!r}: {', '.join(PRODUCTS)}")
    _register_entry_points()
    found: list[Revision] = []
    for name in PRODUCTS if product is None else (product,):
        known = {revision.name.lower(): revision for revision in _built_in(name)}
        # A user's own package takes precedence over the built-in one of the same revision.
        known |= {r.name.lower(): r for r in _registered.values() if r.product == name}
        found += sorted(known.values(), key=lambda revision: revision_key(revision.name), reverse=True)
    return found


@cache
def _register_entry_points() -> None:
    from importlib.metadata import entry_points

    for entry in entry_points(group=_GROUP):
        try:
            register(entry.value)
        except (ImportError, ValueError) as error:
            _log.warning("%s: the entry point %s of %s: %s", entry.value, entry.name, _GROUP, error)


def register(package: str) -> list[Revision]:
    """Make revisions known to `connect` and `Fleet` that `python -m codegen emit --package` has put elsewhere.

    Args:
        package: importable name of a revision's package (`mine.vbr.v1_4_rev0`), of a product's (`mine.vbr`), or of
            one that holds products (`mine`).

    Returns:
        The revisions that were found.

    Raises:
        ImportError: there is no such package.
        ValueError: it holds no revision.
    """
    module = import_module(package)
    revision = getattr(module, "REVISION", None)
    found = [revision] if isinstance(revision, Revision) else []
    if not found and hasattr(module, "__path__"):
        found = _scan(module)
        for part in pkgutil.iter_modules(module.__path__):
            if part.ispkg and part.name in PRODUCTS:
                found += _scan(import_module(f"{package}.{part.name}"))
    if not found:
        raise ValueError(f"package {package} holds no revision")
    for one in found:
        _registered[one.package] = one
    return found


def find_revision(product: str, name: str) -> Revision:
    """A revision by its vendor name (`1.3-rev0`) or its package's name (`v1_3_rev0`).

    Raises:
        ValueError: it is not here.
    """
    wanted = revision_key(name)
    _register_entry_points()
    if product in PRODUCTS and _NAME.fullmatch(name):
        own = [one for one in reversed(_registered.values()) if one.product == product]
        for revision in (*own, *_built_in(product)):
            if revision_key(revision.name) == wanted:
                return revision
    known = ", ".join(revision.name for revision in revisions(product)) or "none"
    raise ValueError(f"no revision {neutral(name, 60)!r} of {product} here; there are {known}")


def client_class(revision: Revision) -> type[ApplianceClient]:
    """The `Client` of a revision's package."""
    found: type[ApplianceClient] = import_module(revision.package).Client
    return found


async def preload(*what: Any, groups: list[str] | None = None) -> int:
    """Load models and api modules in a thread, so that no first call stalls the event loop.

    Args:
        *what: revisions, clients or client classes; nothing stands for all revisions that are here.
        groups: api groups (`jobs`, `sessions`) to load; None for all, with all models.

    Returns:
        The number of modules that were loaded.
    """
    import sys

    before = len(sys.modules)
    targets = [one if isinstance(one, Revision) else one.revision for one in what] or revisions()
    for revision in targets:
        for name in await asyncio.to_thread(_modules, revision, groups):
            # One module at a time: the interpreter lock is let go of in between.
            await asyncio.to_thread(import_module, name)
    return len(sys.modules) - before


def _modules(revision: Revision, groups: list[str] | None) -> list[str]:
    api = import_module(f"{revision.package}.api")
    names = [module.name for module in pkgutil.iter_modules(api.__path__, api.__name__ + ".")]
    if groups is not None:
        names = [name for name in names if name.rpartition(".")[2] in groups]
    if groups is None:
        models = import_module(f"{revision.package}.models")
        names += [m.name for m in pkgutil.walk_packages(models.__path__, models.__name__ + ".")]
    return names
