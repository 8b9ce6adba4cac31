"""What the cloud products have in common in showing the world: policies, workloads, restore points by service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .views import View
from .world import Job, RestorePoint, Workload


class CloudView(View):
    """One revision's way to show the world, of a product that has lists for each service."""

    def show_policies(
        self,
        path: str,
        kind: str,
        over: Callable[[Job], Mapping[str, Any]],
        filters: Mapping[str, Callable[[Job, Any], bool]],
        **options: Any,
    ) -> None:
        """Let the list at a path show the policies of one kind, and make, change and forget them."""
        self.show(
            path,
            self.jobs_of(kind),
            over,
            make=self.make_job(kind),
            apply=self.apply_job,
            remove=lambda fact: self.world.jobs.remove(fact),
            filters={
                "virtualmachineid": lambda job, values: any(value.lower() in job.workloads for value in values),
                "repositoryid": lambda job, values: job.repository_id in values,
                **filters,
            },
            **options,
        )

    def show_points(
        self, path: str, kind: str, workload: str, over: Callable[[RestorePoint], Mapping[str, Any]]
    ) -> None:
        """Let the list at a path show the restore points of one kind of workload.

        Args:
            path: of the list.
            kind: of the workloads.
            workload: name of the filter for one of them.
            over: makes a row of a restore point.
        """
        world = self.world

        def points() -> list[RestorePoint]:
            ids = {workload.id for workload in world.workloads if workload.kind == kind}
            return [point for point in world.restore_points if point.workload_id in ids]

        def latest(point: RestorePoint) -> bool:
            *_, last = world.points_of(world.workload(point.workload_id))
            return point is last

        self.show(
            path,
            points,
            over,
            filters={
                workload: lambda point, values: point.workload_id in [value.lower() for value in values],
                "onlylatest": lambda point, values: values[0].lower() != "true" or latest(point),
            },
        )

    def workloads(self, kind: str, *, protected: bool = False) -> Callable[[], list[Workload]]:
        """Gives the world's workloads of one kind, or those of them that have backups."""
        return lambda: [
            workload
            for workload in self.world.workloads
            if workload.kind == kind and (workload.protected or not protected)
        ]
