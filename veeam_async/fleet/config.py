"""The fleet file: TOML that lists appliances, and takes every secret from elsewhere.

    [defaults]                          # for every appliance that does not say otherwise
    username = "svc-monitor"
    password_env = "VEEAM_PASSWORD"     # the environment variable that holds the password
    tags = ["prod"]                     # added to the tags of each appliance
    tls = { ca_file = "company-ca.pem" }

    [defaults.azure]                    # the same, for one product only
    username = "reader"

    [[appliance]]
    name = "berlin-1"                   # unique; the host when absent
    host = "vbr01.example.com"          # name, address, name:port or https://name:port
    tags = ["berlin"]

    [[appliance]]
    name = "aws-1"
    host = "203.0.113.7"
    product = "aws"                     # vbr (when absent), aws, azure
    revision = "1.7-rev0"               # auto (when absent): negotiated
    port = 11005                        # the product's own when absent; "auto" tries its usual ones
    password_file = "secrets/aws-1"     # first line of a file; relative to the fleet file
    totp_secret_env = "AWS1_TOTP"       # with a second factor
    tls = { fingerprint = "9f86d0..." } # or ca_file, or insecure = true

    [[appliance]]
    host = "azure01.example.com"
    product = "azure"
    password_keyring = "veeam/azure01"  # service and user name in the system's keyring (extra `keyring`)
    timeout = 30.0                      # seconds that a task of a fan-out may take here
    timeouts = { connect = 5.0, read = 30.0, total = 60.0 }   # limits of each call, seconds
    allow_http = false

Secrets are `password`, `refresh_token`, `token` (a bearer token) and `totp_secret`, each with `_env`, `_file` or
`_keyring` behind its name. The bare name is refused: a secret never stands in this file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import VeeamError
from .appliance import Appliance

if TYPE_CHECKING:
    from ..credentials import Credentials

PRODUCTS = ("vbr", "aws", "azure")
SECRETS = ("password", "refresh_token", "token", "totp_secret")
SOURCES = ("env", "file", "keyring")

_TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "host": (str,),
    "product": (str,),
    "revision": (str,),
    "port": (int, str),
    "username": (str,),
    "tags": (list,),
    "tls": (dict,),
    "timeout": (int, float),
    "timeouts": (dict,),
    "allow_http": (bool,),
    **{f"{secret}_{source}": (str,) for secret in SECRETS for source in SOURCES},
}
_TLS_KEYS = {"ca_file": (str,), "fingerprint": (str,), "insecure": (bool,), "check_hostname": (bool,)}
_TIMEOUT_KEYS = {"connect": (int, float), "read": (int, float), "total": (int, float), "logout": (int, float)}
_TOML_NAMES = {str: "a string", int: "an integer", float: "a number", bool: "true or false", list: "an array",
               dict: "a table"}  # fmt: skip


class FleetConfigError(VeeamError, ValueError):
    """A fleet file or a record of an appliance is not as it should be.

    Attributes:
        source: the file, or what the record is called.
        line: line in the file, counted from 1, or None.
        key: the key that is wrong, or None.
    """

    def __init__(self, message: str, *, source: str, line: int | None = None, key: str | None = None) -> None:
        super().__init__(message)
        self.source = source
        self.line = line
        self.key = key

    def describe(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


def load(path: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> list[Appliance]:
    """Reads a fleet file.

    Args:
        path: the TOML file.
        environ: environment variables; those of the process when absent.

    Returns:
        The appliances in the file's order, secrets resolved.

    Raises:
        FleetConfigError: with line and key, for anything that is wrong.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FleetConfigError("not UTF-8 text", source=str(path)) from error
    except OSError as error:
        raise FleetConfigError(error.strerror or "cannot be read", source=str(path)) from error
    return parse(text, source=str(path), folder=path.parent, environ=environ)


def parse(
    text: str, *, source: str = "fleet.toml", folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> list[Appliance]:
    """Reads the text of a fleet file; see `load`. `folder` is what relative file names start from."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        message = re.sub(r" \(at .*\)$", "", str(error))
        raise FleetConfigError(message, source=source, line=int(found[1]) if found else None) from None
    lines = _Lines(text)

    def fail(table: str, key: str | None, message: str) -> NoReturn:
        raise FleetConfigError(message, source=source, line=lines.find(table, key), key=key)

    for key in data:
        if key not in ("defaults", "appliance"):
            fail("", key, "not known here; a fleet file has [defaults] and [[appliance]]")
    defaults = data.get("defaults", {})
    if not isinstance(defaults, dict):
        fail("", "defaults", "must be a table: [defaults]")
    by_product = {product: defaults[product] for product in PRODUCTS if isinstance(defaults.get(product), dict)}
    common = {key: value for key, value in defaults.items() if key not in by_product}
    _check(common, partial(fail, "defaults"), never=("name", "host"))
    for product, table in by_product.items():
        _check(table, partial(fail, f"defaults.{product}"), never=("name", "host", "product"))
    entries = data.get("appliance", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        fail("", "appliance", "must be tables: [[appliance]]")

    appliances: list[Appliance] = []
    names: dict[str, int | None] = {}
    for index, entry in enumerate(entries):
        table = f"appliance[{index}]"
        product = entry.get("product", common.get("product", "vbr"))
        inherited = _merge(common, by_product.get(product, {}) if isinstance(product, str) else {})

        def complain(key: str | None, message: str, table: str = table, product: Any = product) -> NoReturn:
            # A key that came from the defaults is wrong there, and the person who mends it has to look there.
            for place in (table, f"defaults.{product}", "defaults"):
                if key is None or lines.has(place, key):
                    fail(place, key, message)
            fail(table, key, message)

        _check(entry, complain)
        appliance = _appliance(_merge(inherited, entry), complain, folder or Path(), environ)
        if appliance.name in names:
            taken = f"{appliance.name!r} is taken by line {names[appliance.name]}"
            complain("name" if "name" in entry else "host", taken)
        names[appliance.name] = lines.find(table, None)
        appliances.append(appliance)
    return appliances


def from_record(
    record: Mapping[str, Any], *, source: str = "record", folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Appliance:  # fmt: skip
    """Makes an `Appliance` of a mapping with the keys of `[[appliance]]`, from a database or an inventory.

    Raises:
        FleetConfigError: with the key, for anything that is wrong.
    """

    def fail(key: str | None, message: str) -> NoReturn:
        raise FleetConfigError(message, source=f"{source} {record.get('name', record.get('host', '?'))}", key=key)

    _check(record, fail)
    return _appliance(dict(record), fail, folder or Path(), environ)


Complain = Callable[[str | None, str], NoReturn]


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` on top of `base`: tags are added up, and another source of a secret replaces the inherited one."""
    merged = dict(base)
    for secret in SECRETS:
        if any(f"{secret}_{source}" in over for source in SOURCES):
            for source in SOURCES:
                merged.pop(f"{secret}_{source}", None)
    merged.update(over)
    if "tags" in base and "tags" in over:
        merged["tags"] = [*base["tags"], *over["tags"]]
    return merged


def _check(table: Mapping[str, Any], fail: Complain, never: tuple[str, ...] = ()) -> None:
    for key, value in table.items():
        if key in SECRETS:
            fail(key, f"a secret does not stand in a fleet file: say {key}_env, {key}_file or {key}_keyring")
        if key in never:
            fail(key, "belongs to an appliance, not to the defaults")
        if key not in _TYPES:
            fail(key, "not known; known are " + ", ".join(name for name in _TYPES if name not in never))
        _check_type(key, value, _TYPES[key], fail)
    if table.get("product", "vbr") not in PRODUCTS:
        fail("product", f"{table['product']!r} is none of {', '.join(PRODUCTS)}")
    port = table.get("port", "auto")
    if port != "auto" and (isinstance(port, str) or not 1 <= port <= 65535):
        fail("port", 'must be 1 to 65535, or "auto"')
    if not all(isinstance(tag, str) for tag in table.get("tags", ())):
        fail("tags", "must be an array of strings")
    if table.get("timeout", 1) <= 0:
        fail("timeout", "must be more than 0 seconds")
    for key, known in (("tls", _TLS_KEYS), ("timeouts", _TIMEOUT_KEYS)):
        for inner, value in table.get(key, {}).items():
            if inner not in known:
                fail(key, f"{inner!r} is not known; known are {', '.join(known)}")
            _check_type(key, value, known[inner], fail)
    for secret in SECRETS:
        given = [f"{secret}_{source}" for source in SOURCES if f"{secret}_{source}" in table]
        if len(given) > 1:
            fail(given[1], f"{given[0]} is given as well; one of them is enough")


def _check_type(key: str, value: Any, types: tuple[type, ...], fail: Complain) -> None:
    # bool is an int in Python, not in TOML.
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        fail(key, f"must be {_TOML_NAMES[types[-1]]}")


def _appliance(entry: Mapping[str, Any], fail: Complain, folder: Path, environ: Mapping[str, str] | None) -> Appliance:
    host = entry.get("host", "")
    if not host.strip():
        fail("host" if "host" in entry else None, "host is missing")
    if not entry.get("name", host).strip():
        fail("name", "must not be empty")
    return Appliance(
        entry.get("name", host),
        host,
        _credentials(entry, fail, folder, os.environ if environ is None else environ),
        product=entry.get("product", "vbr"),
        revision=entry.get("revision", "auto"),
        port=entry.get("port"),
        tls=_tls(entry["tls"], fail, folder) if "tls" in entry else None,
        tags=entry.get("tags", ()),
        timeout=entry.get("timeout"),
        timeouts=_timeouts(entry["timeouts"], fail) if "timeouts" in entry else None,
        allow_http=entry.get("allow_http", False),
    )


def _credentials(entry: Mapping[str, Any], fail: Complain, folder: Path, environ: Mapping[str, str]) -> Credentials:
    from ..credentials import BearerToken, Mfa, Password, RefreshToken

    secrets = dict(_secrets(entry, fail, folder, environ))
    if "token" in secrets:
        return BearerToken(secrets["token"])
    if "refresh_token" in secrets:
        return RefreshToken(secrets["refresh_token"])
    if "password" not in secrets:
        fail(None, "no password: say password_env, password_file or password_keyring")
    if not entry.get("username"):
        fail("username" if "username" in entry else None, "username is missing")
    if "totp_secret" in secrets:
        return Mfa(entry["username"], secrets["password"], totp_secret=secrets["totp_secret"])
    return Password(entry["username"], secrets["password"])


def _secrets(
    entry: Mapping[str, Any], fail: Complain, folder: Path, environ: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for secret in SECRETS:
        if (variable := entry.get(key := f"{secret}_env")) is not None:
            value = environ.get(variable)
            if not value:
                fail(key, f"the environment variable {variable} is {'empty' if value == '' else 'not set'}")
            yield secret, value
        if (name := entry.get(key := f"{secret}_file")) is not None:
            try:
                text = (folder / Path(name).expanduser()).read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                fail(key, f"{name}: {getattr(error, 'strerror', None) or 'cannot be read'}")
            value = text.partition("\n")[0].strip("\r")
            if not value:
                fail(key, f"{name}: its first line is empty")
            yield secret, value
        if (place := entry.get(key := f"{secret}_keyring")) is not None:
            yield secret, _from_keyring(key, place, fail)


def _from_keyring(key: str, place: str, fail: Complain) -> str:
    service, _, user = place.rpartition("/")
    if not service or not user:
        fail(key, 'must be "service/user name"')
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        fail(key, "the package keyring is not installed: pip install 'veeam-async[keyring]'")
    try:
        value = keyring.get_password(service, user)
    except KeyringError as error:
        fail(key, f"the keyring does not answer: {error}")
    if not value:
        fail(key, f"the keyring has no {user!r} for {service!r}")
    return value


def _tls(table: Mapping[str, Any], fail: Complain, folder: Path) -> Any:
    from ..tls import TlsPolicy

    values = dict(table)
    if "ca_file" in values:
        values["ca_file"] = str(folder / Path(values["ca_file"]).expanduser())
        if not Path(values["ca_file"]).is_file():
            fail("tls", f"ca_file: {table['ca_file']}: no such file")
    try:
        return TlsPolicy(**values)
    except (ValueError, TypeError, VeeamError) as error:
        fail("tls", str(error))


def _timeouts(table: Mapping[str, Any], fail: Complain) -> Any:
    from ..timeouts import Timeouts

    try:
        return Timeouts(**table)
    except (ValueError, TypeError, VeeamError) as error:
        fail("timeouts", str(error))


class _Lines:
    """Which line a table or a key stands on; tomllib does not say."""

    _HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
    _KEY = re.compile(r"""^\s*(["']?)([A-Za-z0-9_-]+)\1\s*[.=]""")

    def __init__(self, text: str) -> None:
        self._tables: dict[str, int] = {}
        self._keys: dict[tuple[str, str], int] = {}
        table = ""
        count = -1
        quote = ""
        depth = 0
        for number, line in enumerate(text.splitlines(), 1):
            if not quote and not depth:
                if header := self._HEADER.match(line):
                    name = header[2].replace(" ", "").replace('"', "").replace("'", "")
                    if header[1] == "[[" and name == "appliance":
                        count += 1
                    table = re.sub(r"^appliance\b", f"appliance[{count}]", name)
                    self._tables.setdefault(table, number)
                    # `[appliance.tls]` is the key `tls` of its parent as well.
                    parent, _, last = table.rpartition(".")
                    if parent:
                        self._keys.setdefault((parent, last), number)
                    else:
                        self._keys.setdefault(("", name), number)
                    continue
                if key := self._KEY.match(line):
                    self._keys.setdefault((table, key[2]), number)
            quote, depth = self._open(line, quote, depth)

    @staticmethod
    def _open(line: str, quote: str, depth: int) -> tuple[str, int]:
        """What of the line is still open at its end: a multi-line string, brackets of an array."""
        position = 0
        while position < len(line):
            if quote:
                end = line.find(quote, position)
                if end < 0:
                    return (quote if len(quote) == 3 else ""), depth
                position, quote = end + len(quote), ""
                continue
            char = line[position]
            if char == "#":
                break
            if char in "\"'":
                quote = char * 3 if line.startswith(char * 3, position) else char
                position += len(quote)
                continue
            depth += (char in "[{") - (char in "]}")
            position += 1
        return (quote if len(quote) == 3 else ""), max(depth, 0)

    def has(self, table: str, key: str) -> bool:
        return (table, key) in self._keys

    def find(self, table: str, key: str | None) -> int | None:
        if key is not None and (table, key) in self._keys:
            return self._keys[table, key]
        return self._tables.get(table)
