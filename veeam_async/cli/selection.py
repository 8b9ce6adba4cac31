"""What a person wants to see of rows: which, in which order, which columns, what of it by JMESPath."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from .status import CommandError

Cells = Mapping[str, Any]


@attrs.frozen
class Selection:
    """The options that go with every listing.

    Attributes:
        output: the name of a format.
        columns: names of the columns to show; empty for the usual ones.
        sort: column to sort by; `-` in front turns the order round.
        limit: rows at most.
        query: a JMESPath expression over what `-o json` prints.
    """

    output: str = "table"
    columns: tuple[str, ...] = ()
    sort: str | None = None
    limit: int | None = None
    query: str | None = None

    @property
    def as_they_come(self) -> bool:
        """True where each row can be printed before the next one is there."""
        return self.sort is None and self.query is None

    def check(self, names: Iterable[str]) -> None:
        """Refuse columns that no row has, before anything is sent.

        Raises:
            CommandError: with the names that there are.
        """
        known = list(names)
        for option, name in [*(("--columns", one) for one in self.columns), ("--sort", (self.sort or "").lstrip("-"))]:
            if name and name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"
                raise CommandError(f"{option}: there is no column {name!r}{hint}")
        if self.query is not None:
            compiled(self.query)

    def apply(self, rows: Iterable[Cells]) -> list[Cells]:
        """The rows in order and number; what has no value in the column to sort by is last."""
        chosen = list(rows)
        if self.sort is not None:
            name, backwards = self.sort.lstrip("-"), self.sort.startswith("-")
            valued = [row for row in chosen if row.get(name) is not None]
            without = [row for row in chosen if row.get(name) is None]
            chosen = sorted(valued, key=lambda row: _order(row[name]), reverse=backwards) + without
        return chosen if self.limit is None else chosen[: self.limit]

    def narrow(self, row: Cells) -> Cells:
        """Only the columns that were asked for."""
        return {name: row.get(name) for name in self.columns} if self.columns else row


def _order(value: Any) -> tuple[int, Any]:
    """Numbers before texts before the rest; letter case does not matter."""
    if isinstance(value, (int, float)):
        return 0, value
    return 1, (value.isoformat() if hasattr(value, "isoformat") else str(value)).lower()


def compiled(query: str) -> Any:
    """A JMESPath expression.

    Raises:
        CommandError: it is none; the message says where.
    """
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.compile(query)
    except JMESPathError as error:
        place = getattr(error, "lex_position", None)
        raise CommandError(f"--query {query}: no JMESPath" + (f" at character {place}" if place else "")) from None


def queried(query: str, value: Any) -> Any:
    """What an expression finds in plain JSON values.

    Raises:
        CommandError: a function of it does not take what it is given.
    """
    from jmespath.exceptions import JMESPathError

    try:
        return compiled(query).search(value)
    except (JMESPathError, RecursionError) as error:
        raise CommandError(f"--query {query}: {' '.join(str(error).split())}") from None


def columns_of(values: Sequence[Any]) -> list[str]:
    """The columns of objects whose kind is not known: what is no object or list of its own, names first."""
    names: dict[str, None] = {}
    for value in values:
        for name, cell in value.items():
            if not isinstance(cell, (dict, list)):
                names.setdefault(name)
    first = [name for name in ("name", "id") if name in names]
    return [*first, *(name for name in names if name not in first)]
