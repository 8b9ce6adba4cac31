"""Which models an operation takes as its body."""

from __future__ import annotations

import json
from typing import Any

import pytest

import veeam_async.vbr.v1_1_rev0.models as old
import veeam_async.vbr.v1_3_rev0.models as new
from veeam_async import Password
from veeam_async._model import check_body, dumps
from veeam_async.testing import SimulatedAppliance
from veeam_async.vbr.v1_3_rev0 import Client

PACKAGE = "veeam_async.vbr.v1_3_rev0"


@pytest.mark.parametrize(
    ("body", "expression"),
    [
        (new.BackupJobModel.from_dict({"type": "VSphereBackup"}), "JobModel"),
        (new.JobModel.from_dict({"type": "Newer"}), "JobModel"),
        ([new.JobModel.from_dict({})], "list[JobModel]"),
        ({"name": "free"}, "JobModel"),
        (["free"], "list[JobModel]"),
        (new.JobModel.from_dict({}), "Any"),
        (new.JobModel.from_dict({}), "SessionModel | JobModel"),
        (None, "JobModel | None"),
    ],
)
def test_a_model_of_the_schema_and_what_is_no_model_pass(body: Any, expression: str) -> None:
    """The schema's own class, its children, and dicts and lists that are the caller's own."""
    check_body(body, expression, PACKAGE)


@pytest.mark.parametrize(
    ("body", "expression", "given"),
    [
        (old.JobModel.from_dict({}), "JobModel", "JobModel of veeam_async.vbr.v1_1_rev0"),
        (new.SessionModel.from_dict({}), "JobModel", f"SessionModel of {PACKAGE}"),
        (["free", new.SessionModel.from_dict({})], "list[JobModel]", f"SessionModel of {PACKAGE}"),
        ([new.JobModel.from_dict({}), new.SessionModel.from_dict({})], "list[JobModel]", f"SessionModel of {PACKAGE}"),
    ],
)
def test_a_model_of_another_revision_or_schema_is_a_type_error_that_names_both(
    body: Any, expression: str, given: str
) -> None:
    """Servers ignore fields that they do not know: a setting would be lost in silence."""
    with pytest.raises(TypeError) as caught:
        check_body(body, expression, PACKAGE)
    assert str(caught.value) == f"the body is to be {expression} of {PACKAGE}, not {given}"


async def test_a_body_of_another_revision_is_refused_before_anything_is_sent() -> None:
    """A proxy's settings of 1.1 to an appliance of 1.3: not even a login goes out."""
    async with (
        SimulatedAppliance("vbr", "1.3-rev0") as appliance,
        Client(appliance.url, Password(appliance.username, appliance.password)) as vbr,
    ):
        with pytest.raises(TypeError, match=r"not JobModel of veeam_async\.vbr\.v1_1_rev0"):
            await vbr.jobs.update_job("1", body=old.JobModel.from_dict({"name": "n"}))  # type: ignore[arg-type]
        assert not appliance.requests


def test_a_change_deep_inside_is_in_the_request() -> None:
    """What is appended to a list of a nested model is part of the body of the whole."""
    job = new.BackupJobModel.from_dict(
        {"id": "1", "type": "VSphereBackup", "virtualMachines": {"includes": [{"name": "a"}], "newer": 1}}
    )
    job.virtual_machines.includes.append(new.InventoryObjectModel.from_dict({"name": "b"}))
    sent = json.loads(dumps(job, request=True))
    assert sent["virtualMachines"] == {"includes": [{"name": "a"}, {"name": "b"}], "newer": 1}
