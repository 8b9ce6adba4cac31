from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.testing.caller import NEWEST, calling
from veeam_async.testing import World

NOW = datetime(2026, 5, 4, 13, 37, tzinfo=UTC)

OWN = """
[[credentials]]
name = "EXAMPLE\\\\backup"

[[server]]
name = "srv01.example.com"
credentials = "EXAMPLE\\\\backup"

[[repository]]
name = "Main"
server = "srv01.example.com"
capacity_gib = 1000
used_gib = 250
folder = "main"

[[workload]]
name = "mail-01"
size_gib = 200

[[job]]
name = "Nightly mail"
repository = "Main"
workloads = ["mail-01"]
outcome = "failed"

[[session]]
job = "Nightly mail"
result = "warning"
message = "Low on space."
started = 2026-05-03T22:00:00Z

[[restore_point]]
workload = "mail-01"
size_gib = 10
full = true

[license]
licensed_to = "Halden"
instances = 5
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "world.toml"
    path.write_text(text)
    return path


def test_a_world_from_a_file_is_what_the_file_says(tmp_path: Path) -> None:
    """Facts are named by their names; what a file leaves out has a default, and ids stay the same."""
    world = World.from_toml(written(tmp_path, OWN), now=NOW)
    (job,), (session,), (point,) = world.jobs, world.sessions, world.restore_points
    assert (job.repository_id, job.workloads) == (world.repository("Main").id, [world.workload("mail-01").id])
    assert (session.result, session.message, session.job_id) == ("warning", "Low on space.", job.id)
    assert (point.session_id, point.full) == (session.id, True)
    assert world.workload("mail-01").protected
    assert (world.license.licensed_to, world.license.instances) == ("Halden", 5)
    assert World.from_toml(tmp_path / "world.toml", now=NOW).jobs[0].id == job.id


@pytest.mark.parametrize(("product", "revision"), NEWEST)
async def test_each_product_shows_a_world_from_a_file(tmp_path: Path, product: str, revision: str) -> None:
    """The job, its session, its repository and its restore point are in the product's own lists."""
    world = World.from_toml(written(tmp_path, OWN), now=NOW)
    paths = {
        "vbr": ("/api/v1/jobs", "/api/v1/sessions", "/api/v1/restorePoints"),
        "aws": ("/api/v1/virtualMachines/policies", "/api/v1/sessions", "/api/v1/virtualMachines/restorePoints"),
        "azure": (
            "/api/v8.1/policies/virtualMachines",
            "/api/v8.1/jobSessions",
            "/api/v8.1/restorePoints/virtualMachines",
        ),
    }[product]
    facts: tuple[list[Any], ...] = (world.jobs, world.sessions, world.restore_points)
    async with calling(product, revision, world=world) as caller:
        for path, own in zip(paths, facts, strict=True):
            page = await caller.get(path)
            rows = page.get("data", page.get("results"))
            assert [row["id"] for row in rows] == [fact.id for fact in own]


def test_a_file_may_begin_with_a_generated_world(tmp_path: Path) -> None:
    """With a seed the facts of the file are added to those of the seed."""
    world = World.from_toml(written(tmp_path, 'seed = 4\n\n[[job]]\nname = "Mine"\n'), now=NOW)
    assert [job.name for job in world.jobs] == [*(job.name for job in World(4, now=NOW).jobs), "Mine"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[[job]]\nname = "x"\nrepositroy = "y"\n', "job 1"),
        ("[[server]]\n", "server 1: name is missing"),
        ('[[job]]\nname = "x"\n', "job 1: it needs a repository"),
        ("[[server]]\nname = 7\n", "server 1: name = 7"),
        ('seed = 1\n[[job]]\nname = "x"\noutcome = "good"\n', "'good' is not one of success"),
        ('seed = 1\n[[job]]\nname = "x"\nrepository = "nowhere"\n', "no 'nowhere' before it"),
        ('[[restore_point]]\nworkload = "x"\n', "no 'x' before it"),
        ("colour = 3\n", "unknown: colour"),
        ("[[job\n", "world.toml: "),
        ("seed = true\n", "seed = True"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_the_place(tmp_path: Path, text: str, place: str) -> None:
    """What cannot be understood is one ValueError that names the table."""
    with pytest.raises(ValueError, match=r"world\.toml") as caught:
        World.from_toml(written(tmp_path, text), now=NOW)
    assert place in str(caught.value)
