"""pytest fixtures with simulated appliances; loaded by itself where the package is installed with the extra `testing`.

```python
async def test_retries(veeam_vbr):
    veeam_vbr.faults.add(operation="GetAllJobs", times=1, status=503, retry_after=0)
    async with Client(veeam_vbr.url, veeam_vbr.credentials) as vbr:
        await vbr.jobs.get_all_jobs()
    assert veeam_vbr.count("GetAllJobs") == 2


@pytest.mark.veeam_vbr(revision="1.1-rev0", tls=True, access_lifetime=2)
async def test_old_appliance(veeam_vbr): ...


@pytest.mark.veeam_fleet(count=30, faulty=0.1)
async def test_fleet(veeam_fleet, tmp_path):
    veeam_fleet.write_toml(tmp_path / "fleet.toml")
```

The appliances run in a thread of their own, so the fixtures serve tests under pytest-asyncio, under anyio, and tests
that are not async at all. Each test gets fresh ones. A mark with the fixture's name carries the arguments of
`SimulatedAppliance`, or of `SimulatedFleet` for `veeam_fleet`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .appliance import SimulatedAppliance
    from .background import Background
    from .fleet import SimulatedFleet
    from .mocking import mocked_responses

_FIXTURES = {"veeam_vbr": "vbr", "veeam_aws": "aws", "veeam_azure": "azure"}


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks known."""
    for name in _FIXTURES:
        config.addinivalue_line("markers", f"{name}(**options): arguments of the fixture's SimulatedAppliance")
    config.addinivalue_line("markers", "veeam_fleet(**options): arguments of the fixture's SimulatedFleet")


@pytest.fixture(scope="session")
def veeam_background() -> Iterator[Background]:
    """The thread that the simulated appliances of this process run in."""
    from .background import Background

    with Background() as background:
        yield background


@contextmanager
def _running(background: Background, appliance: SimulatedAppliance) -> Iterator[SimulatedAppliance]:
    background.run(appliance.start())
    try:
        yield appliance
    finally:
        background.run(appliance.close())
        _complain(appliance)


def _complain(appliance: SimulatedAppliance) -> None:
    if appliance.errors:
        raise appliance.errors[0]
    if appliance.faults.unfired:
        faults = "\n".join(f"  {fault}" for fault in appliance.faults.unfired)
        pytest.fail(f"{appliance.name}: faults that met no request (optional=True allows it):\n{faults}", pytrace=False)


def _options(request: pytest.FixtureRequest, name: str) -> dict[str, Any]:
    mark = request.node.get_closest_marker(name)
    return dict(mark.kwargs) if mark is not None else {}


def _appliance(request: pytest.FixtureRequest, background: Background, name: str) -> Iterator[SimulatedAppliance]:
    from .appliance import SimulatedAppliance

    options = _options(request, name)
    with _running(background, SimulatedAppliance(_FIXTURES[name], home=background.loop, **options)) as appliance:
        yield appliance


@pytest.fixture
def veeam_vbr(request: pytest.FixtureRequest, veeam_background: Background) -> Iterator[SimulatedAppliance]:
    """A running Veeam Backup & Replication appliance of the newest revision."""
    yield from _appliance(request, veeam_background, "veeam_vbr")


@pytest.fixture
def veeam_aws(request: pytest.FixtureRequest, veeam_background: Background) -> Iterator[SimulatedAppliance]:
    """A running Veeam Backup for AWS appliance."""
    yield from _appliance(request, veeam_background, "veeam_aws")


@pytest.fixture
def veeam_azure(request: pytest.FixtureRequest, veeam_background: Background) -> Iterator[SimulatedAppliance]:
    """A running Veeam Backup for Microsoft Azure appliance of the newest revision."""
    yield from _appliance(request, veeam_background, "veeam_azure")


@pytest.fixture
def veeam_appliance(veeam_background: Background) -> Iterator[Callable[..., SimulatedAppliance]]:
    """A function that gives further running appliances; it takes the arguments of `SimulatedAppliance`."""
    from contextlib import ExitStack

    from .appliance import SimulatedAppliance

    with ExitStack() as stack:

        def make(*args: Any, **options: Any) -> SimulatedAppliance:
            appliance = SimulatedAppliance(*args, home=veeam_background.loop, **options)
            return stack.enter_context(_running(veeam_background, appliance))

        yield make


@pytest.fixture
def veeam_mocked() -> Iterator[mocked_responses]:
    """Answers without a socket: every request of every aiohttp session is answered from it."""
    from .mocking import mocked_responses

    with mocked_responses() as mocked:
        yield mocked


@pytest.fixture
def veeam_fleet(request: pytest.FixtureRequest, veeam_background: Background) -> Iterator[SimulatedFleet]:
    """Ten running appliances of all products and revisions."""
    from .fleet import SimulatedFleet

    fleet = SimulatedFleet(**{"count": 10, **_options(request, "veeam_fleet")})
    veeam_background.run(fleet.start())
    try:
        yield fleet
    finally:
        veeam_background.run(fleet.close())
        for appliance in fleet.appliances:
            if appliance.errors:
                raise appliance.errors[0]
