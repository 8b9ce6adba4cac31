"""A PostgreSQL server of a test's own, from Debian's package; skipped where that is not installed."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def _program(name: str) -> str:
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    program = str(versions[-1]) if versions else shutil.which(name)
    if program is None:
        pytest.skip(f"PostgreSQL is not installed ({name} is missing)")
    return program


def _owner() -> str | None:
    """Who the server runs as: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    pytest.skip("PostgreSQL does not run as root, and there is no other user")


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A running server; gives SQLAlchemy's URL of an empty database."""
    initdb, program, owner = _program("initdb"), _program("postgres"), _owner()
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, socket.socket() as taken:
        if owner is not None:
            shutil.chown(folder, owner)
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        taken.close()
        data = Path(folder, "data")
        command = [initdb, "--pgdata", str(data), "--auth", "trust", "--username", "veeam", "--no-sync", "--no-locale",
                   "--encoding", "UTF8"]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, user=owner, cwd=folder, timeout=120)
        server = subprocess.Popen(
            [program, "-D", str(data), "-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"],
            user=owner, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait(port, server)
            yield f"postgresql+psycopg://veeam@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(timeout=60)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    import psycopg

    for _ in range(300):
        assert server.poll() is None, "PostgreSQL ended"
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(f"host=127.0.0.1 port={port} user=veeam dbname=postgres", connect_timeout=2).close()
            return
        time.sleep(0.1)
    pytest.fail("PostgreSQL did not start")
