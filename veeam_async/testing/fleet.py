"""Many simulated appliances in one process: a thousand on ports of their own, and the fleet file that leads to them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, get_args

import attrs

from .._spec import revisions as known_revisions
from .appliance import PASSWORD, SimulatedAppliance
from .certificates import Authority
from .product_list import product as find_product
from .state import State
from .versions import serve
from .world import World

Trouble = Literal["dead", "hangs", "errors", "web-page", "expired", "wrong-password", "untrusted"]
TROUBLES: tuple[Trouble, ...] = get_args(Trouble)

_TOGETHER = 64
_HANG = 3600.0


@attrs.define(eq=False)
class Member:
    """One appliance of a simulated fleet.

    Attributes:
        appliance: the appliance.
        tags: its tags in the fleet file.
        trouble: what is wrong with it; None for a healthy one.
    """

    appliance: SimulatedAppliance
    tags: list[str]
    trouble: Trouble | None = None


class SimulatedFleet:
    """Any number of simulated appliances, spread over products and revisions.

    They share worlds and answers as long as nobody changes anything: one that is changed is on its own from then on.
    Requests are not checked against the specification and not recorded (they are counted), for speed.

    Args:
        count: how many.
        revisions: `product/revision`, given out in turn; all that have a specification where none are named.
        worlds: how many different worlds there are.
        seed: of the first world; the others count on.
        tls: HTTPS, one throw-away authority for all.
        faulty: part of the appliances that something is wrong with, 0 to 1, spread evenly.
        troubles: what is wrong with them, in turn: `dead` (nothing listens), `hangs` (no answer), `errors` (500 to
            all but the login), `web-page` (HTML to all), `expired` (no token is ever good), `wrong-password` (the
            fleet file has another one), `untrusted` (a certificate of another authority; only with `tls`).
        validate, record: as for `SimulatedAppliance`.
        username, password: the account of each.
        access_lifetime: seconds that an access token is good for; None for the product's own.

    Attributes:
        members: the appliances with their tags and troubles.

    Example:
        ```python
        async with SimulatedFleet(1000, ["vbr/1.3-rev0", "aws/1.7-rev0", "azure/v8.1"]) as simulated:
            simulated.write_toml("fleet.toml")
            async with Fleet.from_toml("fleet.toml") as fleet:
                answers = await fleet.gather(poll)
        ```
    """

    def __init__(
        self,
        count: int = 10,
        revisions: Sequence[str] = (),
        *,
        worlds: int = 8,
        seed: int = 0,
        tls: bool = False,
        faulty: float = 0.0,
        troubles: Sequence[Trouble] = (),
        validate: bool = False,
        record: bool = False,
        host: str = "127.0.0.1",
        username: str = "svc-monitor",
        password: str = PASSWORD,
        access_lifetime: float | None = None,
    ) -> None:
        chosen = list(revisions) or ["/".join(pair) for pair in known_revisions()]
        self.tls = tls
        self.username = username
        self.password = password
        self.members: list[Member] = []
        self._authority: Authority | None = None
        shown = [World(seed + number) for number in range(max(worlds, 1))]
        states: dict[tuple[str, int], State] = {}
        for index in range(count):
            product, _, revision = chosen[index % len(chosen)].partition("/")
            # Neighbours differ, of one revision as well as of several.
            number = (index // len(chosen) + index) % len(shown)
            state = states.get((chosen[index % len(chosen)], number))
            if state is None:
                served = serve(product, revision=revision)
                state = State(find_product(product), served, seed + number, shown[number], shared=True)
                states[chosen[index % len(chosen)], number] = state
            appliance = SimulatedAppliance(
                product,
                tls=tls,
                seed=seed + number,
                validate=validate,
                record=record,
                host=host,
                username=username,
                password=password,
                access_lifetime=access_lifetime,
                name=f"{product}-{index + 1:0{len(str(count))}d}",
                state=state,
            )
            self.members.append(Member(appliance, [product]))
        self._spread(faulty, troubles or [kind for kind in TROUBLES if tls or kind != "untrusted"])

    def _spread(self, faulty: float, troubles: Sequence[Trouble]) -> None:
        met = 0
        for index, member in enumerate(self.members, 1):
            if int(index * faulty) > met:
                member.trouble = troubles[met % len(troubles)]
                met += 1
            member.tags += ["faulty", member.trouble] if member.trouble else ["healthy"]

    @property
    def appliances(self) -> list[SimulatedAppliance]:
        """All appliances."""
        return [member.appliance for member in self.members]

    @property
    def requests(self) -> int:
        """Requests that all of them have had."""
        return sum(sum(member.appliance.counts.values()) for member in self.members)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Let all of them listen, but for the dead."""
        raise_file_limit(4 * len(self.members) + 256)
        if self.tls:
            self._authority = Authority()
        try:
            for start in range(0, len(self.members), _TOGETHER):
                part = self.members[start : start + _TOGETHER]
                await asyncio.gather(*(self._start(member) for member in part))
        except BaseException:
            await self.close()
            raise

    async def _start(self, member: Member) -> None:
        appliance = member.appliance
        if self._authority is not None and member.trouble != "untrusted":
            appliance.authority = self._authority
        await appliance.start()
        match member.trouble:
            case "dead":
                await appliance.stop()
            case "hangs":
                appliance.faults.add(delay=_HANG)
            case "errors":
                appliance.faults.add(login=False, status=500)
            case "web-page":
                appliance.faults.add(html=True)
            case "expired":
                appliance.faults.add(login=False, reject_token=True)

    async def close(self) -> None:
        """Stop all of them for good."""
        for start in range(0, len(self.members), _TOGETHER):
            part = self.members[start : start + _TOGETHER]
            await asyncio.gather(*(member.appliance.close() for member in part))
        if self._authority is not None:
            self._authority.close()
            self._authority = None

    # The fleet file

    @property
    def ca_file(self) -> str:
        """Path of the authority's certificate (with `tls`), as long as the fleet runs."""
        if self._authority is None:
            raise RuntimeError("the fleet does not run with tls=True")
        return self._authority.ca_file

    def toml(self, password_file: str = "password", wrong_password_file: str = "wrong-password") -> str:
        """The text of the fleet file.

        Args:
            password_file: file with the password, relative to the fleet file.
            wrong_password_file: the same for those that are to be refused.
        """
        lines = ["[defaults]", f'username = "{self.username}"', f'password_file = "{password_file}"']
        if self.tls:
            lines.append(f'tls = {{ ca_file = "{self.ca_file}" }}')
        for member in self.members:
            appliance = member.appliance
            tags = ", ".join(f'"{tag}"' for tag in member.tags)
            lines += [
                "",
                "[[appliance]]",
                f'name = "{appliance.name}"',
                f'host = "{appliance.url}"',
                f'product = "{appliance.product.name}"',
                f'revision = "{appliance.revision}"',
                f"tags = [{tags}]",
            ]
            if member.trouble == "wrong-password":
                lines.append(f'password_file = "{wrong_password_file}"')
        return "\n".join(lines) + "\n"

    def write_toml(self, path: str | os.PathLike[str]) -> Path:
        """Write the fleet file, and the files with the passwords beside it; gives its path."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        for name, text in (("password", self.password), ("wrong-password", "not the password")):
            secret = path.with_name(name)
            secret.write_text(text + "\n", encoding="utf-8")
            secret.chmod(0o600)
        path.write_text(self.toml(), encoding="utf-8")
        return path


def raise_file_limit(wanted: int) -> None:
    """Let the process hold so many files, as far as the system allows: each appliance listens on a port of its own."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard < 0 else min(wanted, hard), hard))
