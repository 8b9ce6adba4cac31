"""Rows as Arrow tables: types, words, Parquet that others read."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from veeam_async.fleet import (
    ROW_TYPES,
    Appliance,
    Fleet,
    Job,
    License,
    Protected,
    Repository,
    Result,
    Row,
    Session,
    SessionState,
)
from veeam_async.fleet.arrow import arrow_schema, arrow_table
from veeam_async.fleet.rows import columns
from veeam_async.testing import SimulatedAppliance, World

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE = Appliance(
    "here", "127.0.0.1", None, product="vbr", revision="1.3-rev2", tags=("b", "a"), labels={"customer": "example"}
)
WORD = pa.dictionary(pa.int32(), pa.string())


@pytest.fixture
async def fleet() -> AsyncIterator[Fleet]:
    world = World(7)
    async with (
        SimulatedAppliance("vbr", "1.3-rev2", world=world) as vbr,
        SimulatedAppliance("azure", world=world) as az,
        SimulatedAppliance("spc", world=world) as spc,
    ):
        appliances = [
            Appliance(name, one.url, one.credentials, product=one.product.name, tags=("t",), labels={"customer": name})  # type: ignore[arg-type]
            for name, one in (("berlin", vbr), ("azure", az), ("console", spc))
        ]
        async with Fleet(appliances) as fleet:
            yield fleet


@pytest.mark.parametrize("row", ROW_TYPES, ids=lambda row: row.__name__)
async def test_a_table_of_each_type(fleet: Fleet, row: type[Row]) -> None:
    """A table says what `to_dict` says, row by row and field by field."""
    rows = await fleet.rows(row).gather()
    table = await fleet.rows(row).to_arrow()
    assert table.schema == arrow_schema(row)
    assert table.column_names == ["appliance", "product", "revision", "tags", "labels", *columns(row)[1:]]
    for column in table.itercolumns():
        assert column.num_chunks <= 1 or not pa.types.is_dictionary(column.type)

    def plain(value: object) -> object:
        return value.isoformat() if isinstance(value, datetime) else value

    reported = [
        {name: plain(value) for name, value in one.items()} | {"labels": dict(one["labels"])}
        for one in table.to_pylist()
    ]
    expected = [one.to_dict() for one in rows]
    assert sorted(reported, key=_place) == sorted(expected, key=_place)
    assert rows or row.__name__ == "Task"


def _place(row: dict[str, object]) -> tuple[str, str, str]:
    return str(row["appliance"]), str(row["kind"]), str(row["id"])


def test_types() -> None:
    """Times are UTC timestamps, sizes whole numbers, words are dictionary-encoded; without a row it is the same."""
    row = Session(
        appliance=HERE, id="1", kind="BackupJob", state=SessionState.FINISHED, result=Result.SUCCESS, read=2**62,
        started=datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2))), ended=NOON + timedelta(microseconds=1),
    )  # fmt: skip
    table = arrow_table([row])
    assert table.schema == arrow_table([], Session).schema == arrow_schema(Session)
    types = dict(zip(table.schema.names, table.schema.types, strict=True))
    assert types["started"] == pa.timestamp("us", "UTC")
    assert types["state"] == types["result"] == types["kind"] == types["appliance"] == WORD
    assert types["read"] == pa.int64()
    assert types["duration"] == pa.float64()
    (reported,) = table.to_pylist()
    assert (reported["started"], reported["ended"], reported["read"]) == (NOON, NOON + timedelta(microseconds=1), 2**62)
    assert (reported["state"], reported["duration"], reported["tags"]) == ("finished", 1e-6, ["a", "b"])
    assert table.column("labels").to_pylist() == [[("customer", "example")]]
    assert arrow_schema(License).field("instances").type == pa.float64()


def test_one_type_at_a_time() -> None:
    """A table is of rows of one type, and of some type."""
    with pytest.raises(ValueError, match="Job, Session"):
        arrow_table([Job(appliance=HERE, id="1"), Session(appliance=HERE, id="1")])
    with pytest.raises(ValueError, match="no row"):
        arrow_table([])


async def test_several_types_have_no_table(fleet: Fleet) -> None:
    """Rows of several types are no table."""
    with pytest.raises(ValueError, match="one type"):
        await fleet.rows(Job, Repository).to_arrow()


def test_odd_values() -> None:
    """Half a surrogate pair in a name and moments at the ends of time make a table as well."""
    last = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    first = datetime(1, 1, 2, tzinfo=UTC)
    rows = [
        Protected(appliance=HERE, id="1", name="a\ud83d", platform="\udc00", last_backup=last),
        Protected(appliance=HERE, id="2", last_backup=first),
    ]
    reported = arrow_table(rows).to_pylist()
    assert [one["name"] for one in reported] == ["a?", None]
    assert [one["last_backup"] for one in reported] == [last, first]


async def test_parquet_that_others_read(fleet: Fleet, tmp_path: Path) -> None:
    """pyarrow, pandas, polars and DuckDB read the Parquet file of a poll, with the types right."""
    table = await fleet.protected().to_arrow()
    path = tmp_path / "protected.parquet"
    pq.write_table(table, path)
    size, last = _sum(table.column("size").to_pylist()), max(filter(None, table.column("last_backup").to_pylist()))
    names = sorted(filter(None, table.column("name").to_pylist()))
    again = pq.read_table(path)
    assert again.schema.equals(table.schema)
    assert again.equals(table)

    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(path)
    assert str(frame["last_backup"].dtype) == "datetime64[us, UTC]"
    assert frame["platform"].dtype == "category"
    assert (frame["size"].sum(), frame["last_backup"].max(), sorted(frame["name"].dropna())) == (size, last, names)

    polars = pytest.importorskip("polars")
    frame = polars.read_parquet(path)
    assert frame.schema["last_backup"] == polars.Datetime("us", "UTC")
    assert frame.schema["size"] == polars.Int64
    assert (frame["size"].sum(), frame["last_backup"].max()) == (size, last)
    assert sorted(frame["name"].drop_nulls()) == names

    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        query = (
            f"select sum(size), epoch_us(max(last_backup)), count(name), labels['customer'] from '{path}' group by all"
        )
        reported = connection.sql(query).fetchall()
        types = dict(connection.sql(f"describe select * from '{path}'").project("column_name, column_type").fetchall())
    assert sum(one[0] for one in reported) == size
    assert max(one[1] for one in reported) == int(last.timestamp()) * 1_000_000 + last.microsecond
    assert sum(one[2] for one in reported) == len(names)
    assert types["last_backup"] == "TIMESTAMP WITH TIME ZONE"
    assert (types["size"], types["platform"]) == ("BIGINT", "VARCHAR")


def _sum(values: list[int | None]) -> int:
    return sum(value for value in values if value is not None)


def test_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pyarrow is not installed the error says what to install."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "veeam_async.fleet.arrow", raising=False)
    with pytest.raises(ImportError, match=r"veeam-async\[arrow\]"):
        __import__("veeam_async.fleet.arrow")
