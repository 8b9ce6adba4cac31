"""Rows for people and for programs: a table that fits the terminal, JSON, JSON lines, CSV."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TextIO

import attrs
import orjson
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from .colours import THEME
from .layout import fit, measure
from .status import ReaderGone


def stdout() -> Console:
    """The console for results. In a pipe it is wide enough that no row is ever cut or wrapped."""
    return Console(highlight=False, theme=THEME, width=None if sys.stdout.isatty() else 10_000)


def stderr() -> Console:
    """The console for progress and errors. In a pipe an error is one line, on a terminal it breaks between words."""
    return Console(stderr=True, highlight=False, theme=THEME, soft_wrap=not sys.stderr.isatty())


@attrs.frozen
class Column:
    """A column of a table.

    Attributes:
        name: key of the row.
        heading: what stands above it.
        rank: 0 is always shown; higher ranks go first where the terminal is narrow.
        show: turns the value into text; may hold rich's markup.
        right: numbers stand to the right.
        wrap: long texts go on in the next line, others are cut with an ellipsis.
    """

    name: str
    heading: str
    rank: int = 0
    show: Callable[[Any], str] = lambda value: escape(text(value))
    right: bool = False
    wrap: bool = False


def text(value: Any) -> str:
    """A value as a person reads it; nothing at all for what is not there."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, timedelta):
        return duration(value.total_seconds())
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(
            sorted(text(one) for one in value) if isinstance(value, (set, frozenset)) else map(text, value)
        )
    # Control characters of a server's text must not reach the terminal.
    return "".join(c if c.isprintable() else " " for c in str(getattr(value, "value", value)))


def moment(value: datetime) -> str:
    """A time in the reader's zone, to the minute."""
    return (value.astimezone() if value.tzinfo else value).strftime("%Y-%m-%d %H:%M")


def duration(seconds: float | None) -> str:
    """Seconds as `38 s`, `12 min`, `3 h 05 min`, `9 d`."""
    if seconds is None:
        return ""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if seconds < 1:
        return f"{sign}{seconds * 1000:.0f} ms"
    if seconds < 90:
        return f"{sign}{seconds:.3g} s"
    if seconds < 5400:
        return f"{sign}{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{sign}{seconds // 3600:.0f} h {seconds % 3600 // 60:02.0f} min"
    return f"{sign}{seconds / 86_400:.0f} d"


def size(value: float | None) -> str:
    """Bytes with a binary unit: `1.5 TiB`."""
    if value is None:
        return ""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(value) < 1024:
            return f"{value:.3g} {unit}" if unit != "B" else f"{value:.0f} B"
        value /= 1024
    return f"{value:,.3g} PiB"


def ago(value: datetime | None) -> str:
    """How long ago, or in how long."""
    if value is None:
        return ""
    now = datetime.now(UTC) if value.tzinfo else datetime.now()
    seconds = (now - value).total_seconds()
    return f"{duration(seconds)} ago" if seconds >= 0 else f"in {duration(-seconds)}"


def table(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], console: Console, title: str = "") -> list[str]:
    """Print rows as a table that fits the console; in a pipe as aligned lines, `-` for what is not there.

    Returns:
        The headings of columns with values that did not fit.
    """
    if not console.is_terminal:
        lines(columns, rows)
        return []
    shown, hidden = fitted(columns, rows, console.width, title)
    console.print(shown)
    return hidden


def fitted(
    columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], width: int, title: str = ""
) -> tuple[Table, list[str]]:
    """A table that is no wider than `width` cells, and the headings of the columns that did not fit."""
    shown = Table(title=title or None, header_style="bold", title_justify="left")
    needed = {}
    for column in columns:
        cells = [_plain(column, row) for row in rows]
        if any(cells) or not column.rank:
            needed[column.name] = measure(column.heading, cells, rank=column.rank, wrap=column.wrap)
    widths = fit(needed, width)
    kept = [column for column in columns if column.name in widths]
    for column in kept:
        shown.add_column(
            column.heading,
            width=widths[column.name],
            justify="right" if column.right else "left",
            no_wrap=not column.wrap,
            overflow="fold" if column.wrap else "ellipsis",
        )
    for row in rows:
        shown.add_row(*(column.show(row.get(column.name)) for column in kept))
    return shown, [column.heading for column in columns if column.name in needed and column.name not in widths]


def _plain(column: Column, row: Mapping[str, Any]) -> str:
    return Text.from_markup(column.show(row.get(column.name))).plain


def lines(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows as aligned lines, uncut."""
    cells_of_lines = [[column.heading for column in columns]]
    cells_of_lines += [[_plain(column, row) or "-" for column in columns] for row in rows]
    widths = [max(cell_len(line[index]) for line in cells_of_lines) for index in range(len(columns))]
    for line in cells_of_lines:
        cells = []
        for column, width, cell in zip(columns, widths, line, strict=True):
            space = " " * (width - cell_len(cell))
            cells.append(space + cell if column.right else cell + space)
        put("  ".join(cells).rstrip() + "\n")


def plain(value: Any) -> Any:
    """What orjson does not know by itself."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if attrs.has(type(value)):
        return attrs.asdict(value, recurse=False)
    return str(value)


def json_line(value: Any) -> str:
    """One JSON text on one line."""
    return orjson.dumps(value, default=plain, option=orjson.OPT_NON_STR_KEYS).decode()


def json_text(value: Any) -> str:
    """JSON for people."""
    return orjson.dumps(value, default=plain, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()


def csv_text(names: Sequence[str], rows: Iterable[Mapping[str, Any]], *, header: bool = True) -> str:
    """Rows as CSV (RFC 4180)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    if header:
        writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in names])
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, datetime):
        value = value.isoformat()
    elif isinstance(value, timedelta):
        value = value.total_seconds()
    elif isinstance(value, (list, tuple, set, frozenset)):
        value = " ".join(sorted(map(str, value)))
    elif value is not None and not isinstance(value, (str, int, float)):
        value = str(value)
    # A spreadsheet would take a text that begins so for a formula, and it came from a server.
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value


def whole(stream: TextIO) -> TextIO:
    """The stream with a buffer, where Python does without (PYTHONUNBUFFERED, usual in containers).

    A terminal may take a part of a long write only. A buffer writes the rest; without one Python drops it in silence.
    """
    raw = getattr(stream, "buffer", None)
    if not isinstance(stream, io.TextIOWrapper) or not isinstance(raw, io.RawIOBase):
        return stream
    encoding, errors = stream.encoding, stream.errors
    return io.TextIOWrapper(io.BufferedWriter(stream.detach()), encoding, errors, line_buffering=True)


def put(line: str) -> None:
    """Write to stdout at once, so that a reader in a pipe sees each row when it comes."""
    try:
        sys.stdout.write(line)
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGone from None
