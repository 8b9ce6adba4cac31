"""The layout of spec files: one space of indentation, and what fits on a line stays on one."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

WIDTH = 120


def dumps(value: Any) -> str:
    """JSON text that is short, the same for the same value, and good to read in a diff."""
    return _written(value, 0, 0) + "\n"


def _written(value: Any, indent: int, used: int) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or not value or (indent > 1 and indent + used + len(flat) <= WIDTH):
        return flat
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        lines = []
        for key, item in value.items():
            name = json.dumps(key, ensure_ascii=False) + ": "
            lines.append(f"{pad}{name}{_written(item, indent + 1, len(name) + 1)}")
        return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"
    if all(not isinstance(item, (dict, list)) for item in value):
        return _fill([json.dumps(item, ensure_ascii=False) for item in value], indent)
    return "[\n" + ",\n".join(pad + _written(item, indent + 1, 1) for item in value) + "\n" + " " * indent + "]"


def _fill(items: list[str], indent: int) -> str:
    """Plain values, as many on a line as fit."""
    pad = " " * (indent + 1)
    lines, line = [], ""
    for item in items:
        if line and len(pad) + len(line) + len(item) + 2 > WIDTH:
            lines.append(line)
            line = ""
        line += (" " if line else "") + item + ","
    lines.append(line.rstrip(","))
    return "[\n" + "\n".join(pad + line for line in lines) + "\n" + " " * indent + "]"


def write_all(texts: dict[Path, str]) -> None:
    """Write files, all of them or none: each beside its place first, and only then renamed into it."""
    made: list[tuple[str, Path]] = []
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            made.append((temporary, path))
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            os.chmod(temporary, 0o644)
        while made:
            os.replace(*made[0])
            del made[0]
    finally:
        for temporary, _ in made:
            os.unlink(temporary)
