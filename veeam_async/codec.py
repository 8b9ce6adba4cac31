"""Parsed JSON to models and back.

decode = decoder("JobsResult", "veeam_async.vbr.v1_3_rev0")
page = decode(orjson.loads(body))
body = dumps(page)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

from .compiled import encode as encode
from .compiled import is_model, json_of, reader_of, resolve
from .errors import DecodeError
from .model import Model
from .type_expressions import TypeExpression, parse
from .unset import UNSET

if TYPE_CHECKING:
    from .tolerance import Tolerated

__all__ = ["decoder", "dumps", "encode"]

_KINDS: Final = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
_OPTIONS: Final = orjson.OPT_UTC_Z


def decoder(
    type_expression: str,
    package: str,
    *,
    strict: bool = False,
    on_tolerated: Callable[[Tolerated], None] | None = None,
) -> Callable[[Any], Any]:
    """The function that turns parsed JSON into a value of a type.

    The function keeps the lists and objects that it is given, so that they must not be changed afterwards.

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
    if strict or on_tolerated is not None:
        return _examining(type_expression, package, strict, on_tolerated)
    return _lenient(type_expression, package)


@lru_cache(maxsize=4096)
def _lenient(text: str, package: str) -> Callable[[Any], Any]:
    expression = parse(text)
    read = reader_of(expression, package)

    def decode(value: Any) -> Any:
        result = value if read is None else read(value)
        # Objects and arrays of the right kind pass; anything else is looked at closely.
        if result is value and (value.__class__ is not list or not _is_list):
            _demand(expression, text, value, package)
        return result

    _is_list = any(node.name == "list" for node in expression.nodes)
    return decode


def _demand(expression: TypeExpression, text: str, value: Any, package: str) -> None:
    if value is None and expression.nullable:
        return
    for node in expression.nodes:
        if node.name == "list":
            due: type = list
        elif node.name == "dict" or (node.is_class and is_model(resolve(node.name, package))):
            due = dict
        else:
            return
        if isinstance(value, due):
            return
    raise object_due(text, value)


def object_due(name: str, value: Any) -> DecodeError:
    """The error for a value that is not the object or the array that `name` stands for."""
    kind = _KINDS.get(type(value), "a number" if isinstance(value, (int, float)) else type(value).__name__)
    due = "an array" if name.startswith("list[") else "an object"
    return DecodeError(f"{due} was due for {name}, {kind} came")


def _examining(
    text: str, package: str, strict: bool, on_tolerated: Callable[[Tolerated], None] | None
) -> Callable[[Any], Any]:
    from .tolerance import examine

    expression = parse(text)
    lenient = _lenient(text, package)

    def report(tolerated: Tolerated) -> None:
        if on_tolerated is not None:
            on_tolerated(tolerated)
        if strict:
            raise DecodeError(tolerated.message, field=tolerated.path)

    def decode(value: Any) -> Any:
        result = lenient(value)
        examine(value, expression, package, report)
        return result

    return decode


def dumps(value: Any) -> bytes:
    """The JSON text of a value: a model, or anything that `encode` takes.

    Raises:
        TypeError: JSON has nothing for something in it.
    """
    try:
        return orjson.dumps(value, default=_shallow, option=_OPTIONS)
    except TypeError:
        # Integers beyond 64 bits, lone surrogates, UNSET within a list, deep nesting: slower, and it can.
        return json.dumps(encode(value), separators=(",", ":")).encode()


def _shallow(value: Any) -> Any:
    if isinstance(value, Model):
        return json_of(value)
    if value is UNSET:
        raise TypeError("UNSET has no JSON form")
    return encode(value)
