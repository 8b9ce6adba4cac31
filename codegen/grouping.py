"""Which model goes into which file: one that a person would look for, named after what it holds.

What only one class uses lives with it (dominators of the reference graph); classes of one resource live together
(`CredentialsModel`, `CredentialsSpec`, `CredentialsFilters`: the affixes are found in the document, not listed here);
a large resource is split at its parts; what many use is in `common`; what is left alone joins its closest neighbour.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import attrs

from codegen import naming
from codegen.dominators import dominators

LIMIT = 40
"""Classes in a file, at most."""
PART = 10
"""Classes that make a part of a large resource a file of its own."""
SMALL = 5
"""Classes in a file, at least, unless there are not more of a kind and no kin."""
FILES = 130
"""Model files of a revision, at most."""
WIDE = 8
"""Files that must use a small class for it to go into `common`."""

Words = tuple[str, ...]


@attrs.frozen
class Node:
    """A class as the grouping sees it.

    Attributes:
        name: the class.
        base: the class it inherits from.
        uses: the classes its fields name, and the children of a discriminator's base.
        tags: the tags whose operations name it.
        about: what its words are taken from; by default its name.
    """

    name: str
    base: str | None
    uses: tuple[str, ...]
    tags: tuple[str, ...]
    about: str = ""


def group(nodes: Sequence[Node]) -> dict[str, list[str]]:
    """Arrange classes into modules.

    Args:
        nodes: every class, in the document's order.

    Returns:
        Module name to its classes, bases before their children; modules in alphabetical order. No two modules import
        each other through base classes.
    """
    if not nodes:
        return {}
    by_name = {node.name: node for node in nodes}
    stems = _stems({node.name: node.about or node.name for node in nodes})
    edges: dict[str, list[str]] = {node.name: [use for use in node.uses if use in by_name] for node in nodes}
    for node in nodes:
        if node.base:  # a child is seen where its base is expected, and needs it
            edges[node.base].append(node.name)
            edges[node.name].append(node.base)
    above = dominators(edges, [node.name for node in nodes if node.tags])
    clusters = _split(by_name, above, stems)
    common, clusters = _common(_same_stem(clusters, stems), by_name)
    clusters = _join_small(clusters, common, by_name, stems)
    clusters = _without_cycles(clusters, by_name)
    return _named(clusters, common, by_name, stems)


# -- names


def _stems(names: Mapping[str, str]) -> dict[str, Words]:
    """Each name's words without the document's affixes, such as `Model`, `Filters` or `PageOf`.

    An affix stands at one end of many names, hardly anywhere else in them, and beside many different words: that tells
    `Filters` from `Azure`. Beginnings are held to more of that than endings, for resources are named there.
    """
    stems: dict[str, Words] = {name: tuple(naming.words(about)) or ("model",) for name, about in names.items()}
    for _ in range(2):
        for end in (True, False):
            affixes = _affixes(list(stems.values()), end)
            stems = {name: _without(stem, affixes, end) for name, stem in stems.items()}
    return {name: (*stem[:-1], _singular(stem[-1])) for name, stem in stems.items()}


def _affixes(stems: Sequence[Words], end: bool) -> set[Words]:
    often = max(5, len(stems) // 50)
    found: set[Words] = set()
    for length in (3, 2, 1):
        beside: dict[Words, list[str]] = defaultdict(list)
        anywhere: Counter[Words] = Counter()
        for stem in stems:
            anywhere.update(stem[start : start + length] for start in range(len(stem) - length + 1))
            if len(stem) > length:
                affix, neighbour = (stem[-length:], stem[-length - 1]) if end else (stem[:length], stem[length])
                beside[affix].append(neighbour)
        for affix, neighbours in beside.items():
            kinds = len(set(neighbours))
            various = kinds >= max(4, len(neighbours) // 5) if end else kinds >= 12 and kinds * 4 >= len(neighbours)
            if len(neighbours) >= often and len(neighbours) >= (0.8 if end else 0.9) * anywhere[affix] and various:
                found.add(affix)
    return found


def _without(stem: Words, affixes: set[Words], end: bool) -> Words:
    for length in (3, 2, 1):
        if len(stem) > length and (stem[-length:] if end else stem[:length]) in affixes:
            return stem[:-length] if end else stem[length:]
    return stem


def _singular(word: str) -> str:
    if len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    return word[:-3] + "y" if word.endswith("ies") else word.removesuffix("s")


def _likeness(one: Words, other: Words) -> float:
    """How much two stems share from the left, between 0 and 1."""
    shared = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        shared += 1
    return shared / max(len(one), len(other)) if shared else 0.0


# -- splitting


def _split(nodes: Mapping[str, Node], above: Mapping[str, str | None], stems: Mapping[str, Words]) -> list[list[str]]:
    below: dict[str | None, list[str]] = defaultdict(list)
    for name in nodes:
        below[above[name]].append(name)
    sizes: dict[str, int] = {}

    def size(name: str) -> int:
        if name not in sizes:
            sizes[name] = 1 + sum(size(part) for part in below[name])
        return sizes[name]

    clusters: list[list[str]] = []

    def gather(name: str) -> list[str]:
        """The classes of one file, `name` first; parts that are large, in a file that is, go into their own."""
        cluster = [name]
        large = size(name) > LIMIT
        for part in below[name]:
            if large and size(part) >= PART:
                clusters.append(gather(part))
            else:
                cluster += gather(part)
        while len(cluster) > LIMIT:
            cluster = _cut(cluster, stems, clusters)
        return cluster

    roots = [gather(name) for name in below[None]]
    return [*clusters, *roots]


def _cut(cluster: list[str], stems: Mapping[str, Words], clusters: list[list[str]]) -> list[str]:
    """Take out of a file that is too large the most numerous of its sub-resources, by name."""
    head = stems[cluster[0]]
    for length in range(len(head) + 1, 0, -1):
        kinds = Counter(
            stems[name][:length]
            for name in cluster[1:]
            if len(stems[name]) >= length and stems[name][:length] != head[:length]
        )
        fitting = [(count, kind) for kind, count in kinds.items() if PART // 2 <= count <= LIMIT]
        if fitting:
            kind = max(fitting, key=lambda entry: (entry[0], entry[1]))[1]
            clusters.append([name for name in cluster[1:] if stems[name][:length] == kind])
            return [name for name in cluster if name == cluster[0] or stems[name][:length] != kind]
    clusters.append(cluster[LIMIT:])
    return cluster[:LIMIT]


# -- joining


def _same_stem(clusters: list[list[str]], stems: Mapping[str, Words]) -> list[list[str]]:
    joined: dict[Words, list[list[str]]] = {}
    for cluster in clusters:
        home = joined.setdefault(stems[cluster[0]], [])
        for other in home:
            if len(other) + len(cluster) <= LIMIT:
                other += cluster
                break
        else:
            home.append(list(cluster))
    return [cluster for home in joined.values() for cluster in home]


def _common(clusters: list[list[str]], nodes: Mapping[str, Node]) -> tuple[list[str], list[list[str]]]:
    """Take out the small classes that many resources use, the most used first: paging numbers, a platform."""
    home = {name: number for number, cluster in enumerate(clusters) for name in cluster}
    users: dict[str, set[int]] = defaultdict(set)
    for name, node in nodes.items():
        for use in node.uses:
            if home[use] != home[name]:
                users[use].add(home[name])
    wide = {name for name in nodes if len(users[name]) >= WIDE and nodes[name].base is None and not nodes[name].uses}
    taken = sorted(wide, key=lambda name: (-len(users[name]), name))[:LIMIT]
    return [name for name in nodes if name in taken], [
        left for cluster in clusters if (left := [name for name in cluster if name not in taken])
    ]


def _join_small(
    clusters: list[list[str]], common: list[str], nodes: Mapping[str, Node], stems: Mapping[str, Words]
) -> list[list[str]]:
    """Join the smallest file to its closest neighbour, or to `common` where it has none, while it is too small."""
    ties: dict[str, Counter[str]] = defaultdict(Counter)
    for name, node in nodes.items():
        for use in (*node.uses, *((node.base,) if node.base else ())):
            ties[name][use] += 1
            ties[use][name] += 1
    pool = {number: list(cluster) for number, cluster in enumerate(clusters)}
    home = {name: number for number, cluster in pool.items() for name in cluster}
    tags = {number: Counter(tag for name in cluster for tag in nodes[name].tags) for number, cluster in pool.items()}
    first: dict[str, set[int]] = defaultdict(set)
    for name, number in home.items():
        first[stems[name][0]].add(number)

    def kinship(number: int, other: int) -> float:
        mine, theirs = pool[number], pool[other]
        name = max(
            _likeness(stems[mine[0]], stems[theirs[0]]),
            0.9 * max(_likeness(stems[mine[0]], stems[name]) for name in theirs),
        )
        between = sum(count for one in mine for two, count in ties[one].items() if home.get(two) == other)
        tie = between / (1 + sum(ties[one].total() for one in mine))
        shared = (tags[number] & tags[other]).total()
        return 2.0 * name + 1.5 * tie + (0.5 * shared / tags[number].total() if shared else 0.0)

    for _ in range(len(clusters)):
        number = min(pool, key=lambda entry: (len(pool[entry]), pool[entry][0]))
        if len(pool) <= FILES and len(pool[number]) >= SMALL:
            break
        kin = {home[two] for one in pool[number] for two in ties[one] if two in home}.union(
            *(first[stems[one][0]] for one in pool[number])
        )
        kin |= {other for other in pool if tags[other] & tags[number]}
        room = [other for other in pool if other != number and len(pool[other]) + len(pool[number]) <= LIMIT]
        others = [other for other in room if other in kin]
        if not others and len(common) + len(pool[number]) <= LIMIT:
            common += pool.pop(number)
            continue
        others = others or room
        if not others:
            break
        best = max(others, key=lambda other: (kinship(number, other), -len(pool[other]), pool[other][0]))
        pool[best] += pool[number]
        tags[best] += tags[number]
        for name in pool.pop(number):
            home[name] = best
            first[stems[name][0]].discard(number)
            first[stems[name][0]].add(best)
    return list(pool.values())


def _without_cycles(clusters: list[list[str]], nodes: Mapping[str, Node]) -> list[list[str]]:
    """Give bases a file of their own where two files would otherwise inherit from each other."""
    clusters = [list(cluster) for cluster in clusters]
    for _ in range(len(clusters)):
        home = {name: number for number, cluster in enumerate(clusters) for name in cluster}
        imports: dict[int, set[int]] = defaultdict(set)
        for name, node in nodes.items():
            if node.base in home and home[str(node.base)] != home[name]:
                imports[home[name]].add(home[str(node.base)])
        circle = _circle(imports)
        if not circle:
            break
        bases = {
            str(node.base)
            for name, node in nodes.items()
            if node.base in home and home[name] in circle and home[str(node.base)] in circle
        }
        for name in list(bases):  # their own bases come along
            base = nodes[name].base
            while base:
                bases.add(base)
                base = nodes[base].base
        ordered = [name for name in nodes if name in bases]
        clusters = [[name for name in cluster if name not in bases] for cluster in clusters]
        clusters = [cluster for cluster in clusters if cluster] + [ordered]
    return clusters


def _circle(imports: Mapping[int, set[int]]) -> set[int]:
    for start in sorted(imports):
        reached: set[int] = set()
        queue = list(imports[start])
        while queue:
            number = queue.pop()
            if number not in reached:
                reached.add(number)
                queue += imports.get(number, ())
        if start in reached:
            return {number for number in reached if start in _reach(imports, number)} | {start}
    return set()


def _reach(imports: Mapping[int, set[int]], start: int) -> set[int]:
    reached: set[int] = set()
    queue = list(imports.get(start, ()))
    while queue:
        number = queue.pop()
        if number not in reached:
            reached.add(number)
            queue += imports.get(number, ())
    return reached


# -- files


def _named(
    clusters: Iterable[list[str]], common: list[str], nodes: Mapping[str, Node], stems: Mapping[str, Words]
) -> dict[str, list[str]]:
    """Name each file by what most of its classes are about; a file with a class of just that name comes first."""
    order = {name: number for number, name in enumerate(nodes)}
    candidates: list[tuple[list[str], list[Words]]] = []
    for cluster in clusters:
        prefixes: Counter[Words] = Counter()
        for name in cluster:
            prefixes.update(stems[name][:length] for length in range(1, len(stems[name]) + 1))
        shared = {prefix: count for prefix, count in prefixes.items() if count * 2 >= len(cluster)}
        heads = [
            prefix
            for prefix, count in shared.items()
            if not any(longer[:-1] == prefix and more == count for longer, more in shared.items())
        ]
        heads.sort(key=lambda prefix: (-shared[prefix] * min(len(prefix), 3), len(prefix), prefix))
        leaders = sorted(cluster, key=lambda name: (-len(nodes[name].tags), order[name]))
        names = [
            *heads,
            stems[cluster[0]],
            *(stems[name] for name in leaders),
            *(tuple(naming.words(name)) for name in leaders),
        ]
        candidates.append((cluster, names))
    candidates.sort(
        key=lambda entry: (entry[1][0] not in {stems[name] for name in entry[0]}, -len(entry[0]), order[entry[0][0]])
    )
    modules: dict[str, list[str]] = {}
    if common:
        modules["common"] = _bases_first(sorted(common, key=order.__getitem__), nodes)
    for cluster, names in candidates:
        module = next((name for words in names if (name := _module(words)) not in modules), None)
        number = 2
        while module is None:
            attempt = f"{_module(names[0])}_{number}"
            module = attempt if attempt not in modules else None
            number += 1
        modules[module] = _bases_first(sorted(cluster, key=order.__getitem__), nodes)
    return dict(sorted(modules.items()))


def _module(words: Words) -> str:
    return naming.attribute_name("_".join(words))


def _bases_first(names: list[str], nodes: Mapping[str, Node]) -> list[str]:
    placed: dict[str, None] = {}

    def place(name: str) -> None:
        base = nodes[name].base
        if base in inside and base not in placed:
            place(str(base))
        placed.setdefault(name)

    inside = set(names)
    for name in names:
        place(name)
    return list(placed)
