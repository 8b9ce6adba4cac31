"""Which revisions are here, and those that a user adds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from veeam_async import revisions as package_function
from veeam_async._operation.operation import Revision
from veeam_async.profiles import PRODUCTS, profile
from veeam_async.registry import client_class, find_revision, preload, register, revision_key, revisions

module = sys.modules["veeam_async.registry"]


def test_all_revisions_newest_first() -> None:
    """Products in order, and each product's newest revision first."""
    names = {product: [one.name for one in revisions(product)] for product in PRODUCTS}
    assert names["vbr"] == ["1.3-rev2", "1.3-rev1", "1.3-rev0", "1.2-rev1", "1.1-rev0", "1.0-rev2"]
    assert names["azure"] == ["v8.1", "v8"]
    assert names["aws"] == ["1.7-rev0", "1.0-rev0"]
    assert (names["m365"], names["spc"], names["one"]) == (["v8", "v7"], ["3.7", "3.6.2"], ["2.3"])
    assert [one.name for one in revisions()] == [name for product in PRODUCTS for name in names[product]]
    assert package_function is revisions
    with pytest.raises(ValueError, match="gcp"):
        revisions("gcp")


def test_order_is_by_number() -> None:
    """Ten comes after nine."""
    names = ["1.9-rev0", "1.10-rev0", "1.10-rev1", "v8", "v8.1", "1.2-rev1"]
    assert sorted(names, key=revision_key) == ["1.2-rev1", "1.9-rev0", "1.10-rev0", "1.10-rev1", "v8", "v8.1"]


@pytest.mark.parametrize("name", ["1.3-rev0", "1.3-REV0", "v1_3_rev0"])
def test_finding_by_name(name: str) -> None:
    """The vendor's name and the package's name both find a revision."""
    assert find_revision("vbr", name).name == "1.3-rev0"
    with pytest.raises(ValueError, match=r"1\.3-rev0"):
        find_revision("vbr", "9.9-rev9")


def test_class_belongs_to_its_revision() -> None:
    """`client_class` gives the generated client."""
    for one in revisions():
        assert client_class(one).revision is one


def test_packages_register_by_an_entry_point(tmp_path: Path) -> None:
    """An installed package that names itself under `veeam_async.revisions` is known; a broken one costs a warning."""
    for place, value in (("good", "good_package.vbr"), ("broken", "no_such_package")):
        metadata = tmp_path / f"{place}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {place}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[veeam_async.revisions]\n{place} = {value}\n")
    package = tmp_path / "good_package" / "vbr" / "v1_4_rev0"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "from veeam_async._operation import Revision\nREVISION = Revision('vbr', '1.4-rev0', __name__)\n"
    )
    program = "from veeam_async import revisions; print(revisions('vbr')[0].package)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout == "good_package.vbr.v1_4_rev0\n"
    assert "no_such_package: the entry point broken of veeam_async.revisions" in done.stderr


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of a user's own, with a newer revision and another one of an old name."""
    for place, name in (("v1_4_rev0", "1.4-rev0"), ("v1_1_rev0", "1.1-rev0")):
        folder = tmp_path / "mine_own" / "vbr" / place
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(
            "from veeam_async._operation.operation import Revision\n"
            f"REVISION = Revision('vbr', '{name}', __name__)\n"
            "class Client: revision = REVISION\n"
        )
    (tmp_path / "mine_own" / "__init__.py").touch()
    (tmp_path / "mine_own" / "vbr" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(module, "_registered", {})
    return "mine_own"


@pytest.mark.parametrize("part", ["", ".vbr", ".vbr.v1_4_rev0"])
def test_registering_a_package(mine: str, part: str) -> None:
    """A user's package is known under its revision, its product or its top."""
    found = register(mine + part)
    assert "1.4-rev0" in [one.name for one in found]
    assert revisions("vbr")[0].name == "1.4-rev0"
    assert client_class(revisions("vbr")[0]).revision is revisions("vbr")[0]
    for name in [name for name in sys.modules if name.startswith("mine_own")]:
        del sys.modules[name]


def test_own_revision_overrides_the_built_in_one(mine: str) -> None:
    """Registering a revision that is here already puts the user's in its place."""
    register(mine)
    assert find_revision("vbr", "1.1-rev0").package == "mine_own.vbr.v1_1_rev0"
    assert len([one for one in revisions("vbr") if one.name == "1.1-rev0"]) == 1


def test_registering_nothing() -> None:
    """A package without revisions, or none at all, is an error."""
    with pytest.raises(ValueError, match="json"):
        register("json")
    with pytest.raises(ImportError):
        register("no_such_package_at_all")


async def test_preload_loads_off_the_loop() -> None:
    """`preload` loads what a first call would, and nothing twice."""
    revision = Revision("aws", "1.7-rev0", "veeam_async.aws.v1_7_rev0")
    await preload(revision, groups=["sessions"])
    assert "veeam_async.aws.v1_7_rev0.api.sessions" in sys.modules
    assert await preload(revision, groups=["sessions"]) == 0


@pytest.mark.parametrize("product", PRODUCTS)
def test_profiles_are_whole(product: str) -> None:
    """Each product can log in by password and refresh, log out, and says where."""
    own = profile(product)
    assert own.product == product
    assert {"password", "refresh_token"} <= set(own.grants)
    assert own.default_port in own.ports
    assert own.token_path.startswith("/")
    assert own.logout is not None and own.logout.path.startswith("/")
    assert (own.probe_path is None) is (own.version is not None)
    for work in own.long_work:
        assert "{id}" in work.path
        assert work.done or work.running


def test_unknown_product() -> None:
    """There is no profile for another product."""
    with pytest.raises(ValueError, match="gcp"):
        profile("gcp")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1.9",
        "1.3",
        "x1.3-rev0",
        "1.3-rev0 or so",
        "1 3 0",
        "1." + "9" * 5000,
        "\x1b[2J" * 200,
        "../v1_3_rev0",
        "1.3-rev0\n",
    ],
)
def test_names_that_are_no_revision(name: str) -> None:
    """What only looks like a revision is none; the error is short, on one line, and says which there are."""
    with pytest.raises(ValueError, match=r"^no revision .* of vbr here; there are .*1\.3-rev0") as caught:
        find_revision("vbr", name)
    assert len(str(caught.value)) < 250 and str(caught.value).isprintable()
