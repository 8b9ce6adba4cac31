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
    labels = { customer = "example" }   # rows know them; those of the defaults are added

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
    retry = { attempts = 2 }            # how calls are sent again
    allow_http = false
    strict = true                       # and examine, max_body, logout: as for `Client`

    [[appliance]]
    name = "behind-a-gateway"
    host = "https://gateway.example.com/veeam-7/"
    password_command = ["pass", "show", "veeam-7"]    # first line of what it prints; run once, without a shell
    headers = { X-Gateway-Id = "7", X-Gateway-Secret = { env = "GATEWAY_SECRET" } }   # with every request
    proxy = "http://proxy.example.com:3128"           # or { env = "PROXY" } where it has credentials
    trust_env = false                                 # true: HTTPS_PROXY and NO_PROXY count
    tls = { client_cert = "poller.pem", client_key = "poller.key", client_key_password = { file = "secrets/key" } }

Secrets are `password`, `refresh_token`, `token` (a bearer token) and `totp_secret`, each with `_env`, `_file`,
`_keyring` or `_command` behind its name. The bare name is refused: a secret never stands in this file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from .._http.headers import own_headers
from .._http.proxy import parse_proxy
from .._redact import Hidden
from .._text import neutral
from ..errors import VeeamError
from ..retry import RetryPolicy
from ..timeouts import Timeouts
from ..tls import TlsPolicy
from .appliance import Appliance
from .config_keys import PRODUCTS, SECRETS, check, check_address, check_revision
from .config_lines import Lines
from .secrets import SOURCES, Complain, Secrets

if TYPE_CHECKING:
    from ..credentials import Credentials

T = TypeVar("T")


# A fleet of ten thousand appliances has a file of 3 MiB.
_LONGEST = 16 * 1024 * 1024
# tomllib needs memory by the square of the parts of a key.
_LONG_KEY = re.compile(r"""(?<![\w"'-])(?:[\w"'-]+\s*\.\s*){64}""")


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


def load(
    path: str | os.PathLike[str], environ: Mapping[str, str] | None = None, *, secrets: bool = True
) -> list[Appliance]:
    """Reads a fleet file.

    Args:
        path: the TOML file.
        environ: environment variables; those of the process when absent.
        secrets: False reads none, for a look at the file: the appliances are without credentials, TLS policy, headers
            and proxy.

    Returns:
        The appliances in the file's order, secrets resolved.

    Raises:
        FleetConfigError: with line and key, for anything that is wrong.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST + 1)
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FleetConfigError("not UTF-8 text", source=str(path)) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "cannot be read"
        raise FleetConfigError(reason, source=neutral(str(path))) from error
    return parse(text, source=str(path), folder=path.parent, environ=environ, secrets=secrets)


def parse(
    text: str, *, source: str = "fleet.toml", folder: Path | None = None, environ: Mapping[str, str] | None = None,
    secrets: bool = True,
) -> list[Appliance]:  # fmt: skip
    """Reads the text of a fleet file; see `load`. `folder` is what relative file names start from."""
    data = _tables(text, source)
    lines = Lines(text)
    reader = Secrets(folder or Path(), environ) if secrets else None

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
    check(common, partial(fail, "defaults"), never=("name", "host"))
    for product, table in by_product.items():
        check(table, partial(fail, f"defaults.{product}"), never=("name", "host", "product"))
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

        check(entry, complain)
        appliance = _appliance(_merge(inherited, entry), complain, folder or Path(), reader)
        if appliance.name in names:
            taken = f"{appliance.name!r} is taken by line {names[appliance.name]}"
            complain("name" if "name" in entry else "host", taken)
        names[appliance.name] = lines.find(table, None)
        appliances.append(appliance)
    return appliances


def _tables(text: str, source: str) -> dict[str, Any]:
    """What a TOML text says.

    Raises:
        FleetConfigError: it is no TOML, or more than a fleet file can be.
    """
    if len(text) > _LONGEST:
        raise FleetConfigError(f"longer than {_LONGEST // 1024 // 1024} MiB: no fleet file", source=source)
    if long := _LONG_KEY.search(text):
        line = text.count("\n", 0, long.start()) + 1
        raise FleetConfigError("a key has more than 64 parts", source=source, line=line)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        position = re.search(r"\(at line (\d+), column \d+\)", str(error))
        message = re.sub(r" \(at .*\)$", "", str(error))
        raise FleetConfigError(message, source=source, line=int(position[1]) if position else None) from None
    except RecursionError:
        raise FleetConfigError("arrays or tables are nested too deeply", source=source) from None
    except (ValueError, OverflowError):
        raise FleetConfigError("a number has too many digits, or a date makes no sense", source=source) from None


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

    check(record, fail)
    return _appliance(dict(record), fail, folder or Path(), Secrets(folder or Path(), environ))


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` on top of `base`: tags and labels are added up, another source of a secret replaces the inherited one."""
    merged = dict(base)
    for secret in SECRETS:
        if any(f"{secret}_{source}" in over for source in SOURCES):
            for source in SOURCES:
                merged.pop(f"{secret}_{source}", None)
    merged.update(over)
    if "tags" in base and "tags" in over:
        merged["tags"] = [*base["tags"], *over["tags"]]
    if "labels" in base and "labels" in over:
        merged["labels"] = {**base["labels"], **over["labels"]}
    return merged


def _appliance(entry: Mapping[str, Any], fail: Complain, folder: Path, secrets: Secrets | None) -> Appliance:
    host = entry.get("host", "")
    if not host.strip():
        fail("host" if "host" in entry else None, "host is missing")
    name = entry.get("name", host)
    if not name.strip():
        fail("name", "must not be empty")
    product, revision = entry.get("product", "vbr"), entry.get("revision", "auto")
    check_address(entry, product, fail)
    check_revision(product, revision, fail)
    return Appliance(
        name,
        host,
        None if secrets is None else _credentials(entry, fail, secrets),
        product=product,
        revision=revision,
        port=entry.get("port"),
        tls=_tls(entry["tls"], fail, folder, secrets) if secrets is not None and "tls" in entry else None,
        tags=entry.get("tags", ()),
        labels=entry.get("labels", {}),
        timeout=entry.get("timeout"),
        timeouts=_made(Timeouts, "timeouts", entry, fail),
        retry=_made(RetryPolicy, "retry", entry, fail),
        allow_http=entry.get("allow_http"),
        headers=_headers(entry["headers"], fail, secrets) if secrets is not None and "headers" in entry else None,
        proxy=_proxy(entry["proxy"], fail, secrets) if secrets is not None and "proxy" in entry else None,
        trust_env=entry.get("trust_env"),
        strict=entry.get("strict"),
        examine=entry.get("examine"),
        max_body=entry.get("max_body"),
        logout=entry.get("logout"),
    )


def _credentials(entry: Mapping[str, Any], fail: Complain, secrets: Secrets) -> Credentials:
    from ..credentials.mfa import Mfa
    from ..credentials.password import Password
    from ..credentials.tokens import BearerToken, RefreshToken

    values: dict[str, str] = {}
    key = ""
    for secret in SECRETS:
        for source in SOURCES:
            if (place := entry.get(name := f"{secret}_{source}")) is not None:
                key = name
                values[secret] = secrets.get(source, place, name, fail)
    username = entry.get("username")
    try:
        if "token" in values:
            return BearerToken(values["token"])
        if "refresh_token" in values:
            return RefreshToken(values["refresh_token"])
        if "password" not in values:
            fail(None, "no password: say " + ", ".join(f"password_{source}" for source in SOURCES))
        if not username:
            fail("username" if "username" in entry else None, "username is missing")
        if "totp_secret" in values:
            return Mfa(username, values["password"], totp_secret=values["totp_secret"])
        return Password(username, values["password"])
    except FleetConfigError:
        raise
    except ValueError as error:
        fail("username" if "the user name" in str(error) else key, str(error))


def _tls(table: Mapping[str, Any], fail: Complain, folder: Path, secrets: Secrets) -> TlsPolicy:
    values = dict(table)
    for name in ("ca_file", "client_cert", "client_key"):
        if name in values:
            try:
                values[name] = str(folder / Path(values[name]).expanduser())
                missing = not Path(values[name]).is_file()
            except (ValueError, RuntimeError):
                missing = True
            if missing:
                fail("tls", f"{name}: {neutral(table[name])}: no such file")
    if "client_key_password" in values:
        values["client_key_password"] = _from_table(values["client_key_password"], "tls", fail, secrets)
    if "proxy" in values:
        values["proxy"] = _tls(values["proxy"], fail, folder, secrets)
    try:
        return TlsPolicy(**values)
    except (ValueError, TypeError, VeeamError) as error:
        fail("tls", str(error))


def _headers(table: Mapping[str, Any], fail: Complain, secrets: Secrets) -> dict[str, str]:
    values: dict[str, str] = Hidden()
    for name, value in table.items():
        values[name] = value if isinstance(value, str) else _from_table(value, "headers", fail, secrets)
    try:
        return own_headers(values)
    except (ValueError, TypeError) as error:
        fail("headers", str(error))


def _proxy(value: Any, fail: Complain, secrets: Secrets) -> str:
    if isinstance(value, str) and ":" in value.partition("://")[2].rpartition("@")[0]:
        fail("proxy", 'a secret does not stand in a fleet file: say proxy = { env = "VARIABLE" }')
    url = value if isinstance(value, str) else _from_table(value, "proxy", fail, secrets)
    try:
        parse_proxy(url)
    except VeeamError as error:
        fail("proxy", error.message)
    return url


def _from_table(table: Any, key: str, fail: Complain, secrets: Secrets) -> str:
    """A secret by `{ env = "..." }` and its like."""
    if not isinstance(table, dict) or len(table) != 1 or next(iter(table)) not in SOURCES:
        fail(key, "a secret is given by { " + ' = "..." }, { '.join(SOURCES) + ' = "..." }')
    ((source, place),) = table.items()
    return secrets.get(source, place, key, fail)


def _made(kind: type[T], key: str, entry: Mapping[str, Any], fail: Complain) -> T | None:
    if key not in entry:
        return None
    try:
        return kind(**entry[key])
    except (ValueError, TypeError) as error:
        fail(key, str(error))
