from __future__ import annotations

import pytest

from tests.testing.caller import REVISIONS, filled
from veeam_async._spec import UnknownRevision, load, revisions


@pytest.mark.parametrize(("product", "revision"), REVISIONS)
def test_every_operation_is_found_by_its_own_method_and_path(product: str, revision: str) -> None:
    """Each operation of each revision is what its method and path lead to."""
    spec = load(product, revision)
    lost = [
        operation.operation_id
        for operation in spec.operations.values()
        if spec.find(operation.method, filled(operation.path, "x"))[0] is not operation
    ]
    assert not lost
    assert len(spec.operations) > 90


def test_a_literal_segment_wins_over_a_placeholder() -> None:
    """/jobs/states is the list of states and not the job named so."""
    spec = load("vbr", "1.3-rev0")
    found, values, _ = spec.find("GET", "/api/v1/jobs/states")
    assert found is not None and found.operation_id == "GetAllJobsStates" and not values


def test_the_placeholders_values_are_given_by_name() -> None:
    """A path's placeholders come back with what stood in their place."""
    found, values, _ = load("vbr", "1.3-rev0").find("GET", "/api/v1/jobs/abc")
    assert found is not None and values == {"id": "abc"}


def test_a_path_without_the_method_names_its_methods() -> None:
    """For a path that has other methods those are given, for no path nothing."""
    spec = load("vbr", "1.3-rev0")
    assert set(spec.find("PATCH", "/api/v1/jobs")[2]) == {"GET", "POST"}
    assert spec.find("GET", "/api/v1/nothing") == (None, {}, ())


def test_an_unknown_revision_names_the_known_ones() -> None:
    """Asking for a revision without a file says which there are."""
    with pytest.raises(UnknownRevision, match=r"1\.3-rev0"):
        load("vbr", "9.9-rev9")


def test_a_specification_is_read_once() -> None:
    """Two appliances of one revision share its specification."""
    assert load("vbr", "1.3-rev0") is load("vbr", "1.3-rev0")


def test_all_revisions_are_found() -> None:
    """The revisions that have a file are listed."""
    assert set(REVISIONS) <= set(revisions())


def test_own_specifications_come_first(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder named by VEEAM_SPECS adds revisions of one's own."""
    import json
    from pathlib import Path

    folder = Path(str(tmp_path)) / "vbr"
    folder.mkdir()
    document = {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {}, "components": {"schemas": {}}}
    (folder / "7.7-rev7.json").write_text(json.dumps(document))
    monkeypatch.setenv("VEEAM_SPECS", str(tmp_path))
    assert not load("vbr", "7.7-rev7").operations
    assert ("vbr", "7.7-rev7") in revisions()
