"""A fleet polled for a quarter of an hour while everything around it fails: `make soak`.

Appliances answer wrongly, hang, restart, forget tokens and change certificates and authorities; the wall clock of this
process jumps by hours; fleets come and go, calls are cancelled. Passes when

- no session is lost: a watch gave each one that the appliances have in the end;
- memory, tasks and open files are level after the first third;
- nothing but `VeeamError` came out of a call, and nothing held the loop.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import statistics
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import attrs

from veeam_async import Password
from veeam_async._auth import stored
from veeam_async.errors import VeeamError
from veeam_async.fleet import Appliance, FileCursor, Fleet, Session
from veeam_async.retry import RetryPolicy
from veeam_async.timeouts import Timeouts
from veeam_async.tls import TlsPolicy
from veeam_async.token_store import FileTokenStore

TIMEOUTS = Timeouts(connect=2.0, read=2.0, total=4.0, logout=1.0)
RETRY = RetryPolicy(attempts=3, backoff=0.05, backoff_cap=0.5, retry_after_cap=2.0)
# What the last third may have more than the middle one.
MOST_MEMORY = 8.0
MOST_TASKS = 10
MOST_FILES = 10
# Seconds in which nothing else ran; a machine that others use too holds every loop now and then.
STALL = 1.0
SAMPLE_EVERY = 5.0
# Seconds after the last trouble, in which every session must have come.
CALM = 40.0


@attrs.define
class Sample:
    """What the process has at a moment: MiB, tasks, files."""

    at: float
    memory: float
    tasks: int
    files: int


@attrs.define
class Tally:
    """What came of it."""

    errors: Counter[str] = attrs.field(factory=Counter)
    foreign: list[str] = attrs.field(factory=list)
    rows: int = 0
    polls: int = 0
    sessions: set[tuple[str, str]] = attrs.field(factory=set)
    samples: list[Sample] = attrs.field(factory=list)
    longest: float = 0.0

    def error(self, error: BaseException) -> None:
        """Count an error, and keep one that should not have come out."""
        self.errors[type(error).__name__] += 1
        if not isinstance(error, VeeamError) and len(self.foreign) < 10:
            self.foreign.append("".join(traceback.format_exception(error)))


class Soak:
    """The polling process."""

    def __init__(self, appliances: list[dict[str, str]], folder: Path, seed: int) -> None:
        self.rng = Random(seed)
        self.folder = folder
        self.tally = Tally()
        self.policy = TlsPolicy(ca_file=folder / "trusted.pem")
        self.store = FileTokenStore(folder / "tokens")
        self.appliances = [
            Appliance(one["name"], one["url"], Password(one["username"], one["password"]), product=one["product"])  # type: ignore[arg-type]
            for one in appliances
        ]
        self.offset = 0.0
        self.watched: Fleet | None = None

    @contextlib.asynccontextmanager
    async def fleet(self, **options: Any) -> AsyncIterator[Fleet]:
        async with Fleet(self.appliances, tls=self.policy, timeouts=TIMEOUTS, retry=RETRY, **options) as fleet:
            yield fleet

    async def watch(self) -> None:
        """Every session once: what a watch is for."""
        cursor = FileCursor(self.folder / "cursor")
        async with self.fleet(token_store=self.store) as fleet:
            self.watched = fleet
            watch = fleet.watch(Session, every=2.0, cursor=cursor, at_once=True, on_error=self._answer)
            async with watch:
                async for change in watch:
                    self.tally.sessions.add((change.appliance.name, change.row.id))

    def _answer(self, answer: Any) -> None:
        self.tally.error(answer.error)

    async def poll(self) -> None:
        """All jobs, again and again, by one fleet that lives."""
        async with self.fleet() as fleet:
            while True:
                async for answer in fleet.each(self._jobs, concurrency=20):
                    self.tally.polls += 1
                    if answer.error is not None:
                        self.tally.error(answer.error)
                    else:
                        self.tally.rows += answer.result()
                await asyncio.sleep(self.rng.uniform(0, 1))

    @staticmethod
    async def _jobs(client: Any) -> int:
        reply = await client.request("GET", client.profile.cheap_path(client.revision.name))
        return int(reply.status == 200)

    async def come_and_go(self) -> None:
        """Fleets that are made, used, interrupted and left."""
        while True:
            try:
                async with asyncio.timeout(self.rng.uniform(0.05, 3.0)):
                    async with self.fleet(token_store=self.rng.choice([self.store, None])) as fleet:
                        async for _ in fleet.jobs():
                            self.tally.rows += 1
            except TimeoutError:
                self.tally.errors["interrupted"] += 1
            except Exception as error:
                self.tally.error(error)
            await asyncio.sleep(self.rng.uniform(0, 1))

    async def jump(self) -> None:
        """Another wall clock every few seconds."""
        while True:
            await asyncio.sleep(self.rng.uniform(2, 10))
            self.offset = self.rng.choice([0.0, 3600.0, -3600.0, 86400.0, -86400.0])

    async def sample(self, started: float) -> None:
        """Note what the process has."""
        page = os.sysconf("SC_PAGE_SIZE")
        while True:
            await asyncio.sleep(SAMPLE_EVERY)
            gc.collect()
            memory = int(Path("/proc/self/statm").read_text().split()[1]) * page / 1048576
            files = len(os.listdir("/proc/self/fd"))
            now = Sample(time.monotonic() - started, memory, len(asyncio.all_tasks()), files)
            self.tally.samples.append(now)
            print(
                f"{now.at:6.0f} s  {now.memory:6.1f} MiB  {now.tasks:3} tasks  {now.files:3} files  "
                f"{self.tally.polls} polls  {len(self.tally.sessions)} sessions  {dict(self.tally.errors)}",
                flush=True,
            )

    async def tick(self) -> None:
        """Measure how long nothing else ran."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.02)
            self.tally.longest = max(self.tally.longest, time.monotonic() - before - 0.02)

    async def run(self, seconds: float, calm: Any) -> None:
        started = time.monotonic()
        setattr(stored, "time", lambda: time.time() + self.offset)  # noqa: B010
        kinds = (self.watch, self.poll, self.come_and_go, self.come_and_go, self.jump, self.tick)
        tasks = [asyncio.create_task(kind()) for kind in kinds]
        tasks.append(asyncio.create_task(self.sample(started)))
        try:
            await asyncio.sleep(seconds)
            await calm()
            # A refused login bars the next ones for minutes, by design; whoever knows better says so.
            assert self.watched is not None
            self.watched.reset()
            await asyncio.sleep(min(CALM, seconds))
            for task in tasks:
                if task.done():
                    task.result()
            await self.count_sessions()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def count_sessions(self) -> None:
        """Compare what the watch gave with what there is."""
        there: set[tuple[str, str]] = set()
        async with self.fleet() as fleet:
            rows = fleet.sessions()
            async for row in rows:
                there.add((row.appliance.name, row.id))
        await asyncio.sleep(5)  # those that began while this was read
        self.lost = there - self.tally.sessions
        self.there = len(there)

    def verdict(self, seconds: float) -> list[str]:
        """What is wrong."""
        tally = self.tally
        wrong = [f"{len(self.lost)} of {self.there} sessions were lost: {sorted(self.lost)[:5]}"] if self.lost else []
        wrong += [f"no error of ours:\n{text}" for text in tally.foreign]
        if tally.longest > STALL:
            wrong.append(f"the loop stood for {tally.longest:.2f} s")
        middle = [one for one in tally.samples if seconds / 3 <= one.at < 2 * seconds / 3]
        last = [one for one in tally.samples if 2 * seconds / 3 <= one.at < seconds]
        for name, most in (("memory", MOST_MEMORY), ("tasks", MOST_TASKS), ("files", MOST_FILES)):
            before, after = (statistics.median(getattr(one, name) for one in part) for part in (middle, last))
            print(f"{name}: {before:.1f} in the middle third, {after:.1f} in the last")
            if after - before > most:
                wrong.append(f"{name} grew from {before:.1f} to {after:.1f}")
        return wrong


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--appliances", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.getLogger("veeam_async").addHandler(logging.NullHandler())
    seconds = options.minutes * 60
    pipe = asyncio.subprocess.PIPE
    with tempfile.TemporaryDirectory(prefix="veeam-soak-") as name:
        other = await asyncio.create_subprocess_exec(
            sys.executable, str(Path(__file__).with_name("appliances.py")), str(options.appliances), name,
            str(options.seed), stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, limit=1 << 20,
        )  # fmt: skip
        assert other.stdin is not None and other.stdout is not None
        soak = Soak(json.loads(await other.stdout.readline()), Path(name), options.seed)

        async def calm() -> None:
            assert other.stdin is not None and other.stdout is not None
            other.stdin.write(b"enough\n")
            print(f"{int(await other.stdout.readline())} troubles; calm from here on", flush=True)

        try:
            await soak.run(seconds, calm)
        finally:
            other.stdin.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(other.wait(), 20)
            if other.returncode is None:
                other.kill()
                await other.wait()
    wrong = soak.verdict(seconds)
    for line in wrong:
        print("WRONG:", line)
    print(f"{soak.there} sessions, {len(soak.lost)} lost; the loop stood for {soak.tally.longest:.2f} s at most")
    print("FAIL" if wrong else "PASS")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
