"""From the names in type expressions to the classes of a revision, loaded when the first value needs one."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from typing import Any, Final

from .base import View
from .enums import OpenEnum
from .expressions import Node, parse

_ANY: Final = (dict, list, str, bool, int, float)
# What JSON has for types; others may be anything.
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "str": (str,), "datetime": (str,), "date": (str,), "bool": (bool,), "int": (int,), "float": (int, float),
    "list": (list,), "dict": (dict,), "bytes": (str,), "Upload": (str,),
}  # fmt: skip


def package_of(cls: type) -> str:
    """The package of the revision that `cls` belongs to: its module up to `.models`, or its module."""
    package, models, _ = f"{cls.__module__}.".rpartition(".models.")
    return package if models else cls.__module__


@cache
def resolve(name: str, package: str) -> Any:
    """The class of this name in the `models` of a revision's package, loaded now; a type expression for an alias.

    Raises:
        NameError: there is none.
    """
    for home in (package + ".models", package):
        try:
            module = sys.modules.get(home) or import_module(home)
        except ModuleNotFoundError as error:
            if error.name is None or not (home + ".").startswith(error.name + "."):
                raise
            continue
        cls = getattr(module, name, None)
        if cls is not None:
            return cls
    raise NameError(f"no class {name!r} in {package}.models")


def is_model(cls: Any) -> bool:
    """True for a model, False for an enum and for an alias, which a name may stand for as well."""
    return isinstance(cls, type) and issubclass(cls, View)


def is_enum(cls: Any) -> bool:
    """True for an enum of the API."""
    return isinstance(cls, type) and issubclass(cls, OpenEnum)


def kinds(node: Node, package: str) -> tuple[type, ...]:
    """What a value of this type is in parsed JSON."""
    if not node.is_class:
        return _KINDS.get(node.name, _ANY)
    cls = resolve(node.name, package)
    if isinstance(cls, str):
        return tuple(kind for each in parse(cls).nodes for kind in kinds(each, package))
    return (dict,) if is_model(cls) else (str,) if is_enum(cls) else _ANY
