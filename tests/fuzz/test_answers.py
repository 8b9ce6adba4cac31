"""Spoilt answers against the session layer: whatever bytes come, a call ends, in time, with a value or a `VeeamError`.

Genuine answers of simulated appliances are recorded, spoilt and sent again over real sockets while clients make every
kind of call. A small part runs in the suite; `make fuzz` sends VEEAM_FUZZ_ANSWERS of them (100,000 where not set).
VEEAM_FUZZ_SEED chooses others; VEEAM_FUZZ_CASE plays one case alone, the number of which a failure shows.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import itertools
import os
import pickle
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest

from tests.fuzz.mutations import body_pruned, mutate, pieces
from tests.fuzz.recording import Recording, Replay
from tests.fuzz.scenarios import Scenario, Stage, record
from veeam_async._auth import backoff
from veeam_async._http.pool import Pool
from veeam_async.errors import VeeamError, VeeamWarning

pytestmark = pytest.mark.clone
SEED = int(os.environ.get("VEEAM_FUZZ_SEED", "1"))
ANSWERS = int(os.environ.get("VEEAM_FUZZ_ANSWERS", "100000"))
CASE = os.environ.get("VEEAM_FUZZ_CASE")
# Clients at the same time, each with a server of its own; most of a case that ends by a time limit is waiting.
WORKERS = 24
# Far above every limit that the scenarios' clients have.
HANG = 60.0
# Seconds that nothing else runs: one answer must not keep the loop from all others.
STALL = 3.0
MOST_FAILURES = 12


@attrs.define
class Tally:
    """What came of the cases so far."""

    cases: int = 0
    answers: int = 0
    outcomes: Counter[str] = attrs.field(factory=Counter)
    failures: list[str] = attrs.field(factory=list)
    slowest: float = 0.0
    longest: float = 0.0
    memory: list[tuple[int, float]] = attrs.field(factory=list)
    objects: list[int] = attrs.field(factory=list)


class Case:
    """One scenario with its spoilt answers, all of it drawn from the number of the case."""

    def __init__(self, number: int, recorded: list[tuple[Scenario, Recording, dict[str, str]]]) -> None:
        self.number = number
        self.rng = Random(f"{SEED}/{number}")
        self.scenario, self.recording, self.ids = recorded[number % len(recorded)]
        self._others = recorded[self.rng.randrange(len(recorded))][1].all + self.recording.all
        # What comes before is genuine, lest no case gets beyond its login.
        self._whole = self.rng.randrange(len(self.recording.all))
        self._chance = self.rng.choice((1.0, 1.0, 0.5))
        self.spoilt = 0

    def spoil(self, answer: bytes) -> tuple[list[bytes], str]:
        if self._whole > 0 or self.rng.random() > self._chance:
            self._whole -= 1
            return [answer], "keep"
        self.spoilt += 1
        then = self.rng.choices(("keep", "close", "abort"), (4, 5, 1))[0]
        return pieces(mutate(answer, self._others, self.rng), self.rng), then


class Playing:
    """Plays cases, many at the same time."""

    def __init__(self, recorded: list[tuple[Scenario, Recording, dict[str, str]]], folder: Path) -> None:
        self.recorded = recorded
        self.folder = folder
        self.tally = Tally()
        self._numbers = itertools.count()
        self._target = 0
        self._name = ""

    async def play(self, answers: int) -> None:
        """Play so many more answers, and see that nothing is left of them."""
        self._target = self.tally.answers + answers
        task = asyncio.current_task()
        assert task is not None
        self._name = task.get_name()
        before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
        await asyncio.gather(*(self._worker(number) for number in range(WORKERS)))
        for _ in range(5):
            await asyncio.sleep(0.01)
        gc.collect()
        left = [task for task in asyncio.all_tasks() if task.get_name() not in ("watch", self._name)]
        if left:
            self._failed(f"tasks left: {left[:5]}")
        after = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
        if after > before:
            self._failed(f"{after - before} sockets or files left")
        parts = [path.name for path in self.folder.rglob("*.part")]
        if parts:
            self._failed(f"files left: {parts[:5]}")
        self.tally.memory.append((self.tally.answers, resident()))
        self.tally.objects.append(len(gc.get_objects()))

    async def one(self, number: int) -> None:
        """Play one case alone."""
        await self._playing(Case(number, self.recorded), *await self._begin(0), self.folder)

    def _failed(self, what: str) -> None:
        self.tally.failures.append(what)

    @staticmethod
    async def _begin(number: int) -> tuple[Replay, Pool]:
        replay = Replay()
        await replay.start()
        return replay, Pool()

    async def _worker(self, number: int) -> None:
        replay, pool = await self._begin(number)
        folder = self.folder / str(number)
        folder.mkdir(exist_ok=True)
        try:
            while self.tally.answers < self._target and len(self.tally.failures) < MOST_FAILURES:
                await self._playing(Case(next(self._numbers), self.recorded), replay, pool, folder)
        finally:
            await pool.aclose()
            await replay.close()

    async def _playing(self, case: Case, replay: Replay, pool: Pool, folder: Path) -> None:
        rng = case.rng
        options: dict[str, Any] = {}
        if case.scenario.name != "vbr_negotiated":
            options["strict"] = rng.random() < 0.1
            options["events"] = (lambda event: None) if rng.random() < 0.2 else None
        stage = Stage(replay.port, pool, Random(rng.random()), folder, case.ids, options)
        replay.begin(case.recording, case.spoil)
        tally = self.tally
        begun = time.monotonic()
        try:
            async with asyncio.timeout(HANG):
                await case.scenario.play(stage)
            outcome = "value"
        except VeeamError as error:
            outcome = type(error).__name__
            wrong = odd(error, case.recording.secrets)
            if "token" in (error.operation or "") and not wrong:
                wrong = odd(error, case.recording.tokens)
            if wrong:
                self._record(case, replay, f"{wrong}\n{traceback.format_exc()}")
        except TimeoutError:
            outcome = "hang"
            self._record(case, replay, "it hangs")
        except (Exception, asyncio.CancelledError) as error:
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            outcome = f"not ours: {type(error).__name__}"
            self._record(case, replay, traceback.format_exc())
        tally.slowest = max(tally.slowest, time.monotonic() - begun)
        tally.cases += 1
        tally.answers += case.spoilt
        tally.outcomes[outcome] += 1

    def _record(self, case: Case, replay: Replay, what: str) -> None:
        sent = "\n".join(
            f"  {target}: {b''.join(parts)[:700]!r} ... {sum(map(len, parts))} bytes in {len(parts)}, {then}"
            for target, parts, then in replay.served[-3:]
        )
        self._failed(f"VEEAM_FUZZ_CASE={case.number} ({case.scenario.name}, seed {SEED}): {what}\n{sent}")


def odd(error: VeeamError, secrets: list[str]) -> str:
    """What is wrong with an error of ours: people print, log and pickle them."""
    text = f"{error} {error!r} {getattr(error, '__notes__', '')} {error.__cause__!r} {error.__cause__}"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "its text cannot be encoded"
    if len(text) > 20_000:
        return f"its text has {len(text)} characters"
    if any(secret in text for secret in secrets):
        return "its text shows a secret"
    try:
        again = pickle.loads(pickle.dumps(error))
        pickle.dumps(error.__cause__)
    except Exception as problem:
        return f"it cannot be pickled: {problem!r}"
    return "" if str(again) == str(error) else "pickling changes it"


def resident() -> float:
    """Mebibytes of memory that this process has in use, where the system says."""
    # glibc keeps what is free in each thread's arena: that is no memory that anything holds.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
    except OSError:
        return 0.0


class Watch:
    """Measures how long the loop is busy with one thing: in seconds of its thread,
    so that a busy machine is no matter."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._task: asyncio.Task[None] | None = None

    async def _run(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            self.longest = max(self.longest, time.thread_time() - before)
            await asyncio.sleep(0.01)

    async def __aenter__(self) -> Watch:
        self._task = asyncio.create_task(self._run(), name="watch")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
def one_arena() -> None:
    """Glibc keeps what a large body left in the arena of a thread, which would be taken for a leak."""
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(-8, 1)  # M_ARENA_MAX


@pytest.fixture(autouse=True)
def logins_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login that failed is tried again soon: half a second of waiting each would be most of what this does."""
    monkeypatch.setattr(backoff, "PAUSE", 0.0005)
    monkeypatch.setattr(backoff, "PAUSE_CAP", 0.001)


async def fuzz(folder: Path, answers: int, rounds: int) -> Tally:
    recorded = await record(folder)
    playing = Playing(recorded, folder)
    tally = playing.tally
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: tally.failures.append(f"the loop reported: {context}")
    )
    with warnings.catch_warnings():
        # That a listing is incomplete is no news here.
        warnings.simplefilter("ignore", VeeamWarning)
        if CASE is not None:
            await playing.one(int(CASE))
            return tally
        async with Watch() as watch:
            for _ in range(rounds):
                await playing.play(answers // rounds)
                if len(tally.failures) >= MOST_FAILURES:
                    break
    tally.longest = watch.longest
    if watch.longest > STALL:
        tally.failures.append(f"the loop was busy with one thing for {watch.longest:.1f} s")
    return tally


def summary(tally: Tally) -> str:
    outcomes = ", ".join(f"{name} {count}" for name, count in tally.outcomes.most_common())
    memory = ", ".join(f"{answers}: {size:.0f}" for answers, size in tally.memory)
    return (
        f"{tally.answers} spoilt answers in {tally.cases} cases; {outcomes}; slowest {tally.slowest:.1f} s; "
        f"longest without a turn of the loop {tally.longest:.2f} s; "
        f"MiB after answers {memory}; objects {tally.objects}"
    )


@pytest.mark.parametrize("depth", [260, 990, 20_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_what_is_deep_can_be_pruned(depth: int, opening: bytes, closing: bytes) -> None:
    """What was spoilt once can be spoilt again, however deep it has become."""
    deep = opening * depth + b"1" + closing * depth
    assert all(isinstance(body_pruned(deep, Random(seed)), bytes) for seed in range(300))


async def test_no_spoilt_answer_breaks_a_call(tmp_path: Path) -> None:
    """Whatever comes, a call gives a value or a VeeamError, in time; no task, socket or file is left."""
    tally = await fuzz(tmp_path, 1500, 1)
    assert not tally.failures, "\n\n".join(tally.failures[:3])
    assert CASE is not None or tally.answers >= 1500


@pytest.mark.fuzz
@pytest.mark.timeout(7200)
@pytest.mark.usefixtures("one_arena")
async def test_no_spoilt_answer_breaks_a_call_at_length(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for very many answers; memory and objects stay what they were once everything was in use."""
    begun = time.monotonic()
    tally = await fuzz(tmp_path, ANSWERS, 10)
    with capsys.disabled():
        print(f"\n{summary(tally)}; {time.monotonic() - begun:.0f} s")  # noqa: T201
    assert not tally.failures, "\n\n".join(tally.failures)
    if CASE is None and ANSWERS >= 50_000:
        warm = len(tally.memory) // 2 - 1
        assert tally.memory[-1][1] < tally.memory[warm][1] * 1.05 + 8
        assert tally.objects[-1] < tally.objects[warm] * 1.05
