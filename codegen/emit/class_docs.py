"""Docstrings of models: what kind an object is, which operations give and take it, what its types do not say.

A class of which there is nothing to say has none: its name is not said again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from codegen.emit.expressions import names
from codegen.emit.parts import Class, Emitted, Function
from codegen.emit.writing import wrapped

_SHOWN = 5


class ClassDocs:
    """The docstrings of a revision's models."""

    def __init__(self, emitted: Emitted) -> None:
        self._classes = emitted.classes
        self._given: dict[str, list[str]] = defaultdict(list)
        self._taken: dict[str, list[str]] = defaultdict(list)
        for function in emitted.functions:
            place = f"`{function.group}.{function.name}`"
            for name in _given(function):
                self._given[name].append(place)
            for name in names([function.body or ""]):
                self._taken[name].append(place)

    def lines(self, item: Class) -> list[str]:
        """The lines between the quotes of a class's docstring; none where there is nothing to say."""
        lines: list[str] = []
        for sentence in (_kind(item), self._operations("Given by", self._given, item), self._takers(item)):
            if sentence:
                lines += [*([""] if len(lines) == 1 else []), *wrapped("", sentence, 4, 0)]
        notes = [
            line for field in item.fields if field.note for line in wrapped(f"{field.name}: ", field.note + ".", 8)
        ]
        if notes:
            lines += ["", "    Attributes:", *notes]
        return lines

    def _takers(self, item: Class) -> str:
        return self._operations("Taken by", self._taken, item)

    def _operations(self, verb: str, places: dict[str, list[str]], item: Class) -> str:
        """Which operations give or take a class, by itself or by its base."""
        using: list[str] = []
        name: str | None = item.name
        while name is not None:
            using += [place for place in places.get(name, ()) if place not in using]
            name = self._classes[name].base
        more = f" and {len(using) - _SHOWN} more" if len(using) > _SHOWN + 1 else ""
        return f"{verb} {', '.join(using[:_SHOWN] if more else using)}{more}." if using else ""


def _given(function: Function) -> Iterable[str]:
    expressions = [expression for expression, _ in function.responses.values()]
    if function.listing:
        expressions.append(function.listing.row)
    return names(expressions)


def _kind(item: Class) -> str:
    if item.children:
        count = len(set(item.children.values()))
        return f"One of {count} kinds, distinguished by `{item.discriminator}`." if count > 1 else ""
    own = next((field for field in item.fields if field.default is not None), None)
    return f"The `{item.base}` whose `{own.wire}` is `{own.default}`." if own and item.base else ""
