"""What the cloud products have in common in showing the world: policies, workloads, restore points by service."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .actions import ActingView
from .kinds import Kind
from .things import Job, RestorePoint, Session, Workload

Over = Callable[[Any], Mapping[str, Any]]


class CloudView(ActingView):
    """How one revision shows the world, of a product that has lists for each service."""

    def policies(
        self,
        kind: str,
        paths: Sequence[str],
        row: Over,
        filters: Mapping[str, Callable[[Job, Any], bool]],
        **options: Any,
    ) -> Kind[Job]:
        """The policies of one kind of workload."""
        return Kind(
            name=f"{kind} policy",
            facts=lambda: [job for job in self.world.jobs if job.kind == kind],
            row=row,
            paths=paths,
            make=self.make_job(kind),
            apply=self.apply_job,
            remove=self.world.jobs.remove,
            filters={
                "virtualmachineid": lambda job, values: any(value.lower() in job.workloads for value in values),
                "repositoryid": lambda job, values: job.repository_id in values,
                "policyname": lambda job, values: values[0].lower() in job.name.lower(),
                **filters,
            },
            **options,
        )

    def workloads(
        self, name: str, kind: str, paths: Sequence[str], row: Over, *, protected: bool = False, **options: Any
    ) -> Kind[Workload]:
        """The workloads of one kind, or those of them that have backups."""

        def facts() -> list[Workload]:
            return [one for one in self.world.workloads if one.kind == kind and (one.protected or not protected)]

        return Kind(
            name=name,
            facts=facts,
            row=row,
            paths=paths,
            filters={"protectionstatus": _protection, "backupstate": _protection},
            **options,
        )

    def points(self, kind: str, paths: Sequence[str], workload: str, row: Over, **options: Any) -> Kind[RestorePoint]:
        """The restore points of one kind of workload.

        Args:
            kind: of the workloads.
            paths: of the lists.
            workload: name of the filter for one workload, in lower case.
            row: makes a row of a restore point.
            options: of the kind.
        """
        world = self.world

        def facts() -> list[RestorePoint]:
            ids = {one.id for one in world.workloads if one.kind == kind}
            return [point for point in world.restore_points if point.workload_id in ids]

        def latest(point: RestorePoint) -> bool:
            *_, last = [one for one in world.restore_points if one.workload_id == point.workload_id]
            return point is last

        return Kind(
            name=f"{kind} restore point",
            facts=facts,
            row=row,
            paths=paths,
            title=lambda point: self.workload_name(point.workload_id),
            filters={
                workload: lambda point, values: point.workload_id in [value.lower() for value in values],
                "onlylatest": lambda point, values: values[0].lower() != "true" or latest(point),
            },
            **options,
        )

    def workload_name(self, key: str) -> str:
        """The name of a workload, or an empty text where it is gone."""
        return next((one.name for one in self.world.workloads if one.id == key), "")

    def protected_count(self, kind: str) -> tuple[int, int]:
        """How many workloads of a kind there are, and how many of them are protected."""
        own = [one for one in self.world.workloads if one.kind == kind]
        return len(own), sum(one.protected for one in own)

    def processed(self) -> list[tuple[Session, Workload]]:
        """What each session worked on, workload by workload."""
        workloads = {one.id: one for one in self.world.workloads}
        return [
            (session, workloads[key])
            for session in self.world.sessions
            for key in session.workloads
            if key in workloads
        ]


def _protection(workload: Workload, values: Sequence[str]) -> bool:
    own = ("protected", "onlybackedup", "all") if workload.protected else ("unprotected", "onlynotbackedup", "all")
    return any(value.lower() in own for value in values)
