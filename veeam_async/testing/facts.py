"""How facts of the world become rows of a revision: laid over made-up rows, as far as the schema has room for them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from .._spec import Schema, Spec
from .answers import Answers
from .products import stamp
from .query import Row
from .store import Collection
from .world import World

Fact = TypeVar("Fact")


class OneOf:
    """The first of some words that a revision's enum knows; the vendor renamed them over time."""

    __slots__ = ("words",)

    def __init__(self, *words: str) -> None:
        self.words = words


DROP = object()
"""Leave this field out, unless the schema requires it."""


def lay(spec: Spec, base: Any, over: Any, schema: Schema, *, extra: bool = False) -> Any:
    """A made-up value with facts laid over it.

    What the revision has no field for is dropped, moments are written as text, enum words take the document's letter
    case, and None becomes null, or an absent field, or the made-up value: the first that the schema allows.
    With `extra` fields that the schema lacks are kept, for schemas that are known to be incomplete.
    """
    resolved = spec.resolve(schema)
    if isinstance(over, datetime):
        return stamp(over)
    if isinstance(over, str | OneOf) and "enum" in resolved:
        known = {str(value).lower(): value for value in resolved["enum"]}
        words = over.words if isinstance(over, OneOf) else (over,)
        return next((known[word.lower()] for word in words if word.lower() in known), base)
    if isinstance(over, OneOf):
        return over.words[0]
    if isinstance(over, Mapping):
        properties = spec.properties(resolved)
        if not properties:
            return plain(over)
        required = spec.required(resolved)
        made = dict(base) if isinstance(base, dict) else {}
        for name, value in over.items():
            if name not in properties:
                if extra and value is not None:
                    made[name] = plain(value)
                continue
            if value is DROP or (value is None and not spec.resolve(properties[name]).get("nullable")):
                if name not in required:
                    made.pop(name, None)
            elif value is None:
                made[name] = None
            else:
                made[name] = lay(spec, made.get(name), value, properties[name])
        return made
    return over


def plain(over: Any) -> Any:
    """Facts as JSON takes them, where no schema says what there is room for."""
    if isinstance(over, datetime):
        return stamp(over)
    if isinstance(over, OneOf):
        return over.words[0]
    if isinstance(over, Mapping):
        return {name: plain(value) for name, value in over.items() if value is not DROP}
    return over


class Facts(Collection, Generic[Fact]):
    """A collection whose rows are facts of the world.

    Args:
        world: whose facts they are.
        spec: the revision that shows them.
        answers: makes what the facts do not say.
        schema: of a row.
        facts: gives the facts in their order.
        over: a fact as the fields of a row.
        kind: the discriminator's value for a fact by its place; None where the rows are not polymorphic.
        make: a new fact from a row that was created; None where nothing can be created.
        apply: a changed row onto its fact.
        remove: takes a fact out of the world.
        extra: keep fields that the schema lacks.
        filters: query parameters (in lower case) that rows cannot answer: the fact and the values to a verdict.
    """

    def __init__(
        self,
        world: World,
        spec: Spec,
        answers: Answers,
        schema: Schema,
        facts: Callable[[], Sequence[Fact]],
        over: Callable[[Fact], Mapping[str, Any]],
        *,
        key: str = "id",
        kind: Callable[[Fact], str | None] | None = None,
        make: Callable[[Row], Fact] | None = None,
        apply: Callable[[Fact, Row], None] | None = None,
        remove: Callable[[Fact], None] | None = None,
        filters: Mapping[str, Callable[[Fact, Sequence[str]], bool]] | None = None,
        extra: bool = False,
    ) -> None:
        super().__init__(key, schema, {})
        self._world = world
        self._spec = spec
        self._answers = answers
        self._facts = facts
        self._over = over
        self._kind = kind
        self._make = make
        self._apply = apply
        self._remove = remove
        self.filters = filters or {}
        self._extra = extra
        self._documents: dict[str, Row] = {}
        self._bases: dict[str, Row] = {}
        self._shown: dict[str, Row] = {}
        self._by_key: dict[str, Fact] = {}
        self._read_at = -1

    @property
    def rows(self) -> dict[str, Row]:
        self._world.settle()
        if self._read_at != self._world.revision:
            self._read_at = self._world.revision
            self._shown = {}
            self._by_key = {}
            for fact in self._facts():
                row = self.row(fact)
                key = str(row[self.key]).lower()
                self._shown[key] = row
                self._by_key[key] = fact
        return self._shown

    @rows.setter
    def rows(self, rows: dict[str, Row]) -> None:
        pass

    def row(self, fact: Fact) -> Row:
        """The row that shows a fact."""
        over = self._over(fact)
        key = str(over[self.key]).lower()
        base = self._documents.get(key) or self._bases.get(key)
        kind = self.kind(fact)
        if base is None:
            base = self._bases[key] = self._answers.value(self._schema_of(kind), "fact", key)
        row: Row = lay(self._spec, base, over, self._schema_of(kind), extra=self._extra)
        if kind is not None:
            row[self._spec.resolve(self.schema)["discriminator"]["propertyName"]] = kind
        return row

    def kind(self, fact: Fact) -> str | None:
        """The discriminator's value for a fact: as its row was created with, else as the list gives it out."""
        if self._kind is None:
            return None
        document = self._documents.get(str(self._over(fact)[self.key]).lower())
        if document is not None:
            return str(document.get(self._spec.resolve(self.schema)["discriminator"]["propertyName"]))
        return self._kind(fact)

    def _schema_of(self, kind: str | None) -> Schema:
        children = self._spec.children(self.schema)
        return {"$ref": children[kind]} if kind is not None and kind in children else self.schema

    def fact(self, key: str) -> Fact:
        """The fact behind a row's key."""
        assert self.rows is not None
        return self._by_key[key.lower()]

    def find(self, query: Mapping[str, Sequence[str]]) -> tuple[list[Row], dict[str, Sequence[str]]]:
        """The rows that pass the filters that only facts can answer, and the parameters that are left."""
        rows = self.rows
        left = {name: values for name, values in query.items() if name.lower() not in self.filters}
        tests = [(self.filters[name.lower()], values) for name, values in query.items() if name.lower() in self.filters]
        if not tests:
            return list(rows.values()), left
        kept = [row for key, row in rows.items() if all(test(self._by_key[key], values) for test, values in tests)]
        return kept, left

    def add(self, row: Row) -> None:
        if self._make is not None:
            self._make(row)
        self._documents[str(row[self.key]).lower()] = copy.deepcopy(row)
        self._world.changed()

    def replace(self, key: str, row: Row) -> None:
        fact = self.fact(key)
        if self._apply is not None:
            self._apply(fact, row)
        self._documents[key] = copy.deepcopy(row)
        self._world.changed()

    def delete(self, key: str) -> None:
        if self._remove is not None:
            self._remove(self.fact(key))
        self._documents.pop(key, None)
        self._world.changed()

    def take_over(self, other: Collection) -> None:
        """Know what another collection of the same rows was told by POST and PUT."""
        if isinstance(other, Facts):
            self._documents = dict(other._documents)
