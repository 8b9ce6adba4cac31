"""A watch whose process is killed, with sessions appearing in between."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from veeam_async.testing import SimulatedAppliance, World

PROGRAM = Path(__file__).with_name("watching.py")


def consumed(folder: Path) -> list[dict[str, Any]]:
    """What the program wrote: lines of a file, or rows of its cursor's database."""
    path = folder / "out.jsonl"
    lines: list[Any] = path.read_bytes().splitlines() if path.exists() else []
    if (folder / "results").exists():
        with closing(sqlite3.connect(folder / "cursor.db", timeout=10)) as db:
            lines = [line for (line,) in db.execute("SELECT line FROM results")]
    return [json.loads(line) for line in lines]


def consumed_ids(folder: Path) -> set[tuple[str, str]]:
    return {(line["who"], line["id"]) for line in consumed(folder)}


def every(worlds: list[World]) -> set[tuple[str, str]]:
    return {(f"a{seed}", session.id) for seed, world in enumerate(worlds) for session in world.sessions}


async def until(condition: Callable[[], bool], process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(60):
        while not condition():
            assert process.returncode is None
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("kind", ["transaction", "sqlite", "file"])
async def test_killed_and_restarted(kind: str, tmp_path: Path) -> None:
    """Killed at any moment and restarted, with rows appearing in between, a watch gives each row once.

    A program whose results do not go into the cursor's transaction can get the one row again that it had in hand.
    """
    chance = random.Random(5)
    lives = 10 if kind == "transaction" else 4
    async with AsyncExitStack() as stack:
        simulated = {f"a{seed}": SimulatedAppliance("vbr", "1.3-rev0", seed=seed, validate=False) for seed in range(2)}
        for one in simulated.values():
            await stack.enter_async_context(one)
        worlds = [one.world for one in simulated.values()]
        login = (simulated["a0"].username, simulated["a0"].password)
        config = {"login": login, "appliances": {name: one.url for name, one in simulated.items()}}
        (tmp_path / "fleet.json").write_text(json.dumps(config))

        kills = 0
        for life in range(lives):
            for world in worlds:
                for _ in range(3):
                    world.finish(world.start(kind="infrastructure", name="Rescan"))
            process = await asyncio.create_subprocess_exec(sys.executable, PROGRAM, tmp_path, kind)
            total = sum(len(world.sessions) for world in worlds)
            try:
                if life < lives - 1:
                    # Somewhere in the middle of handing rows over, or waiting for new ones.
                    before = len(consumed(tmp_path))
                    enough = min(total, before + chance.randrange(5, 60))
                    await until(lambda enough=enough: len(consumed(tmp_path)) >= enough, process)  # type: ignore[misc]
                    kills += 1
                else:
                    await until(lambda: consumed_ids(tmp_path) >= every(worlds), process)
                    await asyncio.sleep(0.5)  # and nothing further comes
            finally:
                process.kill()
                await process.wait()

    lines = consumed(tmp_path)
    expected = every(worlds)
    assert consumed_ids(tmp_path) == expected
    repeated = [key for key, count in Counter(line["key"] for line in lines).items() if count > 1]
    assert len(repeated) <= (0 if kind == "transaction" else kills)
    once = {line["key"]: line for line in lines}.values()
    changed = [line for line in once if line["kind"] == "changed"]
    assert len(once) - len(changed) == len(expected)


async def test_killed_while_it_waits(tmp_path: Path) -> None:
    """Killed between rounds and restarted, a watch repeats nothing at all and loses nothing."""
    async with SimulatedAppliance("vbr", "1.3-rev0", validate=False) as simulated:
        world = simulated.world
        config = {"login": (simulated.username, simulated.password), "appliances": {"a": simulated.url}}
        (tmp_path / "fleet.json").write_text(json.dumps(config))
        for _ in range(3):
            world.finish(world.start(kind="infrastructure", name="Rescan"))
            process = await asyncio.create_subprocess_exec(sys.executable, PROGRAM, tmp_path, "sqlite")
            try:
                await until(lambda: len(consumed(tmp_path)) >= len(world.sessions), process)
                asked = simulated.count("GetAllSessions")
                await until(lambda asked=asked: simulated.count("GetAllSessions") >= asked + 2, process)  # type: ignore[misc]
            finally:
                process.kill()
                await process.wait()
    ids = [line["id"] for line in consumed(tmp_path)]
    assert len(ids) == len(set(ids)) == len(world.sessions)
