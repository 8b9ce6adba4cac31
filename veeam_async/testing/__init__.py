"""A simulated appliance to test against: real HTTP servers on loopback that behave as the products do.

```python
from veeam_async.testing import SimulatedAppliance
from veeam_async.vbr.v1_3_rev1 import Client


async def test_poll():
    async with SimulatedAppliance("vbr", version="13.0.1", seed=7) as appliance:
        appliance.faults.add(operation="GetAllSessions", times=1, status=503, retry_after=1)
        async with Client(appliance.url, appliance.credentials) as vbr:
            page = await vbr.sessions.get_all_sessions()
    assert appliance.count("GetAllSessions") == 2
```

`SimulatedFleet` plays many at once, `python -m veeam_async.testing` does it in a process of its own, and
`veeam_async.testing.pytest_plugin` has fixtures. Needs the extra `testing`. The package proper imports nothing of this.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .appliance import SimulatedAppliance as SimulatedAppliance
    from .appliance import UnfiredFaultWarning as UnfiredFaultWarning
    from .background import Background as Background
    from .behaviour import Behaviour as Behaviour
    from .control import Control as Control
    from .faults import Fault as Fault
    from .faults import Faults as Faults
    from .fleet import SimulatedFleet as SimulatedFleet
    from .journal import Departure as Departure
    from .journal import Recorded as Recorded
    from .mocking import mocked_responses as mocked_responses
    from .tokens import TokenService as TokenService
    from .tokens import User as User
    from .world import World as World

# pytest loads the plugin beside this file in every run, and most of them need none of these.
_HOMES = {
    "Background": "background",
    "Behaviour": "behaviour",
    "Control": "control",
    "Departure": "journal",
    "Fault": "faults",
    "Faults": "faults",
    "Recorded": "journal",
    "SimulatedAppliance": "appliance",
    "SimulatedFleet": "fleet",
    "TokenService": "tokens",
    "UnfiredFaultWarning": "appliance",
    "User": "tokens",
    "World": "world",
    "mocked_responses": "mocking",
}

__all__ = [
    "Background",
    "Behaviour",
    "Control",
    "Departure",
    "Fault",
    "Faults",
    "Recorded",
    "SimulatedAppliance",
    "SimulatedFleet",
    "TokenService",
    "UnfiredFaultWarning",
    "User",
    "World",
    "mocked_responses",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
