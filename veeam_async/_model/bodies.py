"""Which models an operation takes as its body."""

from __future__ import annotations

from typing import Any

from .base import View
from .classes import names_in, package_of, resolve
from .expressions import parse


def check_body(value: Any, type_expression: str, package: str) -> None:
    """Refuse a model of another revision or of another schema: servers ignore fields that they do not know.

    Args:
        value: a body. Only models are looked at, alone or in a list; dicts are their caller's own.
        type_expression: the type of the operation's body.
        package: the package of the client's revision.

    Raises:
        TypeError: naming what was given and what is due.
    """
    for each in value if isinstance(value, list) else (value,):
        if not isinstance(each, View):
            continue
        classes = tuple(resolve(name, package) for name in sorted(names_in(parse(type_expression))))
        if classes and not isinstance(each, tuple(cls for cls in classes if isinstance(cls, type))):
            given = type(each)
            raise TypeError(
                f"the body is to be {type_expression} of {package}, not {given.__name__} of {package_of(given)}"
            )
