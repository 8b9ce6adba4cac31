"""How much of a document is read: bytes, levels, values, digits. What is beyond ends in one line, and soon."""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from codegen.faults import BadInput

MAX_BYTES = 32 * 1024 * 1024
MAX_LEVELS = 100
# The largest document of the vendor has 170,000.
MAX_VALUES = 2_000_000
MAX_DIGITS = 40
MAX_NAME = 200

_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKETS = re.compile(r"[\[\]{}]")
_LARGEST = 10**MAX_DIGITS


def check_json_levels(text: str, source: str) -> None:
    """Refuse JSON that is nested too deeply, before a parser goes down to its end."""
    level = 0
    for bracket in _BRACKETS.findall(_TEXTS.sub("", text)):
        level += 1 if bracket in "[{" else -1
        if level > MAX_LEVELS:
            raise BadInput(f"{source}: nested more than {MAX_LEVELS} levels deep")


def check_yaml(text: str, source: str) -> None:
    """Refuse YAML that is nested too deeply, or whose aliases stand for more values than a document has.

    Raises:
        BadInput: it is too deep or too large.
        yaml.YAMLError: it is no YAML.
    """
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            total += sizes.get(event.anchor or "", 1)
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            total += 1
            open_nodes.append((event.anchor, total))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor:
                sizes[anchor] = total - before + 1
        if len(open_nodes) > MAX_LEVELS:
            raise BadInput(f"{source}: nested more than {MAX_LEVELS} levels deep")
        if total > MAX_VALUES:
            raise BadInput(f"{source}: more than {MAX_VALUES:,} values")


def integer(digits: str) -> int:
    """An integer of a document."""
    if len(digits) > MAX_DIGITS:
        raise BadInput(f"a number of {len(digits):,} digits")
    return int(digits)


def number(digits: str) -> float:
    """A number of a document."""
    value = float(digits) if len(digits) <= 400 else math.inf
    if not math.isfinite(value):
        raise BadInput(f"the number {digits[:40]} is too large")
    return value


def check_values(content: Any, source: str) -> None:
    """Refuse what is too deep or too much, and texts that no file can hold."""
    waiting = [(content, 1)]
    count = 0
    while waiting:
        value, level = waiting.pop()
        count += 1
        if count > MAX_VALUES:
            raise BadInput(f"{source}: more than {MAX_VALUES:,} values")
        if level > MAX_LEVELS:
            raise BadInput(f"{source}: nested more than {MAX_LEVELS} levels deep")
        if isinstance(value, dict):
            for key, part in value.items():
                _check_text(key, source)
                waiting.append((part, level + 1))
        elif isinstance(value, list):
            waiting.extend((part, level + 1) for part in value)
        elif isinstance(value, str):
            _check_text(value, source)
        elif isinstance(value, int) and abs(value) >= _LARGEST:
            raise BadInput(f"{source}: a number of more than {MAX_DIGITS} digits")


def _check_text(text: str, source: str) -> None:
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise BadInput(f"{source}: a text with half of a surrogate pair, which no file can hold")
