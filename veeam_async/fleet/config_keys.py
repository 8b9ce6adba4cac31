"""The keys of a fleet file: which there are, and what each takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .._http.origin import parse_host
from ..errors import VeeamError
from ..profiles import PRODUCTS as _PRODUCTS
from ..profiles import profile
from .secrets import SOURCES, Complain

PRODUCTS = tuple(_PRODUCTS)
SECRETS = ("password", "refresh_token", "token", "totp_secret")

TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "host": (str,),
    "product": (str,),
    "revision": (str,),
    "port": (int, str),
    "username": (str,),
    "tags": (list,),
    "labels": (dict,),
    "tls": (dict,),
    "timeout": (int, float),
    "timeouts": (dict,),
    "retry": (dict,),
    "allow_http": (bool,),
    "headers": (dict,),
    "proxy": (dict, str),
    **dict.fromkeys(("trust_env", "strict", "examine", "logout"), (bool,)),
    "max_body": (int,),
    **{
        f"{secret}_{source}": (list, str) if source == "command" else (str,) for secret in SECRETS for source in SOURCES
    },
}
_TLS_KEYS: dict[str, tuple[type, ...]] = {
    "ca_file": (str,),
    "fingerprint": (str,),
    "insecure": (bool,),
    "check_hostname": (bool,),
    "server_name": (str,),
    "strict": (bool,),
    "minimum_version": (str,),
    "client_cert": (str,),
    "client_key": (str,),
    "client_key_password": (dict,),
    "proxy": (dict,),
}
_NUMBER = (int, float)
_TIMEOUT_KEYS: dict[str, tuple[type, ...]] = dict.fromkeys(("connect", "read", "total", "logout"), _NUMBER)
_RETRY_KEYS: dict[str, tuple[type, ...]] = {
    "attempts": (int,),
    **dict.fromkeys(("backoff", "backoff_cap", "retry_after_cap", "budget"), _NUMBER),
    "unsafe": (list, bool),
}
INNER = {"tls": _TLS_KEYS, "timeouts": _TIMEOUT_KEYS, "retry": _RETRY_KEYS}
_TOML_NAMES = {str: "a string", int: "an integer", float: "a number", bool: "true or false", list: "an array",
               dict: "a table"}  # fmt: skip


def check(table: Mapping[str, Any], fail: Complain, never: tuple[str, ...] = ()) -> None:
    """Refuse keys that are not known, and values of another type or out of range."""
    for key, value in table.items():
        if key in SECRETS:
            keys = [f"{key}_{source}" for source in SOURCES]
            fail(key, f"a secret does not stand in a fleet file: say {', '.join(keys[:-1])} or {keys[-1]}")
        if key in never:
            fail(key, "belongs to an appliance, not to the defaults")
        if key not in TYPES:
            fail(str(key), "not known; known are " + ", ".join(name for name in TYPES if name not in never))
        _check_type(key, value, TYPES[key], fail)
    if table.get("product", "vbr") not in PRODUCTS:
        fail("product", f"{table['product']!r} is none of {', '.join(PRODUCTS)}")
    port = table.get("port", "auto")
    if port != "auto" and (isinstance(port, str) or not 1 <= port <= 65535):
        fail("port", 'must be 1 to 65535, or "auto"')
    if table.get("max_body", 1) < 1:
        fail("max_body", "must be at least 1 byte")
    for key in ("tags", *(f"{secret}_command" for secret in SECRETS)):
        if not isinstance(table.get(key), str) and not all(isinstance(one, str) for one in table.get(key, ())):
            fail(key, "must be an array of strings")
    for label, value in table.get("labels", {}).items():
        if not isinstance(value, str):
            fail("labels", f"{label} must be a string")
    if not 0 < table.get("timeout", 1) < math.inf:
        fail("timeout", "must be more than 0 seconds, and finite")
    for key, known in INNER.items():
        _check_inner(key, table.get(key, {}), known, fail)
    for secret in SECRETS:
        given = [f"{secret}_{source}" for source in SOURCES if f"{secret}_{source}" in table]
        if len(given) > 1:
            fail(given[1], f"{given[0]} is given as well; one of them is enough")


def _check_inner(key: str, table: Mapping[str, Any], known: Mapping[str, tuple[type, ...]], fail: Complain) -> None:
    for inner, value in table.items():
        if inner not in known:
            fail(key, f"{inner!r} is not known; known are {', '.join(known)}")
        _check_type(key, value, known[inner], fail)
        if key == "tls" and inner == "proxy":
            _check_inner(key, value, {name: types for name, types in known.items() if name != "proxy"}, fail)


def _check_type(key: str, value: Any, types: tuple[type, ...], fail: Complain) -> None:
    # bool is an int in Python, not in TOML.
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        fail(key, f"must be {_TOML_NAMES[types[-1]]}")


def check_address(entry: Mapping[str, Any], product: str, fail: Complain) -> None:
    """Refuse a host that makes no address, before anything is asked for."""
    port = entry.get("port")
    try:
        parse_host(
            entry["host"],
            port=None if port == "auto" else port,
            default_port=profile(product).default_port,
            allow_http=entry.get("allow_http", False),
        )
    except VeeamError as error:
        fail("host", error.message)


def check_revision(product: str, revision: str, fail: Complain) -> None:
    """Refuse a revision that is not here."""
    if revision == "auto":
        return
    from ..registry import find_revision

    try:
        find_revision(product, revision)
    except ValueError as error:
        fail("revision", str(error))
