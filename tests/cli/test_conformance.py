"""`conformance`: everything that departs from the document is in the report, and nothing that the appliance said."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.cli.conftest import veeam
from veeam_async import Password
from veeam_async._model.classes import is_enum, is_model, resolve
from veeam_async._model.expressions import parse
from veeam_async._model.fields import REQUIRED, fields
from veeam_async._spec import revisions as spec_revisions
from veeam_async.cli.conformance.command import compare
from veeam_async.cli.conformance.compare import fingerprint
from veeam_async.cli.conformance.report import Report, rounded
from veeam_async.connection import connect
from veeam_async.profiles import PRODUCTS
from veeam_async.registry import client_class, revisions
from veeam_async.testing import SimulatedAppliance

if TYPE_CHECKING:
    from veeam_async.options import Product


async def report_of(appliance: SimulatedAppliance, revision: str = "auto") -> dict[str, Any]:
    """The report on a simulated appliance, as it is written."""
    credentials = Password(appliance.username, appliance.password)
    product = cast("Product", appliance.product.name)
    async with connect(appliance.url, credentials, product, revision=revision) as client:
        report = Report("0", client.revision.product, client.revision.name)
        async for _ in compare(client, report):
            pass
    written: dict[str, Any] = json.loads(json.dumps(report.to_dict()))
    return written


class Canaries:
    """Replaces every string and number of an answer by one that can be recognised; ids stay, so that they lead on."""

    def __init__(self) -> None:
        self.numbers = 7_000_000_019
        self.ids: set[str] = set()

    def answer(self, value: Any, key: str = "") -> Any:
        """The value with canaries in it, in the names of free objects too."""
        if isinstance(value, dict):
            return {name: self.answer(inner, name) for name, inner in value.items()} | {
                f"canary_{self._next()}": f"canary-{self._next()}"
            }
        if isinstance(value, list):
            return [self.answer(inner, key) for inner in value]
        if isinstance(value, str) and (key.lower().endswith("id") or key == "id"):
            self.ids.add(value)
            return value
        if isinstance(value, str):
            return f"canary-{self._next()}"
        return self._next() if isinstance(value, (int, float)) and not isinstance(value, bool) else value

    def _next(self) -> int:
        self.numbers += 1
        return self.numbers


@pytest.fixture(params=PRODUCTS)
def product(request: pytest.FixtureRequest) -> str:
    """Every product that the package has."""
    return str(request.param)


# OpenAPI 3.0 asks answers to leave out what is write-only, though the document requires it.
WRITE_ONLY = {("Vb365Microsoft365BasicAuthenticationCommonConnectionSettings", "password", "missing")}


@pytest.mark.parametrize(("name", "revision"), spec_revisions())
async def test_simulated_appliances_depart_from_no_document(name: str, revision: str) -> None:
    """Every revision of every product answers what its own document says: no further field, value or type."""
    async with SimulatedAppliance(name, revision) as appliance:
        report = await report_of(appliance, revision)
    found = {(one["model"], one["field"], one["kind"]) for one in report["departures"]}
    assert not found - (WRITE_ONLY if revision == "3.6.2" else set())
    assert sum(one["outcome"] == "answered" for one in report["operations"]) > 30


async def test_no_value_of_the_appliance_is_in_the_report(product: str) -> None:
    """Canaries in every string, every number and an extra field of every object: none is in the report."""
    canaries = Canaries()
    async with SimulatedAppliance(product) as appliance:
        appliance.faults.add(login=False, method="GET", mutate=canaries.answer)
        report = await report_of(appliance)
    # A hash may hold the digits of a port by chance.
    text = re.sub(r"sha256:[0-9a-f]{12}\b", "sha256", json.dumps(report))
    assert report["departures"]
    assert canaries.numbers > 7_000_001_000
    planted = {"canary", appliance.url.rpartition(":")[2], *(one for one in canaries.ids if len(one) > 5)}
    # No assertion shows the whole text: pytest would take minutes to compare it.
    assert [one for one in planted if one in text] == []
    assert re.findall(r"\b70000\d{5}\b", text) == []


def plantable(product: str, report: dict[str, Any]) -> tuple[str, str, str, bool]:
    """A listing that gave rows, an enum and a text in them, and whether the text must be there and must not be null.

    Veeam ONE's document requires nothing, and allows null everywhere.
    """
    revision = revisions(product)[0]
    rows = {one["operation"] for one in report["operations"] if one.get("rows") == "several"}
    for demanding in (True, False):
        for operation in client_class(revision).operations:
            if operation.operation_id not in rows or operation.paging is None:
                continue
            model = resolve(operation.paging.row, revision.package)
            if not is_model(model) or model.__children__:
                continue
            enums = [one.wire for one in fields(model).values() if is_enum_type(one.annotation, revision.package)]
            texts = [
                one.wire for one in fields(model).values()
                if (one.annotation == "str" and one.default is REQUIRED if demanding else one.annotation[:3] == "str")
            ]  # fmt: skip
            if enums and texts:
                return operation.operation_id, enums[0], texts[-1], demanding
    raise AssertionError(f"{product}: no listing to plant in")


def is_enum_type(annotation: str, package: str) -> bool:
    """Whether a field holds one value of an enum."""
    nodes = parse(annotation).nodes
    return len(nodes) == 1 and nodes[0].is_class and is_enum(resolve(nodes[0].name, package))


async def test_departures_are_in_the_report(product: str) -> None:
    """An unknown enum value, a null, a missing and an extra field, another type: each by operation, field and kind."""
    async with SimulatedAppliance(product) as appliance:
        before = await report_of(appliance)
        operation, enum, text, demanding = plantable(product, before)

        def plant(page: Any) -> Any:
            rows = next(value for value in page.values() if isinstance(value, list))
            rows[0][enum], rows[1][enum] = "UnheardOf", "UnheardOfToo"
            rows[0]["zzzPlanted"] = 1
            rows[0][text] = 5
            rows[1][text] = None
            rows.append(json.loads(json.dumps(rows[0])))
            del rows[-1]["zzzPlanted"], rows[-1][text]
            return page

        appliance.faults.add(operation=operation, mutate=plant)
        after = await report_of(appliance)
    new = [one for one in after["departures"] if one not in before["departures"]]
    seen = {(one["operation"], one["field"], one["kind"], one["seen"]): one for one in new}
    assert seen[operation, enum, "unknown_enum", "string"]["times"] == 3
    assert seen[operation, enum, "unknown_enum", "string"]["different"] == 2
    assert (operation, f"sha256:{fingerprint('zzzPlanted')}", "extra", "number") in seen
    assert (operation, text, "wrong_type", "number") in seen
    assert ((operation, text, "null", "null") in seen) == demanding
    assert ((operation, text, "missing", "absent") in seen) == demanding
    assert "UnheardOf" not in json.dumps(after)
    assert "zzzPlanted" not in json.dumps(after)


async def test_statuses_and_pages_are_in_the_report() -> None:
    """A refusal, a status that no document lists, an answer that is no JSON: each as its outcome."""
    async with SimulatedAppliance("vbr") as appliance:
        appliance.faults.add(operation="GetServerTime", status=403)
        appliance.faults.add(operation="GetAllJobs", html=True)
        report = await report_of(appliance)
    by_id = {one["operation"]: one for one in report["operations"]}
    assert (by_id["GetServerTime"]["outcome"], by_id["GetServerTime"]["status"]) == ("refused", 403)
    assert by_id["GetAllJobs"]["outcome"] == "unreadable"
    assert by_id["GetJob"]["reason"] == "no listing gave an id for its path"
    assert by_id["GetAllSessions"]["rows"] == "several"


async def test_only_what_reads_is_called(product: str) -> None:
    """Nothing but GET is sent, apart from the login and the logout; nine of ten operations that can be asked are."""
    async with SimulatedAppliance(product) as appliance:
        report = await report_of(appliance)
        others = [
            one
            for one in appliance.requests
            if one.method != "GET" and not re.search("auth|token|logout|revoke", one.path)
        ]
    assert others == []
    outcomes = report["outcomes"]
    assert outcomes["answered"] > 0.6 * sum(outcomes.values())


@pytest.mark.parametrize(("value", "shown"), [(0.3, 0), (7.4, 7), (12.6, 13), (1234.5, 1200), (99_999.0, 100_000)])
def test_timings_have_two_digits(value: float, shown: int) -> None:
    """A time says what is slow, and no more."""
    assert rounded(value) == shown


def test_command(healthy: Path, tmp_path: Path) -> None:
    """The report is a file; what departs is a table; the totals are on stderr."""
    out = tmp_path / "report.json"
    ran = veeam("conformance", "vbr-1", "--fleet", healthy, "--out", out)
    assert ran.status == 0, ran.err
    report = json.loads(out.read_text())
    assert report["product"] == "vbr"
    assert f"{len(report['operations'])} operations: " in ran.err
    assert "attach it to an issue" in ran.err
    assert veeam("conformance").status == 3
