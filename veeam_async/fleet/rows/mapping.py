"""What a mapping table is made of, and how a vendor's object becomes a row by it.

A table names the fields as the vendor's document does (`result.message`), so that it can be read beside it. Rows are
made by code that is compiled from the table (`compiling`); each rule can also be applied by itself, which is what
happens to an object with a value that no rule expects: that value is None then, and the rest of the row is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

import attrs

from ..appliance import Appliance
from .compiling import Convert, Maker, Writer, compile_maker
from .raw import RawType
from .row import Row, slots
from .values import Words, look, word

RowT = TypeVar("RowT", bound=Row)


@attrs.frozen
class Take:
    """The value of the first of some fields that is there, converted.

    Attributes:
        paths: names of the document; dots go into nested objects.
        convert: called with the value, unless that is absent or null; or a table from the vendor's words, in lower
            case, to ours. None takes strings as they are.
        note: what the conversion does, for the reader of the docs.
    """

    paths: tuple[str, ...]
    convert: Callable[[Any], Any] | Words | None = None
    note: str = ""

    def apply(self, raw: dict[str, Any]) -> Any:
        """The value for one object."""
        convert = self.convert or word
        for path in self.paths:
            if (value := look(raw, path)) is not None and (value := convert(value)) is not None:
                return value
        return None

    @property
    def nested(self) -> tuple[str, str, Convert] | None:
        """Object, name in it and conversion, where there is one path and it goes into an object."""
        parent, _, wire = self.paths[0].rpartition(".")
        return (parent, wire, self.convert) if parent and len(self.paths) == 1 else None

    def write(self, writer: Writer, target: str) -> None:
        """Write the lines that set `target`."""
        writer.take(target, self.paths[0], self.convert)
        for path in self.paths[1:]:
            # Prepared outside of the condition: other rules look into the same object.
            writer.value(path)
            start = len(writer.lines)
            writer.take(target, path, self.convert)
            writer.lines[start:] = [f"if {target} is None:", *(f"    {line}" for line in writer.lines[start:])]


@attrs.frozen
class Combine:
    """A value that is made of several fields.

    Attributes:
        paths: names of the document; the function gets None for what is absent.
        function: called with the values of all paths.
        note: what it does, for the reader of the docs.
    """

    paths: tuple[str, ...]
    function: Callable[..., Any]
    note: str
    nested: ClassVar[None] = None

    def apply(self, raw: dict[str, Any]) -> Any:
        """The value for one object."""
        return self.function(*(look(raw, path) for path in self.paths))

    def write(self, writer: Writer, target: str) -> None:
        """Write the line that sets `target`."""
        values = [writer.value(path) for path in self.paths]
        function = writer.name(self.function, "combine")
        writer.lines.append(f"{target} = {function}({', '.join(values)})")


@attrs.frozen
class Constant:
    """A value that is the same for every row of the table."""

    value: Any
    nested: ClassVar[None] = None

    def apply(self, raw: dict[str, Any]) -> Any:
        """The value for one object."""
        return self.value

    def write(self, writer: Writer, target: str) -> None:
        """Write the line that sets `target`."""
        writer.lines.append(f"{target} = {writer.name(self.value, 'constant')}")


def take(*paths: str, convert: Callable[[Any], Any] | Words | None = None, note: str = "") -> Take:
    """`Take`, written shortly."""
    return Take(paths, convert, note)


@attrs.frozen(eq=False)
class Source(Generic[RowT]):
    """Where rows of a type come from: one operation of a product, and what each field of the row is taken from.

    Attributes:
        row: the type of the rows.
        operation: the vendor's operationId, the same in all revisions of the product.
        fields: name in the row to what it is taken from. What is not named is None.
        query: parameters that are always sent, by the document's names.
        query_in: the same for single revisions, by their names, whose words differ.
        since: the document's name of the parameter that gives only what began at or after a time; None for none.
        unless: an operation in whose place this one is asked, where the revision lacks it; None for none.
        keep: objects of the answer for which it is False are left out.
        results: the array of rows in an answer that the document does not describe as a listing.
        owner: fields that may hold the id of the organization that a row belongs to, best first; empty where all rows
            are of one.
        note: for the reader of the docs.
    """

    row: type[RowT]
    operation: str
    fields: Mapping[str, Take | Combine | Constant]
    query: Mapping[str, Any] = attrs.field(factory=dict)
    query_in: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    since: str | None = None
    unless: str | None = None
    owner: tuple[str, ...] = ()
    keep: Callable[[Any], bool] | None = None
    results: str | None = None
    note: str = ""
    _compiled: list[Maker] = attrs.field(factory=list, init=False, repr=False)

    def rows(self, objects: Iterable[Any], appliance: Appliance, raw_type: RawType | None = None) -> list[RowT]:
        """The rows that the JSON objects of an answer stand for; what is no object is left out."""
        if not self._compiled:
            names = slots(self.row)[1:]
            self._compiled.append(compile_maker(self.row, self.operation, self.fields, names, self.row_of))
        made: list[RowT] = []
        if self.keep is not None:
            objects = filter(self.keep, objects)
        self._compiled[0](objects, appliance, raw_type, made)
        return made

    def row_of(self, raw: dict[str, Any], appliance: Appliance, raw_type: RawType | None = None) -> RowT:
        """One row, rule by rule: a value over which a rule fails is None."""
        values: dict[str, Any] = {}
        for name, rule in self.fields.items():
            try:
                values[name] = rule.apply(raw)
            except Exception:  # whatever a server writes costs its own value alone
                values[name] = None
        values["id"] = values["id"] if values.get("id") is not None else ""
        return self.row(appliance=appliance, json=raw, raw_type=raw_type, **values)


@attrs.frozen(eq=False)
class Completion(Generic[RowT]):
    """What completes rows: one more listing for all rows of an appliance, read newest first until all are complete.

    It is also what a job's rhythm is read from.

    Attributes:
        source: the listing. Its rows are not given; what they say goes to the rows that they belong to, into fields
            that are None there.
        keys: how they belong together: by the fields of the first entry that has values in the row, such as
            `("backup_id", "name")`. What belongs to several rows is given to none of them.
        lacking: True for a row that is to be completed.
        time: the field that says which is the newest.
        until: the document's name of the parameter that gives only what began at or before a time.
        sorted: whether the listing gives the newest first.
        single: the document's name of the parameter that gives what belongs to one row, by its id: those that share
            their keys with others are asked for singly, the first 50 of them.
        runs_only: True where it is read for the rhythm of jobs alone, because the rows are complete without it.
        explains: True where it is read to say why runs went wrong, and not where nobody asks for that.
        partial: True where it lists only some runs, so that no rhythm can be read from it.
    """

    source: Source[RowT]
    keys: tuple[tuple[str, ...], ...]
    lacking: Callable[[Any], bool]
    time: str
    until: str
    sorted: bool = True
    single: str | None = None
    runs_only: bool = False
    explains: bool = False
    partial: bool = False


@attrs.frozen(eq=False)
class Lookup(Generic[RowT]):
    """A listing of what rows refer to, such as the repositories of jobs: it says the names of what they have ids of.

    It is read whole, once for all rows of an appliance, when the first row comes that lacks something.

    Attributes:
        source: the listing. Its rows are not given; what each says goes to all rows that refer to it, into fields that
            are None there.
        key: the field with the id by which rows refer to it; None where it is one thing for all rows.
    """

    source: Source[RowT]
    key: str | None
