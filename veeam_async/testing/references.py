"""Which fields name other things: made-up values name things that the same appliance answers for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs

Named = tuple[str, str]
"""Id and name of a thing."""


@attrs.frozen
class NamedFacts:
    """Ids and names of facts, each worked out when it is asked for: there may be thousands.

    Attributes:
        facts: what the revision shows.
        named: gives a fact's id and name.
    """

    facts: Sequence[Any]
    named: Callable[[Any], Named]

    def __len__(self) -> int:
        return len(self.facts)

    def __getitem__(self, place: int) -> Named:
        return self.named(self.facts[place])

    def __iter__(self) -> Iterator[Named]:
        return map(self.named, self.facts)


Listed = Sequence[Named] | NamedFacts


@attrs.define(eq=False)
class References:
    """What the fields of one revision may name.

    Attributes:
        fields: a field's name in lower case, without a closing `s`, to the kind of thing whose id it holds.
        names: the same for fields that hold a thing's name.
        things: gives the things of a kind that the revision shows.
        rows: gives a row that the world has for a named schema, by a number; None where the world has none.
        listed: the same for rows that only the lists of the document have; none within such a row.
        link: the kind of thing that a field names of which no table says so: its name, its holder, and whether the
            document says that it is a UUID. Empty where it names nothing.
    """

    fields: Mapping[str, str] = attrs.field(factory=dict)
    names: Mapping[str, str] = attrs.field(factory=dict)
    things: dict[str, Callable[[], Listed]] = attrs.field(factory=dict)
    rows: dict[str, Callable[[int], Any]] = attrs.field(factory=dict)
    listed: dict[str, Callable[[int], Any]] = attrs.field(factory=dict)
    link: Callable[[str, str, bool], str] | None = None
    _open: set[str] = attrs.field(init=False, factory=set)

    def is_reference(self, field: str, holder: str = "", *, identity: bool = False) -> bool:
        """True where a field, in an object that another field holds, is the id of something."""
        return bool(self._kind(field, holder, identity=identity))

    def pick(self, field: str, number: int, holder: str = "", *, identity: bool = False) -> str | None:
        """The id of something that a field may name; None where the revision shows nothing of the kind."""
        thing = self._pick(self._kind(field, holder, identity=identity), number)
        return thing[0] if thing else None

    def name(self, field: str, number: int) -> str | None:
        """The name of something that a field may name, or None."""
        thing = self._pick(self.names.get(_stem(field), ""), number)
        return thing[1] if thing else None

    def name_of(self, field: str, key: str, holder: str = "") -> str | None:
        """The name of the thing whose id a field holds, or None."""
        give = self.things.get(self._kind(field, holder, identity=False))
        return next((name for own, name in (give() if give else ()) if own == key and name), None)

    def _kind(self, field: str, holder: str, *, identity: bool) -> str:
        stem = _stem(field)
        kind = self.fields.get(f"{holder.lower()}.{stem}") or self.fields.get(stem, "")
        return kind or (self.link(field, holder, identity) if self.link is not None else "")

    def row(self, schema: str, number: int) -> Any:
        """A row of the world for a named schema, or None; also None within such a row."""
        give = self.rows.get(schema) or (None if self._open else self.listed.get(schema))
        if give is None or schema in self._open:
            return None
        self._open.add(schema)
        try:
            return give(number)
        finally:
            self._open.discard(schema)

    def _pick(self, kind: str, number: int) -> Named | None:
        give = self.things.get(kind)
        things = give() if give is not None else ()
        return things[number % len(things)] if things else None


def beside(field: str) -> str:
    """The field that holds the name of what a field holds the id of: `jobName` for `jobUid`, `name` for `id`."""
    if field in ("id", "uid", "instanceUid"):
        return "name"
    return f"{field.removesuffix('Id').removesuffix('Uid')}Name"


def _stem(field: str) -> str:
    lowered = field.lower()
    return lowered[:-1] if lowered.endswith(("ids", "uids")) else lowered
