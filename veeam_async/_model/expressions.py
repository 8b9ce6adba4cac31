"""Type expressions: the annotations of models and the types of operations, as the codec reads them.

    str int float bool bytes Any datetime date | ClassName | list[T] | dict[str, T] | T | None | Unset

A class name is only a name here: what it stands for is looked up when the first value of it is seen.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Final, NamedTuple

# `Upload` is a field of a form: whatever can be sent as a file.
PLAIN: Final = frozenset({"str", "int", "float", "bool", "bytes", "Upload", "Any", "object"})
_BUILT_IN: Final = PLAIN | {"list", "dict", "datetime", "date"}


class Node(NamedTuple):
    """One member of a type expression.

    Attributes:
        name: `list`, `dict`, a name of `PLAIN`, `datetime`, `date`, or the name of a class.
        item: what a list or a dict holds.
    """

    name: str
    item: TypeExpression | None = None

    @property
    def is_class(self) -> bool:
        return self.name not in _BUILT_IN


class TypeExpression(NamedTuple):
    """A union of nodes, with null and absence taken out.

    Attributes:
        nodes: what a value may be, in the order written; empty where only null is allowed.
        nullable: `| None` was there.
        optional: `| Unset` was there.
    """

    nodes: tuple[Node, ...]
    nullable: bool = False
    optional: bool = False

    @property
    def is_plain(self) -> bool:
        """True where the JSON value is the value: nothing has to be done for it."""
        return all(node.name in PLAIN or (node.item is not None and node.item.is_plain) for node in self.nodes) or any(
            node.name in ("Any", "object") for node in self.nodes
        )

    @property
    def classes(self) -> set[str]:
        """The class names in it, those of items included."""
        names = {node.name for node in self.nodes if node.is_class}
        return names.union(*(node.item.classes for node in self.nodes if node.item is not None))


@cache
def parse(text: str) -> TypeExpression:
    """The type expression that `text` writes.

    Raises:
        ValueError: `text` is not one.
    """
    spaced = text
    for sign in "[],|":
        spaced = spaced.replace(sign, f" {sign} ")
    tokens = spaced.split()[::-1]
    with suppress(IndexError):
        expression = _union(tokens)
        if not tokens:
            return expression
    raise ValueError(f"not a type expression: {text!r}")


def _union(tokens: list[str]) -> TypeExpression:
    nodes: list[Node] = []
    while True:
        name = tokens.pop()
        item = None
        if name in ("list", "dict"):
            _expect(tokens, "[", *(("str", ",") if name == "dict" else ()))
            item = _union(tokens)
            _expect(tokens, "]")
        elif not name.replace(".", "").isidentifier():
            raise IndexError
        nodes.append(Node(name, item))
        if not tokens or tokens[-1] != "|":
            break
        tokens.pop()
    names = {node.name for node in nodes}
    nodes = [node for node in nodes if node.name not in ("None", "Unset")]
    return TypeExpression(tuple(nodes), "None" in names, "Unset" in names)


def _expect(tokens: list[str], *expected: str) -> None:
    for token in expected:
        if tokens.pop() != token:
            raise IndexError
