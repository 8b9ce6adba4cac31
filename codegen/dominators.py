"""Dominators of a graph: for each node the one through which alone it is reached (Cooper, Harvey and Kennedy's way)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

_ROOT = ""


def dominators(edges: Mapping[str, Sequence[str]], entries: Sequence[str]) -> dict[str, str | None]:
    """The immediate dominator of each node.

    Args:
        edges: node to the nodes that it leads to; every node is a key.
        entries: where one comes in. Nodes that are not reached from there are entries too, those first that no other
            node leads to.

    Returns:
        Node to its dominator; None where it is an entry or is reached in several ways.
    """
    graph = {name: [other for other in others if other != name] for name, others in edges.items()}
    graph[_ROOT] = _all_entries(graph, entries)
    order = _postorder(graph)
    rank = {name: number for number, name in enumerate(order)}
    before: dict[str, list[str]] = defaultdict(list)
    for name, others in graph.items():
        for other in others:
            before[other].append(name)
    above = {_ROOT: _ROOT}
    changed = True
    while changed:
        changed = False
        for name in reversed(order[:-1]):
            known = [user for user in before[name] if user in above]
            found = known[0]
            for user in known[1:]:
                found = _meet(user, found, above, rank)
            if above.get(name) != found:
                above[name] = found
                changed = True
    return {name: above[name] or None for name in edges}


def _meet(one: str, other: str, above: Mapping[str, str], rank: Mapping[str, int]) -> str:
    while one != other:
        while rank[one] < rank[other]:
            one = above[one]
        while rank[other] < rank[one]:
            other = above[other]
    return one


def _all_entries(graph: Mapping[str, Sequence[str]], entries: Sequence[str]) -> list[str]:
    led_to = {other for others in graph.values() for other in others}
    found: list[str] = []
    seen: set[str] = set()
    for start in [*entries, *(name for name in graph if name not in led_to), *graph]:
        if start in seen and start not in entries:
            continue
        found.append(start)
        queue = [start]
        seen.add(start)
        for name in queue:
            fresh = [other for other in dict.fromkeys(graph[name]) if other not in seen]
            seen.update(fresh)
            queue += fresh
    return list(dict.fromkeys(found))


def _postorder(graph: Mapping[str, Sequence[str]]) -> list[str]:
    order: list[str] = []
    visited = {_ROOT}
    stack = [(_ROOT, iter(graph[_ROOT]))]
    while stack:
        name, others = stack[-1]
        for other in others:
            if other not in visited:
                visited.add(other)
                stack.append((other, iter(graph[other])))
                break
        else:
            order.append(name)
            stack.pop()
    return order
