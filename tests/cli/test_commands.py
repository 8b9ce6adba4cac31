"""The real command against simulated appliances in another process."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import time
import tomllib
from pathlib import Path
from urllib.request import urlopen

import orjson
import pytest
from line_protocol_parser import parse_line
from prometheus_client.parser import text_string_to_metric_families
from pyarrow import parquet

from tests.cli.conftest import COMMAND, environment, host_of, veeam


class TestUsage:
    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    @pytest.mark.parametrize(("into", "status", "lines"), [("> /dev/full", 2, 1), (">&-", 0, 0), (">&- 2>&-", 0, 0)])
    def test_output_that_cannot_be_written(self, into: str, status: int, lines: int) -> None:
        """A full disk is one line and status 2; output that the caller closed is no error."""
        ran = subprocess.run(
            f"{' '.join(COMMAND)} operations vbr auto {into}",
            shell=True,
            capture_output=True,
            text=True,
            env=environment(),
            timeout=60,
            check=False,
        )
        assert ran.returncode == status
        assert ran.stderr.count("\n") == lines

    def test_no_arguments_print_the_help(self) -> None:
        """Without a command the help is printed, and nothing was done: status 3."""
        ran = veeam()
        assert ran.status == 3
        assert "poll" in ran.err

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["pol"], "poll"),
            (["poll", "no-such.toml", "jobs"], "no-such.toml"),
            (["poll", "no-such.toml", "jbos"], "'jbos'"),
            (["operations", "vbr", "9.9"], "1.3-rev1"),
            (["operations", "vcr", "auto"], "vbr, aws"),
            (["call", "127.0.0.1", "GetAllJobs"], "VEEAM_USERNAME"),
            (["exporter", "no-such.toml", "--listen", "9801"], "ADDRESS:PORT"),
        ],
    )
    def test_a_mistake_is_one_line_that_says_what_to_do(self, arguments: list[str], says: str) -> None:
        """Wrong arguments end with status 3 and one line that leads on."""
        ran = veeam(*arguments)
        assert ran.status == 3
        assert ran.err.count("\n") == 1
        assert says in ran.err
        assert not ran.out

    def test_a_fleet_file_with_a_mistake_names_line_and_key(self, tmp_path: Path) -> None:
        """A wrong key in the fleet file is reported with file, line and key; status 3."""
        path = tmp_path / "fleet.toml"
        path.write_text('[[appliance]]\nhost = "vbr01"\npasword_env = "X"\n')
        ran = veeam("check", path)
        assert ran.status == 3
        assert f"{path}:3: pasword_env" in ran.err

    def test_secrets_cannot_be_given_as_arguments(self) -> None:
        """There is no option for a password."""
        ran = veeam("call", "--password", "hunter2", "127.0.0.1", "GetAllJobs")
        assert ran.status == 3
        assert "hunter2" not in ran.err

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_completion_script(self, shell: str) -> None:
        """`completion` prints a script for the shell."""
        ran = veeam("completion", shell)
        assert ran.status == 0
        assert "veeam" in ran.out

    def test_operation_names_complete(self) -> None:
        """The shell gets the operationIds that begin as typed, in any letter case."""
        ran = veeam(
            _VEEAM_ASYNC_COMPLETE="bash_complete", COMP_WORDS="veeam-async call vbr01 getalljobs", COMP_CWORD="3"
        )
        assert ran.out.split() == ["plain,GetAllJobs", "plain,GetAllJobsStates"]

    def test_revisions_complete(self) -> None:
        """The shell gets the revisions of the product, newest first."""
        ran = veeam(_VEEAM_ASYNC_COMPLETE="bash_complete", COMP_WORDS="veeam-async operations vbr 1.3", COMP_CWORD="3")
        assert ran.out.split() == ["plain,1.3-rev2", "plain,1.3-rev1", "plain,1.3-rev0"]


class TestOperations:
    def test_finds_by_words(self) -> None:
        """Every word has to be there; one line for each operation in a pipe."""
        ran = veeam("operations", "vbr", "1.3-rev0", "jobs", "states")
        assert ran.status == 0
        assert "GetAllJobsStates" in ran.out
        assert "/api/v1/jobs/states" in ran.out
        assert "GetAllSessions" not in ran.out

    def test_all_as_json(self) -> None:
        """Without words it gives every operation of the revision's spec."""
        ran = veeam("operations", "vbr", "1.1-rev0", "-o", "json")
        spec = json.loads((Path(__file__).parents[2] / "specs/vbr/1.1-rev0.json").read_text())
        described = [one["operationId"] for path in spec["paths"].values() for one in path.values()
                     if isinstance(one, dict) and "operationId" in one]  # fmt: skip
        assert sorted(row["operation"] for row in json.loads(ran.out)) == sorted(described)

    def test_inferred_operations_are_marked(self) -> None:
        """An operation without evidence says so, and a note says what that means."""
        ran = veeam("operations", "aws", "auto", "-o", "jsonl")
        rows = [json.loads(line) for line in ran.out.splitlines()]
        inferred = next(row for row in rows if row["inferred"])
        shown = veeam("operations", "aws", "auto", inferred["operation"])
        assert "inferred" in shown.out
        assert "may not exist" in shown.err

    def test_nothing_found(self) -> None:
        """No operation with that word: status 1, and it says so."""
        ran = veeam("operations", "vbr", "1.3-rev0", "teapot")
        assert ran.status == 1
        assert "teapot" in ran.err


ROWS = ["jobs", "repositories", "servers", "licenses", "protected", "tasks", "proxies", "restore_points", "findings"]


class TestPoll:
    def test_table_has_every_appliance(self, healthy: Path) -> None:
        """In a pipe the table has a line for each row, uncut, and the totals go to stderr; status 0."""
        ran = veeam("poll", healthy, "jobs")
        assert ran.status == 0
        names = {line.split()[0] for line in ran.out.splitlines()[1:]}
        assert names == {one["name"] for one in tomllib.loads(healthy.read_text())["appliance"]}
        assert "7 of 7 appliances" in ran.err
        assert "\x1b" not in ran.out + ran.err

    @pytest.mark.parametrize("rows", ROWS)
    def test_formats_hold_the_same_rows(self, healthy: Path, rows: str) -> None:
        """JSON, JSON lines and CSV give the same rows."""
        common = ("poll", healthy, rows, "--where", "product=vbr", "-o")
        as_json = json.loads(veeam(*common, "json").out)["rows"]
        as_lines = [json.loads(line) for line in veeam(*common, "jsonl").out.splitlines()]
        as_csv = list(csv.DictReader(io.StringIO(veeam(*common, "csv").out)))
        keys = [(row["appliance"], row["id"]) for row in as_json]
        assert keys
        assert sorted(keys) == sorted((row["appliance"], row["id"]) for row in as_lines)
        assert sorted(keys) == sorted((row["appliance"], row["id"]) for row in as_csv)

    def test_alarms(self, watching: Path) -> None:
        """Alarms in each format, sorted and queried; who raises none is named."""
        common = ("poll", watching, "alarms", "--sort=-time", "--limit", "3")
        ran = veeam(*common, "--columns", "appliance,name,severity,state,object_name,time", "-o", "csv")
        assert ran.status == 0
        rows = list(csv.DictReader(io.StringIO(ran.out)))
        assert len(rows) == 3
        assert all(row["name"] and row["state"] and row["object_name"] for row in rows)
        assert [row["time"] for row in rows] == sorted((row["time"] for row in rows), reverse=True)
        lines = [json.loads(line) for line in veeam("poll", watching, "alarms", "-o", "jsonl").out.splitlines()]
        query = "rows[?severity=='critical'].state"
        active = json.loads(veeam("poll", watching, "alarms", "--query", query, "-o", "json").out)
        assert active == ["active" for line in lines if line["severity"] == "critical"] != []
        assert "vbr-1" in ran.err
        assert "raised" in veeam("poll", watching, "alarms").out

    def test_raw_gives_the_original(self, healthy: Path) -> None:
        """With --raw each row has the appliance's own object."""
        ran = veeam("poll", healthy, "repositories", "--where", "name=vbr-1", "-o", "jsonl", "--raw")
        row = orjson.loads(ran.out.splitlines()[0])
        assert row["raw"]["id"] == row["id"]

    def test_since_filters_sessions(self, healthy: Path) -> None:
        """--since leaves fewer sessions than there are."""
        some = veeam("poll", healthy, "sessions", "--since", "2h", "-o", "jsonl").out.count("\n")
        every = veeam("poll", healthy, "sessions", "-o", "jsonl").out.count("\n")
        assert 0 < some < every

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["jobs", "--since", "24h"], "sessions"),
            (["sessions", "--since", "yesterday"], "24h"),
            (["jobs", "--where", "city=berlin"], "tag="),
            (["jobs", "--where", "tag=atlantis"], "no appliance"),
            (["jobs", "-o", "json", "--watch", "5"], "--watch"),
            (["jobs", "--watch", "5", "--deadline", "60"], "--timeout"),
        ],
    )
    def test_wrong_options(self, healthy: Path, arguments: list[str], says: str) -> None:
        """Options that do not go together are refused before anything is polled."""
        ran = veeam("poll", healthy, *arguments)
        assert ran.status == 3
        assert says in ran.err

    def test_a_third_broken(self, broken: Path) -> None:
        """The others answer, each broken one has its error at the end, in words; status 1."""
        ran = veeam("poll", broken, "jobs", "--timeout", "12", "-o", "jsonl")
        assert ran.status == 1
        answered = {json.loads(line)["appliance"] for line in ran.out.splitlines()}
        errors = dict(line.split(": ", 1) for line in ran.err.splitlines() if ": " in line)
        faults = faults_of(broken)
        assert answered == {name for name, fault in faults.items() if not fault}
        assert set(errors) == set(faults) - answered
        words = {
            "dead": "up, and name, port and firewall",
            "hangs": "slow or stuck; --timeout",
            "wrong-password": "user name and password",
            "web-page": "Check host and port, and what stands between",
            "errors": "500",
            "expired": "401",
        }
        for name, error in errors.items():
            assert words[str(faults[name])] in error

    def test_deadline_is_for_the_whole_fleet(self, broken: Path) -> None:
        """Whoever has not answered by the deadline is reported, and the rows of the others are there."""
        started = time.monotonic()
        ran = veeam("poll", broken, "jobs", "--deadline", "9", "-o", "jsonl")
        assert ran.status == 1
        assert time.monotonic() - started < 30
        assert "a longer --deadline" in ran.err
        assert ran.out

    def test_one_stuck_appliance_is_given_a_minute(self) -> None:
        """The default: a minute for each appliance and no limit for the fleet, as `Fleet` has it."""
        shown = " ".join(veeam("poll", "--help").out.split())
        assert "Seconds for one appliance; its own `timeout` in the fleet file overrides this. [default: 60.0" in shown
        assert "Seconds for the whole fleet; no limit where it is absent." in shown

    def test_none_answers(self, tmp_path: Path) -> None:
        """Where no appliance answers the status is 2."""
        path = tmp_path / "fleet.toml"
        path.write_text('[[appliance]]\nhost = "http://127.0.0.1:1"\nusername = "u"\npassword_env = "VEEAM_PASSWORD"\n')
        ran = veeam("poll", path, "jobs", VEEAM_PASSWORD="hunter2")
        assert ran.status == 2
        assert "hunter2" not in ran.err

    def test_prometheus(self, broken: Path) -> None:
        """The page is valid, and says which appliances are up."""
        ran = veeam("poll", broken, "jobs", "--timeout", "12", "-o", "prometheus", "--where", "product=vbr")
        families = {family.name: family for family in text_string_to_metric_families(ran.out)}
        up = {sample.labels["appliance"]: sample.value for sample in families["veeam_up"].samples}
        faults = faults_of(broken)
        assert {name for name, value in up.items() if value} == {name for name in up if not faults[name]}
        assert "veeam_job_last_result" in families
        assert "veeam_repository_free_bytes" not in families

    def test_ctrl_c_ends_with_what_is_there(self, broken: Path) -> None:
        """Ctrl-C while a slow appliance is waited for: the rows of the others are there, status 130, no traceback."""
        for seconds in (8, 20, 40):  # on a busy machine the first answers may take long
            process = subprocess.Popen(
                [*COMMAND, "poll", str(broken), "jobs", "-o", "json"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                text=True,
                env=environment(),
            )
            time.sleep(seconds)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
            assert process.returncode == 130, err
            assert "Traceback" not in err
            assert "interrupted" in err
            if json.loads(out)["rows"]:
                return
        pytest.fail("no row was there after 40 seconds")

    @pytest.mark.parametrize("arguments", ["sessions -o jsonl", "jobs", "jobs --watch 1"])
    def test_reader_that_goes_away(self, healthy: Path, arguments: str) -> None:
        """`| head -1` is no error."""
        ran = subprocess.run(
            f"{' '.join(COMMAND)} poll {healthy} {arguments} | head -1; echo ${{PIPESTATUS[0]}}",
            shell=True,
            executable="/bin/bash",
            capture_output=True,
            text=True,
            env=environment(),
            timeout=60,
            check=False,
        )
        assert ran.stdout.splitlines()[-1] == "0"
        assert "Error" not in ran.stderr

    def test_watch_prints_changes_until_ctrl_c(self, healthy: Path) -> None:
        """--watch gives the rows of the first round as new ones and ends on Ctrl-C with status 0."""
        process = subprocess.Popen(
            [*COMMAND, "poll", str(healthy), "repositories", "--watch", "2", "-o", "jsonl", "--where", "name=vbr-1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env=environment(),
        )
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert first["change"] == "new"
        assert process.returncode == 0, err
        assert "Traceback" not in err


def faults_of(fleet: Path) -> dict[str, str | None]:
    """What is wrong with each appliance, by the tags in the fleet file."""
    return {
        one["name"]: one["tags"][2] if "faulty" in one["tags"] else None
        for one in tomllib.loads(fleet.read_text())["appliance"]
    }


class TestCheck:
    def test_healthy_fleet(self, healthy: Path) -> None:
        """All is well: status 0, and each appliance has its revision and its clock."""
        ran = veeam("check", healthy, "-o", "json")
        reports = json.loads(ran.out)
        assert ran.status == 0, ran.out
        assert {one["status"] for one in reports} == {"ok"}
        assert {one["revision"] for one in reports} == {
            "1.0-rev2", "1.1-rev0", "1.2-rev1", "1.3-rev0", "1.3-rev1", "1.3-rev2", "1.7-rev0",
        }  # fmt: skip
        assert all(abs(one["clock_offset"]) < 5 for one in reports)

    def test_broken_fleet_says_what_is_wrong(self, broken: Path) -> None:
        """The worst come first, each with the step that failed; status 2."""
        ran = veeam("check", broken, "--timeout", "12")
        assert ran.status == 2
        lines = {line.split()[0]: line for line in ran.out.splitlines()[1:]}
        steps = {
            "dead": "network:",
            "hangs": "time:",
            "wrong-password": "login:",
            "web-page": "login:",
            "errors": "500",
            "expired": "401",
        }
        for name, fault in faults_of(broken).items():
            assert (steps[fault] if fault else " ok ") in lines[name]
            assert " failed " in lines[name] or not fault
        order = [line.split()[1] for line in ran.out.splitlines()[1:]]
        assert order == sorted(order, key=["failed", "attention", "ok"].index)

    def test_limits_make_attention(self, healthy: Path) -> None:
        """What ends sooner than asked for needs attention: status 1."""
        ran = veeam("check", healthy, "--license-days", "4000", "--where", "name=vbr-1")
        assert ran.status == 1
        assert "the license ends in" in ran.out

    def test_certificates_are_shown(self, encrypted: Path) -> None:
        """Over TLS the report has the issuer, the end and the fingerprint of the certificate."""
        reports = json.loads(veeam("check", encrypted, "-o", "json").out)
        assert all(one["certificate_issuer"] and one["certificate_ends"] for one in reports)
        hosts = [one["host"] for one in reports]
        seen = json.loads(veeam("fingerprint", *hosts, "-o", "json").out)
        assert [one["fingerprint"] for one in reports] == [one["fingerprint"] for one in seen]

    def test_pinned_certificate(self, encrypted: Path, tmp_path: Path) -> None:
        """The certificate that is pinned passes; another one fails at that step, and says what was seen."""
        host = tomllib.loads(encrypted.read_text())["appliance"][0]["host"]
        (seen,) = json.loads(veeam("fingerprint", host, "-o", "json").out)
        path = tmp_path / "fleet.toml"
        password = encrypted.parent / "password"
        text = (
            '[[appliance]]\nhost = "{}"\nusername = "svc-monitor"\npassword_file = "{}"\n'
            'tls = {{ fingerprint = "{}" }}\n'
        )
        path.write_text(text.format(host, password, seen["fingerprint"]))
        assert veeam("check", path).status == 0
        path.write_text(text.format(host, password, "ab" * 32))
        ran = veeam("check", path)
        assert ran.status == 2
        assert "certificate:" in ran.out
        assert seen["fingerprint"] in ran.out


class TestCall:
    def arguments(self, fleet: Path, operation: str, *rest: str) -> tuple[str | Path, ...]:
        return ("call", "--fleet", fleet, "vbr-1", operation, *rest)

    def test_prints_json(self, healthy: Path) -> None:
        """The answer is printed as the appliance's own JSON."""
        ran = veeam(*self.arguments(healthy, "GetAllJobs", "-p", "limit=2"))
        answer = json.loads(ran.out)
        assert ran.status == 0
        assert len(answer["data"]) == 2
        assert answer["pagination"]["limit"] == 2

    def test_wire_names_and_letter_case(self, healthy: Path) -> None:
        """Parameters may be named as the document does, and operations in any letter case."""
        ran = veeam(*self.arguments(healthy, "getalljobs", "-p", "orderAsc=true", "-p", "limit=1"))
        assert len(json.loads(ran.out)["data"]) == 1

    def test_every_page(self, healthy: Path) -> None:
        """--all gives every row on a line of its own."""
        one = json.loads(veeam(*self.arguments(healthy, "GetAllSessions", "-p", "limit=1")).out)
        ran = veeam(*self.arguments(healthy, "GetAllSessions", "--all"))
        rows = [json.loads(line) for line in ran.out.splitlines()]
        assert len(rows) == one["pagination"]["total"]

    def test_password_from_the_environment(self, healthy: Path) -> None:
        """Without a fleet file, user name and password come from the environment."""
        ran = veeam(
            "call", host_of(healthy, "vbr-1"), "GetServerInfo",
            VEEAM_USERNAME="svc-monitor", VEEAM_PASSWORD=(healthy.parent / "password").read_text().strip(),
        )  # fmt: skip
        assert ran.status == 0, ran.err
        assert json.loads(ran.out)["vbrId"]

    def test_password_from_a_file(self, healthy: Path) -> None:
        """--password-file names a file whose first line is the password."""
        ran = veeam(
            "call", host_of(healthy, "vbr-1"), "GetServerInfo", "--username", "svc-monitor",
            "--password-file", healthy.parent / "password",
        )  # fmt: skip
        assert ran.status == 0, ran.err

    def test_wrong_password(self, healthy: Path) -> None:
        """A refused login is status 2, without the password in the message."""
        ran = veeam("call", host_of(healthy, "vbr-1"), "GetServerInfo", VEEAM_USERNAME="x", VEEAM_PASSWORD="hunter2")
        assert ran.status == 2
        assert "user name and password" in ran.err
        assert "hunter2" not in ran.err

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["GetAllJbos"], "GetAllJobs"),
            (["GetJob"], "needs id=..."),
            (["GetAllJobs", "-p", "limit=many"], "whole number"),
            (["GetAllJobs", "-p", "colour=red"], "no parameter 'colour'"),
            (["GetAllJobs", "-p", "limit"], "NAME=VALUE"),
            (["GetAllJobs", "-p", "limit=1", "-p", "limit=2"], "twice"),
            (["GetAllJobs", "--body", "{}"], "no body"),
            (["StartJob", "-p", "id=1", "--body", "{"], "not JSON"),
            (["GetServerInfo", "--all"], "no listing"),
            (["GetServerInfo", "--out", "x"], "no download"),
        ],
    )
    def test_mistakes(self, healthy: Path, arguments: list[str], says: str) -> None:
        """A mistake is one line that says what would be right; status 3."""
        ran = veeam(*self.arguments(healthy, *arguments))
        assert ran.status == 3
        assert says in ran.err
        assert ran.err.count("\n") == 1

    def test_error_of_the_appliance(self, healthy: Path) -> None:
        """An error answer is reported with status and code; status 2."""
        ran = veeam(*self.arguments(healthy, "GetJob", "-p", "id=00000000-0000-4000-8000-00000000dead"))
        assert ran.status == 2
        assert "404" in ran.err

    def test_start_and_wait(self, healthy: Path) -> None:
        """--wait waits for the session that a call started and prints it as it ended."""
        jobs = json.loads(veeam(*self.arguments(healthy, "GetAllJobs")).out)["data"]
        job = next(one for one in jobs if one["type"] == "VSphereBackup" and not one["isDisabled"])
        ran = veeam(
            *self.arguments(healthy, "StartJob", "-p", f"id={job['id']}", "--body", "@-", "--wait"),
            stdin='{"performActiveFull": false}',
        )
        assert ran.status in (0, 2), ran.err
        if ran.status == 0:
            assert json.loads(ran.out)["state"] == "Stopped"

    def test_download_into_a_file(self, healthy: Path, tmp_path: Path) -> None:
        """--out puts a download into a file, and says how large it is."""
        target = tmp_path / "report"
        ran = veeam(
            *self.arguments(healthy, "CreateLicenseReport", "--body", '{"reportFormat": "Html"}', "--out", str(target))
        )
        assert ran.status == 0, ran.err
        assert target.stat().st_size > 0


class TestWait:
    def test_a_session_that_is_over(self, healthy: Path) -> None:
        """A finished session is printed at once; one that failed is status 2 with its message."""
        rows = veeam("poll", healthy, "sessions", "--where", "name=vbr-1", "-o", "jsonl").out.splitlines()
        sessions = {row["result"]: row["id"] for row in map(json.loads, rows) if row["state"] == "finished"}
        good = veeam("wait", "--fleet", healthy, "vbr-1", sessions["success"])
        assert good.status == 0, good.err
        assert json.loads(good.out)["id"] == sessions["success"]
        bad = veeam("wait", "--fleet", healthy, "vbr-1", sessions["failed"])
        assert bad.status == 2
        assert not bad.out


class TestFingerprint:
    def test_as_toml(self, encrypted: Path) -> None:
        """-o toml can be pasted into a fleet file."""
        host = tomllib.loads(encrypted.read_text())["appliance"][0]["host"]
        (seen,) = json.loads(veeam("fingerprint", host, "-o", "json").out)
        (pasted,) = tomllib.loads(veeam("fingerprint", host, "-o", "toml").out)["appliance"]
        assert pasted == {
            "host": host,
            "username": "svc-monitor",
            "password_env": "VEEAM_PASSWORD",
            "tls": {"fingerprint": seen["fingerprint"]},
        }

    def test_table(self, encrypted: Path) -> None:
        """The table has the fingerprint whole, and a word on what to compare it with."""
        host = tomllib.loads(encrypted.read_text())["appliance"][0]["host"]
        ran = veeam("fingerprint", host)
        assert len(max(ran.out.split(), key=len)) == 64
        assert "console" in ran.err

    def test_nothing_there(self) -> None:
        """A host without TLS is an error in words, status 2."""
        ran = veeam("fingerprint", "127.0.0.1:1")
        assert ran.status == 2
        assert "no TLS handshake" in ran.err


class TestParquet:
    def test_file(self, broken: Path, tmp_path: Path) -> None:
        """The rows that came are in the file, with types; the errors of the others are reported as ever."""
        out = tmp_path / "jobs.parquet"
        ran = veeam("poll", broken, "jobs", "--timeout", "10", "-o", "parquet", "--out", out)
        assert ran.status == 1
        table = parquet.read_table(out)
        assert set(table["appliance"].to_pylist()) == {name for name, fault in faults_of(broken).items() if not fault}
        assert str(table.schema.field("last_run").type) == "timestamp[us, tz=UTC]"
        assert [path.name for path in tmp_path.iterdir()] == ["jobs.parquet"]

    def test_columns_and_no_rows(self, healthy: Path, tmp_path: Path) -> None:
        """Columns that were chosen, in that order, also where no row is."""
        out = tmp_path / "none.parquet"
        ran = veeam("poll", healthy, "jobs", "--result", "nothing", "--columns", "name,state", "-o", "parquet",
                    "--out", out)  # fmt: skip
        assert ran.status == 0, ran.err
        assert parquet.read_table(out).column_names == ["name", "state"]

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["-o", "parquet"], "--out FILE"),
            (["--out", "x"], "-o parquet"),
            (["-o", "parquet", "--out", "x", "--sort", "name"], "--sort"),
            (["-o", "parquet", "--out", "/dev/null/x"], "--out /dev/null/x"),
            (["-o", "parquet", "--out", "x", "--watch", "5"], "--watch"),
        ],
    )
    def test_wrong_options(self, healthy: Path, arguments: list[str], says: str) -> None:
        """What does not go together, or cannot be written, is one line."""
        ran = veeam("poll", healthy, "jobs", *arguments)
        assert ran.status == 3
        assert says in ran.err


class TestMonitoring:
    def test_nagios(self, broken: Path) -> None:
        """One line of status first, and the exit status that goes with it."""
        ran = veeam("check", broken, "--timeout", "10", "-o", "nagios")
        assert ran.status == 2
        assert ran.out.startswith("VEEAM CRITICAL - ")
        assert f"failed={sum(map(bool, faults_of(broken).values()))};" in ran.out.splitlines()[0]

    @pytest.mark.parametrize("format", ["checkmk", "zabbix", "prtg", "influx"])
    def test_systems_that_read_the_text(self, broken: Path, format: str) -> None:
        """There is something to read, so the status is 0, and every appliance is in it."""
        ran = veeam("check", broken, "--timeout", "10", "-o", format)
        assert ran.status == 0
        assert all(name in ran.out for name in faults_of(broken))

    def test_rows_for_telegraf(self, healthy: Path) -> None:
        """`poll -o influx`: points with what a series goes by, whatever columns were chosen."""
        ran = veeam("poll", healthy, "jobs", "-o", "influx", "--columns", "state,objects")
        points = [parse_line(line) for line in ran.out.splitlines()]
        assert ran.status == 0
        assert {point["measurement"] for point in points} == {"veeam_job"}
        assert all({"appliance", "product", "id"} <= point["tags"].keys() for point in points)
        assert {name for point in points for name in point["fields"]} == {"state", "objects"}
        whole = parse_line(veeam("poll", healthy, "jobs", "-o", "influx").out.splitlines()[0])
        assert "description" in whole["fields"]
        assert "labels" not in whole["fields"]

    def test_watch_for_telegraf(self, healthy: Path) -> None:
        """`--watch -o influx` is what `execd` reads: line after line, each at once."""
        process = subprocess.Popen(
            [*COMMAND, "poll", str(healthy), "repositories", "--watch", "1", "-o", "influx"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            text=True,
            env=environment(),
        )
        assert process.stdout is not None
        point = parse_line(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert point["measurement"] == "veeam_repository"

    def test_rows_for_zabbix(self, healthy: Path) -> None:
        """`poll -o zabbix`: every row is discovered and has values."""
        document = json.loads(veeam("poll", healthy, "repositories", "-o", "zabbix").out)
        assert {one["{#KEY}"] for one in document["discovery"]} == document["values"].keys()
        assert any("free" in values for values in document["values"].values())


class TestExporter:
    def test_rules_are_written(self, tmp_path: Path) -> None:
        """Without a fleet file: alert rules, their tests, a dashboard."""
        ran = veeam("exporter", "--write-rules", tmp_path / "rules")
        assert ran.status == 0, ran.err
        written = {path.name for path in (tmp_path / "rules").iterdir()}
        assert written == {"veeam.rules.yml", "veeam.test.yml", "veeam-dashboard.json"}
        assert len(ran.out.splitlines()) == 3
        assert json.loads((tmp_path / "rules" / "veeam-dashboard.json").read_text())["title"]

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["--rows", "jobs,pets"], "pets: there are jobs"),
            (["--web.config.file", "no-such.yml"], "no-such.yml"),
            (["--write-rules", "/dev/null/x"], "--write-rules"),
        ],
    )
    def test_wrong_options(self, healthy: Path, arguments: list[str], says: str) -> None:
        """Options that cannot be followed are refused before anything is served."""
        ran = veeam("exporter", healthy, *arguments)
        assert ran.status == 3
        assert says in ran.err

    def test_serves_metrics_until_a_signal(self, healthy: Path) -> None:
        """The page is valid and has every appliance; SIGTERM ends it with status 0."""
        process = subprocess.Popen(
            [*COMMAND, "exporter", str(healthy), "--listen", "127.0.0.1:0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env=environment(),
        )
        assert process.stderr is not None
        url = next(word for word in process.stderr.readline().split() if word.startswith("http")).rstrip(".")
        up: dict[str, float] = {}
        for _ in range(60):
            with urlopen(url, timeout=10) as answer:
                families = {f.name: f for f in text_string_to_metric_families(answer.read().decode())}
            if "veeam_up" in families:  # what was not polled yet has no series
                up = {sample.labels["appliance"]: sample.value for sample in families["veeam_up"].samples}
            if sum(up.values()) == 7:
                break
            time.sleep(0.25)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
        assert sum(up.values()) == 7
        assert process.returncode == 0, err


class TestDemo:
    def test_what_an_operator_wants_to_see(self) -> None:
        """Each appliance, the failed jobs with their errors, full repositories, totals, three commands to try next."""
        ran = veeam("demo", "--count", "9")
        assert ran.status == 0, ran.err
        parts = ran.out.split("\n\n")
        assert len(parts[0].splitlines()) == 1 + 9
        assert parts[1].startswith("Failed jobs")
        assert "Processing failed: " in parts[1]
        assert parts[2].startswith("Repositories that are almost full")
        assert "7 of 9 appliances answered" in parts[3]
        counts = {line.partition("jobs")[0].split("  ")[-1] for line in parts[0].splitlines()[1:]}
        assert len(counts) > 1
        tries = ran.err.splitlines()[-3:]
        assert [line.split()[1] for line in tries] == ["simulate", "check", "poll"]

    def test_colours_only_where_wanted(self) -> None:
        """NO_COLOR leaves a terminal without colours; see the terminal tests for how it looks."""
        ran = veeam("operations", "vbr", "auto", "license", NO_COLOR="1", FORCE_COLOR="")
        assert "\x1b" not in ran.out


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
class TestTerminal:
    @pytest.mark.parametrize("columns", [60, 80, 200])
    def test_tables_fit(self, healthy: Path, columns: int) -> None:
        """On a terminal no line is wider than the terminal, and the appliance and what matters are always there."""
        out = on_terminal(["poll", str(healthy), "jobs", "--where", "name=vbr-1"], columns)
        lines = [line for line in out.splitlines() if line.strip()]
        assert lines
        assert max(map(len, lines)) <= columns
        assert "appliance" in out
        assert "last result" in out
        assert ("repository" in out) == (columns == 200)

    def test_no_color(self, healthy: Path) -> None:
        """With NO_COLOR a terminal gets no colour codes."""
        out = on_terminal(["poll", str(healthy), "licenses"], 100, raw=True, NO_COLOR="1")
        assert "\x1b[3" not in out.replace("\x1b[3A", "")


def on_terminal(
    arguments: list[str],
    columns: int,
    *,
    raw: bool = False,
    command: list[str] | None = None,
    seconds: float | None = None,
    **variables: str,
) -> str:
    """What a command writes to a terminal of a width; with `seconds` it gets Ctrl-C after them."""
    import fcntl
    import pty
    import re
    import struct
    import termios
    import threading

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(
        command or [*COMMAND, *arguments],
        stdout=slave,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env=environment(TERM="xterm-256color", **variables),
    )
    os.close(slave)
    timer = threading.Timer(seconds or 60, process.send_signal, [signal.SIGINT])
    timer.start()
    parts = []
    try:
        while part := os.read(master, 65536):
            parts.append(part)
    except OSError:  # the other end is closed
        pass
    finally:
        timer.cancel()
        os.close(master)
        process.wait(30)
        timer.join()
    out = b"".join(parts).decode()
    return out if raw else re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out)
