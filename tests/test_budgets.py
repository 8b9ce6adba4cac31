"""Budgets that no machine changes: modules that a first call loads, files, bytes of a wheel, requests that are sent."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import zipfile
from collections import Counter
from pathlib import Path

import veeam_async
from veeam_async.profiles import PRODUCTS
from veeam_async.testing import SimulatedAppliance
from veeam_async.vbr.v1_3_rev0 import Client

PACKAGE = Path(veeam_async.__file__).parent
GENERATED = tuple(f"veeam_async.{product}" for product in PRODUCTS)

FIRST_CALL = """
import asyncio, json, sys
from veeam_async import Password
from veeam_async.vbr.v1_3_rev0 import Client

async def main():
    async with Client(sys.argv[1], Password(sys.argv[2], sys.argv[3])) as vbr:
        page = await vbr.sessions.get_all_sessions(limit=200)
        return len([(row.name, row.state, row.end_time, row.result) for row in page.data])

assert asyncio.run(main()) > 0
print(json.dumps(sorted(sys.modules)))
"""


def shipped() -> dict[str, Path]:
    """What a wheel holds, by the name it has there: the package and, in a clone, the specs that lie beside it."""
    found = {path.relative_to(PACKAGE.parent).as_posix(): path for path in PACKAGE.rglob("*") if path.is_file()}
    specs = PACKAGE.parent / "specs"
    if not (PACKAGE / "specs").is_dir():
        found |= {
            f"veeam_async/specs/{path.relative_to(specs).as_posix()}": path
            for path in specs.rglob("*")
            if path.is_file()
        }
    return {name: path for name, path in found.items() if "__pycache__" not in path.parts}


async def test_a_first_call_loads_few_modules() -> None:
    """Log in, 200 typed sessions, log out: few modules of ours, those generated only of the revision in use."""
    async with SimulatedAppliance("vbr", "1.3-rev0") as appliance:
        login = appliance.credentials
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", FIRST_CALL, appliance.url, login.username, login.password,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    loaded = json.loads(out)
    ours = [name for name in loaded if name.partition(".")[0] == "veeam_async"]
    generated = [name for name in ours if name.startswith(GENERATED)]
    assert len(ours) <= 88, (len(ours), ours)
    assert len(generated) <= 9, generated
    assert all(name.startswith("veeam_async.vbr.v1_3_rev0") for name in generated if name != "veeam_async.vbr")
    heavy = {"yaml", "rich", "typer", "pandas", "pyarrow", "opentelemetry", "prometheus_client", "distributed", "dask"}
    assert not heavy & set(loaded)


def test_the_package_has_few_files() -> None:
    """Fewer than 2,000 files are installed."""
    assert 100 < len(shipped()) < 2000


def test_a_wheel_is_small() -> None:
    """What is shipped takes less than 6 MB compressed as wheels are."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in shipped().items():
            archive.write(path, name)
    assert 500_000 < target.tell() < 6_000_000


async def test_one_call_takes_three_requests() -> None:
    """Log in, one call, log out: nothing else is asked."""
    async with SimulatedAppliance("vbr", "1.3-rev0") as appliance:
        async with Client(appliance.url, appliance.credentials) as vbr:
            await vbr.service.get_server_info()
        assert [one.operation_id for one in appliance.requests] == ["CreateToken", "GetServerInfo", "Logout"]


async def test_many_first_calls_take_one_login() -> None:
    """200 calls at once on a fresh client share one login, and no call is sent twice."""
    async with SimulatedAppliance("vbr", "1.3-rev0") as appliance:
        async with Client(appliance.url, appliance.credentials) as vbr:
            await asyncio.gather(*(vbr.service.get_server_info() for _ in range(200)))
        sent = Counter(one.operation_id for one in appliance.requests)
    assert sent == {"CreateToken": 1, "GetServerInfo": 200, "Logout": 1}


async def test_a_listing_takes_a_request_for_each_page() -> None:
    """A listing whose rows fill n pages is n requests: none to learn the total, none to see that there is no more."""
    async with SimulatedAppliance("vbr", "1.3-rev0") as appliance:
        async with Client(appliance.url, appliance.credentials) as vbr:
            rows = len((await vbr.sessions.get_all_sessions(limit=500)).data)
            for size in (7, rows):
                before = len(appliance.requests)
                found = [row.id async for row in vbr.sessions.get_all_sessions(limit=size)]
                assert len(found) == rows
                assert len(appliance.requests) - before == -(-rows // size)
