"""`python -m veeam_async.testing`: simulated appliances in a process of their own, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from .._spec import UnknownRevision
from .fleet import TROUBLES, SimulatedFleet


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(prog="python -m veeam_async.testing", description=__doc__)
    made.add_argument("--count", type=int, default=10, help="appliances (default: %(default)s)")
    made.add_argument("--toml", default="fleet.toml", help="fleet file to write (default: %(default)s)")
    made.add_argument(
        "--revision", action="append", default=[], metavar="PRODUCT/REVISION", help="given out in turn; all when absent"
    )
    made.add_argument("--tls", action="store_true", help="HTTPS with a throw-away authority")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--worlds", type=int, default=8, help="different worlds for each revision (default: %(default)s)")
    made.add_argument("--faulty", type=float, default=0.0, help="part of them that something is wrong with, 0 to 1")
    made.add_argument("--trouble", action="append", default=[], choices=TROUBLES, help="what is wrong; all in turn")
    made.add_argument("--access-lifetime", type=float, default=None, metavar="SECONDS")
    made.add_argument("--validate", action="store_true", help="check requests against the specification")
    made.add_argument("--seconds", type=float, default=None, help="end after so long")
    return made


async def run(options: argparse.Namespace) -> None:
    """Play the fleet until a signal, the end of standard input's writer or the time comes."""
    fleet = SimulatedFleet(
        options.count,
        options.revision,
        worlds=options.worlds,
        seed=options.seed,
        tls=options.tls,
        faulty=options.faulty,
        troubles=options.trouble,
        validate=options.validate,
        access_lifetime=options.access_lifetime,
    )
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            loop.add_signal_handler(name, over.set)
    async with fleet:
        path = fleet.write_toml(options.toml)
        sys.stdout.write(f"{options.count} simulated appliances listen; the fleet file is {path}\n")
        sys.stdout.flush()
        with suppress(TimeoutError):
            async with asyncio.timeout(options.seconds):
                await over.wait()
        sys.stdout.write(f"{fleet.requests} requests\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 2 where there is no such revision."""
    options = parser().parse_args(arguments)
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    with suppress(ImportError):
        from uvloop import new_event_loop as loop_factory
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(run(options))
    except UnknownRevision as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
