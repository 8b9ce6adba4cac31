"""`veeam-async revision`: revisions that a user adds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, environment, veeam

pytestmark = pytest.mark.clone

DOCUMENT = Path(__file__).parents[2] / "specs" / "vbr" / "1.0-rev2.json"
# A client of the added revision against a simulated appliance of it, found by negotiation.
PROGRAM = """
import asyncio
from veeam_async import connect
from veeam_async.testing import SimulatedAppliance

async def main():
    async with SimulatedAppliance("vbr", revision="1.4-rev0") as appliance:
        async with connect(appliance.url, appliance.credentials) as vbr:
            page = await vbr.jobs.get_all_jobs()
            print(type(vbr).__module__, type(page).__module__, len(page.data) > 0)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder with vbr 1.4-rev0 added."""
    folder = tmp_path_factory.mktemp("home")
    done = veeam("revision", "add", DOCUMENT, "--product", "vbr", "--revision", "1.4-rev0", XDG_DATA_HOME=str(folder))
    assert (done.status, done.out) == (0, "from veeam_async.vbr.v1_4_rev0 import Client\n"), done.err
    return folder


def revisions(home: Path) -> dict[str, str]:
    """Where each revision is from."""
    done = veeam("revision", "list", "-o", "json", XDG_DATA_HOME=str(home))
    assert done.status == 0
    return {f"{row['product']}/{row['revision']}": row["from"] for row in json.loads(done.out)}


def refused(home: Path, *arguments: str | Path) -> Ran:
    """A command that has to fail with one line, and leaves nothing behind."""
    before = sorted(home.rglob("*.json"))
    done = veeam("revision", *arguments, XDG_DATA_HOME=str(home))
    assert done.status != 0
    assert done.err.startswith("veeam-async: ")
    assert done.err.count("\n") == 1
    assert sorted(home.rglob("*.json")) == before
    return done


def test_an_added_revision_is_one_like_the_others(home: Path) -> None:
    """`connect` finds it at a simulated appliance of it, and its package is importable under the product."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment(XDG_DATA_HOME=str(home)), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [
        "veeam_async.vbr.v1_4_rev0.client", "veeam_async.vbr.v1_4_rev0.models.jobs", "True",
    ]  # fmt: skip


def test_list_says_where_a_revision_is_from(home: Path) -> None:
    """Added revisions and those of the package are distinguished."""
    origins = revisions(home)
    assert origins["vbr/1.4-rev0"] == "added"
    assert origins["vbr/1.3-rev2"] == "package"
    assert list(origins).index("vbr/1.4-rev0") == 0


def test_a_revision_is_added_once(home: Path) -> None:
    """Adding it again wants `--replace`."""
    assert "--replace" in refused(home, "add", DOCUMENT, "--product", "vbr", "--revision", "1.4-rev0").err


def test_bad_documents_are_refused(home: Path, tmp_path: Path) -> None:
    """What is no document, is not there or is of no product costs one line and exit status 2."""
    text = tmp_path / "text.json"
    text.write_text("[" * 100_000)
    assert refused(home, "add", text, "--product", "vbr", "--revision", "1.5-rev0").status == 2
    assert refused(home, "add", tmp_path / "none.json", "--product", "vbr", "--revision", "1.5-rev0").status == 2
    assert "unknown product" in refused(home, "add", DOCUMENT, "--product", "gcp", "--revision", "1.5-rev0").err
    assert refused(home, "add", DOCUMENT, "--product", "vbr", "--revision", "../../x").status == 2


def test_removing(tmp_path: Path) -> None:
    """What was added can be removed, and nothing else."""
    add: list[str | Path] = ["revision", "add", DOCUMENT, "--product", "vbr", "--revision", "1.3-rev2"]
    assert veeam(*add, XDG_DATA_HOME=str(tmp_path)).status == 0
    assert revisions(tmp_path)["vbr/1.3-rev2"] == "added"
    assert veeam("revision", "remove", "vbr/1.3-rev2", XDG_DATA_HOME=str(tmp_path)).status == 0
    assert revisions(tmp_path)["vbr/1.3-rev2"] == "package"
    assert "was not added" in refused(tmp_path, "remove", "vbr/1.3-rev2").err
