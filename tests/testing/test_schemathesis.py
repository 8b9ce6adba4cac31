from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from veeam_async.testing import Behaviour, SimulatedAppliance

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("schemathesis"), reason="schemathesis is not installed")

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# Logins need what no schema says. Stopping what is over is 400 or 409, which the documents leave out.
LEFT_OUT = ("StopSession", "JobSessions_StopJob", "AuthenticateSaml")


def without_times(document: Any) -> Any:
    """A copy in which a time of day may be any text: the vendor's `22:00` is no time to JSON Schema's checkers."""
    if isinstance(document, Mapping):
        is_time = document.get("type") == "string" and document.get("format") == "time"
        return {name: without_times(value) for name, value in document.items() if not (is_time and name == "format")}
    return [without_times(value) for value in document] if isinstance(document, list) else document


# One of each kind that takes less than a minute; vbr 1.0-rev2 spells one value in two senses in its own document.
REVISIONS = [
    ("vbr", "1.1-rev0"),
    ("aws", "1.0-rev0"),
    ("aws", "1.7-rev0"),
    ("azure", "v8"),
    ("m365", "v8"),
    ("one", "2.3"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("product", "revision"), REVISIONS)
async def test_the_appliance_keeps_its_own_specification(product: str, revision: str, tmp_path: Path) -> None:
    """No answer has a status, a media type or a body that the revision's document does not have."""
    options = Behaviour(unknown_ids="answer")
    async with SimulatedAppliance(product, revision, behaviour=options, access_lifetime=3600) as appliance:
        document = tmp_path / "document.json"
        document.write_text(json.dumps(without_times(appliance.spec.document)))
        form = {"grant_type": "password", "username": appliance.username, "password": appliance.password}
        form |= {"disable_antiforgery_token": "true"} if product == "m365" else {}
        token = appliance.tokens.answer(form)["access_token"]
        own = {("POST", appliance.product.login_path(revision)), appliance.product.logout_call(revision)}
        operations = appliance.spec.operations.values()
        logins = [one.operation_id for one in operations if (one.method, one.path) in own]
        left_out = (*logins, *LEFT_OUT)
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")), "run", str(document), "--url", appliance.url,
            "-H", f"Authorization: Bearer {token}", "-H", f"x-api-version: {revision}",
            "--checks", CHECKS, "--phases", "fuzzing", "--mode", "positive", "--max-examples", "1", "--seed", "1",
            "--exclude-operation-id-regex", f"^({'|'.join(left_out)})$",
            "--generation-database", "none", "--suppress-health-check", "all", "--no-color", "--max-failures", "5",
            cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = await asyncio.wait_for(process.communicate(), 100)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, output.decode()[-6000:]
        assert not appliance.errors
        assert len(appliance.counts) > 100
