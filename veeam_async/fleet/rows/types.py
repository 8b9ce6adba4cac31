"""The rows: one small type each, the same for all products and revisions.

Units are the same everywhere: bytes, seconds, aware datetimes. None means that the product, the revision or the
appliance does not say. What the vendor's answer says beyond that is in `raw`. Sizes and counts fit into 64 bits.
"""

from __future__ import annotations

from datetime import UTC, datetime

import attrs

from .row import Row as Row
from .words import AlarmState, JobState, LicenseStatus, Result, SessionState, Severity


@attrs.define(kw_only=True, unsafe_hash=True)
class Job(Row):
    """A backup job (vbr) or a backup policy (aws, azure).

    Attributes:
        description: the text that a person gave it.
        state: what it is doing now.
        last_result: how its last finished run ended; None where it never ran, runs for the first time, or the
            product does not say while it runs.
        last_error: the appliance's text about a last run that failed or ended with warnings; None where it went well.
            vbr and m365 say it only where `reasons=True` asks for it.
        last_run, next_run: start of the last and of the next run.
        repository_id, repository_name: where its backups go.
        objects: workloads that it processes, a count.
        session_id: id of its last session.
        silent: True where its last success is longer ago than its own rhythm allows, see `fleet.jobs(silent=True)`;
            None where that was not asked for, where the job is disabled, or ran too seldom to have a rhythm.
        horizon: where no run was found among the sessions, the moment from which on they were looked through.
    """

    source = "jobs"

    description: str | None = None
    state: JobState | None = None
    last_result: Result | None = None
    last_error: str | None = None
    last_run: datetime | None = None
    next_run: datetime | None = None
    repository_id: str | None = None
    repository_name: str | None = None
    objects: int | None = None
    session_id: str | None = None
    silent: bool | None = None
    horizon: datetime | None = attrs.field(default=None, eq=False)


@attrs.define(kw_only=True, unsafe_hash=True)
class Session(Row):
    """One run of something: a backup, a restore, a rescan.

    Attributes:
        job_id: id of the job or policy that it is a run of.
        state: how far it is.
        result: how it ended; None while it is not over.
        message: the appliance's text about the result.
        progress: percent done, 0 to 100.
        started, ended: `ended` is None while it is not over.
        duration: seconds from `started` to `ended`; None while it is not over.
        processed, read, transferred: bytes of the workloads that it went through, bytes read from them, bytes sent to
            the repository after compression and deduplication.
        speed: bytes a second.
        bottleneck: the vendor's word for what held it up.
    """

    source = "sessions"
    derived = ("duration",)
    began = "started"

    job_id: str | None = None
    state: SessionState | None = None
    result: Result | None = None
    message: str | None = None
    progress: int | None = None
    started: datetime | None = None
    ended: datetime | None = None
    processed: int | None = None
    read: int | None = None
    transferred: int | None = None
    speed: int | None = None
    bottleneck: str | None = None

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; None while it is not over."""
        return (self.ended - self.started).total_seconds() if self.started and self.ended else None


@attrs.define(kw_only=True, unsafe_hash=True)
class Repository(Row):
    """A place for backups.

    Attributes:
        description: the text that a person gave it.
        path: folder, or bucket and folder, or storage account, container and folder.
        location: the server (vbr) or the region (aws, azure) where it is.
        tier: storage class or access tier of object storage.
        capacity, free, used: bytes of the volume or share (vbr, m365, one), of the bucket or container as far as the
            product knows it. `used` is what backups take (vbr): with `free` it need not add up to `capacity`.
        online: True where it can be used now.
        encrypted: True where backups are encrypted by the repository's setting.
    """

    source = "repositories"

    description: str | None = None
    path: str | None = None
    location: str | None = None
    tier: str | None = None
    capacity: int | None = None
    free: int | None = None
    used: int | None = None
    online: bool | None = None
    encrypted: bool | None = None


@attrs.define(kw_only=True, unsafe_hash=True)
class Server(Row):
    """A machine of the backup infrastructure: the appliance itself, managed servers (vbr), workers (azure).

    Attributes:
        description: the text that a person gave it.
        location: the region where it is.
        version: version of the product; only for the appliance itself (`kind` is `Appliance`).
        online: True where it can be reached or is at work.
    """

    source = "servers"

    description: str | None = None
    location: str | None = None
    version: str | None = None
    online: bool | None = None


@attrs.define(kw_only=True, unsafe_hash=True)
class License(Row):
    """The installed license.

    Attributes:
        status: as the appliance says, or by `expires` where it does not.
        edition: the edition's name.
        licensed_to: the owner.
        expires, support_expires: end of the license and of the support contract; None where they do not end.
        instances, instances_used: license units; None where the license has none.
        sockets, sockets_used: CPU sockets; None where the license has none.
        capacity, capacity_used: bytes of unstructured data (the document's TB are 1024^4 bytes); None where the
            license has none.
    """

    source = "licenses"

    status: LicenseStatus | None = None
    edition: str | None = None
    licensed_to: str | None = None
    expires: datetime | None = None
    support_expires: datetime | None = None
    instances: float | None = None
    instances_used: float | None = None
    sockets: int | None = None
    sockets_used: int | None = None
    capacity: int | None = None
    capacity_used: int | None = None

    def days_left(self, now: datetime | None = None) -> float | None:
        """Days until the license ends, negative when it has ended; None where it does not end."""
        if self.expires is None:
            return None
        return (self.expires - (now or datetime.now(UTC))).total_seconds() / 86400


@attrs.define(kw_only=True, unsafe_hash=True)
class Protected(Row):
    """A workload that has backups: a machine, a database, a file share, a network.

    Attributes:
        platform: where it runs, in the vendor's words (`VMware`, `HyperV`, `AWS`, `Azure`).
        location: its region.
        size: bytes of its storage.
        restore_points: how many there are.
        last_backup: time of the newest restore point.
        last_failed: True where the last run failed for it.
        backup_id: id of the backup that holds it.
        horizon: where no restore point was found, the moment from which on they were looked through.
    """

    source = "protected"

    platform: str | None = None
    location: str | None = None
    size: int | None = None
    restore_points: int | None = None
    last_backup: datetime | None = None
    last_failed: bool | None = None
    backup_id: str | None = None
    horizon: datetime | None = attrs.field(default=None, eq=False)


@attrs.define(kw_only=True, unsafe_hash=True)
class Task(Row):
    """What one session did for one workload.

    Attributes:
        session_id: id of the session that it is a part of.
        state, result, message, progress, started, ended, duration: as of a session.
        processed, read, transferred, speed, bottleneck: as of a session.
        repository_id: where it wrote to.
        restore_point_id: what it made.
        algorithm: the vendor's word for how it read: in full, or what had changed.
    """

    source = "tasks"
    derived = ("duration",)
    began = "started"

    session_id: str | None = None
    state: SessionState | None = None
    result: Result | None = None
    message: str | None = None
    progress: int | None = None
    started: datetime | None = None
    ended: datetime | None = None
    processed: int | None = None
    read: int | None = None
    transferred: int | None = None
    speed: int | None = None
    bottleneck: str | None = None
    repository_id: str | None = None
    restore_point_id: str | None = None
    algorithm: str | None = None

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; None while it is not over."""
        return (self.ended - self.started).total_seconds() if self.started and self.ended else None


@attrs.define(kw_only=True, unsafe_hash=True)
class Proxy(Row):
    """A machine that moves data.

    Attributes:
        description: the text that a person gave it.
        location: name of the server that it runs on.
        enabled: False where it is not to be used.
        online: True where it can be reached.
        outdated: True where its components are of an older release.
    """

    source = "proxies"

    description: str | None = None
    location: str | None = None
    enabled: bool | None = None
    online: bool | None = None
    outdated: bool | None = None


@attrs.define(kw_only=True, unsafe_hash=True)
class RestorePoint(Row):
    """A state of a workload that can be restored; `name` is the workload's, `kind` says full, increment, snapshot.

    Attributes:
        platform: where the workload runs, in the vendor's words.
        created: when it was made.
        workload_id: id of the workload.
        backup_id: id of the backup that holds it.
        session_id: id of the session that made it.
        size: bytes that it takes.
        workload_size: bytes of the workload.
        malware: the vendor's word for what a scan found.
        corrupted: True where it cannot be restored.
        immutable_until: until when it cannot be removed.
    """

    source = "restore_points"
    began = "created"

    platform: str | None = None
    created: datetime | None = None
    workload_id: str | None = None
    backup_id: str | None = None
    session_id: str | None = None
    size: int | None = None
    workload_size: int | None = None
    malware: str | None = None
    corrupted: bool | None = None
    immutable_until: datetime | None = None


@attrs.define(kw_only=True, unsafe_hash=True)
class Finding(Row):
    """Something that security looks at: malware, suspicious activity, a setting against good practice.

    `name` is the machine's, or the practice's; `kind` is the vendor's word for what was found, or `BestPractice`.

    Attributes:
        severity: how bad it is.
        message: the appliance's text, or the note of a person.
        time: when it was found.
        dismissed: True where a person said that it is none.
        workload_id: id of the workload that it is about.
        restore_point_id: id of the restore point that it was found in.
    """

    source = "findings"

    severity: Severity | None = None
    message: str | None = None
    time: datetime | None = None
    dismissed: bool | None = None
    workload_id: str | None = None
    restore_point_id: str | None = None


@attrs.define(kw_only=True, unsafe_hash=True)
class Alarm(Row):
    """An alarm that the product raised: about a job, a repository, a server, a virtual machine.

    `name` is that of the rule that raised it; `kind` is the vendor's word for what sort of thing it is about.

    Attributes:
        severity: how bad it is; None where the product says no more than that it was acknowledged or resolved.
        state: whether it is to be looked at.
        time: when it was raised last.
        message: the appliance's text.
        comment: what a person wrote about it.
        object_id, object_name: what it is about.
        location: name of the computer where that is.
        repeats: how often it was raised, a count.
        rule_id: id of the rule that raised it.
    """

    source = "alarms"

    severity: Severity | None = None
    state: AlarmState | None = None
    time: datetime | None = None
    message: str | None = None
    comment: str | None = None
    object_id: str | None = None
    object_name: str | None = None
    location: str | None = None
    repeats: int | None = None
    rule_id: str | None = None


ROW_TYPES: tuple[type[Row], ...] = (
    Job, Session, Repository, Server, License, Protected, Task, Proxy, RestorePoint, Finding, Alarm,
)  # fmt: skip
