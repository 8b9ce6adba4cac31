"""`veeam-async exporter`: a fleet's metrics for Prometheus, and the rules and the dashboard that go with them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import attrs

from .._running import run
from ..errors import VeeamError
from ..fleet import Row
from .fleets import open_fleet
from .output import put, stderr
from .prometheus import require_metrics
from .simulation import stopping
from .status import CommandError, Status


@attrs.frozen
class Settings:
    """The options of the command.

    Attributes:
        listen: `ADDRESS:PORT`.
        every: seconds from one poll to the next.
        web_config: file with TLS, users and headers.
        timeout: seconds for a poll of one appliance; None for `every`.
        rows: names of rows, such as `jobs`; None for all.
        histograms: whether durations are shown by bucket.
        max_series: series of one appliance at most.
    """

    listen: str
    every: float
    web_config: Path | None = None
    timeout: float | None = None
    rows: Sequence[str] | None = None
    histograms: bool = False
    max_series: int = 20_000

    @property
    def address(self) -> tuple[str, int]:
        """Where to listen.

        Raises:
            CommandError: it is no address with a port.
        """
        host, _, number = self.listen.rpartition(":")
        if not host or not number.isdecimal() or int(number) > 65535:
            raise CommandError(f"--listen {self.listen}: give ADDRESS:PORT, such as 127.0.0.1:9801")
        return host.strip("[]"), int(number)

    def kinds(self, shown: Sequence[type[Row]]) -> list[type[Row]]:
        """The types of rows that were asked for, of those that have metrics.

        Raises:
            CommandError: there are no such rows.
        """
        by_name = {row.source: row for row in shown}
        wanted = list(by_name) if self.rows is None else self.rows
        for name in wanted:
            if name not in by_name:
                raise CommandError(f"--rows {name}: there are {', '.join(by_name)}")
        return [by_name[name] for name in wanted]


def serve(path: Path, where: Sequence[str], settings: Settings) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    require_metrics()
    from ..metrics import SHOWN, Exporter, WebConfig

    host, number = settings.address
    kinds = settings.kinds(SHOWN)
    try:
        config = WebConfig.load(settings.web_config) if settings.web_config is not None else None
        secure = config is not None and config.ssl_context() is not None
    except VeeamError as error:
        raise CommandError(f"--web.config.file {error}") from error
    fleet, view = open_fleet(path, where)

    async def work() -> None:
        exporter = Exporter(
            view, every=settings.every, timeout=settings.timeout, rows=kinds, histograms=settings.histograms,
            max_series=settings.max_series,
        )  # fmt: skip
        stop = stopping()
        async with fleet, exporter:
            try:
                port = await exporter.serve(host, number, config=config)
            except OSError as error:
                raise CommandError(f"--listen {settings.listen}: {error.strerror or error}") from error
            url = f"{'https' if secure else 'http'}://{f'[{host}]' if ':' in host else host}:{port}/metrics"
            stderr().print(f"Metrics of {len(view)} appliances: {url}. Ctrl-C ends it.", markup=False)
            await stop.wait()

    with contextlib.suppress(KeyboardInterrupt):
        run(work())
    return Status.OK


def copy_rules(folder: Path) -> int:
    """Write rules, their tests and the dashboard; files of these names are replaced."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source in sorted((files("veeam_async") / "metrics" / "rules").iterdir(), key=lambda one: one.name):
            target = folder / source.name
            target.write_bytes(source.read_bytes())
            put(f"{target}\n")
    except OSError as error:
        raise CommandError(f"--write-rules {folder}: {error.strerror or error}") from error
    return Status.OK
