"""Which models file a class stands in.

What the operations of one tag reach is in the file of that tag, beside its api module; what several reach is in
`shared`; what many reach, as sessions are, is in `common`, so that nearly every program loads that and few load
`shared`. A large file gives its families (a base with its children) to files of their own. Nothing is tuned to a
document, so a class keeps its file from revision to revision unless the vendor uses it elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

import attrs

from codegen import naming

SHARED = "shared"
COMMON = "common"
MANY = 5
"""Tags from which on a class that they reach is common."""
LARGE = 100
"""Classes above which a file gives away its families."""
FAMILY = 5
"""Members from which on a family gets a file of its own."""


@attrs.frozen
class Node:
    """A class as its neighbours see it.

    Attributes:
        name: the class.
        base: the class it inherits from.
        uses: the classes that its fields, its mapping and its own type name.
        groups: the groups whose operations name it.
    """

    name: str
    base: str | None
    uses: tuple[str, ...]
    groups: tuple[str, ...]


def files(nodes: Iterable[Node]) -> dict[str, list[str]]:
    """The models files: name without `.py` to its classes, bases first and otherwise in the document's order."""
    by_name = {node.name: node for node in nodes}
    root = {name: _root(name, by_name) for name in by_name}
    reached = _reached(by_name)
    home = _homes(by_name, reached)
    home |= _families(by_name, root, home)
    by_file: dict[str, list[str]] = defaultdict(list)
    for name in sorted(by_name, key=lambda name: _depth(name, by_name)):
        by_file[home[name]].append(name)
    order = {name: place for place, name in enumerate(by_name)}
    return {file: _bases_first(by_file[file], by_name, order) for file in sorted(by_file)}


def _root(name: str, nodes: Mapping[str, Node]) -> str:
    while (base := nodes[name].base) is not None:
        name = base
    return name


def _depth(name: str, nodes: Mapping[str, Node]) -> int:
    depth = 0
    while (base := nodes[name].base) is not None:
        name, depth = base, depth + 1
    return depth


def _bases_first(names: list[str], nodes: Mapping[str, Node], order: Mapping[str, int]) -> list[str]:
    return sorted(names, key=lambda name: (_depth(name, nodes), order[name]))


def _reached(nodes: Mapping[str, Node]) -> dict[str, set[str]]:
    """The groups whose operations reach a class; a class that none reaches is not in it."""
    reached: dict[str, set[str]] = defaultdict(set)
    starts: dict[str, list[str]] = defaultdict(list)
    for node in nodes.values():
        for group in node.groups:
            starts[group].append(node.name)
    for group, queue in starts.items():
        while queue:
            name = queue.pop()
            if group not in reached[name]:
                reached[name].add(group)
                base = nodes[name].base
                queue += [*nodes[name].uses, *([base] if base else [])]
    return dict(reached)


def _homes(nodes: Mapping[str, Node], reached: Mapping[str, set[str]]) -> dict[str, str]:
    """The group that alone reaches a class, `shared` or `common`; what none reaches goes where its likes are."""
    home = {}
    for name, groups in reached.items():
        several = COMMON if len(groups) >= MANY else SHARED
        home[name] = next(iter(groups)) if len(groups) == 1 else several
    likes = _Likes({name: file for name, file in home.items() if file != COMMON})
    for name in sorted(nodes, key=lambda name: _depth(name, nodes)):
        if name not in home:
            base = nodes[name].base
            home[name] = home[base] if base else likes.home(name)
    return home


class _Likes:
    """The files by the words that the names of their classes begin with."""

    def __init__(self, home: Mapping[str, str]) -> None:
        self._files: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for name, file in home.items():
            words = naming.words(name)
            for length in range(1, len(words) + 1):
                self._files[tuple(words[:length])][file] += 1

    def home(self, name: str) -> str:
        """The file with most classes whose names begin as this one does, by as many words as possible."""
        words = naming.words(name)
        for length in range(len(words), 0, -1):
            counted = self._files.get(tuple(words[:length]))
            if counted:
                return min(counted, key=lambda file: (-counted[file], file))
        return SHARED


def _families(nodes: Mapping[str, Node], root: Mapping[str, str], home: Mapping[str, str]) -> dict[str, str]:
    """New homes for the families of large files."""
    sizes = Counter(home.values())
    members: dict[str, list[str]] = defaultdict(list)
    for name in nodes:
        members[root[name]].append(name)
    moved: dict[str, str] = {}
    taken: set[str] = set(sizes)
    for base, family in members.items():
        file = home[base]
        if len(family) >= FAMILY and sizes[file] > LARGE:
            target = _family_file(file, base, taken)
            taken.add(target)
            moved |= dict.fromkeys(family, target)
    return moved


def _family_file(file: str, base: str, taken: Collection[str]) -> str:
    words = naming.snake_case(base) or "family"
    words = words[: naming.LONGEST]
    name = words if words.startswith(file.rstrip("_")) else f"{file.rstrip('_')}_{words}"
    return naming.unused(name, taken)
