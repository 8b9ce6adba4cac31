"""The world's facts as rows of one revision: which list shows which facts, and what POST, PUT and DELETE do."""

from __future__ import annotations

import copy
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Generic, TypeVar

import attrs

from .._spec import Schema, Spec
from .answers import Answers, derived
from .overlay import OneOf, overlay, plain
from .query import Row
from .references import Named
from .world import World

Fact = TypeVar("Fact")


def _id(fact: Any) -> str:
    return str(fact.id)


def _name(fact: Any) -> str:
    return str(getattr(fact, "name", ""))


@attrs.frozen(kw_only=True)
class Kind(Generic[Fact]):
    """A kind of thing, and how one product shows it.

    Attributes:
        name: of the kind; references name it.
        facts: gives what the revision shows, in its order.
        row: a fact as the fields of a row.
        paths: the lists that show all of it, below the product's base.
        schemas: names of row schemas; any other list with such rows, and any single answer, shows this kind too.
        key: the field that identifies rows.
        of: a kind of thing to the ids of those that a fact belongs to: how lists below a row are cut.
        type: the discriminator's value for a fact; None where rows are not polymorphic.
        make: a new fact from a row that was created; None where nothing can be created.
        apply: a changed row onto its fact.
        remove: takes a fact out of the world.
        filters: query parameters (in lower case) that rows cannot answer: the fact and the values to a verdict.
        id, title: of a fact.
    """

    name: str
    facts: Callable[[], Sequence[Fact]]
    row: Callable[[Fact], Mapping[str, Any]]
    paths: Sequence[str] = ()
    schemas: Sequence[str] = ()
    key: str = "id"
    of: Mapping[str, Callable[[Fact], Container[str]]] = attrs.field(factory=dict)
    type: Callable[[Fact], OneOf] | None = None
    make: Callable[[Row], Any] | None = None
    apply: Callable[[Fact, Row], None] | None = None
    remove: Callable[[Fact], None] | None = None
    filters: Mapping[str, Callable[[Fact, Sequence[str]], bool]] = attrs.field(factory=dict)
    id: Callable[[Fact], str] = _id
    title: Callable[[Fact], str] = _name


class Rows(Generic[Fact]):
    """The rows of one kind in one revision, made again when the world changes.

    Args:
        kind: the kind.
        world: whose facts they are.
        spec: the revision that shows them.
        answers: makes what the facts do not say.
        schema: of a row; None where no document describes it.

    Attributes:
        further: fields besides the key that identify a row.
    """

    def __init__(self, kind: Kind[Fact], world: World, spec: Spec, answers: Answers, schema: Schema | None) -> None:
        self.kind = kind
        self.schema: Schema = schema or {}
        self.further: Sequence[str] = ()
        self._world = world
        self._spec = spec
        self._answers = answers
        self._documents: dict[str, Row] = {}
        self._more: dict[str, Row] = {}
        self._bases: dict[str, Row] = {}
        self._rows: dict[str, Row] = {}
        self._facts: dict[str, Fact] = {}
        self._read_at = -1
        children = spec.children(schema) if schema else {}
        self._children = {value.lower(): value for value in children}
        self._targets = children
        self._discriminator = spec.resolve(schema)["discriminator"]["propertyName"] if children else ""

    def read(self) -> dict[str, Row]:
        """All rows by their key in lower case."""
        self._world.settle()
        if self._read_at != self._world.revision:
            self._read_at = self._world.revision
            self._rows = {}
            self._facts = {}
            for fact in self.kind.facts():
                key = self.kind.id(fact).lower()
                self._facts[key] = fact
                self._rows[key] = self.row(fact)
            self._rows.update(self._more)
        return self._rows

    def row(self, fact: Fact) -> Row:
        """The row that shows a fact."""
        over = self.kind.row(fact)
        if not self.schema:
            row: Row = plain(over)
            return row
        key = self.kind.id(fact).lower()
        word = self.word(fact)
        schema: Schema = {"$ref": self._targets[word]} if word in self._targets else self.schema
        base = self._documents.get(key) or self._bases.get(key)
        if base is None:
            base = self._answers.value(self.schema, "fact", key, kind=word)
            if isinstance(base, dict) and self.kind.key in self._spec.properties(schema):
                base[self.kind.key] = self.kind.id(fact)
            for field in self.further:
                if isinstance(base, dict) and isinstance(base.get(field), str):
                    base[field] = derived(self.kind.id(fact), field)
            self._bases[key] = base
        made: Row = overlay(self._spec, base, over, schema)
        if word is not None:
            made[self._discriminator] = word
        return made

    def own(self, fact: Fact, field: str) -> str:
        """A field that identifies a fact's row: its key, or one that the facts say, or a further one."""
        key = self.kind.id(fact)
        if field == self.kind.key:
            return key
        value = self.kind.row(fact).get(field)
        return derived(key, field) if value is None else str(value)

    def word(self, fact: Fact) -> str | None:
        """The discriminator's value for a fact: as its row was created with, else as the kind has it."""
        if not self._discriminator or self.kind.type is None:
            return None
        document = self._documents.get(self.kind.id(fact).lower())
        if document is not None and document.get(self._discriminator):
            return str(document[self._discriminator])
        words = self.kind.type(fact)
        return words.known(self._children) or words.words[0]

    def fact(self, key: str) -> Fact:
        """The fact behind a row's key."""
        self.read()
        return self._facts[key.lower()]

    def add(self, row: Row) -> None:
        """Put a created row into the world."""
        self._documents[str(row[self.kind.key]).lower()] = copy.deepcopy(row)
        if self.kind.make is not None:
            self.kind.make(row)
        else:
            # Nothing in the world stands for it; the list shows it as it was sent.
            self._more[str(row[self.kind.key]).lower()] = row
        self._world.changed()

    def replace(self, key: str, row: Row) -> None:
        """Put another row in the place of one."""
        if key.lower() in self._more:
            self._more[key.lower()] = row
        elif self.kind.apply is not None:
            self.kind.apply(self.fact(key), row)
        self._documents[key.lower()] = copy.deepcopy(row)
        self._world.changed()

    def delete(self, key: str) -> None:
        """Take a row out of the world."""
        if self._more.pop(key.lower(), None) is None and self.kind.remove is not None:
            self.kind.remove(self.fact(key))
        self._documents.pop(key.lower(), None)
        self._world.changed()

    @property
    def documents(self) -> Mapping[str, Row]:
        """What POST and PUT said, by key."""
        return self._documents

    @property
    def more(self) -> Mapping[str, Row]:
        """The rows that were created and that nothing in the world stands for, by key."""
        return self._more

    def take_over(self, other: Rows[Fact]) -> None:
        """Know what other rows of the same kind got by POST and PUT."""
        self._documents = dict(other.documents)
        self._more = dict(other.more)


class Shown(Generic[Fact]):
    """A list of rows that shows the facts of a kind, or those of them that belong to something.

    Args:
        source: the rows of the kind.
        belongs: says whether a fact is in the list; all are where None.
    """

    def __init__(self, source: Rows[Fact], belongs: Callable[[Fact], bool] | None = None) -> None:
        self.source = source
        self._belongs = belongs

    @property
    def key(self) -> str:
        """The field that identifies the rows."""
        return self.source.kind.key

    @property
    def schema(self) -> Schema:
        """Of a row."""
        return self.source.schema

    @property
    def rows(self) -> Mapping[str, Row]:
        """The rows by their key in lower case."""
        rows = self.source.read()
        if self._belongs is None:
            return rows
        more = self.source.more
        return {key: row for key, row in rows.items() if key not in more and self._belongs(self.source.fact(key))}

    def named(self, field: str) -> list[Named]:
        """Ids by one of the fields that identify a row, and names; no row is made for them."""
        source = self.source
        facts = [fact for fact in source.kind.facts() if self._belongs is None or self._belongs(fact)]
        named = [(source.own(fact, field), source.kind.title(fact)) for fact in facts]
        more = source.more.values() if self._belongs is None else ()
        return named + [(str(row.get(field)), str(row.get("name", ""))) for row in more]

    def find(self, query: Mapping[str, Sequence[str]]) -> tuple[list[Row], dict[str, Sequence[str]]]:
        """The rows that pass the filters that only facts can answer, and the parameters that are left."""
        filters = self.source.kind.filters
        left = {name: values for name, values in query.items() if name.lower() not in filters}
        tests = [(filters[name.lower()], values) for name, values in query.items() if name.lower() in filters]
        rows = self.rows
        if not tests:
            return list(rows.values()), left
        fact, more = self.source.fact, self.source.more
        kept = [key for key in rows if key not in more and all(test(fact(key), values) for test, values in tests)]
        return [rows[key] for key in kept], left

    def add(self, row: Row) -> None:
        """Put a created row into the world."""
        self.source.add(row)

    def replace(self, key: str, row: Row) -> None:
        """Put another row in the place of one."""
        self.source.replace(key, row)

    def delete(self, key: str) -> None:
        """Take a row out of the world."""
        self.source.delete(key)
