"""A world of backup facts, the same whichever product shows it, and the sessions that run in it."""

from __future__ import annotations

import copy
import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Self, TypeVar

from .clock import Clock, Run
from .generator import MESSAGES, Inventory, generate, restore_point
from .things import (
    ALARM_RULES,
    Alarm,
    Job,
    LogLine,
    Proxy,
    Repository,
    RestorePoint,
    Result,
    Server,
    Session,
    SessionKind,
    Workload,
)
from .things import GIB as GIB
from .world_file import read_inventory


class Busy(Exception):
    """The job runs already, or the session is over."""


_Named = TypeVar("_Named", Job, Repository, Workload, Server, Proxy)


class World:
    """The facts of one appliance, and the sessions that run in it.

    Args:
        seed: the same seed and the same `now` give the same world.
        now: what the clock shows at first; the real time where none is given. The past is counted from the full hour.
        time_scale: how much faster than the world's pace a started session runs: at 60 a job of two minutes takes two
            seconds.
        inventory: the facts; made from the seed where none are given.

    Attributes:
        name: of the appliance's own machine.
        clock: the world's clock.
        credentials, servers, proxies, repositories, scale_outs, workloads, jobs, restore_points: the facts; change them
            at will, then call `changed`.
        sessions: the newest last.
        license: the installed license.
        revision: grows with every change; what was read at the same revision is still true.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        now: datetime | None = None,
        time_scale: float = 60.0,
        inventory: Inventory | None = None,
    ) -> None:
        self.seed = seed
        self.clock = Clock(now, time_scale)
        self.revision = 0
        self.name = f"backup{seed:02}"
        facts = generate(seed, self.clock.hour) if inventory is None else inventory
        self.credentials = facts.credentials
        self.servers = facts.servers
        self.proxies = facts.proxies
        self.repositories = facts.repositories
        self.scale_outs = facts.scale_outs
        self.workloads = facts.workloads
        self.jobs = facts.jobs
        self.sessions = facts.sessions
        self.restore_points = facts.restore_points
        self.license = facts.license
        self._runs: list[Run] = []
        self._released: dict[str, float] = {}

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str], *, now: datetime | None = None, time_scale: float = 60.0) -> Self:
        """A world from a file; docs/testing.md says what may be in it.

        Args:
            path: of the TOML file.
            now: as for `World`; times in the file are what they are.
            time_scale: as for `World`.

        Raises:
            ValueError: the file says something that makes no sense; the message names the place.
        """
        clock = Clock(now, time_scale)
        seed, inventory = read_inventory(path, clock.now(), clock.hour)
        return cls(seed, now=now, time_scale=time_scale, inventory=inventory)

    # Time

    def now(self) -> datetime:
        """The world's clock, whole seconds."""
        return self.clock.now()

    @property
    def live(self) -> bool:
        """True while a started session is not over."""
        return bool(self._runs)

    def settle(self) -> None:
        """Bring the started sessions to where the clock says they are."""
        if self._runs:
            moment = self.clock.moment()
            for run in list(self._runs):
                self._advance(run, moment)

    def changed(self) -> None:
        """Say that facts were changed by hand."""
        self.revision += 1

    def fork(self) -> World:
        """A world that is the same now and is on its own from now on."""
        return copy.deepcopy(self)

    # What can be done

    def job(self, key: str) -> Job:
        """The job of that id or name; KeyError where there is none."""
        return self._one(self.jobs, key)

    def repository(self, key: str) -> Repository:
        """The repository of that id or name; KeyError where there is none."""
        return self._one(self.repositories, key)

    def server(self, key: str) -> Server:
        """The server of that id or name; KeyError where there is none."""
        return self._one(self.servers, key)

    def workload(self, key: str) -> Workload:
        """The workload of that id or name; KeyError where there is none."""
        return self._one(self.workloads, key)

    def proxy(self, key: str) -> Proxy:
        """The proxy of that id or name; KeyError where there is none."""
        return self._one(self.proxies, key)

    def session(self, key: str) -> Session:
        """The session of that id; KeyError where there is none."""
        self.settle()
        for session in self.sessions:
            if session.id == key.lower():
                return session
        raise KeyError(key)

    def sessions_of(self, job: Job) -> list[Session]:
        """A job's sessions, the newest last."""
        return [session for session in self.sessions if session.job_id == job.id]

    def last_session(self, job: Job) -> Session | None:
        """A job's newest session."""
        return next((session for session in reversed(self.sessions) if session.job_id == job.id), None)

    def start(
        self,
        job: Job | str | None = None,
        *,
        kind: SessionKind = "backup",
        name: str = "",
        seconds: float | None = None,
        outcome: Result | None = None,
    ) -> Session:
        """Start a session; it progresses by the clock and ends.

        Args:
            job: the job to run, its id or its name; None for a session without a job.
            kind: what the session is about.
            name: what it is called; the job's name where empty.
            seconds: how long it takes in the world's pace; the job's own, or 60.
            outcome: how it ends; the job's own, or success.

        Raises:
            Busy: the job runs already.
        """
        self.settle()
        if isinstance(job, str):
            job = self.job(job)
        if job is not None:
            last = self.last_session(job)
            if last is not None and last.state != "finished":
                raise Busy(f"{job.name} runs already.")
        session = Session(
            id=str(uuid.uuid4()),
            name=name or (job.name if job else "Maintenance"),
            kind=kind,
            job_id=job.id if job else None,
            state="starting",
            result=None,
            started=self.now(),
            ended=None,
            progress=0,
            message="",
            workloads=list(job.workloads) if job else [],
            log=[],
            number=len(self.sessions) + 1,
        )
        self._log(session, "Started", None)
        self.sessions.append(session)
        length = seconds if seconds is not None else job.seconds if job else 60.0
        self._runs.append(self.clock.run(session, length, outcome or (job.outcome if job else "success")))
        self.revision += 1
        return session

    def stop(self, session: Session | str) -> Session:
        """Ask a session to stop: it is canceled a moment later.

        Raises:
            Busy: it is over already.
        """
        if isinstance(session, str):
            session = self.session(session)
        self.settle()
        if session.state == "finished":
            raise Busy("The session is over.")
        session.state = "stopping"
        self._runs = [run for run in self._runs if run.session is not session]
        self._runs.append(self.clock.run(session, 0.5, "canceled"))
        self.revision += 1
        return session

    def finish(self, session: Session | str, result: Result = "success", message: str = "") -> Session:
        """End a session now, whatever it was doing."""
        if isinstance(session, str):
            session = self.session(session)
        self._runs = [run for run in self._runs if run.session is not session]
        self._end(session, result, message)
        return session

    def remove_server(self, server: Server) -> None:
        """Take a server out of the world; its credentials were in use until now."""
        self.servers.remove(server)
        self._released[server.credentials_id] = self.clock.moment()

    def uses(self, credentials_id: str, lag: float = 0.0) -> bool:
        """True where a server is reached with some credentials, or one was less than `lag` seconds ago."""
        if any(server.credentials_id == credentials_id for server in self.servers):
            return True
        released = self._released.get(credentials_id)
        return released is not None and self.clock.moment() - released < lag

    def alarms(self) -> list[Alarm]:
        """An alarm for each session that went wrong, resolved where the newest run of its job went well."""
        newest = {session.job_id: session.result for session in self.sessions if session.result is not None}
        names = {job.id: job.name for job in self.jobs}
        return [
            Alarm(
                id=session.id,
                number=session.number,
                name=ALARM_RULES[session.result == "warning"],
                status="resolved" if newest[session.job_id] == "success" else session.result,
                subject=names.get(session.job_id or "", session.name),
                subject_id=session.job_id or session.id,
                time=session.ended,
                message=session.message,
            )
            for session in self.sessions
            if session.result in ("warning", "failed")
        ]

    # How it goes on

    def _advance(self, run: Run, moment: float) -> None:
        session = run.session
        part = run.part(moment)
        if part >= 1.0:
            self._runs.remove(run)
            self._end(session, run.outcome, "")
        elif session.state != "stopping":
            session.state = "running" if part > 0.05 else "starting"
            progress = min(int(part * 100), 99)
            if progress != session.progress:
                session.progress = progress
                self.revision += 1

    def _end(self, session: Session, result: Result, message: str) -> None:
        session.state = "finished"
        session.result = result
        session.ended = max(self.now(), session.started)
        session.progress = 100 if result in ("success", "warning") else session.progress
        session.message = message or MESSAGES[result]
        for line in session.log:
            line.result = line.result or "success"
        self._log(session, session.message, result)
        if session.kind == "backup" and result in ("success", "warning"):
            self._add_points(session, session.ended)
        self.revision += 1

    def _add_points(self, session: Session, created: datetime) -> None:
        # A job, or a workload of it, may be deleted while it runs: its session ends all the same.
        workloads = {workload.id: workload for workload in self.workloads}
        for job in (job for job in self.jobs if job.id == session.job_id):
            for key in job.workloads:
                if key in workloads:
                    random = Random(session.id + key)
                    point = restore_point(random, job, session, workloads[key], created, full=False)
                    self.restore_points.append(point)

    def _log(self, session: Session, text: str, result: Result | None) -> None:
        session.log.append(LogLine(self.now(), text, result, 0))

    def _one(self, rows: list[_Named], key: str) -> _Named:
        for row in rows:
            if row.id == key.lower() or row.name == key:
                return row
        raise KeyError(key)

    def points_of(self, workload: Workload) -> Iterator[RestorePoint]:
        """A workload's restore points, the oldest first."""
        return (point for point in self.restore_points if point.workload_id == workload.id)
