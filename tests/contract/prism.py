"""Prism, a mock server that no one here wrote, serving one OpenAPI document on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

HERE = Path(__file__).resolve().parent
SCRIPT = HERE / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
START_SECONDS = 90.0
STOP_SECONDS = 10.0


class PrismError(Exception):
    """Prism is not installed, or did not come up."""


class Prism:
    """A Prism process: `async with Prism(document) as prism: ... prism.url`.

    Args:
        document: the OpenAPI document to serve.

    Attributes:
        url: where it listens.
    """

    def __init__(self, document: Path) -> None:
        self._document = document
        self._folder = tempfile.TemporaryDirectory(prefix="prism-")
        self._log = Path(self._folder.name) / "log.txt"
        self._process: asyncio.subprocess.Process | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        node = shutil.which("node")
        if node is None or not SCRIPT.exists():
            raise PrismError("Prism is not installed: npm ci --prefix tests/contract")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                # What a document of a thousand schemas unfolds to needs room.
                *(node, "--max-old-space-size=3072", str(SCRIPT), "mock", "--multiprocess", "false"),
                *("--verboseLevel", "warn", "--host", "127.0.0.1", "--port", str(port), str(self._document)),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
        try:
            async with asyncio.timeout(START_SECONDS):
                while True:
                    with contextlib.suppress(OSError):
                        _, writer = await asyncio.open_connection("127.0.0.1", port)
                        writer.close()
                        await writer.wait_closed()
                        return self
                    if self._process.returncode is not None:
                        raise PrismError(f"Prism ended with {self._process.returncode}: {self.log()[-500:]}")
                    await asyncio.sleep(0.1)
        except BaseException as fault:
            await self.aclose()
            if isinstance(fault, TimeoutError):
                raise PrismError(f"Prism did not come up in {START_SECONDS:.0f} seconds") from fault
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the process and take its folder away."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()
        self._folder.cleanup()

    def ended(self) -> bool:
        """True where the process has come to an end by itself."""
        return self._process is not None and self._process.returncode is not None

    def log(self) -> str:
        """What Prism has said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""
