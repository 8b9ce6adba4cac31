"""The formats of `-o/--output`, in one table: how rows are printed in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import orjson

from .output import Column, csv_text, json_line, json_text, lines, put, stderr, stdout, table, text
from .selection import Cells, Selection, columns_of, queried
from .words import count

# The rank of columns that a table leaves out unless they are asked for.
RARE = 9

Print = Callable[[Sequence[Column], Sequence[Cells], Selection, str], None]


@attrs.frozen
class Format:
    """A format of rows.

    Attributes:
        show: prints rows.
        help: what it is, for the help of `--output`.
    """

    show: Print
    help: str


def _table(columns: Sequence[Column], rows: Sequence[Cells], selection: Selection, title: str) -> None:
    hidden = table([one for one in columns if one.rank < RARE], rows, stdout(), title) if rows else []
    if hidden:
        stderr().print(
            f"{count(len(hidden), 'column')} hidden: {', '.join(hidden)} (-o wide shows all, --columns chooses)",
            markup=False,
        )


def _wide(columns: Sequence[Column], rows: Sequence[Cells], selection: Selection, title: str) -> None:
    if rows:
        lines(columns, rows)


def _json(columns: Sequence[Column], rows: Sequence[Cells], selection: Selection, title: str) -> None:
    put(json_text([selection.narrow(row) for row in rows]) + "\n")


def _jsonl(columns: Sequence[Column], rows: Sequence[Cells], selection: Selection, title: str) -> None:
    for row in rows:
        put(json_line(selection.narrow(row)) + "\n")


def _csv(columns: Sequence[Column], rows: Sequence[Cells], selection: Selection, title: str) -> None:
    names = selection.columns or tuple(column.name for column in columns)
    put(csv_text(names, rows))


FORMATS: Mapping[str, Format] = {
    "table": Format(_table, "what fits the terminal"),
    "wide": Format(_wide, "every column"),
    "json": Format(_json, "one document"),
    "jsonl": Format(_jsonl, "an object a line"),
    "csv": Format(_csv, "RFC 4180"),
}


def show(columns: Sequence[Column], rows: Sequence[Cells], selection: Selection, title: str = "") -> None:
    """Print rows as the selection says.

    Args:
        columns: all that there are; a table shows those that fit, or those that were asked for.
        rows: by the columns' names; they may hold more.
        selection: format, order, number, columns, query.
        title: above a table on a terminal.
    """
    if selection.query is not None:
        show_query(list(rows), selection)
        return
    chosen = selection.apply(rows)
    FORMATS[selection.output].show(_chosen(columns, selection), chosen, selection, title)


def _chosen(columns: Sequence[Column], selection: Selection) -> list[Column]:
    if not selection.columns:
        return list(columns)
    by_name = {column.name: column for column in columns}
    return [
        attrs.evolve(by_name[name], rank=0) if name in by_name else Column(name, name.replace("_", " "))
        for name in selection.columns
    ]


def show_query(value: Any, selection: Selection) -> None:
    """Print what --query finds: objects as rows, texts and numbers one a line, everything else as JSON."""
    assert selection.query is not None
    found = queried(selection.query, orjson.loads(json_line(value)))
    items = found if isinstance(found, list) else [found]
    for_people = selection.output in ("table", "wide", "csv")
    if (
        isinstance(found, list)
        and found
        and all(isinstance(item, dict) for item in items)
        and selection.output != "json"
    ):
        columns = [Column(name, name) for name in columns_of(items)]
        show(columns, items, attrs.evolve(selection, query=None))
    elif for_people and not any(isinstance(item, (dict, list)) for item in items):
        for item in items:
            put((text(item) or "null") + "\n")
    elif selection.output == "jsonl" and isinstance(found, list):
        for item in items:
            put(json_line(item) + "\n")
    else:
        put(json_text(found) + "\n")
