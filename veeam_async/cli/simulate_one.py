"""`veeam-async simulate --version 13.0.1`: one appliance that plays a release, until Ctrl-C."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import attrs
from rich.markup import escape

from .._running import run
from .output import stderr
from .simulation import require_testing, stopping
from .status import CommandError, Status
from .words import said


@attrs.frozen(kw_only=True)
class One:
    """What the command line said about the appliance.

    Attributes:
        product, version, revision: what it plays; the newest where None.
        host, port: where it listens; 0 for a free port.
        tls: HTTPS with a throw-away authority.
        seed: of its world.
        world: a TOML file with the facts, in place of the seed.
        strict: refuse what goes beyond the document.
        record: a file for the requests, a JSON object a line.
        control: port of the control endpoint, 0 for a free one; none where None.
        control_host: its address.
        time_scale: how much faster than the world's pace started sessions run.
    """

    product: str = "vbr"
    version: str | None = None
    revision: str | None = None
    host: str = "127.0.0.1"
    port: int = 0
    tls: bool = False
    seed: int = 0
    world: Path | None = None
    strict: bool = False
    record: Path | None = None
    control: int | None = None
    control_host: str = "127.0.0.1"
    time_scale: float = 60.0

    @classmethod
    def of(cls, products: Sequence[str], revisions: Sequence[str], *, control_port: int | None, **more: Any) -> Self:
        """What the options say.

        Raises:
            CommandError: they say more than one product or revision.
        """
        if len(products) > 1 or len(revisions) > 1:
            raise CommandError("one appliance has one --product and one --revision")
        product, _, revision = (
            revisions[0].partition("/") if revisions else (products[0] if products else "vbr", "", "")
        )
        if products and product != products[0]:
            raise CommandError(f"--revision {revisions[0]} is not of --product {products[0]}")
        port = more.pop("port")
        return cls(product=product, revision=revision or None, control=control_port, port=port or 0, **more)


def simulate_one(wanted: One) -> int:
    """Run the appliance; end quietly on Ctrl-C or SIGTERM."""
    require_testing()
    with contextlib.suppress(KeyboardInterrupt):
        run(_serve(wanted))
    return Status.OK


def _appliance(wanted: One) -> Any:
    from ..testing import SimulatedAppliance, World

    try:
        world = World.from_toml(wanted.world, time_scale=wanted.time_scale) if wanted.world is not None else None
        return SimulatedAppliance(
            wanted.product,
            wanted.revision,
            version=wanted.version,
            host=wanted.host,
            port=wanted.port,
            tls=wanted.tls,
            seed=wanted.seed,
            world=world,
            strict=wanted.strict,
            record=str(wanted.record) if wanted.record is not None else True,
            time_scale=wanted.time_scale,
        )
    except (LookupError, ValueError, OSError) as error:
        raise CommandError(said(error)) from None


async def _serve(wanted: One) -> None:
    from ..testing import Control

    appliance = _appliance(wanted)
    control = Control([appliance], wanted.control_host, wanted.control or 0) if wanted.control is not None else None
    console = stderr()
    stop = stopping()
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(appliance)
            if control is not None:
                await stack.enter_async_context(control)
        except OSError as error:
            raise CommandError(f"cannot listen: {error.strerror or error}") from None
        console.print(f"{appliance.product.title} {appliance.version} listens on {escape(appliance.url)}")
        console.print(f"It serves {', '.join(appliance.revisions)}.")
        for revision, document in appliance.served.substitutes.items():
            console.print(f"  {revision}: there is no document of it, {document} stands in")
        if control is not None:
            console.print(f"The control endpoint is {escape(control.url)}")
        console.print("Ctrl-C ends it.")
        # The line that a program waits for.
        shown = {
            "url": appliance.url,
            "username": appliance.username,
            "password": appliance.password,
            "revisions": appliance.revisions,
            "ca_file": appliance.ca_file if appliance.tls else None,
            "control": control.url if control is not None else None,
        }
        print(json.dumps(shown), flush=True)
        await stop.wait()
