"""Keeping secrets out of what people and logs get to see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

MASK = "***"
# Shorter strings would blank out innocent text; nobody should have such a password.
_SHORTEST = 4


def redact(text: str, secrets: Iterable[str | None]) -> str:
    """The text with every secret in it masked, plain or as a JSON string or a form would spell it."""
    if not text:
        return text
    from urllib.parse import quote, quote_plus

    for secret in secrets:
        if not secret or len(secret) < _SHORTEST:
            continue
        doubled = secret.replace("\\", "\\\\")
        for spelling in (doubled.replace('"', '\\"'), doubled, secret, quote(secret), quote_plus(secret)):
            text = text.replace(spelling, MASK)
    return text


def redact_all(data: Any, secrets: Iterable[str | None]) -> Any:
    """Parsed JSON with every secret masked in its strings."""
    if isinstance(data, str):
        return redact(data, secrets)
    if isinstance(data, list):
        return [redact_all(item, secrets) for item in data]
    if isinstance(data, dict):
        return {redact(key, secrets): redact_all(value, secrets) for key, value in data.items()}
    return data


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
