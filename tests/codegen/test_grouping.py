"""Which model goes into which file."""

from __future__ import annotations

from codegen.dominators import dominators
from codegen.grouping import LIMIT, Node, group


def node(name: str, *uses: str, base: str | None = None, tags: tuple[str, ...] = ()) -> Node:
    return Node(name, base, uses, tags)


def home(modules: dict[str, list[str]]) -> dict[str, str]:
    return {name: module for module, names in modules.items() for name in names}


def resource(name: str, *parts: str) -> list[Node]:
    """The classes of one resource, as documents have them: a page, a model, a spec, filters, an enum."""
    return [
        node(f"{name}Result", f"{name}Model", "Paging", tags=(name,)),
        node(f"{name}Model", f"E{name}Type", *parts),
        node(f"{name}Spec", f"E{name}Type", tags=(name,)),
        node(f"{name}Filters", f"E{name}Type", tags=(name,)),
        node(f"E{name}Type"),
    ]


NAMES = [
    "Job",
    "Session",
    "Proxy",
    "Credential",
    "Repository",
    "Server",
    "License",
    "Task",
    "Backup",
    "Replica",
    "Mount",
    "Volume",
    "Tenant",
]


def test_the_classes_of_a_resource_live_together() -> None:
    """Page, model, spec, filters and enum of a resource share a file named after it; no affix is known beforehand."""
    modules = group([each for name in NAMES for each in resource(name)] + [node("Paging")])
    where = home(modules)
    for name in NAMES:
        classes = {where[f"{name}{affix}"] for affix in ("Result", "Model", "Spec", "Filters")} | {
            where[f"E{name}Type"]
        }
        assert len(classes) == 1
        assert name.lower() in next(iter(classes)).replace("_", "")


def test_what_only_one_class_uses_lives_with_it() -> None:
    """A part that nothing else uses is in the file of its whole, even when it is called otherwise."""
    nodes = [each for name in NAMES for each in resource(name, *(["Gadget"] if name == "Task" else []))]
    where = home(group([*nodes, node("Paging"), node("Gadget", "Lever"), node("Lever")]))
    assert where["Gadget"] == where["Lever"] == where["TaskModel"]


def test_what_many_use_is_in_common() -> None:
    """A small class that the pages of many resources use is in `common`, so that a page loads two files."""
    assert home(group([each for name in NAMES for each in resource(name)] + [node("Paging")]))["Paging"] == "common"


def test_a_large_resource_is_split() -> None:
    """No file holds more than LIMIT classes; the parts of a large resource have files of their own."""
    parts = [f"JobPart{number}" for number in range(12)]
    nodes = [node("Job", *parts, tags=("Jobs",))]
    for part in parts:
        nodes += [node(part, *(f"{part}Piece{piece}" for piece in range(12)))]
        nodes += [node(f"{part}Piece{piece}") for piece in range(12)]
    modules = group(nodes)
    assert sum(map(len, modules.values())) == len(nodes)
    assert max(map(len, modules.values())) <= LIMIT
    assert len(modules) > 4


def test_bases_come_before_their_children() -> None:
    """In a file every class stands after its base."""
    names = [
        name
        for names in group([node("A", base="C", tags=("T",)), node("B", base="A"), node("C")]).values()
        for name in names
    ]
    assert names.index("C") < names.index("A") < names.index("B")


def test_files_do_not_inherit_from_each_other() -> None:
    """Where two files would each need a base of the other, the bases get a file of their own."""
    one = [
        node("OneBase", tags=("One",)),
        *(node(f"OnePart{number}", base="TwoBase", tags=("One",)) for number in range(30)),
    ]
    two = [
        node("TwoBase", tags=("Two",)),
        *(node(f"TwoPart{number}", base="OneBase", tags=("Two",)) for number in range(30)),
    ]
    nodes = one + two
    where = home(group(nodes))
    imports = {
        (where[each.name], where[each.base]) for each in nodes if each.base and where[each.name] != where[each.base]
    }
    assert not {(other, first) for first, other in imports} & imports


def test_the_arrangement_is_the_same_every_time() -> None:
    """The same classes in the same order give the same files."""
    nodes = [each for name in NAMES for each in resource(name)] + [node("Paging")]
    assert group(nodes) == group(list(nodes))
    assert group([]) == {}


def test_dominators() -> None:
    """A node's dominator is the one through which alone it is reached; cycles and islands do not matter."""
    edges = {
        "a": ["b", "c"],
        "b": ["d"],
        "c": ["d"],
        "d": ["e"],
        "e": ["d", "a"],
        "x": ["y"],
        "y": ["z"],
        "z": ["y"],
        "p": ["q"],
        "q": ["p"],
    }
    found = dominators(edges, ["a"])
    assert found == {
        "a": None,
        "b": "a",
        "c": "a",
        "d": "a",
        "e": "d",
        "x": None,
        "y": "x",
        "z": "y",
        "p": None,
        "q": "p",
    }
