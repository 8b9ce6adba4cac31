"""What people type wrong: one line that says what would be right, status 3, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import environment, host_of, veeam

LOGIN: dict[str, Any] = {"VEEAM_USERNAME": "u", "VEEAM_PASSWORD": "hunter2"}

HOSTS = {
    "": "host",
    "http://": "host",
    "host:abc": "port",
    "[::1": "::1",
    "127.0.0.1:99999": "99999",
    "ftp://x": "ftp",
    "http://vbr01.example.com": "--allow-http",
}


@pytest.mark.parametrize("command", [["call", "HOST", "GetAllJobs"], ["wait", "HOST", "5"], ["fingerprint", "HOST"]])
@pytest.mark.parametrize(("host", "says"), HOSTS.items())
def test_a_host_that_is_none(command: list[str], host: str, says: str) -> None:
    """No command takes what is no host; the line names what is wrong with it."""
    if command[0] == "fingerprint" and host == "http://vbr01.example.com":
        pytest.skip("looking at a certificate sends nothing in the clear")
    ran = veeam(*(host if word == "HOST" else word for word in command), **LOGIN)
    assert ran.status == 3, ran.err
    assert ran.err.count("\n") == 1
    assert says in ran.err
    assert "hunter2" not in ran.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--revision", "1.9"], "1.3-rev2"),
        (["--revision", "nonsense"], "1.3-rev2"),
        (["--product", "nonsense"], "vbr, aws"),
        (["--fingerprint", "xx"], "--fingerprint"),
        (["--ca-file", "no-such.pem"], "no-such.pem: no such file"),
        (["--insecure", "--fingerprint", "ab" * 32], "one of --ca-file"),
        (["--password-file", "no-such"], "No such file"),
        (["--password-file", "/dev/null"], "empty"),
        (["--fleet", "no-such.toml"], "no-such.toml"),
        (["--timeout", "0"], "--timeout"),
        (["--query", "[?"], "JMESPath"),
        (["--all", "--wait"], "one of them"),
        (["--out", "x", "--all"], "--out"),
        (["--dry-run", "--body", "{}"], "takes no body"),
        (["--dry-run", "-p", "id="], "no parameter 'id'"),
    ],
)
def test_an_option_that_makes_no_sense(arguments: list[str], says: str) -> None:
    """Each is refused before anything is sent."""
    ran = veeam("call", "127.0.0.1:1", "GetAllJobs", *arguments, **LOGIN)
    assert ran.status == 3, ran.err
    assert ran.err.count("\n") == 1
    assert says in ran.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["GetJob", "-p", "id="], "id= is empty"),
        (["CreateJob"], "needs a body"),
        (["GetAllJobs", "--all", "-p", "colour=1"], "no parameter 'colour'"),
        (["GetAllJobs", "lmit=1"], "did you mean limit?"),
        (["StartJob", "id=1", "performActiveFull:=yes"], "performActiveFull=yes"),
        (["StartJob", "id=1", "a.b.c=1", "a.b=2", "a.b.c=3"], "b is no object"),
        (["StartJob", "id=1", "a..b=1"], "names of properties"),
        (["GetAllJobs", "limit=1", "what"], "KEY=VALUE"),
        (["GetAllJobs", "--columns", "nmae", "-o", "table"], "did you mean name?"),
    ],
)
def test_parameters_and_bodies(healthy: Path, words: list[str], says: str) -> None:
    """What does not fit the operation is refused with what would."""
    ran = veeam("call", "--fleet", healthy, "vbr-1", *words)
    assert ran.status == 3, ran.err
    assert ran.err.count("\n") == 1
    assert says in ran.err


def test_all_with_a_page_size(healthy: Path) -> None:
    """--all goes with a page size of one: it is how many rows a page has."""
    ran = veeam("call", "--fleet", healthy, "vbr-1", "GetAllJobs", "--all", "-p", "limit=1")
    assert ran.status == 0, ran.err
    assert ran.out.count("\n") > 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["poll"], "ROWS"),
        (["poll", "a", "b", "c"], "ROWS"),
        (["poll", "jbos"], "did you mean jobs?"),
        (["poll", "jobs", "--columns", "nmae"], "did you mean name?"),
        (["poll", "jobs", "--sort", "-nmae"], "did you mean name?"),
        (["poll", "licenses", "--result", "failed"], "--result"),
        (["poll", "jobs", "--raw"], "-o json"),
        (["poll", "jobs", "--query", "rows[?"], "JMESPath"),
        (["poll", "jobs", "--watch", "5", "--sort", "name"], "--watch"),
        (["poll", "sessions", "--since", "99999999999999d"], "24h"),
        (["call"], "OPERATION"),
        (["call", "GetAllJobs"], "VEEAM_HOST"),
        (["wait", "a", "b", "c"], "too many"),
        (["fingerprint", "h", "--product", "nonsense"], "vbr, aws"),
    ],
)
def test_commands(healthy: Path, arguments: list[str], says: str) -> None:
    """The other mistakes, with a fleet file that is found by its variable."""
    ran = veeam(*arguments, VEEAM_FLEET=str(healthy))
    assert ran.status == 3, ran.err
    assert ran.err.count("\n") == 1
    assert says in ran.err
    assert not ran.out


@pytest.mark.parametrize("host", HOSTS)
def test_a_wrong_host_is_said_before_anyone_is_asked_for_a_name(host: str, tmp_path: Path) -> None:
    """Without an account too, the line is about the host."""
    ran = veeam("call", host, "GetAllJobs", cwd=tmp_path, XDG_CONFIG_HOME=str(tmp_path))
    assert ran.status == 3
    assert HOSTS[host] in ran.err
    assert "user name" not in ran.err


def test_a_name_that_the_fleet_file_does_not_have(healthy: Path) -> None:
    """It could be an address; the line says what it would need, and that the file was looked into."""
    ran = veeam("call", "vbr-7", "GetAllJobs", VEEAM_FLEET=str(healthy))
    assert ran.status == 3
    assert f"{healthy} has no appliance 'vbr-7'" in ran.err
    assert "--username" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ["poll", "jobs", "--timeout", "nan"],
        ["poll", "jobs", "--timeout", "inf"],
        ["poll", "jobs", "--deadline", "nan"],
        ["poll", "jobs", "--watch", "inf"],
        ["exporter", "--every", "nan"],
        ["wait", "vbr-1", "1", "--timeout", "inf"],
    ],
)
def test_seconds_are_numbers(healthy: Path, words: list[str]) -> None:
    """Neither nan nor infinity is a time."""
    ran = veeam(*words, VEEAM_FLEET=str(healthy))
    assert ran.status == 3, ran.err
    assert "no number of seconds" in ran.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--world", "no-such.toml"], "no-such.toml: No such file or directory"),
        (["--world", "."], "Is a directory"),
        (["--record", "no/such/requests"], "no/such/requests: No such file or directory"),
        (["--version", "99", "--product", "vbr"], "no release 99 of vbr; there are 13."),
        (["--product", "aws", "--revision", "9.9", "--port", "0"], "no specification of aws 9.9; found: aws 1.0-rev0"),
        (["--product", "aws", "--revision", "vbr/1.3-rev0", "--port", "0"], "vbr/1.3-rev0 is not of --product aws"),
    ],
)
def test_one_simulated_appliance(tmp_path: Path, words: list[str], says: str) -> None:
    """The line names the file or the release."""
    ran = veeam("simulate", *words, cwd=tmp_path)
    assert ran.status == 3, ran.err
    assert ran.err.count("\n") == 1
    assert says in ran.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["call", "vbr-1", "GetJob", "id=\udcff"], "not UTF-8 text"),
        (["call", "vbr-1", "GetJob", "-p", "id=\udcff"], "not UTF-8 text"),
        (["each", "GetJob", "id=\udcff"], "not UTF-8 text"),
        (["call", "vbr-1", "CreateJob", "--body", "@/dev/zero"], "longer than 64 MiB"),
        (["poll", "jobs", "--where", "name=vbr-1", "-o", "parquet", "--out", "/proc/jobs.parquet"], "No such file"),
        (["conformance", "vbr-1", "--out", "/no/such/report.json"], "there is no such folder"),
    ],
)
def test_what_is_no_text_and_what_has_no_place(healthy: Path, words: list[str], says: str) -> None:
    """Bytes that are no text, a body without an end, a file that cannot be made: one line."""
    ran = veeam(*words, VEEAM_FLEET=str(healthy))
    assert says in ran.err
    assert ran.status in (2, 3)
    assert "fault of this program" not in ran.err
    assert "errno" not in ran.err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="becomes another user")
def test_folders_that_may_not_be_looked_into(tmp_path: Path) -> None:
    """Settings and added revisions in such folders are none to this user, and no error."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = (
        "import os; from veeam_async.cli.discovery import discover_fleet; from veeam_async._spec import files; "
        "files.load('aws', '1.0-rev0'); discover_fleet(); os.setuid(65534); "
        "print(discover_fleet(), len(files.load('one', '2.3').paths) > 100)"
    )
    variables = {"HOME": str(closed), "XDG_CONFIG_HOME": str(closed), "XDG_DATA_HOME": str(closed)}
    found = subprocess.run(
        [sys.executable, "-c", program], env={**environment(), **variables}, cwd="/", capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert found.stdout == "None True\n", found.stderr


def test_a_port_in_digits_that_are_none(healthy: Path) -> None:
    """A superscript is a digit to Python, and no number."""
    ran = veeam("exporter", healthy, "--listen", "127.0.0.1:²")
    assert (ran.status, "give ADDRESS:PORT" in ran.err) == (3, True)


class TestWithoutSecrets:
    """What only looks at the fleet file needs no password."""

    def test_fleet_list(self, tmp_path: Path) -> None:
        """A list of appliances, though the variable with the password is not set."""
        (tmp_path / "fleet.toml").write_text(
            '[defaults]\nusername = "u"\npassword_env = "NOT_SET"\ntls = { client_cert = "none.pem" }\n'
            '[[appliance]]\nhost = "vbr01.example.com"\nheaders = { X-Key = { env = "NOT_SET" } }\n'
        )
        ran = veeam("fleet", "list", "-o", "csv", "--columns", "name", cwd=tmp_path)
        assert (ran.status, ran.out) == (0, "name\nvbr01.example.com\n")
        assert veeam("check", cwd=tmp_path).status == 3

    def test_what_is_wrong_is_said_all_the_same(self, tmp_path: Path) -> None:
        """Keys and addresses are looked at."""
        (tmp_path / "fleet.toml").write_text('[[appliance]]\nhost = "host:abc"\n')
        ran = veeam("fleet", "list", cwd=tmp_path)
        assert (ran.status, "fleet.toml:2" in ran.err) == (3, True)


class TestMessages:
    """What is printed is in the words of the command line, not in Python's."""

    def test_insecure(self, encrypted: Path) -> None:
        """--insecure warns in one line without classes and calls."""
        host = tomllib.loads(encrypted.read_text())["appliance"][0]["host"]
        ran = veeam(
            "call", host, "GetServerInfo", "--insecure", "--username", "svc-monitor",
            "--password-file", encrypted.parent / "password",
        )  # fmt: skip
        assert ran.status == 0, ran.err
        assert ran.err == (
            "veeam-async: certificates are not verified: anyone in between can read the password and the token\n"
        )

    def test_untrusted_certificate(self, encrypted: Path) -> None:
        """A refused certificate names its owner, its issuer and the line that pins it."""
        host = tomllib.loads(encrypted.read_text())["appliance"][0]["host"]
        ran = veeam("call", host, "GetServerInfo", **LOGIN)
        assert ran.status == 2
        assert 'pin it in the fleet file: tls = { fingerprint = "' in ran.err
        assert "unable to get local issuer certificate" in ran.err
        assert not any(word in ran.err for word in ("TlsPolicy", "_ssl.c", "[SSL:"))

    @pytest.mark.parametrize("command", [["fingerprint"], ["fleet", "add", "--pin"]])
    def test_no_connection(self, command: list[str], tmp_path: Path) -> None:
        """What the system says, without numbers of errors, and the host once."""
        (tmp_path / "fleet.toml").write_text('[defaults]\nusername = "u"\npassword_env = "PATH"\n')
        ran = veeam(*command, "127.0.0.1:1", cwd=tmp_path)
        assert ran.status == 2
        assert "no TLS handshake with port 1: Connection refused. Check that" in ran.err
        assert ran.err.count("127.0.0.1") == 1

    def test_a_skeleton_of_no_body(self) -> None:
        """An operation without a body has no skeleton, and says so."""
        ran = veeam("operations", "show", "GetAllJobs", "-o", "skeleton")
        assert (ran.status, ran.out, ran.err) == (3, "", "veeam-async: GetAllJobs takes no body\n")

    def test_a_level_of_the_log_that_is_none(self) -> None:
        """VEEAM_LOG with a word that is no level: a line, without Python's."""
        ran = veeam("operations", "vbr", "auto", "GetServerTime", VEEAM_LOG="loud")
        assert ran.status == 0
        assert ran.err.count("\n") == 1
        assert "VEEAM_LOG is 'loud'" in ran.err

    def test_missing_files(self, tmp_path: Path) -> None:
        """A file that is not there is named once, without error numbers."""
        ran = veeam("check", tmp_path / "no-such.toml")
        assert ran.status == 3
        assert ran.err == f"veeam-async: {tmp_path / 'no-such.toml'}: No such file or directory\n"

    def test_one_is_no_plural(self, healthy: Path) -> None:
        """`1 row`, `1 appliance`."""
        ran = veeam("poll", healthy, "licenses", "--where", "name=vbr-1")
        assert ran.err == "1 row from 1 of 1 appliance\n"

    def test_csv_says_true_in_lower_case(self, healthy: Path) -> None:
        """Truth values are those of JSON."""
        ran = veeam("poll", healthy, "repositories", "-o", "csv", "--columns", "name,online")
        assert ran.out.startswith("name,online")
        assert ",true" in ran.out
        assert "True" not in ran.out


class TestDiscovery:
    def test_fleet_by_variable_folder_and_settings(self, healthy: Path, tmp_path: Path) -> None:
        """VEEAM_FLEET, then ./fleet.toml, then the settings of the user; none is an error that says where to put it."""
        nothing = veeam("poll", "jobs", cwd=tmp_path, HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path / "config"))
        assert nothing.status == 3
        assert "veeam-async init" in nothing.err
        for place in (tmp_path / "config" / "veeam-async", tmp_path):
            place.mkdir(parents=True, exist_ok=True)
            (place / "fleet.toml").write_text(healthy.read_text().replace('"password"', f'"{healthy.parent}/password"'))
            ran = veeam("poll", "licenses", cwd=tmp_path, XDG_CONFIG_HOME=str(tmp_path / "config"))
            assert ran.status == 0, ran.err
            (place / "fleet.toml").unlink()
        assert veeam("poll", "licenses", VEEAM_FLEET=str(healthy)).status == 0
        wrong = veeam("poll", "licenses", VEEAM_FLEET=str(tmp_path / "none.toml"))
        assert (wrong.status, "no such file" in wrong.err) == (3, True)

    def test_host_by_variable(self, healthy: Path) -> None:
        """VEEAM_HOST stands in for HOST; a name of the fleet file brings its credentials."""
        ran = veeam("call", "GetServerInfo", VEEAM_HOST="vbr-1", VEEAM_FLEET=str(healthy))
        assert ran.status == 0, ran.err
        address = veeam("call", host_of(healthy, "vbr-1"), "GetServerInfo", VEEAM_FLEET=str(healthy))
        assert "--username" in address.err
