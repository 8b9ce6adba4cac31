"""Which model goes into which file."""

from __future__ import annotations

import importlib
import itertools
from pathlib import Path

import pytest

from codegen import emit, naming
from codegen.emit.files import FAMILY, LARGE, MANY, Node, files
from codegen.ingest import catalog
from tests.codegen.odd import document, write_specs


def node(name: str, *uses: str, base: str | None = None, groups: tuple[str, ...] = ()) -> Node:
    return Node(name, base, uses, groups)


def test_what_one_group_reaches_is_in_the_file_of_the_group() -> None:
    """A class that one group reaches, however deep, is beside its api module; what two reach is in `shared`."""
    nodes = [
        node("JobsPage", "Job", "Paging", groups=("jobs",)),
        node("Job", "Schedule"),
        node("Schedule"),
        node("TasksPage", "Paging", groups=("tasks",)),
        node("Paging"),
    ]
    assert files(nodes) == {"jobs": ["JobsPage", "Job", "Schedule"], "shared": ["Paging"], "tasks": ["TasksPage"]}


def test_what_many_groups_reach_is_common() -> None:
    """A class that five groups reach is in `common`, one that four reach in `shared`."""
    nodes = [node(f"Page{number}", "Session", groups=(f"g{number}",)) for number in range(MANY)]
    nodes += [node("Session"), node("Few", groups=tuple(f"g{number}" for number in range(MANY - 1)))]
    found = files(nodes)
    assert (found["common"], found["shared"]) == (["Session"], ["Few"])


def test_a_base_is_where_its_children_are() -> None:
    """An operation that names the base reaches its children; one that names a child reaches the base."""
    nodes = [
        node("Job", "BackupJob", groups=("jobs",)),
        node("BackupJob", base="Job"),
        node("Task", groups=()),
        node("BackupTask", base="Task", groups=("tasks",)),
    ]
    assert files(nodes) == {"jobs": ["Job", "BackupJob"], "tasks": ["Task", "BackupTask"]}


def test_what_no_operation_reaches_is_where_its_likes_are() -> None:
    """A class that no operation names is with the classes whose names begin as its own does."""
    nodes = [node("JobModel", groups=("jobs",)), node("JobLeftover"), node("Nothing")]
    assert files(nodes) == {"jobs": ["JobModel", "JobLeftover"], "shared": ["Nothing"]}


def test_a_large_file_gives_its_families_away() -> None:
    """A file of more than a hundred classes keeps no family: its base and its children have a file of their own."""
    family = [f"Job{number}" for number in range(FAMILY - 1)]
    nodes = [node("Job", *family, groups=("work",)), *(node(name, base="Job") for name in family)]
    assert set(files(nodes)) == {"work"}
    nodes += [node(f"Part{number}", groups=("work",)) for number in range(LARGE)]
    assert files(nodes)["work_job"] == ["Job", *family]


LABELS = sorted((target.label for target in emit.find(emit.ROOT / "specs")), key=catalog.revision_order)
# The two revisions of aws are documents of different origin, with other tags: their files are not promised to be alike.
PAIRS = [
    (older, newer)
    for older, newer in itertools.pairwise(LABELS)
    if older.partition("/")[0] == newer.partition("/")[0] and not newer.startswith("aws/")
]


@pytest.mark.parametrize(("older", "newer"), PAIRS)
def test_a_class_keeps_its_file(older: str, newer: str) -> None:
    """From one revision to the next at most 6 % of the classes of both change their file, in azure none."""
    before, after = (home(label) for label in (older, newer))
    both = before.keys() & after.keys()
    moved = [name for name in both if before[name] != after[name]]
    assert len(moved) <= (0 if newer.startswith("azure/") else 0.06) * len(both)


@pytest.mark.parametrize("label", LABELS)
def test_a_file_is_called_after_what_is_in_it(label: str) -> None:
    """A models file is `shared`, `common`, or named as an api module is, or so and with a class behind it."""
    package = packaged(label)
    groups = set(importlib.import_module(f"{package}.api").GROUPS) | {"shared", "common"}
    for file in set(home(label).values()) - groups:
        group = max((group for group in groups if file.startswith(group.rstrip("_"))), key=len)
        last = file.removeprefix(group.rstrip("_")).strip("_")
        classes = {naming.snake_case(name) for name, place in home(label).items() if place == file}
        assert last in classes or file in classes


def packaged(label: str) -> str:
    target = next(target for target in emit.find(emit.ROOT / "specs") if target.label == label)
    return f"veeam_async.{target.product}.{target.package}"


def home(label: str) -> dict[str, str]:
    """The file of each class, as emitted."""
    modules: dict[str, str] = importlib.import_module(f"{packaged(label)}.models").MODULES
    return modules


def test_a_renamed_tag_keeps_its_module(tmp_path: Path) -> None:
    """What the catalog says of a tag that the vendor renamed names the modules of it, and nothing else."""
    specs = write_specs(tmp_path / "specs", v7=document())
    with (specs / "catalog.toml").open("a", encoding="utf-8") as file:
        file.write('\n[products.odd.tags]\nWidgets = "Gadgets"\n')
    emit.emit(specs, tmp_path / "acme")
    home = tmp_path / "acme/odd/v7"
    assert (home / "api/gadgets.py").is_file()
    assert not (home / "api/widgets.py").exists()
    assert 'tag="Widgets"' in (home / "api/gadgets.py").read_text(encoding="utf-8")
