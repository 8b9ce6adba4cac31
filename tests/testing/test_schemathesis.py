from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from pathlib import Path

import pytest

from veeam_async.testing import Behaviour, SimulatedAppliance
from veeam_async.testing.validate import without_times

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("schemathesis"), reason="schemathesis is not installed")

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# Logins need what no schema says. Stopping what is over is 400 or 409, which the documents leave out.
LEFT_OUT = ("StopSession", "JobSessions_StopJob", "AuthenticateSaml")


@pytest.mark.slow
@pytest.mark.parametrize(("product", "revision"), [("vbr", "1.1-rev0"), ("aws", "1.7-rev0")])
async def test_the_appliance_keeps_its_own_specification(product: str, revision: str, tmp_path: Path) -> None:
    """No answer has a status, a media type or a body that the revision's document does not have."""
    options = Behaviour(unknown_ids="answer")
    async with SimulatedAppliance(product, revision, behaviour=options, access_lifetime=3600) as appliance:
        document = tmp_path / "document.json"
        document.write_text(json.dumps(without_times(appliance.spec.document)))
        form = {"grant_type": "password", "username": appliance.username, "password": appliance.password}
        token = appliance.tokens.answer(form)["access_token"]
        left_out = (appliance.product.login, appliance.product.logout, *LEFT_OUT)
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
