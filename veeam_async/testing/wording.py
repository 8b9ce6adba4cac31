"""Texts for fields that only a schema describes: what an operator could read there, by the field's name."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

_CITIES = ("Berlin", "Oslo", "Lyon", "Porto", "Turin", "Graz", "Ghent", "Bergen", "Malmo", "Tartu", "Brno", "Split")
_PEOPLE = ("alva", "bruno", "clara", "dario", "edith", "felix", "greta", "hugo", "irma", "jonas", "karin", "lukas")
_REGIONS = ("eu-central-1", "eu-north-1", "eu-west-3")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
# What a name's noun does without: how schemas and fields call what they hold.
_FILLERS = frozenset({"rest", "model", "info", "base", "data", "item", "items", "results", "details", "view"})


def words(name: str) -> list[str]:
    """The words of a name in camel case, in lower case."""
    return [word.lower() for word in _WORD.findall(name)]


@cache
def singular(word: str) -> str:
    """One of what a plural names: `repository` for `repositories`, in lower case."""
    word = word.lower()
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word if word.endswith(("ss", "us", "is")) else word.removesuffix("s")


@cache
def noun(name: str) -> str:
    """What the thing in a field or behind a path's segment is called: `Proxy pool` for `ProxyPools`."""
    found = [word for word in words(name) if word not in _FILLERS]
    if not found:
        return ""
    return " ".join([*found[:-1], singular(found[-1])]).capitalize()


def text(field: str, thing: str, number: int) -> str:
    """A text that a field could have.

    Args:
        field: its name.
        thing: a noun for the object that holds it; may be empty.
        number: which of the possible texts.
    """
    return _maker(field)(field, thing, number)


def _city(number: int) -> str:
    return _CITIES[number % 12]


def _place(number: int) -> str:
    return f"{_city(number)} {number // 12 % 1000:03}"


def _host(number: int) -> str:
    return f"host{number // 12 % 1000:03}.{_city(number).lower()}.example.com"


def _named(field: str, thing: str, number: int) -> str:
    found = words(field)
    own = found[:-1] if found and found[-1] in ("name", "title", "label") else found
    own = [word for word in own if word not in ("display", "friendly", "full", "short")]
    subject = noun("".join(word.capitalize() for word in own)) or thing or "Object"
    return f"{subject} {_place(number)}"


def _described(field: str, thing: str, number: int) -> str:
    return f"{thing or noun(field) or 'Object'} in {_city(number)}"


def _keyed(field: str, thing: str, number: int) -> str:
    stem = [word for word in words(field) if word not in ("id", "uid", "uuid", "guid")]
    if len(stem) <= 1:
        stem = words(thing) or ["object"]
    return f"{'-'.join(stem)}-{number:08x}"


_Make = Callable[[str, str, int], str]

# The last word of a field's name, or its last words, to the text; the first that fits counts.
_RULES: list[tuple[tuple[str, ...], _Make]] = [
    (("password", "secret", "passphrase"), lambda field, thing, number: "*" * 8),
    (
        ("email", "mail", "from", "to", "cc", "bcc", "by", "owner", "login", "account", "username", "user name"),
        lambda field, thing, number: f"{_PEOPLE[number % 12]}{number // 12 % 1000:03}@example.com",
    ),
    (("domain",), lambda field, thing, number: f"{_city(number).lower()}.example.com"),
    (
        ("url", "uri", "href", "link", "endpoint"),
        lambda field, thing, number: f"https://example.com/{'-'.join(words(thing) or ['object'])}/{number % 10**6}",
    ),
    (("version", "build"), lambda field, thing, number: f"13.0.1.{number % 1000}"),
    (("ip", "address", "addresses", "gateway"), lambda field, thing, number: f"192.0.2.{number % 254 + 1}"),
    (("prefix", "spaces", "cidr", "subnet", "network"), lambda field, thing, number: f"10.{number % 200}.0.0/24"),
    (("mask", "netmask"), lambda field, thing, number: "255.255.255.0"),
    (("masks",), lambda field, thing, number: f"*.{('tmp', 'log', 'bak', 'iso')[number % 4]}"),
    (("port",), lambda field, thing, number: str(1024 + number % 40_000)),
    (
        ("host", "hostname", "host name", "server name", "computer name", "machine name", "dns name", "fqdn", "server"),
        lambda field, thing, number: _host(number),
    ),
    (
        ("path", "paths", "folder", "folders", "directory", "directories", "file", "filename", "file name"),
        lambda field, thing, number: f"/backup/{_city(number).lower()}/{number // 12 % 1000:03}",
    ),
    (("time", "utc"), lambda field, thing, number: f"{number % 24:02}:{number // 24 % 60:02}"),
    (("zone", "timezone", "time zone id"), lambda field, thing, number: "UTC"),
    (("region", "location"), lambda field, thing, number: _REGIONS[number % 3]),
    (("country",), lambda field, thing, number: ("Germany", "Norway", "France")[number % 3]),
    (("type", "kind", "edition"), lambda field, thing, number: "Standard"),
    (("error", "failure", "failure message"), lambda field, thing, number: f"{_host(number)} could not be reached."),
    (("message", "messages", "text"), lambda field, thing, number: f"{thing or 'Work'} in {_city(number)} is done."),
    (("description", "details", "comment", "notes", "remark", "summary", "reason"), _described),
    (("thumbprint", "fingerprint", "hash"), lambda field, thing, number: f"{number:08X}" * 5),
    (("count", "number", "size"), lambda field, thing, number: str(number % 100)),
    (("id", "uid", "uuid", "guid", "ref", "urn", "sid", "arn", "key", "token", "tag", "msid"), _keyed),
]
_ENDINGS = {tuple(ending.split()): make for endings, make in reversed(_RULES) for ending in endings}


@cache
def _maker(field: str) -> _Make:
    found = words(field)
    for length in (3, 2, 1):
        make = _ENDINGS.get(tuple(found[-length:])) if len(found) >= length else None
        if make is not None:
            return make
    return _named
