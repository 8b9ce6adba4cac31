"""From parsed JSON to values of a type: `decoder("JobsResult", "veeam_async.vbr.v1_3_rev0")(orjson.loads(body))`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from ..errors import DecodeError
from .base import object_due
from .classes import kinds
from .expressions import TypeExpression, parse
from .reading import reader

if TYPE_CHECKING:
    from .strictness import Tolerated


def decoder(
    type_expression: str,
    package: str,
    *,
    strict: bool = False,
    on_tolerated: Callable[[Tolerated], None] | None = None,
) -> Callable[[Any], Any]:
    """The function that turns parsed JSON into a value of a type.

    The function keeps the objects that it is given and puts into them what is read of them, so that they are the
    model's from then on.

    Args:
        type_expression: as in the annotations of models: `JobsResult`, `list[JobModel]`, `A | B`.
        package: the package of the revision whose `models` has the classes.
        strict: make an error of everything that is tolerated otherwise.
        on_tolerated: called with everything that is tolerated. Both this and `strict` look at the whole value at once,
            where a lenient decoder reads a field when it is asked for.

    Returns:
        A function that raises `DecodeError` when an object or an array is due and something else came.

    Raises:
        ValueError: `type_expression` is not one.
    """
    lenient = _lenient(type_expression, package)
    if not strict and on_tolerated is None:
        return lenient
    from .strictness import departures  # which few programs ask for

    expression = parse(type_expression)

    def decode(value: Any) -> Any:
        result = lenient(value)
        for each in departures(value, expression, package):
            if on_tolerated is not None:
                on_tolerated(each)
            if strict:
                raise DecodeError(each.message, field=each.path)
        return result

    return decode


@cache
def _lenient(text: str, package: str) -> Callable[[Any], Any]:
    expression = parse(text)
    read: Callable[[Any], Any] | None = None

    def decode(value: Any) -> Any:
        nonlocal read
        if read is None:
            read = reader(expression, package)
        result = read(value)
        if result is value:
            _demand(expression, text, value, package)
        return result

    return decode


def _demand(expression: TypeExpression, text: str, value: Any, package: str) -> None:
    if value is None and expression.nullable:
        return
    due = [kinds(node, package) for node in expression.nodes]
    # What is due is objects or arrays alone, and something else came.
    if all(each in ((dict,), (list,)) for each in due) and (type(value),) not in due:
        raise object_due(text, value)
