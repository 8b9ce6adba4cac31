"""From what is known of an appliance to its samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar

from ..fleet import (
    Alarm,
    AlarmState,
    Appliance,
    BreakerState,
    Finding,
    Job,
    License,
    Protected,
    Proxy,
    Repository,
    Row,
    Server,
    Session,
    Severity,
)
from . import families as f
from .lines import Lines
from .snapshot import Runs, Snapshot

RowT = TypeVar("RowT", bound=Row)
_NOTHING = Runs()
# Alarms of an appliance that are shown one by one.
_ALARMS = 100
_WORST = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
_OWNERS = ("company", "reseller", "provider")


def sample(
    appliance: Appliance, breaker: BreakerState, snapshot: Snapshot, *, limit: int, histograms: bool
) -> dict[str, list[str]]:
    """The lines of an appliance by the name of their family. What was not polled yet has none.

    Args:
        appliance: whose they are.
        breaker: state of its breaker.
        snapshot: what is known of it.
        limit: lines at most; what every poll gives comes first, so that rows are what is left out.
        histograms: True shows durations by bucket, False their number and sum.
    """
    lines = Lines(appliance.name, appliance.product, limit)
    if snapshot.up is None:
        return lines.by_family
    _poll(lines, appliance, breaker, snapshot)
    _http(lines, snapshot, histograms)
    _licenses(lines, _rows(snapshot, License))
    _servers(lines, _rows(snapshot, Server))
    _repositories(lines, _rows(snapshot, Repository))
    _jobs(lines, _rows(snapshot, Job), snapshot.runs)
    _sessions(lines, _rows(snapshot, Session))
    _protected(lines, _rows(snapshot, Protected))
    _proxies(lines, _rows(snapshot, Proxy))
    _findings(lines, _rows(snapshot, Finding))
    _alarms(lines, _rows(snapshot, Alarm))
    own = Lines(appliance.name, appliance.product, 1)
    own.add(f.DROPPED, lines.dropped)
    return lines.by_family | own.by_family


def _rows(snapshot: Snapshot, kind: type[RowT]) -> Iterable[RowT]:
    return (row for row in snapshot.rows.get(kind, ()) if isinstance(row, kind))


def _time(value: datetime | None) -> float | None:
    return None if value is None else value.timestamp()


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _word(value: Any, words: tuple[str, ...]) -> str:
    return "none" if value is None else str(value) if value in words else f.OTHER


def _owner(row: Row) -> str:
    """Whose it is, where one appliance serves many: the name of a company, reseller or provider, else an id."""
    labels = row.appliance.labels
    if "organization" not in labels:
        return ""
    return next((labels[kind] for kind in _OWNERS if kind in labels), labels["organization"])


def _poll(lines: Lines, appliance: Appliance, breaker: BreakerState, snapshot: Snapshot) -> None:
    lines.add(f.UP, _flag(snapshot.up))
    lines.add(f.SUCCESS, snapshot.success)
    lines.add(f.ATTEMPT, snapshot.attempt)
    lines.add(f.DURATION, snapshot.elapsed)
    for reason in f.REASONS:
        lines.add(f.FAILURES, snapshot.failures[reason], reason)
    for kind, whole in snapshot.complete.items():
        lines.add(f.COMPLETE, _flag(whole), kind.source)
    lines.add(f.BREAKER, _flag(breaker in (BreakerState.OPEN, BreakerState.REFUSED)))
    if snapshot.revision:
        lines.add(f.INFO, 1, snapshot.revision, snapshot.version)
    for tag in sorted(appliance.tags):
        lines.add(f.TAG, 1, tag)
    lines.add_named(f.LABELS, appliance.labels)
    lines.add(f.CERTIFICATE, snapshot.certificate)
    lines.add(f.CLOCK, snapshot.clock)


def _http(lines: Lines, snapshot: Snapshot, histograms: bool) -> None:
    for code, count in sorted(snapshot.codes.items()):
        lines.add(f.RESPONSES, count, code)
    lines.add(f.RETRIES, snapshot.retries)
    for how, count in sorted(snapshot.logins.items()):
        lines.add(f.LOGINS, count, how)
    for family, durations in ((f.REQUESTS, snapshot.requests), (f.LOGIN_TIME, snapshot.login_time)):
        lines.buckets(family, durations.buckets(whole=histograms), durations.total)


def _jobs(lines: Lines, jobs: Iterable[Job], runs: dict[str, Runs]) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for job in jobs:
        known = runs.get(job.id, _NOTHING)
        lines.add(f.JOB_INFO, 1, job.id, job.name, job.kind, _owner(job))
        lines.states(f.JOB_STATE, f.JOB_STATES, job.state, job.id)
        lines.states(f.JOB_RESULT, f.RESULTS, job.last_result, job.id)
        lines.add(f.JOB_RUN, _time(job.last_run), job.id)
        lines.add(f.JOB_NEXT, _time(job.next_run), job.id)
        lines.add(f.JOB_SUCCESS, _time(known.success), job.id)
        lines.add(f.JOB_SILENT, _flag(known.silent), job.id)
        lines.add(f.JOB_OBJECTS, job.objects, job.id)
        if known.last is not None:
            lines.add(f.JOB_DURATION, known.last.duration, job.id)
            lines.add(f.JOB_PROCESSED, known.last.processed, job.id)
            lines.add(f.JOB_READ, known.last.read, job.id)
            lines.add(f.JOB_TRANSFERRED, known.last.transferred, job.id)
        counts[_word(job.state, f.JOB_STATES), _word(job.last_result, f.RESULTS)] += 1
    for pair, count in sorted(counts.items()):
        lines.add(f.JOBS, count, *pair)


def _repositories(lines: Lines, repositories: Iterable[Repository]) -> None:
    for row in repositories:
        lines.add(f.REPOSITORY_INFO, 1, row.id, row.name, row.kind, _owner(row))
        lines.add(f.REPOSITORY_CAPACITY, row.capacity, row.id)
        lines.add(f.REPOSITORY_FREE, row.free, row.id)
        lines.add(f.REPOSITORY_USED, row.used, row.id)
        lines.add(f.REPOSITORY_ONLINE, _flag(row.online), row.id)


def _servers(lines: Lines, servers: Iterable[Server]) -> None:
    for row in servers:
        lines.add(f.SERVER_INFO, 1, row.id, row.name, row.kind, row.version, _owner(row))
        lines.add(f.SERVER_ONLINE, _flag(row.online), row.id)


def _licenses(lines: Lines, licenses: Iterable[License]) -> None:
    for row in licenses:
        lines.add(f.LICENSE_INFO, 1, row.id, row.edition, row.kind, _owner(row))
        lines.states(f.LICENSE_STATUS, f.LICENSE_STATES, row.status, row.id)
        lines.add(f.LICENSE_END, _time(row.expires), row.id)
        lines.add(f.SUPPORT_END, _time(row.support_expires), row.id)
        lines.add(f.LICENSE_INSTANCES, row.instances, row.id)
        lines.add(f.LICENSE_INSTANCES_USED, row.instances_used, row.id)
        lines.add(f.LICENSE_SOCKETS, row.sockets, row.id)
        lines.add(f.LICENSE_SOCKETS_USED, row.sockets_used, row.id)
        lines.add(f.LICENSE_CAPACITY, row.capacity, row.id)
        lines.add(f.LICENSE_CAPACITY_USED, row.capacity_used, row.id)


def _sessions(lines: Lines, sessions: Iterable[Session]) -> None:
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in sessions:
        counts[str(row.kind or ""), str(row.state or ""), _shown(row.result)] += 1
    for words, count in sorted(counts.items()):
        lines.add(f.SESSIONS, count, *words)


def _protected(lines: Lines, protected: Iterable[Protected]) -> None:
    for row in protected:
        lines.add(f.PROTECTED_INFO, 1, row.id, row.name, row.kind, row.platform, row.location, _owner(row))
        lines.add(f.PROTECTED_BACKUP, _time(row.last_backup), row.id)
        lines.add(f.PROTECTED_POINTS, row.restore_points, row.id)
        lines.add(f.PROTECTED_SIZE, row.size, row.id)
        lines.add(f.PROTECTED_FAILED, _flag(row.last_failed), row.id)


def _proxies(lines: Lines, proxies: Iterable[Proxy]) -> None:
    for row in proxies:
        lines.add(f.PROXY_INFO, 1, row.id, row.name, row.kind, row.location)
        lines.add(f.PROXY_ONLINE, _flag(row.online), row.id)
        lines.add(f.PROXY_ENABLED, _flag(row.enabled), row.id)
        lines.add(f.PROXY_OUTDATED, _flag(row.outdated), row.id)


def _findings(lines: Lines, findings: Iterable[Finding]) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for row in findings:
        if not row.dismissed:
            counts[str(row.kind or ""), _shown(row.severity)] += 1
    for words, count in sorted(counts.items()):
        lines.add(f.FINDINGS, count, *words)


def _alarms(lines: Lines, alarms: Iterable[Alarm]) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    active: list[Alarm] = []
    for row in alarms:
        counts[_shown(row.severity), _shown(row.state)] += 1
        if row.state is AlarmState.ACTIVE:
            active.append(row)
    for words, count in sorted(counts.items()):
        lines.add(f.ALARMS, count, *words)
    for row in sorted(active, key=_urgency)[:_ALARMS]:
        kind, severity = row.kind, _shown(row.severity)
        lines.add(f.ALARM_ACTIVE, 1, row.id, row.name, severity, kind, row.object_name, _owner(row))
        lines.add(f.ALARM_TIME, _time(row.time), row.id)


def _shown(word: Any) -> str:
    return "none" if word is None else str(word)


def _urgency(alarm: Alarm) -> tuple[int, float]:
    """Where an alarm comes: the worst first, of those the newest."""
    rank = _WORST.index(alarm.severity) if alarm.severity in _WORST else len(_WORST)
    return rank, -(_time(alarm.time) or 0.0)
