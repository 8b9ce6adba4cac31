from __future__ import annotations

import asyncio
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from veeam_async.testing import SimulatedAppliance

VERSION = "0.5.1"
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("veeam_br_client.py")


def interpreter() -> Path:
    """The Python of an environment that has veeam-br and nothing of ours; made once, kept beside the clone's own."""
    folder = Path(os.environ.get("VEEAM_BR_VENV", ROOT / ".venv-veeam-br"))
    python = folder / "bin" / "python"
    done = folder / f"veeam-br-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=200)
            command = [str(python), "-m", "pip", "install", "--quiet", f"veeam-br=={VERSION}"]
            installed = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            if installed.returncode:
                pytest.skip(f"veeam-br {VERSION} cannot be installed here: {installed.stderr[-300:]}")
            done.touch()
    return python


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="makes an environment the POSIX way")
async def test_a_client_that_no_one_here_wrote_works_against_it() -> None:
    """The client veeam-br logs in over verified HTTPS and lists jobs, sessions and repositories."""
    python = await asyncio.to_thread(interpreter)
    async with SimulatedAppliance("vbr", "1.3-rev0", tls=True) as appliance:
        process = await asyncio.create_subprocess_exec(
            str(python), str(SCRIPT), appliance.url, appliance.username, appliance.password, appliance.ca_file,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={"PATH": os.environ.get("PATH", "")},
        )  # fmt: skip
        output, errors = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode == 0, errors.decode()[-3000:]
        found: dict[str, Any] = json.loads(output)
        world = appliance.world
        assert found["jobs"] == ["JobsResult", len(world.jobs), [job.name for job in world.jobs]]
        assert found["states"][1:] == found["jobs"][1:]
        assert found["sessions"][1] == len(world.sessions)
        assert found["repositories"][2] == [repository.name for repository in world.repositories]
        assert found["repository_states"][2] == found["repositories"][2]
        assert not appliance.errors
        assert {one.status for one in appliance.requests} == {200}
