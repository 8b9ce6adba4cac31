"""Which model goes into which file: one that a person would look for, named after what it holds.

What only one class uses lives with it (dominators of the reference graph); classes of one resource live together
(`CredentialsModel`, `CredentialsSpec`, `CredentialsFilters`: the affixes are found in the document, not listed here); a large
resource is split at its parts; what is left alone joins its closest neighbour by name, then by use.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import attrs

from codegen import naming

LIMIT = 40
"""Classes in a file, at most."""
PART = 10
"""Classes that make a part of a large resource a file of its own."""
CLASSES_A_FILE = 11
FILES = 130
"""Model files of a revision, at most."""

Words = tuple[str, ...]


@attrs.frozen
class Node:
    """A class as the grouping sees it.

    Attributes:
        name: the class.
        base: the class it inherits from.
        uses: the classes its fields name, and the children of a discriminator's base.
        tags: the tags whose operations name it.
    """

    name: str
    base: str | None
    uses: tuple[str, ...]
    tags: tuple[str, ...]


def group(nodes: Sequence[Node]) -> dict[str, list[str]]:
    """Arrange classes into modules.

    Args:
        nodes: every class, in the document's order.

    Returns:
        Module name to its classes, bases before their children; modules in alphabetical order. No two modules import each
        other through base classes.
    """
    if not nodes:
        return {}
    by_name = {node.name: node for node in nodes}
    stems = _stems([node.name for node in nodes])
    clusters = _split(by_name, _dominators(by_name), stems)
    clusters = _same_stem(clusters, stems)
    clusters = _join_small(clusters, by_name, stems)
    clusters = _without_cycles(clusters, by_name)
    return _named(clusters, by_name, stems)


# -- names


def _stems(names: Sequence[str]) -> dict[str, Words]:
    """Each name's words without the document's affixes: words that many names begin or end with, beside the same rest."""
    stems: dict[str, Words] = {name: tuple(naming.words(name)) for name in names}
    least = max(4, len(names) // 60)
    for _ in range(4):
        for place in (-1, 0):
            ends: dict[str, set[Words]] = defaultdict(set)
            whole = set(stems.values())
            rests: Counter[Words] = Counter()
            for stem in set(stems.values()):
                if len(stem) > 1:
                    rest = stem[:-1] if place else stem[1:]
                    ends[stem[place]].add(rest)
                    rests[rest] += 1
            affixes = {
                word
                for word, found in ends.items()
                if len(found) >= least and sum(rests[rest] > 1 or rest in whole for rest in found) * 4 >= len(found)
            }
            if not affixes:
                continue
            stems = {name: (stem[:-1] if place else stem[1:]) if len(stem) > 1 and stem[place] in affixes else stem for name, stem in stems.items()}
    return stems


def _likeness(one: Words, other: Words) -> float:
    """How much two stems share from the left, between 0 and 1; a word of its plural counts as the same."""
    shared = 0
    for left, right in zip(one, other, strict=False):
        if left.rstrip("s") != right.rstrip("s"):
            break
        shared += 1
    return shared / max(len(one), len(other)) if shared else 0.0


# -- the reference graph


def _dominators(nodes: Mapping[str, Node]) -> dict[str, str | None]:
    """The class through which alone each class is reached from the operations; None where there is no single one."""
    edges: dict[str, list[str]] = {name: [use for use in node.uses if use in nodes and use != name] for name, node in nodes.items()}
    for name, node in nodes.items():
        if node.base in nodes:
            edges[str(node.base)].append(name)
            edges[name].append(str(node.base))
    entries = [name for name, node in nodes.items() if node.tags]
    seen = set(entries)
    queue = list(entries)
    for name in queue:
        for use in edges[name]:
            if use not in seen:
                seen.add(use)
                queue.append(use)
    used = {use for uses in edges.values() for use in uses}
    for start in [*(name for name in nodes if name not in used), *nodes]:  # what no operation reaches
        if start in seen:
            continue
        entries.append(start)
        seen.add(start)
        queue = [start]
        for name in queue:
            for use in edges[name]:
                if use not in seen:
                    seen.add(use)
                    queue.append(use)
    root = ""
    edges[root] = entries
    order: list[str] = []
    visited = {root}
    stack: list[tuple[str, int]] = [(root, 0)]
    while stack:  # postorder
        name, position = stack.pop()
        for place in range(position, len(edges[name])):
            use = edges[name][place]
            if use not in visited:
                visited.add(use)
                stack.append((name, place + 1))
                stack.append((use, 0))
                break
        else:
            order.append(name)
    rank = {name: number for number, name in enumerate(order)}
    before: dict[str, list[str]] = defaultdict(list)
    for name, uses in edges.items():
        for use in uses:
            before[use].append(name)
    above: dict[str, str] = {root: root}
    changed = True
    while changed:
        changed = False
        for name in reversed(order):
            if name == root:
                continue
            found: str | None = None
            for user in before[name]:
                if user not in above:
                    continue
                if found is None:
                    found = user
                    continue
                one, other = user, found
                while one != other:
                    while rank[one] < rank[other]:
                        one = above[one]
                    while rank[other] < rank[one]:
                        other = above[other]
                found = one
            if found is not None and above.get(name) != found:
                above[name] = found
                changed = True
    return {name: above[name] or None for name in nodes}


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

    for name in below[None]:
        clusters.append(gather(name))
    return clusters


def _cut(cluster: list[str], stems: Mapping[str, Words], clusters: list[list[str]]) -> list[str]:
    """Take out of a file that is too large the most numerous of its sub-resources, by name."""
    head = stems[cluster[0]]
    for length in range(len(head) + 1, 0, -1):
        kinds = Counter(stems[name][:length] for name in cluster[1:] if len(stems[name]) >= length and stems[name][:length] != head[:length])
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
        stem = tuple(word.rstrip("s") for word in stems[cluster[0]])
        home = joined.setdefault(stem, [])
        for other in home:
            if len(other) + len(cluster) <= LIMIT:
                other += cluster
                break
        else:
            home.append(list(cluster))
    return [cluster for home in joined.values() for cluster in home]


def _join_small(clusters: list[list[str]], nodes: Mapping[str, Node], stems: Mapping[str, Words]) -> list[list[str]]:
    target = max(1, min(FILES, len(nodes) // CLASSES_A_FILE))
    ties: Counter[tuple[str, str]] = Counter()
    for name, node in nodes.items():
        for use in (*node.uses, *((node.base,) if node.base else ())):
            ties[name, use] += 1
            ties[use, name] += 1
    neighbours: dict[str, list[str]] = defaultdict(list)
    for one, other in ties:
        neighbours[one].append(other)
    pool = {number: list(cluster) for number, cluster in enumerate(clusters)}
    home = {name: number for number, cluster in pool.items() for name in cluster}
    tags = {number: Counter(tag for name in cluster for tag in nodes[name].tags) for number, cluster in pool.items()}

    def kinship(number: int, other: int) -> float:
        mine, theirs = pool[number], pool[other]
        name = max(_likeness(stems[mine[0]], stems[theirs[0]]), 0.9 * max(_likeness(stems[mine[0]], stems[name]) for name in theirs))
        tie = sum(ties[one, two] for one in mine for two in neighbours[one] if home[two] == other) / (1 + sum(len(neighbours[one]) for one in mine))
        shared = sum((tags[number] & tags[other]).values())
        return 2.0 * name + 1.5 * tie + (0.5 * shared / max(1, sum(tags[number].values())) if shared else 0.0)

    for _ in range(len(clusters)):
        if len(pool) <= target:
            break
        number = min(pool, key=lambda entry: (len(pool[entry]), pool[entry][0]))
        others = [other for other in pool if other != number and len(pool[other]) + len(pool[number]) <= LIMIT]
        if not others:
            break
        best = max(others, key=lambda other: (kinship(number, other), -len(pool[other]), pool[other][0]))
        pool[best] += pool[number]
        tags[best] += tags[number]
        for name in pool.pop(number):
            home[name] = best
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
        bases = {str(node.base) for name, node in nodes.items() if node.base in home and home[name] in circle and home[str(node.base)] in circle}
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


def _named(clusters: Iterable[list[str]], nodes: Mapping[str, Node], stems: Mapping[str, Words]) -> dict[str, list[str]]:
    order = {name: number for number, name in enumerate(nodes)}
    candidates: list[tuple[list[str], list[Words]]] = []
    for cluster in clusters:
        prefixes: Counter[Words] = Counter()
        for name in cluster:
            for length in range(1, len(stems[name]) + 1):
                prefixes[stems[name][:length]] += 1
        weight = {prefix: count * min(len(prefix), 3) for prefix, count in prefixes.items() if count * 2 >= len(cluster)}
        heads = sorted(weight, key=lambda prefix: (-weight[prefix], len(prefix), prefix))
        leaders = sorted(cluster, key=lambda name: (-len(nodes[name].tags), order[name]))
        candidates.append((cluster, [*heads, stems[cluster[0]], *(stems[name] for name in leaders), *(tuple(naming.words(name)) for name in leaders)]))
    candidates.sort(key=lambda entry: (-len(entry[0]), order[entry[0][0]]))
    modules: dict[str, list[str]] = {}
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
