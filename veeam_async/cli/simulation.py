"""Simulated appliances in this process, and the fleet file that leads to them."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import attrs

from .status import CommandError

if TYPE_CHECKING:
    from ..testing import SimulatedAppliance

PLACES = ("berlin", "madrid", "oslo", "lisbon", "vienna", "dublin")

# What goes wrong at every third appliance, in turn.
FAULTS = {
    "down": "nothing listens on its port",
    "slow": "each answer takes 30 seconds",
    "wrong-password": "the fleet file has another password",
    "web-page": "a proxy answers with a web page",
    "failing": "each call ends in 500",
    "no-right": "the account's role allows no call",
}


@attrs.define
class Simulated:
    """One simulated appliance, its label, and what is wrong with it."""

    name: str
    appliance: SimulatedAppliance
    tag: str
    fault: str | None = None


class Simulation:
    """Any number of simulated appliances, spread over products and revisions.

    Args:
        count: how many.
        revisions: `product/revision`, taken in turn.
        tls: HTTPS.
        faults: a third of them is broken, or the names of `FAULTS` for the last ones.
        seed: seed of the first; the others count on.
    """

    def __init__(
        self, count: int, revisions: list[str], *, tls: bool = False, faults: bool | list[str] = False, seed: int = 0
    ) -> None:
        from ..testing import SimulatedAppliance

        self.tls = tls
        self.members: list[Simulated] = []
        for index in range(count):
            product, _, revision = revisions[index % len(revisions)].partition("/")
            name = f"{product}-{index + 1:0{len(str(count))}d}"
            appliance = SimulatedAppliance(
                product, revision, tls=tls, seed=seed + index, validate=count <= 100, name=name, record=False
            )
            self.members.append(Simulated(name, appliance, PLACES[index % len(PLACES)]))
        if faults is True:
            kinds = list(FAULTS)
            for turn, member in enumerate(self.members[2::3]):
                member.fault = kinds[turn % len(kinds)]
        elif faults:
            for member, fault in zip(reversed(self.members), faults, strict=False):
                member.fault = fault
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for member in self.members:
                await stack.enter_async_context(member.appliance)
                await _break(member)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def write(self, directory: Path) -> Path:
        """Write fleet.toml and the password files; give the path of fleet.toml."""
        directory.mkdir(parents=True, exist_ok=True)
        first = self.members[0].appliance
        for name, password in (("password", first.password), ("wrong-password", "not the password")):
            path = directory / name
            path.write_text(password + "\n")
            path.chmod(0o600)
        path = directory / "fleet.toml"
        path.write_text(self.toml())
        return path

    def toml(self) -> str:
        """The fleet file."""
        user = self.members[0].appliance.username
        lines = ["[defaults]", f'username = "{user}"', 'password_file = "password"', ""]
        for member in self.members:
            appliance = member.appliance
            if member.fault:
                lines.append(f"# {FAULTS[member.fault]}")
            lines += ["[[appliance]]", f'name = "{member.name}"', f'host = "{appliance.url}"']
            lines.append(f'product = "{appliance.product.name}"')
            lines.append(f'tags = ["{member.tag}"]')
            if member.fault == "wrong-password":
                lines.append('password_file = "wrong-password"')
            if self.tls:
                lines.append(f'tls = {{ fingerprint = "{appliance.fingerprint}" }}')
            lines.append("")
        return "\n".join(lines)


async def _break(member: Simulated) -> None:
    appliance = member.appliance
    match member.fault:
        case "down":
            await appliance.stop()
        case "slow":
            appliance.faults.add(delay=30.0)
        case "web-page":
            appliance.faults.add(html=True)
        case "failing":
            appliance.faults.add(operation="*", status=500)
        case "no-right":
            appliance.faults.add(operation="*", status=403, message="The account's role does not allow this.")


def known_revisions(products: list[str], revisions: list[str]) -> list[str]:
    """`product/revision` of what is to be simulated, newest first of each product, checked against the package."""
    from ..revisions import revisions as all_revisions

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
        import openapi_core
        import trustme
    except ImportError as error:
        raise CommandError(
            f"simulated appliances need an extra ({error.name} is missing): pip install 'veeam-async[cli,testing]'"
        ) from None
    del openapi_core, trustme


def raise_file_limit(wanted: int) -> None:
    """Each appliance listens on a port of its own and holds its connections: that takes file descriptors."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
