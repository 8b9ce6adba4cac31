"""The part of orjson that models use, on json: orjson has no wheel for this platform."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from typing import Any, NoReturn
from uuid import UUID

JSONDecodeError = json.JSONDecodeError
JSONEncodeError = TypeError
OPT_PASSTHROUGH_DATETIME, OPT_UTC_Z, OPT_INDENT_2, OPT_SORT_KEYS = 1, 2, 4, 8


def __getattr__(name: str) -> int:
    if name.startswith("OPT_"):
        return 0
    raise AttributeError(name)


def loads(text: bytes | str) -> Any:
    return json.loads(text, parse_constant=_refuse)


def _refuse(word: str) -> NoReturn:
    raise JSONDecodeError(f"{word} is no JSON", word, 0)


def dumps(value: Any, default: Callable[[Any], Any] | None = None, option: int | None = None) -> bytes:
    flags = option or 0

    def plain(one: Any) -> Any:
        if type(one) is dict:
            return {key: plain(each) for key, each in one.items()}
        if type(one) in (list, tuple):
            return [plain(each) for each in one]
        if type(one) in (str, int, float, bool, type(None)):
            return one
        if isinstance(one, (datetime, date)) and not flags & OPT_PASSTHROUGH_DATETIME:
            text = one.isoformat()
            return text.removesuffix("+00:00") + "Z" if flags & OPT_UTC_Z and text.endswith("+00:00") else text
        if isinstance(one, UUID):
            return str(one)
        if isinstance(one, Enum):
            return one.value
        if default is None:
            raise TypeError(f"Type is not JSON serializable: {type(one).__name__}")
        try:
            return plain(default(one))
        except AttributeError as error:
            raise TypeError(str(error)) from None

    try:
        text = json.dumps(
            plain(value),
            separators=(",", ":"),
            ensure_ascii=False,
            allow_nan=False,
            sort_keys=bool(flags & OPT_SORT_KEYS),
            indent=2 if flags & OPT_INDENT_2 else None,
        )
        return text.encode()
    except (ValueError, RecursionError) as error:
        raise TypeError(str(error)) from None
