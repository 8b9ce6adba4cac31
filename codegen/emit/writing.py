"""The one module that puts texts of a document into source.

Templates print nothing but `Code`, and `Code` is made here: names that are identifiers, types that are type
expressions, literals, docstrings. What is neither is refused, not escaped by hope.
"""

from __future__ import annotations

import functools
import keyword
import re
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any, LiteralString

import jinja2

from codegen.faults import BadInput

LINE_LENGTH = 120
_EXPRESSION = re.compile(r"[A-Za-z0-9_ |,.\[\]]+")


class Code:
    """A piece of source. Only this module makes one; formatting it into a plain string is an error."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        raise TypeError("source is put together by `code`, not by formatting")

    __format__ = None  # type: ignore[assignment]


def code(template: LiteralString, *parts: Code) -> Code:
    """Source with other source in its `{}`."""
    return Code(template.format(*(part.text for part in parts)))


def join(separator: LiteralString, parts: Iterable[Code]) -> Code:
    """Source with a separator between."""
    return Code(separator.join(part.text for part in parts))


def identifier(name: str) -> Code:
    """A name, or names with dots between.

    Raises:
        BadInput: it is none.
    """
    for part in name.split("."):
        if not part.isidentifier() or not part.isascii() or keyword.iskeyword(part):
            raise BadInput(f"{name!r} is no name in Python")
    return Code(name)


def expression(text: str) -> Code:
    """A type expression: names, `|`, brackets, commas.

    Raises:
        BadInput: it is none.
    """
    if not _EXPRESSION.fullmatch(text):
        raise BadInput(f"{text!r} is no type")
    return Code(text)


def literal(value: str | int) -> Code:
    """A value as a Python literal, a text in double quotes where nothing in it has to be escaped."""
    if isinstance(value, str) and value.isprintable() and '"' not in value and "\\" not in value:
        return Code(f'"{value}"')
    return Code(ascii(value))


def prose(text: str) -> str:
    """Text of a document as it can stand in a docstring or a comment: one line, nothing that ends or escapes it."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(shown.split()).replace("\\", "/").replace('"', "'")


def wrapped(prefix: str, text: str, indent: int, hanging: int = 4) -> list[str]:
    """Lines that fit, indented; the first begins with `prefix`."""
    return textwrap.wrap(
        prefix + prose(text),
        LINE_LENGTH - 1,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )


def remark(text: str) -> Code:
    """Text for a comment or for the inside of a docstring of one line."""
    return Code(prose(text))


def docstring(lines: Iterable[str], indent: int = 4) -> Code:
    """A docstring with its quotes: the first line follows them (an empty one leaves them alone), all are indented."""
    safe = [f"{line[: len(line) - len(line.lstrip())]}{_prose_line(line)}".rstrip() for line in lines]
    text = "\n".join(safe).lstrip(" ").rstrip()
    return Code(f'"""{text}\n{" " * indent}"""' if "\n" in text else f'"""{text}"""')


def _prose_line(line: str) -> str:
    kept = "".join(letter if letter.isprintable() else " " for letter in line.strip())
    return kept.replace("\\", "/").replace('"', "'")


def _only_code(value: Any) -> str:
    if isinstance(value, Code):
        return value.text
    raise TypeError(f"a template prints {value!r}, which did not come from codegen.emit.writing")


@functools.cache
def environment() -> jinja2.Environment:
    """Where the templates are found."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        finalize=_only_code,
    )
