"""Simulated fleets in a process of their own, and the real command against them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from veeam_async.fleet.config import load

COMMAND = [sys.executable, "-m", "veeam_async.cli"]


@attrs.frozen
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without what changes how the command looks."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VEEAM_", "COLUMNS"))}
    return {**kept, "TERM": "dumb", "TZ": "UTC", **variables}


def veeam(
    *arguments: str | Path, stdin: str | None = None, timeout: float = 90, cwd: Path | None = None, **variables: str
) -> Ran:
    """Run `veeam-async` as a person in a pipe would."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input="" if stdin is None else stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=cwd,
        env=environment(**variables),
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


@contextmanager
def simulated(folder: Path, *arguments: str) -> Iterator[Path]:
    """`veeam-async simulate` in the background; gives its fleet file."""
    process = subprocess.Popen(
        [*COMMAND, "simulate", "--directory", str(folder), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        path = process.stdout.readline().strip()
        assert path, process.stderr.read()
        yield Path(path)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stdout.close()
        process.stderr.close()


def host_of(fleet: Path, name: str) -> str:
    """The origin of a simulated appliance."""
    return next(one.host for one in load(fleet) if one.name == name)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """Commands can be interrupted: what a shell runs in the background ignores Ctrl-C, and hands that on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fleet file of seven healthy appliances, each of another revision."""
    with simulated(tmp_path_factory.mktemp("healthy"), "7") as path:
        yield path


@pytest.fixture(scope="session")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fleet file of four appliances, among them those that watch others and raise alarms."""
    revisions = [word for one in ("vbr/1.3-rev2", "spc/3.7", "one/2.3") for word in ("--revision", one)]
    with simulated(tmp_path_factory.mktemp("watching"), "4", *revisions) as path:
        yield path


@pytest.fixture(scope="session")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fleet file of 18 appliances, a third of them broken, each differently."""
    with simulated(tmp_path_factory.mktemp("broken"), "18", "--faults") as path:
        yield path


@pytest.fixture(scope="session")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fleet file of three appliances with HTTPS."""
    with simulated(tmp_path_factory.mktemp("encrypted"), "3", "--tls") as path:
        yield path
