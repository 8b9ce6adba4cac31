"""What is chosen of rows: --result, --columns, --sort, --limit, --query; what is sent, with --dry-run and -v."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import COMMAND, environment, veeam
from tests.cli.test_commands import on_terminal
from veeam_async.cli.fields import is_field
from veeam_async.cli.selection import Selection, columns_of
from veeam_async.cli.status import CommandError

ROWS: list[dict[str, Any]] = [{"name": "b", "size": 2}, {"name": "A", "size": None}, {"name": "c", "size": 10}]


class TestSelection:
    @pytest.mark.parametrize(
        ("sort", "limit", "names"),
        [
            (None, None, ["b", "A", "c"]),
            ("name", None, ["A", "b", "c"]),
            ("-name", 2, ["c", "b"]),
            ("size", None, ["b", "c", "A"]),
            ("-size", None, ["c", "b", "A"]),
        ],
    )
    def test_order_and_number(self, sort: str | None, limit: int | None, names: list[str]) -> None:
        """Numbers by value, texts in any letter case, what has no value last in both orders."""
        assert [row["name"] for row in Selection(sort=sort, limit=limit).apply(ROWS)] == names

    def test_columns_that_there_are_not(self) -> None:
        """A wrong name is refused with the one that was meant."""
        with pytest.raises(CommandError, match="did you mean name"):
            Selection(columns=("nme",)).check(["name", "size"])
        with pytest.raises(CommandError, match="there are name, size"):
            Selection(sort="xyzzy").check(["name", "size"])

    def test_columns_of_objects(self) -> None:
        """Names and ids first, what is nested left out."""
        assert columns_of([{"x": 1, "id": 2, "deep": {}}, {"name": 3}]) == ["name", "id", "x"]


@pytest.mark.parametrize(
    ("word", "field"),
    [
        ("a=b", True),
        ("a:=1", True),
        ("a.b=", True),
        ("a=b=c", True),
        ("GetJob", False),
        ("h:9419", False),
        ("=", False),
    ],
)
def test_fields(word: str, field: bool) -> None:
    """`key=value` and `key:=json` are fields; a host with a port is none."""
    assert is_field(word) is field


class TestPoll:
    def test_failed_jobs(self, healthy: Path) -> None:
        """--result leaves those that ended so, in every format."""
        every = json.loads(veeam("poll", healthy, "jobs", "-o", "json").out)["rows"]
        failed = [row for row in every if row["last_result"] == "failed"]
        ran = veeam("poll", healthy, "jobs", "--result", "FAILED", "-o", "json")
        assert json.loads(ran.out)["rows"] == failed
        assert f"{len(failed)} row" in ran.err
        table = veeam("poll", healthy, "jobs", "--result", "failed", "--result", "warning")
        assert len(table.out.splitlines()) == 1 + sum(row["last_result"] in ("failed", "warning") for row in every)

    def test_columns_in_every_format(self, healthy: Path) -> None:
        """--columns gives these columns in this order; `id` too, which no table shows by itself."""
        options = ("--where", "name=vbr-1", "--columns", "name,id", "--sort", "-name", "--limit", "3")
        lines = veeam("poll", healthy, "jobs", *options).out.splitlines()
        assert lines[0].split() == ["name", "id"]
        rows = json.loads(veeam("poll", healthy, "jobs", *options, "-o", "json").out)["rows"]
        assert [list(row) for row in rows] == [["name", "id"]] * 3
        in_csv = list(csv.reader(io.StringIO(veeam("poll", healthy, "jobs", *options, "-o", "csv").out)))
        assert in_csv == [["name", "id"], *([row["name"], row["id"]] for row in rows)]
        assert sorted(rows, key=lambda row: str(row["name"]).lower(), reverse=True) == rows

    def test_limit_ends_a_stream(self, healthy: Path) -> None:
        """Lines that come one by one end at the limit."""
        assert veeam("poll", healthy, "sessions", "-o", "jsonl", "--limit", "5").out.count("\n") == 5

    @pytest.mark.parametrize(
        ("query", "output", "check"),
        [
            ("length(rows)", "table", lambda out, rows: out == f"{len(rows)}\n"),
            ("rows[].name", "table", lambda out, rows: sorted(out.split("\n")[:-1]) == sorted(r["name"] for r in rows)),
            ("rows[].name", "json", lambda out, rows: sorted(json.loads(out)) == sorted(r["name"] for r in rows)),
            ("rows[].{n: name}", "csv", lambda out, rows: out.split("\n")[0].strip() == "n"),
            ("rows[].{n: name}", "jsonl", lambda out, rows: len(out.splitlines()) == len(rows)),
            ("rows[0]", "table", lambda out, rows: json.loads(out) in rows),
        ],
    )
    def test_query(self, healthy: Path, query: str, output: str, check: object) -> None:
        """--query is JMESPath over what `-o json` prints; texts come one a line, rows in the format."""
        common = ("poll", healthy, "repositories", "--where", "name=vbr-1")
        rows = json.loads(veeam(*common, "-o", "json").out)["rows"]
        ran = veeam(*common, "--query", query, "-o", output)
        assert callable(check)
        assert check(ran.out, rows), ran.out

    def test_query_that_fails(self, healthy: Path) -> None:
        """A function that does not take what it is given is a mistake in the query."""
        ran = veeam("poll", healthy, "jobs", "--query", "sum(rows[].name)")
        assert ran.status == 3
        assert "--query" in ran.err


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
class TestTerminal:
    def test_hidden_columns_are_named(self, healthy: Path) -> None:
        """A narrow terminal says which columns it does not show, and how to see them."""
        command = f"{' '.join(COMMAND)} poll {healthy} jobs --where name=vbr-1"
        out = on_terminal([], 60, command=["sh", "-c", f"{command} 2>&1"])
        shown = " ".join(out.split())
        assert "columns hidden: " in shown
        assert "-o wide shows all, --columns chooses" in shown

    def test_chosen_columns_are_shown(self, healthy: Path) -> None:
        """A column that was asked for is there, however narrow the terminal is."""
        out = on_terminal(
            ["poll", str(healthy), "jobs", "--where", "name=vbr-1", "--columns", "name,repository_name"], 60
        )
        assert "repository" in out
        assert max(map(len, out.splitlines())) <= 60

    def test_watch_draws_a_table(self, healthy: Path) -> None:
        """On a terminal --watch draws the rows as a table, with what it does below."""
        out = on_terminal(["poll", str(healthy), "licenses", "--watch", "60"], 100, seconds=6)
        assert "licenses of 7 appliances" in out
        assert re.search(r"every 60 s, \d rows", out)


def test_watch_has_fixed_columns_in_a_pipe(healthy: Path) -> None:
    """The first line has the headings; a column begins at the same place in each."""
    process = subprocess.Popen(
        [*COMMAND, "poll", str(healthy), "repositories", "--watch", "60", "--where", "name=vbr-1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    heading, row = process.stdout.readline(), process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert heading.split()[:3] == ["change", "appliance", "name"]
    assert row.startswith("new")
    assert row.index("vbr-1") == heading.index("appliance")
    assert row[heading.index("name") - 1] == " "
    assert row[heading.index("name")] != " "


def test_watch_as_csv_says_what_changed(healthy: Path) -> None:
    """CSV of a watch has the kind of change in its first column."""
    process = subprocess.Popen(
        [*COMMAND, "poll", str(healthy), "licenses", "--watch", "60", "-o", "csv"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    heading, row = process.stdout.readline(), process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert heading.startswith("change,appliance,")
    assert row.startswith("new,")


class TestCall:
    def arguments(self, fleet: Path, operation: str, *rest: str) -> tuple[str | Path, ...]:
        return ("call", "--fleet", fleet, "vbr-1", operation, *rest)

    def test_key_value_is_a_parameter_where_there_is_one(self, healthy: Path) -> None:
        """`limit=2` is the parameter of that name."""
        assert len(json.loads(veeam(*self.arguments(healthy, "GetAllJobs", "limit=2")).out)["data"]) == 2

    def test_rows_of_an_answer_as_a_table(self, healthy: Path) -> None:
        """A page is its rows in a table and in CSV; --columns takes the appliance's own names."""
        ran = veeam(*self.arguments(healthy, "GetAllJobs", "limit=2", "-o", "csv", "--columns", "name,isDisabled"))
        lines = ran.out.splitlines()
        assert lines[0] == "name,isDisabled"
        assert len(lines) == 3
        assert lines[1].endswith((",true", ",false"))

    def test_query(self, healthy: Path) -> None:
        """--query goes over the appliance's own JSON."""
        ran = veeam(*self.arguments(healthy, "GetAllJobs", "limit=2", "--query", "data[].name | length(@)"))
        assert ran.out == "2\n"

    def test_dry_run(self, healthy: Path) -> None:
        """The request is shown as it would be sent, without a token; nothing is."""
        ran = veeam(
            "call", "vbr01.example.com", "UpdateJob", "id=x/y", "name=night", "isDisabled:=true", "storage.deep:=[1]",
            "--body", '{"description": "d"}', "--dry-run",
        )  # fmt: skip
        assert ran.status == 0, ran.err
        head, _, body = ran.out.partition("\n\n")
        lines = head.splitlines()
        assert lines[0] == "PUT https://vbr01.example.com:9419/api/v1/jobs/x%2Fy"
        assert "x-api-version: 1.3-rev2" in lines
        assert "Authorization: Bearer ..." in lines
        assert json.loads(body) == {
            "description": "d", "name": "night", "isDisabled": True, "storage": {"deep": [1]},
        }  # fmt: skip
        assert "not sent" in ran.err

    def test_dry_run_masks_what_is_secret_by_its_name(self) -> None:
        """A password among the fields is sent, and not shown."""
        ran = veeam("call", "vbr01.example.com", "CreateCreds", "username=u", "password=hunter2", "--dry-run")
        assert ran.status == 0, ran.err
        assert json.loads(ran.out.partition("\n\n")[2]) == {"username": "u", "password": "***"}

    def test_verbose(self, healthy: Path) -> None:
        """-v shows login, request and answer on stderr, without a secret."""
        ran = veeam(*self.arguments(healthy, "GetServerInfo", "-v"))
        assert "> GET /api/v1/serverInfo" in ran.err
        assert "< 200 GET /api/v1/serverInfo" in ran.err
        assert "token by login" in ran.err
        assert (healthy.parent / "password").read_text().strip() not in ran.err
        assert json.loads(ran.out)

    def test_time_limit(self, broken: Path) -> None:
        """--timeout ends a call on an appliance that hangs, and says what would give it more."""
        import tomllib

        hanging = next(one for one in tomllib.loads(broken.read_text())["appliance"] if "hangs" in one["tags"])
        ran = veeam("call", "--fleet", broken, hanging["name"], "GetServerTime", "--timeout", "1", timeout=30)
        assert ran.status == 2
        assert "--timeout" in ran.err

    def test_cached_token(self, healthy: Path, tmp_path: Path) -> None:
        """With --cache-tokens the second call needs no login; the folder is this user's alone."""
        arguments = self.arguments(healthy, "GetServerInfo", "-v", "--cache-tokens")
        first = veeam(*arguments, XDG_CONFIG_HOME=str(tmp_path))
        second = veeam(*arguments, XDG_CONFIG_HOME=str(tmp_path))
        assert "token by login" in first.err
        assert "token by store" in second.err
        (folder,) = tmp_path.rglob("tokens")
        assert folder.stat().st_mode & 0o077 == 0

    def test_ctrl_c_says_what_goes_on(self, healthy: Path) -> None:
        """Ctrl-C while a job runs: the command that waits on for it, and status 130."""
        jobs = json.loads(veeam(*self.arguments(healthy, "GetAllJobs")).out)["data"]
        job = next(one for one in jobs if one["type"] == "VSphereBackup" and not one["isDisabled"])
        process = subprocess.Popen(
            [*COMMAND, *map(str, self.arguments(healthy, "StartJob", f"id={job['id']}",
                                                "performActiveFull:=false", "--wait"))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=environment(),
        )  # fmt: skip
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 130, first + err
        assert f"veeam-async wait --fleet {healthy} vbr-1 " in err
        assert "Traceback" not in err
