"""aioresponses with every aiohttp that this package allows: answers without a socket, for tests of single calls.

```python
from veeam_async.testing import mocked_responses


async def test_jobs():
    with mocked_responses() as mocked:
        mocked.post("https://vbr01:9419/api/oauth2/token", payload={"access_token": "t", "expires_in": 900})
        mocked.get("https://vbr01:9419/api/v1/jobs", payload={"data": [], "pagination": {"total": 0}})
        async with Client("vbr01", Password("svc-monitor", "secret")) as vbr:
            assert not (await vbr.jobs.get_all_jobs()).data
```

Take it where a socket adds nothing: what one call sends, how one odd answer is read. Where logins, pages, long work or
faults matter, a `SimulatedAppliance` knows more than any list of answers.
"""

from __future__ import annotations

import inspect
from typing import Any, Self
from unittest.mock import Mock, patch

from aiohttp import ClientResponse

# Before anything is mocked: it looks at aiohttp as it is when it is loaded.
from .._http import _aiohttp as _aiohttp

try:
    from aioresponses import aioresponses
    from aioresponses import core as _core
except ImportError as error:  # pragma: no cover
    raise ImportError("mocked_responses needs aioresponses: pip install 'veeam-async[testing]'") from error


def _lacking() -> list[str]:
    """What `ClientResponse` of this aiohttp wants to be made of and aioresponses does not give."""
    given = {"method", "url", "request_info", "writer", "continue100", "timer", "traces", "loop", "session"}
    parameters = inspect.signature(ClientResponse).parameters.values()
    wanted = [one.name for one in parameters if one.default is one.empty and one.kind is not one.VAR_KEYWORD]
    return [name for name in wanted if name not in given]


class _Response(ClientResponse):
    """A response that stands without a connection, whatever aiohttp wants it to be made of."""

    def __init__(self, method: str, url: Any, **options: Any) -> None:
        accepted = inspect.signature(ClientResponse).parameters
        kept = {name: value for name, value in options.items() if name in accepted}
        for name in _lacking():
            # It stands for what sent the request: nothing is sent here.
            kept.setdefault(name, Mock(output_size=0))
        super().__init__(method, url, **kept)


class mocked_responses(aioresponses):  # noqa: N801
    """`aioresponses` for the aiohttp that is installed; the same arguments and methods.

    Where aiohttp and aioresponses fit, this is aioresponses as it is.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._response = patch.object(_core, "ClientResponse", _Response) if _lacking() else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Answer every request of every aiohttp session from now on."""
        if self._response is not None:
            self._response.start()
        super().start()

    def stop(self) -> None:
        """Let requests go out again."""
        super().stop()
        if self._response is not None:
            self._response.stop()
