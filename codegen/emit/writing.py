"""Text for source files: literals, prose that can stand in a docstring, wrapping, templates, formatting."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import jinja2

from codegen.faults import BadInput

LINE_LENGTH = 120


def literal(value: str) -> str:
    """A string as a Python literal, in double quotes where nothing in it has to be escaped."""
    return f'"{value}"' if value.isprintable() and '"' not in value and "\\" not in value else repr(value)


def prose(text: str) -> str:
    """Text of the document's as it can stand in a docstring: one line, nothing that ends or escapes it."""
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


def human(name: str) -> str:
    """A class name as words: `EJobType` is `Job type`, `BackupJobModel` is `Backup job model`."""
    words = re.findall(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+", name) or [name]
    if len(words) > 1 and words[0] == "E":
        words = words[1:]
    return " ".join(
        [
            words[0][:1].upper() + words[0][1:],
            *(
                word if word.isupper() or (word[-1] == "s" and word[:-1].isupper()) else word.lower()
                for word in words[1:]
            ),
        ]
    )


def environment() -> jinja2.Environment:
    """Where the templates are found; `literal` and `prose` are filters."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters["literal"] = literal
    made.filters["prose"] = prose
    return made


def format_tree(folder: Path) -> None:
    """Sort the imports of all Python files below a folder and format them with ruff, by no configuration but this.

    Raises:
        BadInput: ruff found something that is no Python.
    """
    options = ["--isolated", "--no-cache", "--target-version", "py311", "--line-length", str(LINE_LENGTH), str(folder)]
    first_party = 'lint.isort.known-first-party=["veeam_async"]'
    for command in (["check", "--select", "I", "--fix", "--quiet", "--config", first_party], ["format"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options], capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip() or "failed and does not say why"
            raise BadInput(*(f"ruff: {line}" for line in said.splitlines()[:20]))
