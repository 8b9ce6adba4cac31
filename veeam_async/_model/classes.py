"""From the names in type expressions to the classes of a revision, loaded when the first value needs one."""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib import import_module
from typing import Any, Final

from .base import View
from .enums import OpenEnum
from .expressions import TypeExpression

_MODELS: Final = re.compile(r"^(.*)\.models(?:\.|$)")


def package_of(cls: type) -> str:
    """The package of the revision that `cls` belongs to: its module up to `.models`, or its module."""
    match = _MODELS.match(cls.__module__)
    return match[1] if match else cls.__module__


@cache
def resolve(name: str, package: str) -> Any:
    """The class of this name in the `models` of a revision's package, loaded now.

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
    """True for a model, False for an enum and for an alias of a plain type, which a name may stand for as well."""
    return isinstance(cls, type) and issubclass(cls, View)


def is_enum(cls: Any) -> bool:
    """True for an enum of the API."""
    return isinstance(cls, type) and issubclass(cls, OpenEnum)


def names_in(expression: TypeExpression) -> set[str]:
    """The class names in a type expression, those of items included."""
    names: set[str] = set()
    pending = [expression]
    while pending:
        for node in pending.pop().nodes:
            if node.item is not None:
                pending.append(node.item)
            elif node.is_class:
                names.add(node.name)
    return names
