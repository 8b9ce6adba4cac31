"""What people come for: a first fleet file, starting a job by name, reading a log, an operation's page, all at once."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import host_of, simulated, veeam
from veeam_async.cli.operation_page import skeleton
from veeam_async.fleet.config import load
from veeam_async.registry import client_class, revisions


def rows(fleet: Path, *arguments: str) -> list[dict[str, Any]]:
    """Rows of a poll."""
    found: list[dict[str, Any]] = json.loads(veeam("poll", fleet, *arguments, "-o", "json").out)["rows"]
    return found


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fleet file of one appliance of each product."""
    newest = {one.product: f"{one.product}/{one.name}" for one in reversed(revisions())}
    options = [word for product in ("vbr", "aws", "azure") for word in ("--revision", newest[product])]
    with simulated(tmp_path_factory.mktemp("mixed"), "3", *options) as path:
        yield path


class TestJobs:
    @pytest.mark.parametrize("product", ["vbr", "aws", "azure"])
    def test_start_and_wait_by_name(self, mixed: Path, product: str) -> None:
        """A job is found by its name, started where it is and waited for, for every product."""
        where = ("--where", f"product={product}")
        job = next(one for one in rows(mixed, "jobs", *where) if one["state"] == "idle" and one["name"])
        ran = veeam("jobs", "start", job["name"], "--wait", "--fleet", mixed, *where, timeout=120)
        assert f"{job['name']} on {job['appliance']}: started" in ran.err
        assert ran.status in (0, 2), ran.err
        assert (ran.status == 0) == bool(ran.out)

    def test_stop_says_what_it_would_send(self, mixed: Path) -> None:
        """--dry-run finds the job and shows the request."""
        where = ("--where", "product=vbr")
        job = rows(mixed, "jobs", *where)[0]
        ran = veeam("jobs", "stop", job["id"], "--dry-run", "--fleet", mixed, *where)
        assert ran.out == f"POST {host_of(mixed, job['appliance'])}/api/v1/jobs/{job['id']}/stop\n"
        assert "not sent" in ran.err

    def test_a_job_that_cannot_be_started(self, mixed: Path) -> None:
        """A kind of job that no operation starts is an error that names it."""
        where = ("--where", "product=aws")
        job = next(one for one in rows(mixed, "jobs", *where) if one["kind"] == "VPC")
        ran = veeam("jobs", "start", job["id"], "--fleet", mixed, *where)
        assert (ran.status, "kind VPC" in ran.err) == (2, True)

    def test_a_name_that_is_none(self, healthy: Path) -> None:
        """What is not there is said with what is like it; status 3."""
        name = rows(healthy, "jobs", "--where", "name=vbr-1")[0]["name"]
        ran = veeam("jobs", "start", name[:-1] + "~", "--fleet", healthy, "--where", "name=vbr-1")
        assert ran.status == 3
        assert "did you mean" in ran.err

    def test_a_name_that_several_have(self, healthy: Path, tmp_path: Path) -> None:
        """Of several with the name none is started: they are listed with their ids."""
        text = healthy.read_text().replace('"password"', f'"{healthy.parent}/password"')
        entry = next(one for one in tomllib.loads(text)["appliance"] if one["name"] == "vbr-1")
        twice = tmp_path / "fleet.toml"
        twice.write_text(text.partition("[[")[0] + "".join(
            f'[[appliance]]\nname = "{name}"\nhost = "{entry["host"]}"\n' for name in ("a", "b")
        ))  # fmt: skip
        job = rows(twice, "jobs", "--where", "name=a")[0]
        ran = veeam("jobs", "start", job["name"], "--fleet", twice)
        assert ran.status == 3
        assert f"a ({job['id']}), b ({job['id']})" in ran.err


class TestLogs:
    @pytest.mark.parametrize("product", ["vbr", "aws", "azure"])
    def test_log_of_a_session(self, mixed: Path, product: str) -> None:
        """The records of the log as rows, for every product."""
        session = next(one for one in rows(mixed, "sessions", "--where", f"product={product}") if one["ended"])
        ran = veeam("logs", "--fleet", mixed, session["appliance"], session["id"], "-o", "json")
        assert ran.status == 0, ran.err
        assert json.loads(ran.out)
        table = veeam("logs", "--fleet", mixed, session["appliance"], session["id"])
        assert len(table.out.splitlines()) == 1 + len(json.loads(ran.out))

    def test_no_such_session(self, healthy: Path) -> None:
        """A session that is not there is an error of the appliance: status 2."""
        ran = veeam("logs", "--fleet", healthy, "vbr-1", "00000000-0000-4000-8000-00000000dead")
        assert (ran.status, "404" in ran.err) == (2, True)


class TestEach:
    def test_every_appliance_answers(self, healthy: Path) -> None:
        """One line for each appliance that has the operation; the others are errors with what is like it."""
        ran = veeam("each", "GetServerInfo", "--fleet", healthy)
        answers = {line["appliance"]: line["answer"] for line in map(json.loads, ran.out.splitlines())}
        assert ran.status == 1
        assert answers["vbr-1"]["vbrId"]
        assert "has no operation 'GetServerInfo'" in ran.err

    def test_rows_as_a_table(self, healthy: Path) -> None:
        """Rows of every answer in one table, with the appliance in front."""
        ran = veeam(
            "each", "getalljobs", "limit=2", "--fleet", healthy, "--where", "product=vbr", "-o", "csv",
            "--columns", "appliance,name",
        )  # fmt: skip
        lines = ran.out.splitlines()
        assert lines[0] == "appliance,name"
        assert len(lines) > 2
        assert ran.status == 0, ran.err

    def test_a_change_has_to_be_meant(self, healthy: Path) -> None:
        """What may change something is refused without --yes."""
        ran = veeam("each", "StartJob", "id=1", "--fleet", healthy, "--where", "name=vbr-1")
        assert ran.status == 2
        assert "--yes" in ran.err


class TestOperations:
    def test_page(self) -> None:
        """Parameters, body, answer, enum values and a body to begin with."""
        out = veeam("operations", "show", "createjob").out
        assert "POST /api/v1/jobs" in out
        assert "EJobType: " in out
        assert "name: str, required" in out
        assert json.loads(veeam("operations", "show", "CreateJob", "-o", "skeleton").out)["name"] == ""
        page = json.loads(veeam("operations", "show", "GetAllJobs", "-o", "json").out)
        assert page["answers"] == {"200": "JobsResult"}

    def test_unknown(self) -> None:
        """An operation that is none is refused with what is like it."""
        ran = veeam("operations", "show", "GetJbo")
        assert (ran.status, "did you mean GetJob" in ran.err) == (3, True)

    @pytest.mark.parametrize("revision", revisions(), ids=lambda one: f"{one.product}-{one.name}")
    def test_every_skeleton_is_a_body(self, revision: Any) -> None:
        """The skeleton of every operation of every revision is JSON that its model takes."""
        from veeam_async._model import check_body, decoder

        for operation in client_class(revision).operations:
            body = skeleton(operation)
            if operation.body is not None:
                value = decoder(operation.body.type, revision.package)(json.loads(json.dumps(body)))
                check_body(value, operation.body.type, revision.package)


class TestStarting:
    def test_from_nothing_to_a_poll(self, encrypted: Path, tmp_path: Path) -> None:
        """`init`, `fleet add --pin`, `check`, `poll`: four commands with a self-signed certificate."""
        host = tomllib.loads(encrypted.read_text())["appliance"][0]["host"]
        password: dict[str, Any] = {"VEEAM_PASSWORD": (encrypted.parent / "password").read_text().strip()}
        first = veeam("init", cwd=tmp_path)
        assert first.status == 0, first.err
        assert "veeam-async fleet add" in first.err
        added = veeam("fleet", "add", host, "--name", "one", "--tag", "x", "--pin", cwd=tmp_path)
        assert added.status == 0, added.err
        assert "pinned" in added.err
        assert veeam("check", cwd=tmp_path, **password).status == 0
        ran = veeam("poll", "licenses", cwd=tmp_path, **password)
        assert ran.err == "1 row from 1 of 1 appliance\n"
        listed = json.loads(veeam("fleet", "list", "-o", "json", cwd=tmp_path, **password).out)
        assert [(one["name"], one["tags"]) for one in listed] == [("one", ["x"])]

    def test_nothing_is_overwritten(self, tmp_path: Path) -> None:
        """A second `init` is refused, and so is an appliance whose name is taken; the file stays."""
        password: dict[str, Any] = {"VEEAM_PASSWORD": "x"}
        assert veeam("init", cwd=tmp_path).status == 0
        assert veeam("init", cwd=tmp_path).status == 3
        assert veeam("fleet", "add", "vbr01", cwd=tmp_path, **password).status == 0
        before = (tmp_path / "fleet.toml").read_text()
        again = veeam("fleet", "add", "vbr01", cwd=tmp_path, **password)
        assert (again.status, "taken" in again.err) == (3, True)
        assert (tmp_path / "fleet.toml").read_text() == before
        wrong = veeam("fleet", "add", "vbr02", "--revision", "9.9", cwd=tmp_path, **password)
        assert wrong.status == 3
        assert [one.host for one in load(tmp_path / "fleet.toml", password)] == ["vbr01"]

    def test_an_entry_that_works(self, encrypted: Path, tmp_path: Path) -> None:
        """`fingerprint -o toml` is a fleet file by itself."""
        host = tomllib.loads(encrypted.read_text())["appliance"][0]["host"]
        path = tmp_path / "fleet.toml"
        path.write_text(veeam("fingerprint", host, "-o", "toml").out)
        ran = veeam("check", path, VEEAM_PASSWORD=(encrypted.parent / "password").read_text().strip())
        assert ran.status == 0, ran.out


class TestCompletion:
    @pytest.mark.parametrize(
        ("words", "completions"),
        [
            ("call vbr-", ["vbr-1"]),
            ("call vbr-1 getallj", ["GetAllJobs", "GetAllJobsStates"]),
            ("call vbr-1 GetAllJobs lim", ["limit="]),
            ("call -p limit=1 vbr-1 GetAllJobs ord", ["orderAsc="]),
            ("poll jo", ["jobs"]),
            ("poll jobs --where ta", ["tag="]),
            ("poll jobs --where product=a", ["product=aws"]),
            ("operations show getjo", ["GetJob"]),
            ("jobs sta", ["start"]),
            ("call vbr-1 GetAllJobs -p lim", ["limit="]),
            ("poll jobs --result f", ["failed"]),
            ("poll jobs --columns name,last_r", ["name,last_run", "name,last_result"]),
            ("poll sessions --sort sta", ["started", "state"]),
        ],
    )
    def test_words(self, healthy: Path, words: str, completions: list[str]) -> None:
        """Appliances, operations, parameters, rows, conditions."""
        line = f"veeam-async {words}"
        ran = veeam(
            _VEEAM_ASYNC_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(line.split()) - 1),
            VEEAM_FLEET=str(healthy),
        )  # fmt: skip
        found = [line.split(",", 1)[1] for line in ran.out.splitlines()]
        assert [one for one in completions if one not in found] == []
        assert all(one.lower().startswith(words.split()[-1].lower()) for one in found)

    def test_the_file_that_was_named(self, healthy: Path, tmp_path: Path) -> None:
        """Conditions come from the file of the line, not from the one that is found, and need no secret."""
        other = tmp_path / "other.toml"
        other.write_text('[[appliance]]\nhost = "x"\ntags = ["brno"]\nusername = "u"\npassword_env = "NOT_SET"\n')
        for words in (f"poll {other} jobs --where tag=", f"check {other} --where tag=b"):
            line = f"veeam-async {words}"
            ran = veeam(
                _VEEAM_ASYNC_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(line.split()) - 1),
                VEEAM_FLEET=str(healthy),
            )  # fmt: skip
            assert ran.out == "plain,tag=brno\n"
