"""What is documented is what there is."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from tests.metrics.conftest import Site
from tests.metrics.pages import read
from veeam_async.metrics import FAMILIES

ROOT = Path(__file__).parent.parent.parent
RULES = Path(str(files("veeam_async.metrics"))) / "rules"


@pytest.mark.clone
def test_page_is_current() -> None:
    """docs/metrics.md has the table of the families as the code has it."""
    ran = subprocess.run([sys.executable, ROOT / "scripts/describe_metrics.py", "--check"], check=False)
    assert ran.returncode == 0


@pytest.mark.clone
def test_dashboard_is_current() -> None:
    """The dashboard of the package is what its script makes."""
    ran = subprocess.run([sys.executable, ROOT / "scripts/make_dashboard.py", "--check"], check=False)
    assert ran.returncode == 0


def test_rules_use_metrics_that_exist() -> None:
    """Rules and dashboard name no metric that the exporter does not have."""
    known = {family.name for family in FAMILIES}
    recorded = set(re.findall(r"record: (\S+)", (RULES / "veeam.rules.yml").read_text()))
    assert recorded
    for file in ("veeam.rules.yml", "veeam-dashboard.json"):
        text = (RULES / file).read_text()
        assert set(re.findall(r"veeam:\w+:\w+", text)) <= recorded
        assert set(re.findall(r"\bveeam_\w+", text)) <= known


async def test_nothing_but_what_is_listed(site: Site) -> None:
    """Every sample belongs to a family of the table, with its labels."""
    await site.exporter.poll()
    families = {family.name: family for family in FAMILIES}
    for name, series in read(site.exporter).items():
        family = families[name.removesuffix("_count").removesuffix("_sum")]
        for labels in series:
            names = {key for key, _ in labels if not key.startswith("label_")}
            assert names == {"appliance", "product", *family.labels}


def test_names() -> None:
    """Counters end in _total, nothing else does; names are unique; no label is one of Prometheus' own."""
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    for family in FAMILIES:
        assert family.name.startswith("veeam_")
        assert (family.kind == "counter") == family.name.endswith("_total")
        assert not {"job", "instance", "le", "quantile"} & set(family.labels)
        assert family.help.endswith(".")
