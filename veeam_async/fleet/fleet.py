"""Many appliances of mixed products and revisions as one thing."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Iterable, Mapping
from importlib import import_module
from types import TracebackType
from typing import Any, Self, Unpack

from ..options import ClientOptions, check_options, spelled_out
from . import config
from .appliance import Appliance
from .breaker import Breaker, BreakerPolicy
from .core import Core
from .member import Member
from .view import FleetView


class Fleet(FleetView):
    """Many appliances at once.

        async with Fleet.from_toml("fleet.toml") as fleet:
            async for answer in fleet.each(poll, concurrency=200, deadline=60):
                print(answer.appliance.name, answer.value if answer.ok else answer.error)

    Clients are made when first needed, on one connection pool. Leaving ends what is in progress, logs out everywhere
    and closes all connections. A fleet belongs to one event loop.

    Args:
        appliances: who is in it; `add` and `remove` change that at any time.
        breaker: when an appliance that does not answer is left alone, and for how long.
        connections: connections to one appliance at most; more calls than that wait. Not for a `pool` of one's own.
        **options: `ClientOptions` of every client, where its `Appliance` does not say otherwise.

    Raises:
        TypeError: there is no such option.
        ValueError: two appliances have the same name.
    """

    @spelled_out
    def __init__(
        self,
        appliances: Iterable[Appliance] = (),
        *,
        breaker: BreakerPolicy | None = None,
        connections: int = 100,
        **options: Unpack[ClientOptions],
    ) -> None:
        check_options(options)
        super().__init__(Core(breaker=breaker or BreakerPolicy(), connections=connections, options=options))
        self.add(*appliances)

    @classmethod
    def from_toml(
        cls,
        path: str | os.PathLike[str],
        *,
        breaker: BreakerPolicy | None = None,
        connections: int = 100,
        **options: Unpack[ClientOptions],
    ) -> Self:
        """The fleet that a file describes; `veeam_async.fleet.config` says how such a file looks.

        Args:
            path: the TOML file.
            breaker: as for `Fleet`.
            connections: as for `Fleet`.
            **options: as for `Fleet`.

        Raises:
            FleetConfigError: with line and key, for anything that is wrong.
        """
        return cls(config.load(path), breaker=breaker, connections=connections, **options)

    def add(self, *appliances: Appliance) -> None:
        """Adds appliances. Watches that run take them in; fan-outs that run do not.

        Raises:
            ValueError: the name is taken.
        """
        for appliance in appliances:
            if appliance.name in self._core.members:
                raise ValueError(f"the fleet has an appliance {appliance.name!r} already")
            self._core.members[appliance.name] = Member(appliance, Breaker(self._core.breaker))
        self._core.changed()

    async def load(self, records: AsyncIterable[Appliance | Mapping[str, Any]]) -> int:
        """Adds what an async source gives: `Appliance`s, or mappings with the keys of `[[appliance]]` in a fleet file.

        Returns:
            How many were added.

        Raises:
            FleetConfigError: a record is not as it should be. Those before it were added.
            ValueError: a name is taken.
        """
        count = 0
        async for record in records:
            self.add(record if isinstance(record, Appliance) else config.from_record(record))
            count += 1
        return count

    async def remove(self, *names: str) -> None:
        """Removes appliances, logs out there and closes their connections. Calls in flight there fail.

        Raises:
            KeyError: there is no such appliance.
        """
        members = []
        for name in names:
            member = self._core.members.pop(name)
            member.gone = True
            members.append(member)
        self._core.changed()
        await self._core.drop(members)

    async def replace(self, appliance: Appliance) -> None:
        """Puts an appliance in the place of the one with its name: another host, other credentials.

        Raises:
            KeyError: there is no such appliance.
        """
        member = self._core.members[appliance.name]
        member.gone = True
        # In its place, so that the order stays.
        self._core.members[appliance.name] = Member(appliance, Breaker(self._core.breaker))
        self._core.changed()
        await self._core.drop([member])

    # ------------------------------------------------------------------------------------------------------- its end

    async def aclose(self) -> None:
        """Ends what is in progress, logs out everywhere, closes all connections. Closing twice is allowed."""
        await self._core.aclose()

    async def __aenter__(self) -> Self:
        # What the first call needs takes a moment to import: now, and not in the appliances' time.
        import_module("..connection", __package__)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
