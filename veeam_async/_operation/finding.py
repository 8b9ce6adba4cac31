"""The operations of a revision, by operationId and all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

from .operation import Operation, Revision


def find_operation(revision: Revision, operation_id: str) -> Operation[Any]:
    """The operation with an operationId. Only the module of its tag is loaded.

    Raises:
        ValueError: there is none; the message names those that are like it.
    """
    places = _places(revision)
    place = places.get(operation_id)
    if place is None:
        raise ValueError(
            f"{revision.product} {revision.name} has no operation {operation_id!r}{_suggestion(operation_id, places)}"
        )
    return _operation_at(revision, place)


def spelling(revision: Revision, operation_id: str) -> str:
    """The document's spelling of an operationId in any letter case; the text itself where there is none like it."""
    places = _places(revision)
    if operation_id in places:
        return operation_id
    return next((each for each in places if each.lower() == operation_id.lower()), operation_id)


@lru_cache(maxsize=32)
def all_operations(revision: Revision) -> tuple[Operation[Any], ...]:
    """Every operation, in the document's order. It loads all of the revision's api modules."""
    return tuple(_operation_at(revision, place) for place in _places(revision).values())


def function_of(operation: Operation[Any]) -> Callable[..., Any]:
    """The endpoint function of an operation; its first argument is a client."""
    module = import_module(f"{operation.revision.package}.api.{operation.group}")
    function: Callable[..., Any] = getattr(module, operation.name)
    return function


def _places(revision: Revision) -> Mapping[str, str]:
    places: Mapping[str, str] = import_module(f"{revision.package}.api").OPERATIONS
    return places


def _operation_at(revision: Revision, place: str) -> Operation[Any]:
    group, _, name = place.partition(".")
    operation: Operation[Any] = getattr(import_module(f"{revision.package}.api.{group}"), f"_{name.upper()}")
    return operation


def _suggestion(operation_id: str, places: Mapping[str, str]) -> str:
    from difflib import get_close_matches  # few programs misspell one

    by_lower = {each.lower(): each for each in places}
    close = [by_lower[each] for each in get_close_matches(operation_id.lower(), by_lower, n=3, cutoff=0.5)]
    return f"; did you mean {' or '.join(close)}?" if close else ""
