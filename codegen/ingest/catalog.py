"""specs/catalog.toml: the products, and for each revision where its document came from and what is in it.

`safe_posts` and anything else that is decided by hand live here and survive a re-ingest.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from codegen.faults import BadInput

_ROOT = Path(__file__).resolve().parents[2]
# In a clone specs stand beside the generator; in an installed package one folder up.
HOME = next((place for place in (_ROOT / "specs", _ROOT.parent / "specs") if place.is_dir()), _ROOT / "specs")
NAME = "catalog.toml"

_HEADER = """\
# Products and API revisions. Written by `python -m codegen ingest`; decided by hand, and kept by it:
# safe_posts (the POSTs that only read), and product_version and reference where the document does not say them.
"""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def load(specs: Path) -> dict[str, Any]:
    """The catalog of a specs directory; where there is none, the products that the generator's own one knows.

    Returns:
        `products` (by name) and `revisions` (by `product/revision`).
    """
    content = _read(specs / NAME)
    if specs.resolve() != HOME:
        own = _read(HOME / NAME)
        content["products"] = own.get("products", {}) | content.get("products", {})
    content.setdefault("products", {})
    content.setdefault("revisions", {})
    return content


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise BadInput(f"{path}: {fault}") from fault


def dumps(catalog: dict[str, Any]) -> str:
    """The catalog as TOML, products first, revisions in order."""
    lines = [_HEADER]
    for product, entry in sorted(catalog["products"].items()):
        _table(lines, f"products.{_key(product)}", entry)
    for name, entry in sorted(catalog["revisions"].items(), key=lambda item: revision_order(item[0])):
        _table(lines, f"revisions.{_key(name)}", entry)
    return "\n".join(lines)


def revision_order(name: str) -> tuple[str, list[int], str]:
    """Sort key of `product/revision`: v8 before v8.1 before v10."""
    product, _, revision = name.partition("/")
    return product, [int(number) for number in re.findall(r"\d+", revision)], revision


def _table(lines: list[str], name: str, entry: dict[str, Any]) -> None:
    lines.append(f"[{name}]")
    lines.extend(f"{_key(key)} = {_value(value)}" for key, value in entry.items() if not isinstance(value, dict))
    lines.append("")
    for key, value in entry.items():
        if isinstance(value, dict):
            _table(lines, f"{name}.{_key(key)}", value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, list):
        flat = "[" + ", ".join(_value(part) for part in value) + "]"
        if len(flat) <= 100:
            return flat
        return "[\n" + "".join(f"    {_value(part)},\n" for part in value) + "]"
    if isinstance(value, (bool, int, str)):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    raise TypeError(f"no TOML for {type(value).__name__}")
