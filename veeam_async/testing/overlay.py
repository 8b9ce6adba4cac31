"""How facts are written into rows: over made-up ones, as far as a revision's schema has room for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .._spec import Schema, Spec
from .products import stamp


class OneOf:
    """The first of some words that a revision's enum knows; the vendor renamed them over time."""

    __slots__ = ("words",)

    def __init__(self, *words: str) -> None:
        self.words = words

    def known(self, values: Mapping[str, str]) -> str | None:
        """The first word that is a key of `values` in lower case, as the value spells it; None where none is."""
        return next((values[word.lower()] for word in self.words if word.lower() in values), None)


DROP: Any = object()
"""Leave this field out, unless the schema requires it."""


def overlay(spec: Spec, base: Any, over: Any, schema: Schema) -> Any:
    """A made-up value with facts written over it.

    What the revision has no field for is dropped, moments are written as text, enum words take the document's letter
    case, and None becomes null, or an absent field, or the made-up value: the first that the schema allows.
    """
    resolved = spec.resolve(schema)
    if isinstance(over, datetime):
        return stamp(over)
    if isinstance(over, str | OneOf) and "enum" in resolved:
        words = over if isinstance(over, OneOf) else OneOf(over)
        known = words.known({str(value).lower(): value for value in resolved["enum"]})
        return base if known is None else known
    if isinstance(over, OneOf):
        return over.words[0]
    if isinstance(over, list) and resolved.get("type") == "array":
        items = resolved.get("items", {})
        first = base[0] if isinstance(base, list) and base else {}
        return [overlay(spec, first, entry, items) for entry in over]
    if isinstance(over, Mapping):
        return _object(spec, base, over, resolved)
    return over


def _object(spec: Spec, base: Any, over: Mapping[str, Any], schema: Schema) -> Any:
    properties = spec.properties(schema)
    if not properties:
        return plain(over)
    required = spec.required(schema)
    made = dict(base) if isinstance(base, dict) else {}
    for name, value in over.items():
        if name not in properties:
            continue
        elif value is DROP or (value is None and not spec.resolve(properties[name]).get("nullable")):
            if name not in required:
                made.pop(name, None)
        elif value is None:
            made[name] = None
        else:
            made[name] = overlay(spec, made.get(name), value, properties[name])
    return made


def plain(over: Any) -> Any:
    """Facts as JSON takes them, where no schema says what there is room for."""
    if isinstance(over, datetime):
        return stamp(over)
    if isinstance(over, OneOf):
        return over.words[0]
    if isinstance(over, Mapping):
        return {name: plain(value) for name, value in over.items() if value is not DROP}
    return [plain(value) for value in over] if isinstance(over, list) else over
