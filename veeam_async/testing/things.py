"""The facts that an appliance can show: servers, repositories, workloads, jobs, sessions, restore points.

Units are the same everywhere: bytes, seconds, aware datetimes in UTC with whole seconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

Kind = Literal["machine", "database", "files", "nosql", "network"]
SessionKind = Literal["backup", "restore", "infrastructure"]
State = Literal["starting", "running", "stopping", "finished"]
Result = Literal["success", "warning", "failed", "canceled"]

GIB = 1024**3


@attrs.define(eq=False)
class Server:
    """A managed server (vbr) or a worker (azure).

    Attributes:
        linux: its family; Windows otherwise.
        online: whether it can be reached.
        place: its number in the order in which the world was made; products give out types by it.
        credentials_id: the credentials that it is reached with.
    """

    id: str
    name: str
    description: str
    linux: bool
    online: bool
    place: int = 0
    credentials_id: str = ""


@attrs.define(eq=False)
class Credentials:
    """A user name and a password that are kept for reaching servers.

    Attributes:
        name: the user name.
        created: when they were entered.
        place: see `Server`.
    """

    id: str
    name: str
    description: str
    created: datetime
    place: int = 0


@attrs.define(eq=False)
class Proxy:
    """A machine that moves data.

    Attributes:
        server_id: the managed server that it runs on.
        enabled: whether it is used.
        place: see `Server`.
    """

    id: str
    name: str
    description: str
    server_id: str
    enabled: bool = True
    place: int = 0


@attrs.define(eq=False)
class ScaleOut:
    """A scale-out repository.

    Attributes:
        extent_ids: the repositories that it consists of.
    """

    id: str
    name: str
    description: str
    extent_ids: list[str]


@attrs.define(eq=False)
class Repository:
    """A place for backups.

    Attributes:
        server_id: the managed server that holds it, in products that have such.
        bucket, folder: where it is in object storage, or the folder's path on the server.
        capacity, used: bytes.
        online, encrypted: as they say.
        place: see `Server`.
    """

    id: str
    name: str
    description: str
    server_id: str
    bucket: str
    folder: str
    region: str
    capacity: int
    used: int
    online: bool
    encrypted: bool
    place: int = 0

    @property
    def free(self) -> int:
        """Bytes that are not used."""
        return self.capacity - self.used


@attrs.define(eq=False)
class Workload:
    """A machine, a database, a file share or a table that can be protected.

    Attributes:
        kind: what it is.
        size: bytes of its storage.
        protected: whether a job covers it.
        region: where it runs, in the cloud products' words.
    """

    id: str
    name: str
    kind: Kind
    size: int
    protected: bool
    region: str
    linux: bool


@attrs.define(eq=False)
class Job:
    """A backup job (vbr) or a backup policy (aws, azure).

    Attributes:
        kind: what it protects.
        enabled: whether it runs by itself.
        next_run: start of the next run, or None.
        workloads: ids of what it protects.
        outcome: how the runs that are started from now on end.
        seconds: how long such a run takes, in the world's own pace.
        place: see `Server`.
    """

    id: str
    name: str
    description: str
    kind: Kind
    enabled: bool
    repository_id: str
    next_run: datetime | None
    workloads: list[str]
    outcome: Result = "success"
    seconds: float = 120.0
    place: int = 0


@attrs.define(eq=False)
class LogLine:
    """A line of a session's log.

    Attributes:
        at: when.
        text: what happened.
        result: how it went; None while it goes on.
        seconds: how long it took.
    """

    at: datetime
    text: str
    result: Result | None
    seconds: int


@attrs.define(eq=False)
class Session:
    """One run of something.

    Attributes:
        name: the job's name, or what it is about.
        job_id: the job that it is a run of, or None.
        state: how far it is; `progress` in percent.
        result: how it ended; None while it is not over.
        started, ended: `ended` is None while it is not over.
        message: the text about the result; empty while it is not over.
        workloads: ids of what it processed.
    """

    id: str
    name: str
    kind: SessionKind
    job_id: str | None
    state: State
    result: Result | None
    started: datetime
    ended: datetime | None
    progress: int
    message: str
    workloads: list[str]
    log: list[LogLine]
    number: int = 0


@attrs.define(eq=False)
class RestorePoint:
    """A restore point of one workload.

    Attributes:
        created: when.
        size: bytes of the backup.
        full: a full backup; an increment otherwise.
    """

    id: str
    workload_id: str
    job_id: str
    repository_id: str
    session_id: str
    created: datetime
    size: int
    full: bool


@attrs.frozen(eq=False)
class Task:
    """What a session does for one workload.

    Attributes:
        id: follows from the session's and the workload's.
        workload: None for work that is about no workload.
        point: the restore point that it made, or None.
    """

    id: str
    session: Session
    workload: Workload | None
    point: RestorePoint | None


@attrs.frozen(eq=False)
class Alarm:
    """What a product that watches others says of a session that went wrong.

    Attributes:
        id: the session's.
        number: the session's.
        name: of the rule that raised it.
        status: how the session ended; `resolved` where the job's newest run went well.
        subject, subject_id: the job, or the session where it has none.
        time: when the session ended.
        message: the session's.
    """

    id: str
    number: int
    name: str
    status: Literal["warning", "failed", "resolved"]
    subject: str
    subject_id: str
    time: datetime | None
    message: str


ALARM_RULES = ("Job state", "Job finished with warnings")
"""The rules that raise alarms: about failures, about warnings."""


@attrs.define(eq=False)
class License:
    """The installed license.

    Attributes:
        id: the vendor's number for it, the support id too.
        expires, support_expires: when they end.
        instances, instances_used: license units.
    """

    id: str
    licensed_to: str
    expires: datetime
    support_expires: datetime
    instances: int
    instances_used: float


class Busy(Exception):
    """The job runs already, or the session is over."""
