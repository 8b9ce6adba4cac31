"""Revisions that nobody has seen go in and come out with no change to code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.clone

ROOT = Path(__file__).parents[2]
# What a vendor publishes has more in it than our specs of it; those are there where it is not.
VENDOR = Path(os.environ.get("VEEAM_VENDOR_SPECS", ROOT / "nowhere"))
REVISIONS = {
    "vbr": "1.3-rev2",
    "m365": "v8",
    "spc": "3.7",
    "aws": "1.7-rev0",
    "azure": "v8.1",
    "one": "2.3",
}


def document(product: str, revision: str) -> Path:
    vendors = sorted(VENDOR.glob(f"{product}-{revision}.*"))
    return vendors[0] if vendors else ROOT / "specs" / product / f"{revision}.json"


def bring(source: Path, product: str, first: int, count: int, home: Path, *options: str) -> list[str]:
    """Bring some next revisions of a document in and out in a process of their own; what it says of each."""
    folder = home / "veeam-async"
    (folder / "packages" / product).mkdir(parents=True)
    arguments = [str(source), product, str(first), str(count), str(folder), *options]
    done = subprocess.run(
        [sys.executable, "-m", "tests.codegen.next_revision", *arguments],
        env=os.environ | {"XDG_DATA_HOME": str(home)}, cwd=ROOT, capture_output=True, text=True, timeout=1500,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"[-4000:]
    return done.stdout.splitlines()


@pytest.mark.parametrize("product", ["vbr", "m365", "spc"])
def test_a_next_revision_goes_in_and_comes_out(product: str, tmp_path: Path) -> None:
    """A part of a document after some changes, and after all of them: every operation is there and can be called."""
    lines = bring(document(product, REVISIONS[product]), product, 7, 3, tmp_path, "--paths", "5", "--calls", "6")
    assert [line.split()[0] for line in lines] == ["7", "8", "9"]
    assert all(line.endswith(" called") and int(line.split()[-2]) > 2 for line in lines)


@pytest.mark.fuzz
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("start", [1000, 1100])
@pytest.mark.parametrize("product", REVISIONS)
def test_many_next_revisions(product: str, start: int, tmp_path: Path) -> None:
    """The same many times over."""
    assert len(bring(document(product, REVISIONS[product]), product, start, 60, tmp_path)) == 60


@pytest.mark.fuzz
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("product", REVISIONS)
def test_whole_next_revisions(product: str, tmp_path: Path) -> None:
    """The same of whole documents."""
    lines = bring(document(product, REVISIONS[product]), product, 2000, 4, tmp_path, "--paths", "0", "--calls", "60")
    assert len(lines) == 4
