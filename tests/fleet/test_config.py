"""The fleet file."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from veeam_async.credentials import BearerToken, Mfa, Password, RefreshToken
from veeam_async.fleet import Appliance, FleetConfigError, config
from veeam_async.timeouts import Timeouts

ENVIRON = {"PW": "hush-1", "OTHER": "hush-2", "TOTP": "JBSWY3DPEHPK3PXP", "EMPTY": ""}


def parse(text: str, folder: Path | None = None) -> list[Appliance]:
    return config.parse(text, folder=folder, environ=ENVIRON)


def refused(text: str, folder: Path | None = None) -> FleetConfigError:
    with pytest.raises(FleetConfigError) as caught:
        parse(text, folder)
    assert "hush" not in str(caught.value)
    return caught.value


def test_whole_file(tmp_path: Path) -> None:
    """Every key of the format arrives where it belongs."""
    (tmp_path / "ca.pem").write_text("")
    (tmp_path / "secret").write_text("from-file\nsecond line\n")
    one, two, three, four = parse(
        """
        [defaults]
        username = "svc"
        password_env = "PW"
        tags = ["prod"]
        tls = { ca_file = "ca.pem" }

        [defaults.azure]
        username = "reader"

        [[appliance]]
        name = "berlin-1"
        host = "vbr01.example.com"
        tags = ["berlin"]

        [[appliance]]
        name = "aws-1"
        host = "203.0.113.7"
        product = "aws"
        revision = "1.7-rev0"
        port = 11006
        password_file = "secret"
        totp_secret_env = "TOTP"

        [appliance.tls]
        fingerprint = "%s"

        [[appliance]]
        host = "azure01.example.com"
        product = "azure"
        timeout = 30
        timeouts = { connect = 5.0, read = 30.0, total = 60.0 }
        allow_http = true
        port = "auto"

        [[appliance]]
        host = "b"
        token_env = "OTHER"
        """
        % ("ab" * 32),
        tmp_path,
    )
    assert (one.name, one.host, one.product) == ("berlin-1", "vbr01.example.com", "vbr")
    assert (one.revision, one.port) == ("auto", None)
    assert one.credentials == Password("svc", "hush-1")
    assert one.tags == {"prod", "berlin"}
    assert one.tls is not None
    assert one.tls.ca_file == str(tmp_path / "ca.pem")
    assert (two.revision, two.port) == ("1.7-rev0", 11006)
    assert isinstance(two.credentials, Mfa)
    assert (two.credentials.username, two.credentials.password) == ("svc", "from-file")
    assert two.tls is not None
    assert two.tls.fingerprint == "ab" * 32
    assert two.tls.ca_file is None
    assert (three.name, three.credentials) == ("azure01.example.com", Password("reader", "hush-1"))
    assert (three.timeout, three.allow_http, three.port) == (30, True, "auto")
    assert three.timeouts == Timeouts(connect=5.0, read=30.0, total=60.0)
    assert four.credentials == BearerToken("hush-2")


def test_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is read with secrets from the process's environment, with or without a byte order mark."""
    monkeypatch.setenv("FLEET_TEST_TOKEN", "hush-3")
    path = tmp_path / "fleet.toml"
    path.write_text('[[appliance]]\nhost = "a"\nrefresh_token_env = "FLEET_TEST_TOKEN"\n', encoding="utf-8-sig")
    (one,) = config.load(path)
    assert one.credentials == RefreshToken("hush-3")


def test_no_secret_is_shown() -> None:
    """Neither an appliance nor a list of them shows a secret."""
    appliances = parse('[[appliance]]\nhost = "a"\nusername = "u"\npassword_env = "PW"')
    assert "hush" not in repr(appliances)


def test_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret comes from the system's keyring, by service and user name."""
    asked = []

    def get_password(service: str, user: str) -> str | None:
        asked.append((service, user))
        return "hush-4" if user == "azure01" else None

    module: Any = ModuleType("keyring")
    module.get_password = get_password
    errors: Any = ModuleType("keyring.errors")
    errors.KeyringError = RuntimeError
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    (one,) = parse('[[appliance]]\nhost = "a"\nusername = "u"\npassword_keyring = "veeam/azure/azure01"')
    assert one.credentials == Password("u", "hush-4")
    assert asked == [("veeam/azure", "azure01")]
    error = refused('[[appliance]]\nhost = "a"\nusername = "u"\npassword_keyring = "veeam/nobody"')
    assert (error.line, error.key) == (4, "password_keyring")


ONE = '[[appliance]]\nhost = "a"\n'
USER = 'username = "u"\n'
PW = 'password_env = "PW"\n'


@pytest.mark.parametrize(
    ("text", "line", "key", "says"),
    [
        (ONE + 'password = "hush"', 3, "password", "password_env, password_file"),
        ('[defaults]\npassword = "hush"', 2, "password", "does not stand"),
        (ONE + 'hots = "b"', 3, "hots", "not known"),
        (ONE + 'port = "x"', 3, "port", "auto"),
        (ONE + 'port = 70000', 3, "port", "65535"),
        (ONE + 'port = true', 3, "port", "must be"),
        ('[[appliance]]\nhost = 5', 2, "host", "a string"),
        ('[[appliance]]\nhost = ""', 2, "host", "missing"),
        ('\n\n[[appliance]]\nname = "a"', 3, None, "host is missing"),
        (ONE + 'product = "vmware"', 3, "product", "vbr, aws, azure"),
        (ONE + 'username = "u"', 1, None, "no password"),
        (ONE + 'password_env = "PW"', 1, None, "username is missing"),
        (ONE + USER + 'password_env = "NONE"', 4, "password_env", "NONE is not set"),
        (ONE + USER + 'password_env = "EMPTY"', 4, "password_env", "EMPTY is empty"),
        (ONE + USER + 'password_file = "no"', 4, "password_file", "no: No such file"),
        (ONE + 'password_env = "PW"\npassword_file = "f"', 4, "password_file", "password_env is given"),
        (ONE + USER + 'password_keyring = "x"', 4, "password_keyring", "service/user"),
        ('[defaults]\nusername = "u"\npassword_env = "NONE"\n[[appliance]]\nhost = "a"', 3, "password_env", "not set"),
        ('[defaults.aws]\npassword_env = "NONE"\n' + ONE + USER + 'product="aws"', 2, "password_env", ""),
        ('[defaults]\nhost = "a"', 2, "host", "belongs to an appliance"),
        ('[defaults]\n[defaults.vbr]\nproduct = "vbr"', 3, "product", "belongs to an appliance"),
        ('[fleet]\na = 1', 1, "fleet", "[[appliance]]"),
        ('appliance = 1', 1, "appliance", "[[appliance]]"),
        ('defaults = 1', 1, "defaults", "[defaults]"),
        (ONE + 'tags = [1]', 3, "tags", "strings"),
        (ONE + 'tags = "x"', 3, "tags", "an array"),
        (ONE + 'timeout = 0', 3, "timeout", "more than 0"),
        (ONE + 'tls = { verify = false }', 3, "tls", "'verify' is not known"),
        (ONE + USER + PW + '[appliance.tls]\nca_file = "no.pem"', 5, "tls", "no such file"),
        (ONE + USER + PW + 'tls = { fingerprint = "zz" }', 5, "tls", "64"),
        (ONE + 'timeouts = { conect = 1 }', 3, "timeouts", "'conect'"),
        (ONE + 'timeouts = { connect = "1" }', 3, "timeouts", "a number"),
        ('[[appliance]]\nhost = \n', 2, None, "Invalid value"),
        ("[defaults]\n" + USER + PW + ONE + '[[appliance]]\nname="a"\nhost="b"', 7, "name", "line 4"),
    ],
)  # fmt: skip
def test_refused(text: str, line: int, key: str | None, says: str, tmp_path: Path) -> None:
    """What is wrong is told with its line and key, and never with a secret."""
    error = refused(text, tmp_path)
    assert (error.line, error.key) == (line, key)
    assert says in error.message
    assert str(error).startswith(f"fleet.toml:{line}: ")


def test_lines_in_a_busy_file() -> None:
    """Multi-line strings, arrays and comments do not put the line numbers out."""
    error = refused(
        '# [[appliance]]\n[defaults]\nusername = """\n[[appliance]]\nhost = 1\n"""\n'
        'tags = [\n  "x", # ]\n  "[[y]]",\n]\n'
        '[[appliance]]\nhost = "a"\nport = 0\n'
    )
    assert (error.line, error.key) == (13, "port")


def test_second_appliance() -> None:
    """The line is that of the appliance which is wrong, not of the first one."""
    good = '[[appliance]]\nhost = "h{}"\nusername = "u"\npassword_env = "PW"\n'
    error = refused(good.format(1) + good.format(2) + '[[appliance]]\nhost = "h3"\nprot = 1\n')
    assert (error.line, error.key) == (11, "prot")


def test_no_file(tmp_path: Path) -> None:
    """A file that is not there, or no text, is told by its name."""
    with pytest.raises(FleetConfigError, match=r"fleet\.toml: No such file"):
        config.load(tmp_path / "fleet.toml")
    (tmp_path / "fleet.toml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(FleetConfigError, match="not UTF-8"):
        config.load(tmp_path / "fleet.toml")


def test_record() -> None:
    """A record with the same keys makes an appliance; what is wrong with it is told by its name."""
    made = config.from_record({"host": "a", "username": "u", "password_env": "PW", "tags": ["x"]}, environ=ENVIRON)
    assert (made.name, set(made.tags), made.credentials) == ("a", {"x"}, Password("u", "hush-1"))
    with pytest.raises(FleetConfigError, match="record a: port: must be 1 to 65535"):
        config.from_record({"host": "a", "port": 0}, environ=ENVIRON)


def test_empty_file() -> None:
    """A file without appliances is a fleet without appliances."""
    assert parse("") == []
