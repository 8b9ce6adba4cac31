"""A simulated appliance to test against: real HTTP servers on loopback that behave as the three products do.

```python
from veeam_async.testing import SimulatedAppliance
from veeam_async.vbr.v1_3_rev0 import Client


async def test_poll():
    async with SimulatedAppliance("vbr", "1.3-rev0", seed=7) as appliance:
        appliance.faults.add(operation="GetAllSessions", times=1, status=503, retry_after=1)
        async with Client(appliance.url, appliance.credentials) as vbr:
            page = await vbr.sessions.get_all_sessions()
    assert appliance.count("GetAllSessions") == 2
```

Needs the extra `testing`. The package proper imports nothing of this.
"""

from __future__ import annotations

from .appliance import Behaviour, Recorded, SimulatedAppliance
from .faults import Fault, Faults
from .fleet import SimulatedFleet
from .tokens import TokenService, User
from .world import World

__all__ = [
    "Behaviour",
    "Fault",
    "Faults",
    "Recorded",
    "SimulatedAppliance",
    "SimulatedFleet",
    "TokenService",
    "User",
    "World",
]
