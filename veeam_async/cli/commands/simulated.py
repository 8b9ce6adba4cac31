"""Commands that run simulated appliances."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..options import PATH
from ..status import CommandError


@click.command()
@click.argument("count", type=click.IntRange(1, 5000), required=False)
@click.option("--directory", type=PATH, default=Path("simulated"), help="Where fleet.toml and the CA go.")
@click.option("--product", multiple=True, help="vbr, aws, azure, m365, spc, one; repeatable; all when absent.")
@click.option("--revision", multiple=True, metavar="[PRODUCT/]REVISION", help="Repeatable; all when absent.")
@click.option("--tls", is_flag=True, help="HTTPS, with certificates of a throw-away CA.")
@click.option("--faults", is_flag=True, help="A third of them is broken, each differently.")
@click.option("--seed", default=0, help="Seed of what the appliances hold.")
@click.option("--version", help="One appliance: the release that it plays, such as 13.0.1; --product says of what.")
@click.option("--host", default="127.0.0.1", help="One appliance: the address that it listens on.")
@click.option("--port", type=click.IntRange(0, 65535), help="One appliance: its port; 0 takes a free one.")
@click.option("--world", type=PATH, help="One appliance: a TOML file with what it holds.")
@click.option("--strict", is_flag=True, help="One appliance: refuse what goes beyond the document.")
@click.option("--record", type=PATH, help="One appliance: append its requests to a file, a JSON object a line.")
@click.option("--control-port", type=click.IntRange(0, 65535), help="One appliance: port for faults, world and reset.")
@click.option("--control-host", default="127.0.0.1", help="One appliance: where that port listens.")
def simulate(
    count: int | None,
    directory: Path,
    product: Sequence[str],
    revision: Sequence[str],
    tls: bool,
    faults: bool,
    seed: int,
    **one: Any,
) -> int:
    """Run simulated appliances until Ctrl-C.

    COUNT (3) of them listen on loopback, and a fleet.toml for them is written.

    With an option for one appliance, run that one and print where it listens as JSON.
    """
    if len(product) == 1:
        revision = tuple(each if "/" in each else f"{product[0]}/{each}" for each in revision)
    # 0 is a port: a free one.
    asked = (one[name] for name in ("version", "port", "world", "record", "control_port"))
    if one["strict"] or any(value is not None for value in asked):
        if count not in (None, 1):
            raise CommandError(f"COUNT {count}: these options are for one appliance")
        from ..simulate_one import One, simulate_one

        wanted = One.of(product, revision, tls=tls, seed=seed, **one)
        return simulate_one(wanted)
    from ..simulate import simulate_fleet

    return simulate_fleet(count or 3, directory, product, revision, tls=tls, faults=faults, seed=seed)


@click.command()
@click.option("--count", type=click.IntRange(3, 500), default=20, help="How many appliances.")
def demo(count: int) -> int:
    """Poll a fleet of simulated appliances."""
    from ..demo import run_demo

    return run_demo(count)
