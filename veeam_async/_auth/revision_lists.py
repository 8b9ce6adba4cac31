"""The revisions that an error answer names."""

from __future__ import annotations

import re

from ..errors import ApiError

# Longer numbers are no revision, and nothing of an answer is worth more than a few of them.
_REVISION = r"(?i)\b\d{1,4}\.\d{1,4}-rev\d{1,4}\b"
_MOST_REVISIONS = 64
_SEARCHED = 65536


def revision_key(name: str) -> tuple[int, ...]:
    """Sorts revisions by age: `1.3-rev0` before `1.3-rev1`, `v8` before `v8.1`."""
    return tuple(int(number) for number in re.findall(r"\d{1,9}", name))


def revisions_in(error: ApiError) -> list[str]:
    """The revisions that a 400 to a wrong revision header lists, newest first; empty where it lists none."""
    if error.status not in (400, 404, 500, 501):
        return []
    text = f"{error.message} {error.details} {str(error.body)[:_SEARCHED]}"
    names = {match.lower() for match in re.findall(_REVISION, text)}
    return sorted(names, key=revision_key, reverse=True)[:_MOST_REVISIONS]


def others(listed: list[str], asked: str) -> list[str]:
    """The listed revisions without the one that was asked for: servers repeat what they do not have."""
    key = revision_key(asked)
    return [name for name in listed if revision_key(name) != key]
