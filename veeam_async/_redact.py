"""Keeping secrets out of what people and logs get to see."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, TypeVar

MASK = "***"
# Shorter strings would blank out innocent text; nobody should have such a password.
_SHORTEST = 4


def redact(text: str, secrets: Iterable[str | None], *, cut: bool = False) -> str:
    """The text with every secret in it masked, plain or as a JSON string or a form would spell it.

    Args:
        text: what may hold secrets.
        secrets: what is to be masked.
        cut: True where the text goes on: the beginning of a secret at its end is left out.
    """
    if not text:
        return text
    spellings = _spellings(secrets)
    for spelling in spellings:
        text = text.replace(spelling, MASK)
    if cut and spellings:
        text = text.rstrip("\ufffd")  # half a character
        ends = range(max(0, len(text) - len(spellings[0])), len(text))
        text = text[: next((end for end in ends if any(one.startswith(text[end:]) for one in spellings)), None)]
    return text


def _spellings(secrets: Iterable[str | None]) -> list[str]:
    from urllib.parse import quote, quote_plus

    spellings: dict[str, None] = {}
    for secret in secrets:
        if not secret or len(secret) < _SHORTEST:
            continue
        doubled = secret.replace("\\", "\\\\")
        spellings |= dict.fromkeys(
            (
                doubled.replace('"', '\\"'),
                doubled,
                secret,
                *(spell(secret, errors="replace") for spell in (quote, quote_plus)),
                quote(secret, safe="", errors="replace"),
            )
        )
    # The longest first, lest a part of one is masked and the rest stays.
    return sorted(spellings, key=len, reverse=True)


def redact_all(data: Any, secrets: Iterable[str | None]) -> Any:
    """Parsed JSON with every secret masked in its strings."""
    spellings = _spellings(secrets)
    return _masked(data, spellings) if spellings else data


def _masked(data: Any, spellings: list[str]) -> Any:
    if isinstance(data, str):
        for spelling in spellings:
            data = data.replace(spelling, MASK)
        return data
    if isinstance(data, list):
        return [_masked(item, spellings) for item in data]
    if isinstance(data, dict):
        return {_masked(key, spellings): _masked(value, spellings) for key, value in data.items()}
    return data


# Compiled when they are first needed.
_SECRET_NAME = r"(?i)pass(word|phrase|code)|secret|token|credential|private_?key|access_?key|api_?key|\bkey$|^pin$"
# What is in every text that holds such a name.
_PART_OF_NAME = r"(?i)pass|secret|token|credential|key|pin"
_MOST_SECRETS = 100
_SEARCHED = 1 << 20


def secrets_in(body: bytes | None) -> list[str]:
    """The values of a JSON or form body whose names say that they are secret: what a server must not repeat."""
    if not body or len(body) > _SEARCHED or re.search(_PART_OF_NAME, body.decode("utf-8", "replace")) is None:
        return []
    secrets: list[str] = []
    try:
        _collect(json.loads(body), secrets)
    except (ValueError, RecursionError):
        from urllib.parse import parse_qsl

        try:
            pairs = parse_qsl(body.decode("utf-8", "replace"), max_num_fields=1000)
        except ValueError:
            return []
        secrets += [value for name, value in pairs if re.search(_SECRET_NAME, name)]
    return secrets[:_MOST_SECRETS]


_NAMED = (
    r'"(?P<name>(?:[^"\\]|\\.){1,80})"(?P<colon>\s*:\s*)"(?:[^"\\]|\\.)*(?P<end>"?)'
    r"|(?P<field>[A-Za-z_.-]{1,80})=[^&\s\"'<>]+"
)


def redact_named(text: str) -> str:
    """The text, whole or cut, with every value masked whose JSON name or form name says that it is secret."""
    if re.search(_PART_OF_NAME, text) is None:
        return text
    return re.sub(_NAMED, _mask_named, text)


def _mask_named(match: re.Match[str]) -> str:
    name = match["name"] or match["field"]
    if re.search(_SECRET_NAME, name) is None:
        return match[0]
    return f"{name}={MASK}" if match["name"] is None else f'"{name}"{match["colon"]}"{MASK}{match["end"]}'


def _collect(value: Any, secrets: list[str], named: bool = False) -> None:
    if isinstance(value, str):
        if named:
            secrets.append(value)
    elif isinstance(value, list):
        for item in value:
            _collect(item, secrets, named)
    elif isinstance(value, dict):
        for name, item in value.items():
            _collect(item, secrets, re.search(_SECRET_NAME, name) is not None)


class Hidden(dict[str, str]):
    """A dict whose repr shows no values: crash reporters print the variables of every frame."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


class HiddenObject(dict[str, Any]):
    """Parsed JSON whose repr shows no values."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


class HiddenTuple(tuple[str, ...]):
    """A tuple whose repr shows nothing, for the same reason."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} secrets>"


E = TypeVar("E", bound=BaseException)


def forget_frames(error: E) -> E:
    """The error without the frames that it and what led to it came through: their variables may hold secrets."""
    link: BaseException | None = error
    for _ in range(10):
        if link is None:
            break
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error


class Secret:
    """A text that no repr, no copy by pickle and no traceback with variables shows."""

    __slots__ = ("value",)

    def __init__(self, value: str | None = None) -> None:
        self.value = value

    def __repr__(self) -> str:
        return MASK if self.value is not None else "None"

    def __reduce__(self) -> tuple[type[Secret], tuple[()]]:
        return Secret, ()
