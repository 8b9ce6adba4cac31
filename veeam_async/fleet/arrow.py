"""Rows as Arrow tables (extra `arrow`): for Parquet, pandas, polars, DuckDB and whatever else reads Arrow.

    from veeam_async.fleet.arrow import arrow_table

    table = await fleet.sessions(since=timedelta(days=1)).to_arrow()
    table = arrow_table(rows)          # of rows at hand
    pyarrow.parquet.write_table(table, "sessions.parquet")

Times are UTC timestamps in microseconds, sizes and counts are 64-bit whole numbers, and words that repeat (states,
kinds, names of appliances) are dictionary-encoded. A column is there, with its type, also where no row fills it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, get_args, get_type_hints

try:
    import pyarrow as pa
except ImportError as error:  # pragma: no cover
    raise ImportError("the package pyarrow is not installed: pip install 'veeam-async[arrow]'") from error

from .._model import OpenEnum
from .rows import Row, columns

# Words that repeat from row to row without being of an enum.
_WORDS = (
    "appliance",
    "product",
    "revision",
    "kind",
    "platform",
    "tier",
    "bottleneck",
    "algorithm",
    "malware",
    "edition",
)
_PLAIN = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(), datetime: pa.timestamp("us", "UTC")}
_WORD = pa.dictionary(pa.int32(), pa.string())


def arrow_schema(row: type[Row]) -> pa.Schema:
    """The columns of a table of rows: those of the appliance, then the row's own.

    Args:
        row: one of `ROW_TYPES`.
    """
    names = [
        pa.field("appliance", _WORD, nullable=False),
        pa.field("product", _WORD, nullable=False),
        pa.field("revision", _WORD, nullable=False),
        pa.field("tags", pa.list_(pa.string()), nullable=False),
        pa.field("labels", pa.map_(pa.string(), pa.string()), nullable=False),
    ]
    hints = get_type_hints(row)
    for name in columns(row)[1:]:
        hint = hints.get(name)
        if hint is None:
            hint = get_type_hints(getattr(row, name).fget)["return"]
        names.append(pa.field(name, _type_of(name, hint), nullable=name != "id"))
    return pa.schema(names)


def _type_of(name: str, hint: Any) -> pa.DataType:
    plain = next(one for one in (get_args(hint) or (hint,)) if one is not type(None))
    if name in _WORDS or issubclass(plain, OpenEnum):
        return _WORD
    return _PLAIN[plain]


def arrow_table(rows: Iterable[Row], row: type[Row] | None = None) -> pa.Table:
    """A table of rows of one type.

    Args:
        rows: the rows.
        row: their type; needed where there may be none.

    Raises:
        ValueError: the rows are of several types, or there is none and `row` does not say which it would be.
    """
    held = list(rows)
    kinds = {type(one) for one in held} | ({row} if row is not None else set())
    if len(kinds) != 1:
        what = ", ".join(sorted(kind.__name__ for kind in kinds)) or "no row"
        raise ValueError(f"a table is of rows of one type; here is {what}")
    schema = arrow_schema(kinds.pop())
    return pa.table([_column(held, field) for field in schema], schema=schema)


def join_tables(tables: Sequence[pa.Table]) -> pa.Table:
    """One table of several with the same columns, with one dictionary for each column of words."""
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def _column(rows: Sequence[Row], field: Any) -> pa.Array:
    name: str = field.name
    values: list[Any]
    match name:
        case "appliance":
            values = [row.appliance.name for row in rows]
        case "product" | "revision":
            values = [getattr(row.appliance, name) for row in rows]
        case "tags":
            values = [sorted(row.appliance.tags) for row in rows]
        case "labels":
            values = [list(row.appliance.labels.items()) for row in rows]
        case _:
            values = [getattr(row, name) for row in rows]
    if field.type == _WORD:
        values = [value.value if isinstance(value, OpenEnum) else value for value in values]
        return _strings(values).dictionary_encode()
    if field.type == pa.string():
        return _strings(values)
    return pa.array(values, type=field.type)


def _strings(values: list[str | None]) -> pa.Array:
    try:
        return pa.array(values, type=pa.string())
    except UnicodeEncodeError:  # half a surrogate pair in a name
        whole = [None if value is None else value.encode("utf-8", "replace").decode() for value in values]
        return pa.array(whole, type=pa.string())
