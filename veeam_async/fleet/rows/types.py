"""The rows: one small type each, the same for all products and revisions.

Units are the same everywhere: bytes, seconds, aware datetimes. None means that the product, the revision or the
appliance does not say. What the vendor's answer says beyond that is in `raw`. Sizes and counts fit into 64 bits.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import attrs

from ..._model import OpenEnum
from ..appliance import Appliance
from .raw import RawType
from .words import JobState, LicenseStatus, Result, SessionState


@attrs.define(kw_only=True, unsafe_hash=True)
class Row:
    """What every row has.

    Attributes:
        appliance: where it comes from, without credentials, and with the API revision that was spoken.
        id: the vendor's id, unique in its appliance and kind of row.
        name: the vendor's name for it; None where it has none.
        kind: the vendor's word for what sort of thing it is, in the document's letter case.
        json: the object of the appliance's answer that the row was made of. Not part of comparisons.
        raw_type: the type of that object; None where the document describes none.
    """

    source: ClassVar[str] = ""
    # Properties that are shown as fields.
    derived: ClassVar[tuple[str, ...]] = ()

    appliance: Appliance = attrs.field(eq=False, repr=lambda appliance: repr(appliance.name))
    id: str
    name: str | None = None
    kind: str | None = None
    json: Any = attrs.field(default=None, eq=False, repr=False)
    raw_type: RawType | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def raw(self) -> Any:
        """The vendor's model of `json`, made when it is read; the plain object where the document describes none."""
        return self.json if self.raw_type is None else self.raw_type.show(self.json)

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON takes it, with ISO 8601 times, without `json` and `raw`.

        Of the appliance it says its name (`appliance`), `product`, `revision`, sorted `tags` and `labels`.
        """
        appliance = self.appliance
        values: dict[str, Any] = {
            "appliance": appliance.name,
            "product": appliance.product,
            "revision": appliance.revision,
            "tags": sorted(appliance.tags),
            "labels": dict(appliance.labels),
        }
        for name in columns(type(self))[1:]:
            value = getattr(self, name)
            if isinstance(value, datetime):
                value = value.isoformat()
            elif isinstance(value, OpenEnum):
                value = value.value
            values[name] = value
        return values


_columns: dict[type[Row], tuple[str, ...]] = {}
_facts: dict[type[Row], tuple[str, ...]] = {}


def columns(row: type[Row]) -> tuple[str, ...]:
    """The names of a row's fields, `appliance` first; what the row was made of is none of them."""
    if row not in _columns:
        _columns[row] = (*slots(row), *row.derived)
    return _columns[row]


def slots(row: type[Row]) -> tuple[str, ...]:
    """The names of the fields that a row holds, `appliance` first: `columns` without those that follow from others."""
    return tuple(field.name for field in attrs.fields(row) if field.name not in ("json", "raw_type"))


def facts(row: type[Row]) -> tuple[str, ...]:
    """The names of the fields by which rows of the same appliance are compared."""
    if row not in _facts:
        _facts[row] = tuple(field.name for field in attrs.fields(row) if field.eq)
    return _facts[row]


@attrs.define(kw_only=True, unsafe_hash=True)
class Job(Row):
    """A backup job (vbr) or a backup policy (aws, azure).

    Attributes:
        description: the text that a person gave it.
        state: what it is doing now.
        last_result: how its last finished run ended; None where it never ran, runs for the first time, or the
            product does not say while it runs.
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


ROW_TYPES: tuple[type[Row], ...] = (Job, Session, Repository, Server, License, Protected)
