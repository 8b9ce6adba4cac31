"""The table of revisions that a vendor document carries: each revision's reference page and product build."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_LINK = re.compile(r"\[(?P<revision>v?\d[\w.-]*)\]\((?P<url>https://[^)\s]+?)/tag/[^)\s]*\)(?P<rest>[^\n]*)")
_BUILD = re.compile(r"\|\s*(?P<build>\d+(?:\.\d+){2,3})\s*\|\s*$")


def learn(document: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What a document's prose says about its own and other revisions, as facts.

    Returns:
        By revision: `reference` (base address of the vendor's reference pages) and `product_version` (build), each
        where it is said.
    """
    found: dict[str, dict[str, str]] = {}
    for text in _prose(document):
        for row in _LINK.finditer(text):
            known = found.setdefault(row["revision"], {})
            known.setdefault("reference", row["url"])
            if build := _BUILD.search(row["rest"].rstrip()):
                known.setdefault("product_version", build["build"])
    return {revision: dict(sorted(known.items())) for revision, known in found.items()}


def _prose(document: dict[str, Any]) -> Iterator[str]:
    yield str((document.get("info") or {}).get("description", ""))
    for tag in document.get("tags") or ():
        if isinstance(tag, dict):
            yield str(tag.get("description", ""))
