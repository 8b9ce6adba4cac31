"""Reads the facts of a world from a TOML file."""

from __future__ import annotations

import os
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

from .generator import MESSAGES, Inventory, generate
from .things import (
    GIB,
    Credentials,
    Job,
    Kind,
    License,
    LogLine,
    Proxy,
    Repository,
    RestorePoint,
    Result,
    ScaleOut,
    Server,
    Session,
    SessionKind,
    Workload,
)

_MOST_BYTES = 16 * 1024 * 1024


def read_inventory(path: str | os.PathLike[str], now: datetime, hour: datetime) -> tuple[int, Inventory]:
    """The seed and the facts of a file.

    Args:
        path: of the file.
        now: the moment that times without a date of their own count from.
        hour: the full hour that a generated world's past ends at.

    Raises:
        ValueError: the file is no TOML, or says something that makes no sense; the message names the place.
    """
    data = Path(path).read_bytes()
    if len(data) > _MOST_BYTES:
        raise ValueError(f"{path}: larger than {_MOST_BYTES} bytes")
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: {error}") from None
    return _Reader(str(path), document, now, hour).read()


class _Entry:
    """One table of the file; each value is taken once, and what nobody took is an error."""

    def __init__(self, place: str, table: Any) -> None:
        if not isinstance(table, dict):
            raise ValueError(f"{place}: a table was expected")
        self.place = place
        self._left = dict(table)

    def take(self, name: str, kind: type | tuple[type, ...], default: Any = None, *, required: bool = False) -> Any:
        if name not in self._left:
            if required:
                raise ValueError(f"{self.place}: {name} is missing")
            return default
        value = self._left.pop(name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"{self.place}: {name} = {value!r} is of the wrong type")
        return value

    def word(self, name: str, words: Sequence[str], default: str | None) -> Any:
        value = self.take(name, str, default)
        if value is not None and value not in words:
            raise ValueError(f"{self.place}: {name} = {value!r} is not one of {', '.join(words)}")
        return value

    def end(self) -> None:
        if self._left:
            raise ValueError(f"{self.place}: unknown: {', '.join(sorted(self._left))}")


class _Reader:
    def __init__(self, path: str, document: dict[str, Any], now: datetime, hour: datetime) -> None:
        self._path = path
        self._now = now
        self._top = _Entry(path, document)
        seed = self._top.take("seed", int)
        self._seed: int = seed or 0
        own = License("00000001", "Example", now + timedelta(days=365), now + timedelta(days=365), 100, 0.0)
        self._facts = Inventory(license=own) if seed is None else generate(seed, hour)

    def read(self) -> tuple[int, Inventory]:
        facts = self._facts
        for entry in self._tables("credentials"):
            created = self._moment(entry, "created", self._now)
            facts.credentials.append(Credentials(*self._named(entry), created, len(facts.credentials)))
        for entry in self._tables("server"):
            facts.servers.append(self._server(entry))
        for entry in self._tables("proxy"):
            server = self._find(facts.servers, entry, "server")
            enabled = entry.take("enabled", bool, True)
            facts.proxies.append(Proxy(*self._named(entry), server.id, enabled, len(facts.proxies)))
        for entry in self._tables("repository"):
            facts.repositories.append(self._repository(entry))
        for entry in self._tables("scale_out"):
            extents = [self._by_name(facts.repositories, name, entry) for name in entry.take("extents", list, [])]
            facts.scale_outs.append(ScaleOut(*self._named(entry), [extent.id for extent in extents]))
        for entry in self._tables("workload"):
            facts.workloads.append(self._workload(entry))
        for entry in self._tables("job"):
            facts.jobs.append(self._job(entry))
        for entry in self._tables("session"):
            facts.sessions.append(self._session(entry))
        for entry in self._tables("restore_point"):
            facts.restore_points.append(self._point(entry))
        self._license()
        self._top.end()
        facts.sessions.sort(key=lambda session: session.started)
        for number, session in enumerate(facts.sessions, 1):
            session.number = number
        covered = {key for job in facts.jobs for key in job.workloads}
        for workload in facts.workloads:
            workload.protected = workload.id in covered
        return self._seed, facts

    def _tables(self, name: str) -> list[_Entry]:
        tables = self._top.take(name, list, [])
        self._entries = [_Entry(f"{self._path}: {name} {number}", table) for number, table in enumerate(tables, 1)]
        return self._entries

    def _named(self, entry: _Entry) -> tuple[str, str, str]:
        name = entry.take("name", str, required=True)
        kind = entry.place.rsplit(" ", 1)[0]
        key = entry.take("id", str, str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind.rsplit(' ', 1)[-1]}:{name}")))
        description = entry.take("description", str, "")
        entry.end()
        return key.lower(), name, description

    def _find(self, rows: Sequence[Any], entry: _Entry, name: str) -> Any:
        wanted = entry.take(name, str)
        if wanted is None and rows:
            return rows[0]
        if wanted is None:
            raise ValueError(f"{entry.place}: it needs a {name}, and there is none before it in the file")
        return self._by_name(rows, wanted, entry, name)

    @staticmethod
    def _by_name(rows: Sequence[Any], wanted: Any, entry: _Entry, name: str = "") -> Any:
        for row in rows:
            if wanted in (row.name, row.id):
                return row
        raise ValueError(f"{entry.place}: {name or 'there is'} no {wanted!r} before it in the file")

    @staticmethod
    def _moment(entry: _Entry, name: str, default: datetime | None) -> Any:
        moment = entry.take(name, datetime, default)
        return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment

    def _server(self, entry: _Entry) -> Server:
        credentials = self._facts.credentials
        holder = self._find(credentials, entry, "credentials") if credentials else None
        linux, online = entry.take("linux", bool, False), entry.take("online", bool, True)
        key = holder.id if holder else ""
        return Server(*self._named(entry), linux, online, len(self._facts.servers), key)

    def _repository(self, entry: _Entry) -> Repository:
        server = self._find(self._facts.servers, entry, "server")
        values = {
            "bucket": entry.take("bucket", str, "backup"),
            "folder": entry.take("folder", str, "veeam"),
            "region": entry.take("region", str, "eu-central-1"),
            "capacity": int(entry.take("capacity_gib", (int, float), 1024) * GIB),
            "used": int(entry.take("used_gib", (int, float), 0) * GIB),
            "online": entry.take("online", bool, True),
            "encrypted": entry.take("encrypted", bool, False),
        }
        return Repository(*self._named(entry), server.id, **values, place=len(self._facts.repositories))

    def _workload(self, entry: _Entry) -> Workload:
        kind = entry.word("kind", get_args(Kind), "machine")
        size = int(entry.take("size_gib", (int, float), 100) * GIB)
        region, linux = entry.take("region", str, "eu-central-1"), entry.take("linux", bool, False)
        key, name, _ = self._named(entry)
        return Workload(key, name, kind, size, False, region, linux)

    def _job(self, entry: _Entry) -> Job:
        facts = self._facts
        repository = self._find(facts.repositories, entry, "repository")
        workloads = [self._by_name(facts.workloads, name, entry).id for name in entry.take("workloads", list, [])]
        kind = entry.word("kind", get_args(Kind), "machine")
        enabled = entry.take("enabled", bool, True)
        next_run = self._moment(entry, "next_run", None)
        outcome = entry.word("outcome", get_args(Result), "success")
        seconds = float(entry.take("seconds", (int, float), 120))
        place = entry.take("place", int, 0)
        key, name, text = self._named(entry)
        return Job(key, name, text, kind, enabled, repository.id, next_run, workloads, outcome, seconds, place)

    def _session(self, entry: _Entry) -> Session:
        jobs = self._facts.jobs
        wanted = entry.take("job", str)
        job = self._by_name(jobs, wanted, entry, "job") if wanted is not None else None
        result = entry.word("result", get_args(Result), None)
        started = self._moment(entry, "started", self._now - timedelta(hours=1))
        ended = self._moment(entry, "ended", started + timedelta(minutes=5) if result else None)
        kind = entry.word("kind", get_args(SessionKind), "backup" if job else "infrastructure")
        message = entry.take("message", str, MESSAGES[result] if result else "")
        name = entry.take("name", str, job.name if job else "Maintenance")
        number = len(self._facts.sessions)
        key = entry.take("id", str, str(uuid.uuid5(uuid.NAMESPACE_URL, f"session:{number}:{name}")))
        progress = entry.take("progress", int, 100 if result in ("success", "warning") else 50)
        entry.end()
        state: Any = "running" if result is None else "finished"
        log = [LogLine(started, "Started", "success", 1)]
        if ended is not None:
            log.append(LogLine(ended, message, result, 0))
        workloads = list(job.workloads) if job else []
        job_id = job.id if job else None
        return Session(
            key.lower(), name, kind, job_id, state, result, started, ended, progress, message, workloads, log
        )

    def _point(self, entry: _Entry) -> RestorePoint:
        facts = self._facts
        workload = self._find(facts.workloads, entry, "workload")
        job = next((job for job in facts.jobs if workload.id in job.workloads), None)
        session = next((one for one in reversed(facts.sessions) if job and one.job_id == job.id), None)
        if job is None or session is None:
            raise ValueError(f"{entry.place}: {workload.name} has no job that ran")
        created = self._moment(entry, "created", session.started)
        size = int(entry.take("size_gib", (int, float), workload.size / GIB / 20) * GIB)
        full = entry.take("full", bool, False)
        number = len(facts.restore_points)
        key = entry.take("id", str, str(uuid.uuid5(uuid.NAMESPACE_URL, f"point:{number}:{workload.id}")))
        entry.end()
        return RestorePoint(key.lower(), workload.id, job.id, job.repository_id, session.id, created, size, full)

    def _license(self) -> None:
        own = self._facts.license
        table: Mapping[str, Any] = self._top.take("license", dict, {})
        entry = _Entry(f"{self._path}: license", table)
        own.id = entry.take("id", str, own.id)
        own.licensed_to = entry.take("licensed_to", str, own.licensed_to)
        own.expires = self._moment(entry, "expires", own.expires)
        own.support_expires = self._moment(entry, "support_expires", own.support_expires)
        own.instances = entry.take("instances", int, own.instances)
        own.instances_used = float(entry.take("instances_used", (int, float), own.instances_used))
        entry.end()
