"""The fleet file."""

from __future__ import annotations

import sys
from pathlib import Path
from time import monotonic
from types import ModuleType
from typing import Any

import pytest

from veeam_async import BearerToken, Mfa, Password, RefreshToken
from veeam_async.fleet import Appliance, FleetConfigError, config, secrets
from veeam_async.timeouts import Timeouts
from veeam_async.tls import TlsPolicy

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
    """What is wrong is reported with its line and key, and never with a secret."""
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
    """A file that is not there, or no text, is reported by its name."""
    with pytest.raises(FleetConfigError, match=r"fleet\.toml: No such file"):
        config.load(tmp_path / "fleet.toml")
    (tmp_path / "fleet.toml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(FleetConfigError, match="not UTF-8"):
        config.load(tmp_path / "fleet.toml")


def test_record() -> None:
    """A record with the same keys makes an appliance; what is wrong with it is reported by its name."""
    made = config.from_record({"host": "a", "username": "u", "password_env": "PW", "tags": ["x"]}, environ=ENVIRON)
    assert (made.name, set(made.tags), made.credentials) == ("a", {"x"}, Password("u", "hush-1"))
    with pytest.raises(FleetConfigError, match="record a: port: must be 1 to 65535"):
        config.from_record({"host": "a", "port": 0}, environ=ENVIRON)


def test_empty_file() -> None:
    """A file without appliances is a fleet without appliances."""
    assert parse("") == []


def one(more: str, folder: Path | None = None) -> Appliance:
    """The appliance of a file with one, that has a few more lines."""
    (appliance,) = parse(f"[[appliance]]\nhost = 'vbr01'\nusername = 'u'\n{more}", folder)
    return appliance


def one_refused(more: str, folder: Path | None = None) -> str:
    """What is said of such a file; it has a line, and its lines have no secret."""
    error = refused(f"[[appliance]]\nhost = 'vbr01'\nusername = 'u'\n{more}", folder)
    assert error.line is not None
    return str(error)


def test_what_a_gateway_wants() -> None:
    """Headers, a path, a proxy and the environment's proxy are options of an appliance, secrets from elsewhere."""
    appliance = one(
        """
        password_env = "PW"
        headers = { X-Id = "7", X-Secret = { env = "OTHER" } }
        proxy = "http://proxy.example.com:3128"
        trust_env = true
        retry = { attempts = 2, unsafe = ["StartJob"] }
        """
    )
    assert appliance.headers == {"X-Id": "7", "X-Secret": "hush-2"}
    assert (appliance.proxy, appliance.trust_env) == ("http://proxy.example.com:3128", True)
    assert appliance.retry is not None and appliance.retry.attempts == 2
    assert "hush" not in repr(appliance) and "hush" not in repr(appliance.headers)
    sent = appliance.without_credentials()
    assert sent.headers is None and sent.proxy is None
    hidden = config.parse(
        "[[appliance]]\nhost='https://gw/x/'\nusername='u'\npassword_env='P'\nproxy={env='PROXY'}",
        environ={"P": "p", "PROXY": "http://me:hush@proxy:1"},
    )
    assert hidden[0].proxy == "http://me:hush@proxy:1" and hidden[0].host == "https://gw/x/"


def test_tls_in_full(tmp_path: Path) -> None:
    """All that a policy takes can be said in the file; files are relative to it."""
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).write_text("")
    appliance = one(
        """
        password_env = "PW"
        [appliance.tls]
        ca_file = "ca.pem"
        server_name = "vbr01.example.com"
        strict = true
        minimum_version = "1.3"
        client_cert = "cert.pem"
        client_key = "key.pem"
        client_key_password = { env = "OTHER" }
        proxy = { ca_file = "ca.pem" }
        """,
        tmp_path,
    )
    assert appliance.tls == TlsPolicy(
        ca_file=tmp_path / "ca.pem",
        server_name="vbr01.example.com",
        strict=True,
        minimum_version="1.3",
        client_cert=tmp_path / "cert.pem",
        client_key=tmp_path / "key.pem",
        client_key_password="hush-2",
        proxy=TlsPolicy(ca_file=tmp_path / "ca.pem"),
    )


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("headers = { Authorization = 'x' }", "headers: the header Authorization is set by this package"),
        ("headers = { X = 5 }", "headers: a secret is given by { env"),
        ("headers = { X = { env = 'NOPE' } }", "headers: the environment variable NOPE is not set"),
        ("headers = { X = { env = 'PW', file = 'x' } }", "headers: a secret is given by"),
        ("headers = { X = { shell = 'x' } }", "headers: a secret is given by"),
        ("headers = { X = { env = 5 } }", "headers: must be a string"),
        ("headers = { 'X Y' = 'a' }", "headers: 'X Y' is no name"),
        ("headers = 'X: y'", "headers: must be a table"),
        ("proxy = 'http://me:hush@proxy'", "proxy: a secret does not stand in a fleet file"),
        ("proxy = 'socks5://proxy'", "proxy: a proxy is given as"),
        ("proxy = { env = 'PW' }", "proxy: a proxy is given as"),
        ("proxy = 5", "proxy: must be a string"),
        ("trust_env = 'yes'", "trust_env: must be true or false"),
        ("tls = { client_key_password = 'hush' }", "tls: must be a table"),
        ("tls = { client_key = 'nope' }", "tls: client_key: nope: no such file"),
        ("tls = { client_cert = 'a\\u0000b' }", "no such file"),
        ("tls = { proxy = { proxy = {} } }", "tls: 'proxy' is not known"),
        ("tls = { minimum_version = '1.1' }", "tls: minimum_version must be"),
        ("tls = { strict = 1 }", "tls: must be true or false"),
        ("timeout = nan", "timeout: must be more than 0 seconds, and finite"),
        ("timeout = inf", "timeout: must be more than 0 seconds, and finite"),
        ("timeouts = { total = nan }", "timeouts: total must be"),
        ("timeouts = { total = inf }", "timeouts: total must be"),
        ("timeouts = { read = -1 }", "timeouts: read must be"),
        ("retry = { attempts = 0 }", "retry: attempts must be"),
        ("retry = { tries = 1 }", "retry: 'tries' is not known"),
        ("revision = '1.9'", "revision: no revision '1.9' of vbr here"),
    ],
)
def test_further_options_that_make_no_sense(more: str, says: str, tmp_path: Path) -> None:
    """Each is an error with its key and its line, before anything is asked for."""
    assert says in one_refused(f"password_env = 'PW'\n{more}", tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1:abc", "vbr01..x", "http://vbr01", "me:hush@vbr01", "x" * 70, "a b"])
def test_hosts_that_make_no_address(host: str) -> None:
    """A host is looked at when the file is read, and a password in it is not repeated."""
    error = refused(f"[[appliance]]\nhost = '{host}'\nusername = 'u'\npassword_env = 'PW'")
    assert (error.key, error.line) == ("host", 2)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "its first line is empty"), (b"\nhush\n", "its first line is empty"), (b"hush\0x", "is no text"),
     (b"\xff\xfe", "cannot be read"),
     (b"hush" * 20_000, "longer than any secret")],
)  # fmt: skip
def test_files_that_hold_no_secret(content: bytes, says: str, tmp_path: Path) -> None:
    """An empty line, NUL, another charset and a file without end are errors."""
    (tmp_path / "secret").write_bytes(content)
    assert says in one_refused("password_file = 'secret'", tmp_path)


@pytest.mark.parametrize("name", ["a\\u0000b", "/dev/zero", ".", "nope", "~no-such-user-here/x"])
def test_names_that_are_no_file(name: str, tmp_path: Path) -> None:
    """NUL in a name, a device, a folder, what is not there: one error each, soon."""
    assert "password_file" in str(
        refused(f'[[appliance]]\nhost = "vbr01"\nusername = "u"\npassword_file = "{name}"', tmp_path)
    )


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "1" * 5000,
        "x = " + "[" * 5000 + "]" * 5000,
        "x = " + "{a = " * 5000 + "1" + "}" * 5000,
        "x" + ".x" * 100_000 + " = 1",
        "[x" + ".x" * 100_000 + "]",
        "[x" + " . 'x'" * 100_000 + "]",
        "\0",
        "x = 2020-99-99",
        "[[appliance]]\nhost = 1e999999",
        "[appliance]\n[[appliance]]",
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_hostile_toml(text: str) -> None:
    """Numbers of thousands of digits, depth, and keys of thousands of parts are one error each, and soon."""
    started = monotonic()
    refused(text)
    assert monotonic() - started < 5


def test_files_without_end(tmp_path: Path) -> None:
    """Neither a device nor a file of the wrong size is read to its end."""
    for path in ("/dev/zero", tmp_path, tmp_path / "nope"):
        with pytest.raises(FleetConfigError):
            config.load(path)
    with pytest.raises(FleetConfigError):
        config.load("a\0b")


def program(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "program.py").write_text(text)
    return [sys.executable, "program.py"]


def test_a_secret_from_a_command(tmp_path: Path) -> None:
    """The first line that a program prints is the secret; it runs once for all appliances, in the file's folder."""
    words = program(tmp_path, "open('runs', 'a').write('x'); print('hush-7'); print('more')")
    text = (
        f"[defaults]\nusername = 'u'\npassword_command = {words!r}\n"
        + "[[appliance]]\nhost = 'a'\n[[appliance]]\nhost = 'b'"
    )
    assert [one.credentials for one in parse(text, tmp_path)] == [Password("u", "hush-7")] * 2
    assert (tmp_path / "runs").read_text() == "x"
    as_text = one(f"password_command = '{sys.executable} program.py'", tmp_path)
    assert as_text.credentials == Password("u", "hush-7")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("raise SystemExit(3)", "ended with 3"),
        ("pass", "its first line is empty"),
        ("print()", "its first line is empty"),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\xfe')", "is not UTF-8"),
        ("while True: print('hush' * 1000)", "prints more than any secret"),
        ("import time; time.sleep(60)", "gave no secret in 0.5 s"),
        ("import subprocess; subprocess.Popen(['sleep', '60'])", "gave no secret in 0.5 s"),
    ],
)  # fmt: skip
def test_commands_that_give_no_secret(text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that fails, prints nothing, prints without end or hangs is an error that does not show its output."""
    monkeypatch.setattr(secrets, "_COMMAND_SECONDS", 0.5 if "0.5" in says else 10)
    assert says in one_refused(f"password_command = {program(tmp_path, text)!r}", tmp_path)


@pytest.mark.parametrize(
    "command", ["''", "[]", "'no-such-program'", "[5]", "5", "'\"'", "['a', ['b']]", '["a\\u0000b"]']
)
def test_what_is_no_command(command: str, tmp_path: Path) -> None:
    """No program, or one that is not there, is an error."""
    assert "password_command" in one_refused(f"password_command = {command}", tmp_path)


def test_secrets_that_are_no_secrets() -> None:
    """What credentials refuse is an error of the file, with the key that it came from."""
    odd = {"PW": "two\nlines", "NOT": "not base32 1", "TOKEN": "a b", "OK": "p"}
    for more, key in (
        ("password_env = 'PW'", "password_env"),
        ("password_env = 'OK'\ntotp_secret_env = 'NOT'", "totp_secret_env"),
        ("token_env = 'TOKEN'", "token_env"),
    ):
        with pytest.raises(FleetConfigError) as caught:
            config.parse(f"[[appliance]]\nhost = 'a'\nusername = 'u'\n{more}", environ=odd)
        assert caught.value.key == key and "lines" not in str(caught.value)
