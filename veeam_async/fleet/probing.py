"""What an appliance shows without a row: when its certificate ends, what its clock says."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ..profiles import profile
from .appliance import Appliance

if TYPE_CHECKING:
    from ..client import ApplianceClient


async def clock_offset(client: ApplianceClient) -> float | None:
    """Seconds that the server is ahead, by the Date header of a cheap call; None where there is none.

    Raises:
        VeeamError: the call failed.
    """
    before = datetime.now(UTC)
    reply = await client.request("GET", client.profile.cheap_path(client.revision.name))
    after = datetime.now(UTC)
    try:
        server = parsedate_to_datetime(reply.headers["Date"])
    except (KeyError, ValueError, TypeError):
        return None
    if server.tzinfo is None:
        server = server.replace(tzinfo=UTC)
    # The header has whole seconds, cut off.
    return round((server - before).total_seconds() + 0.5 - (after - before).total_seconds() / 2, 1)


async def certificate_end(appliance: Appliance, timeout: float) -> datetime | None:
    """When the certificate that an appliance shows ends; None where it shows none that can be read.

    The connection is a direct one, so that nothing is asked of an appliance behind a proxy.

    Raises:
        VeeamError: there is no connection.
    """
    from .._http.certificates import fetch_certificate

    if appliance.host.startswith("http://") or appliance.proxy is not None:
        return None
    port = appliance.port if isinstance(appliance.port, int) else profile(appliance.product).default_port
    host = appliance.host.removeprefix("https://")
    seen = await fetch_certificate(host, port, timeout=timeout)
    if seen.not_after is None:
        return None
    try:
        return datetime.strptime(seen.not_after, "%Y-%m-%d %H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
