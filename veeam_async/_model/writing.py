"""From models and other values to JSON."""

from __future__ import annotations

import json
import operator
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

import orjson

from .base import View, Wrapper
from .classes import package_of, resolve
from .expressions import parse
from .fields import fields
from .timestamps import format_timestamp
from .unset import UNSET

_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
# An object that contains itself has no end.
_DEEPEST: Final = 100_000
_OPTIONS: Final = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS

# What orjson does not know is a wrapper as a rule; written in C, this is called for each.
_json_of: Final = operator.attrgetter("__json__")


def stored(value: Any) -> Any:
    """A value that was set, as it stands in a JSON object: its lists and maps are the object's own, however deep.

    Models, and what was read of one, are themselves, so that changes in them show. So is what JSON has nothing for: a
    file to upload.
    """
    if value.__class__ in _PLAIN or isinstance(value, Wrapper):
        return value
    if isinstance(value, Mapping):
        return {key: stored(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [stored(each) for each in value]
    try:
        return _plainer(value)
    except TypeError:
        return value


def dumps(value: Any, *, request: bool = False) -> bytes:
    """The JSON text of a value: a model, or anything that `encode` takes.

    Args:
        value: what to write.
        request: True to leave out the fields that the document calls read-only.

    Raises:
        TypeError: JSON has nothing for something in it.
    """
    if request:
        value = _without_read_only(value)
    try:
        return orjson.dumps(value, default=_json_of, option=_OPTIONS)
    except TypeError:
        # Integers beyond 64 bits, lone surrogates, UNSET, datetimes, sets, deep nesting: slower, and it can.
        return json.dumps(encode(value), separators=(",", ":")).encode()


def check_body(value: Any, type_expression: str, package: str) -> None:
    """Refuse a model of another revision or of another schema: servers ignore fields that they do not know.

    Args:
        value: a body. Only models are looked at, alone or in a list; dicts are their caller's own.
        type_expression: the type of the operation's body.
        package: the package of the client's revision.

    Raises:
        TypeError: naming what was given and what is due.
    """
    bodies = value if isinstance(value, list) else [value]
    for given in dict.fromkeys(type(each) for each in bodies if isinstance(each, View)):
        classes = [resolve(name, package) for name in parse(type_expression).classes]
        if classes and not issubclass(given, tuple(cls for cls in classes if isinstance(cls, type))):
            due = f"{type_expression} of {package}"
            raise TypeError(f"the body is to be {due}, not {given.__name__} of {package_of(given)}")


def copied(model: View) -> Any:
    """The JSON object of a model, nothing of it shared."""
    raw = model.__json__
    try:
        # Twice as fast as copying level by level in Python.
        return orjson.loads(orjson.dumps(raw, default=_json_of, option=_OPTIONS))
    except (TypeError, ValueError, RecursionError):
        return encode(raw)


def _without_read_only(value: Any) -> Any:
    if isinstance(value, View):
        sent = dict(value.__json__)
        for each in fields(type(value)).values():
            if each.read_only:
                sent.pop(each.wire, None)
            elif sent.get(each.wire).__class__ not in _PLAIN:
                sent[each.wire] = _without_read_only(getattr(value, each.name))
        return sent
    if isinstance(value, Wrapper):
        value = value.__json__
    if isinstance(value, list):
        return [_without_read_only(each) for each in value]
    if isinstance(value, dict):
        return {key: _without_read_only(each) for key, each in value.items()}
    return value


def encode(value: Any) -> Any:
    """A value as JSON has it: models, enums, timestamps, dates and ids become what is sent, `UNSET` is left out.

    Lists and objects are copied: nothing in the result is shared with `value`.

    Raises:
        TypeError: JSON has nothing for it.
        ValueError: it contains itself.
    """
    whole = {"": value}
    pending: list[tuple[Any, Any, int]] = [(whole, "", 0)]  # the other side decides how deep it nests
    while pending:
        holder, place, depth = pending.pop()
        if depth > _DEEPEST:
            raise ValueError("the value is nested too deeply, or contains itself")
        each = holder[place]
        if each.__class__ not in (dict, list):
            each = _plainer(each)
        places: Iterable[tuple[Any, Any]] = ()
        if each.__class__ is dict:
            each = {_key(key): inner for key, inner in each.items() if inner is not UNSET}
            places = each.items()
        elif each.__class__ is list:
            each = [inner for inner in each if inner is not UNSET]
            places = enumerate(each)
        pending += [(each, key, depth + 1) for key, inner in places if inner.__class__ not in _PLAIN]
        holder[place] = each
    return whole[""]


def _plainer(value: Any) -> Any:
    """What is no plain JSON, one step closer to it: a model as its object, a timestamp as text."""
    match value:
        case Wrapper():
            return value.__json__
        case Enum():
            return _plainer(value.value)
        case datetime():
            return format_timestamp(value)
        case date():
            return value.isoformat()
        case str() | UUID():
            return str(value)
        case bool() | int() | float() | None:
            return value
        case Mapping():
            return dict(value)
        case list() | tuple() | set() | frozenset():
            return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _key(key: Any) -> str:
    if isinstance(key, (str, UUID)):
        return str(key)
    raise TypeError(f"a key of a JSON object must be a string, not {type(key).__name__}")
