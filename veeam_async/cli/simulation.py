"""Simulated fleets for the commands that run one: what is to be simulated, and its faults in words."""

from __future__ import annotations

import asyncio
import contextlib
import signal

from .status import CommandError

# What `SimulatedFleet` calls a trouble, as an operator would say it.
TROUBLES = {
    "dead": "nothing listens on its port",
    "hangs": "it takes requests and never answers",
    "errors": "each call but the login ends in 500",
    "web-page": "a proxy answers with a web page",
    "expired": "it forgets each token at once",
    "wrong-password": "the fleet file has another password",
    "untrusted": "its certificate is of another authority",
}


def known_revisions(products: list[str], revisions: list[str]) -> list[str]:
    """`product/revision` of what is to be simulated, newest first of each product, checked against the package."""
    from ..registry import revisions as all_revisions

    known = [f"{one.product}/{one.name}" for one in all_revisions()]
    for asked in revisions:
        if asked not in known:
            raise CommandError(f"--revision {asked}: there are {', '.join(known)}")
    names = {one.partition("/")[0] for one in known}
    for product in products:
        if product not in names:
            raise CommandError(f"--product {product}: there are {', '.join(sorted(names))}")
    chosen = revisions or [one for one in known if not products or one.partition("/")[0] in products]
    if not chosen:
        raise CommandError("this installation has no revision to simulate")
    return chosen


def require_testing() -> None:
    """Say which extra is missing, instead of an import error."""
    try:
        import jsonschema
        import trustme
    except ImportError as error:
        raise CommandError(
            f"simulated appliances need an extra ({error.name} is missing): pip install 'veeam-async[cli,testing]'"
        ) from None
    del jsonschema, trustme


def stopping() -> asyncio.Event:
    """An event that Ctrl-C or SIGTERM sets. Who says that it is ready makes it before: the answer may be a signal."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt does it
            loop.add_signal_handler(number, stop.set)
    return stop
