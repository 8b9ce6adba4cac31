"""Repositories, backups, restore points and the license as the fields of VBR rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .answers import derived
from .overlay import DROP, OneOf
from .things import GIB, Job, Repository, RestorePoint, ScaleOut, Workload
from .vbr_rows import VbrRows

_PLATFORM = "00000000-0000-0000-0000-000000000001"
_HOSTED = ("WinLocal", "LinuxLocal", "LinuxHardened")


class VbrStorage(VbrRows):
    """What one revision shows of a world's storage."""

    def _path(self, repository: Repository) -> str:
        kind = self.type_of(repository).words[0]
        if kind == "WinLocal":
            return f"D:\\{repository.bucket}\\{repository.folder}"
        if kind == "Smb":
            return f"\\\\files.example.com\\{repository.bucket}\\{repository.folder}"
        if kind == "Nfs":
            return f"files.example.com:/{repository.bucket}/{repository.folder}"
        return f"/{repository.bucket}/{repository.folder}"

    def repository(self, repository: Repository) -> Mapping[str, Any]:
        """A repository, whatever its type: fields that the type does not have are left out."""
        place = {"bucketName": repository.bucket, "folderName": repository.folder, "containerName": repository.bucket}
        return {
            "id": repository.id,
            "name": repository.name,
            "description": repository.description,
            "hostId": repository.server_id,
            "repository": {"path": self._path(repository)},
            "share": {"sharePath": self._path(repository)},
            "bucket": place,
            "container": place,
        }

    def repository_state(self, repository: Repository) -> Mapping[str, Any]:
        """A repository's state."""
        kind = self.type_of(repository)
        server = next((one for one in self.world.servers if one.id == repository.server_id), None)
        hosted = server if kind.words[0] in _HOSTED else None
        whole = next((one for one in self.world.scale_outs if repository.id in one.extent_ids), None)
        return {
            "id": repository.id,
            "name": repository.name,
            "type": kind,
            "description": repository.description,
            "hostId": hosted.id if hosted else DROP,
            "hostName": hosted.name if hosted else DROP,
            "path": self._path(repository),
            "capacityGB": repository.capacity / GIB,
            "freeGB": repository.free / GIB,
            "usedSpaceGB": repository.used / GIB,
            "isOnline": repository.online,
            "isOutOfDate": False,
            "scaleOutRepositoryDetails": self._membership(whole) if whole else DROP,
        }

    @staticmethod
    def _membership(whole: ScaleOut) -> Mapping[str, Any]:
        return {
            "scaleOutRepositoryId": whole.id,
            "scaleOutRepositoryName": whole.name,
            "id": whole.id,
            "name": whole.name,
        }

    def scale_out(self, whole: ScaleOut) -> Mapping[str, Any]:
        """A scale-out repository."""
        extents = [one for one in self.repositories() if one.id in whole.extent_ids]
        return {
            "id": whole.id,
            "name": whole.name,
            "description": whole.description,
            "performanceTier": {
                "performanceExtents": [
                    {"id": one.id, "name": one.name, "status": ["Normal"] if self._list_of_states else "Normal"}
                    for one in extents
                ]
            },
            "placementPolicy": {"type": OneOf("DataLocality"), "settings": []},
            "capacityTier": DROP,
            "archiveTier": DROP,
        }

    def backup(self, job: Job) -> Mapping[str, Any]:
        """A backup: one for each job that has restore points."""
        repository = next((one for one in self.world.repositories if one.id == job.repository_id), None)
        return {
            "id": derived("backup", job.id),
            "jobId": job.id,
            "name": job.name,
            "platformName": self.platform_of(job),
            "platformId": _PLATFORM,
            "creationTime": min(point.created for point in self.points() if point.job_id == job.id),
            "repositoryId": repository.id if repository else None,
            "repositoryName": repository.name if repository else None,
            "jobType": self.type_of(job),
        }

    def forget_backup(self, job: Job) -> None:
        """Take a job's restore points out of the world."""
        self.world.restore_points[:] = [point for point in self.world.restore_points if point.job_id != job.id]

    def backup_object(self, workload: Workload) -> Mapping[str, Any]:
        """A workload that has backups."""
        points = self.points_of(workload)
        job = self.job_of(workload)
        last = self.world.last_session(job) if job else None
        return {
            "id": workload.id,
            "name": workload.name,
            "type": "VM",
            "platformName": self.platform(workload),
            "platformId": _PLATFORM,
            "restorePointsCount": len(points),
            "lastRunFailed": last is not None and last.result == "failed",
            "size": workload.size,
            "backupId": derived("backup", points[-1].job_id) if points else DROP,
        }

    def _workload(self, point: RestorePoint) -> Workload | None:
        workloads: dict[str, Workload] = self._once(
            "workloads", lambda: {workload.id: workload for workload in self.world.workloads}
        )
        return workloads.get(point.workload_id)

    def point_name(self, point: RestorePoint) -> str:
        """The name of a restore point: its workload's."""
        workload = self._workload(point)
        return workload.name if workload else ""

    def file_name(self, point: RestorePoint) -> str:
        """The name of the file that holds a restore point."""
        kind = "vbk" if point.full else "vib"
        return f"{self.point_name(point)}.D{point.created:%Y-%m-%dT%H%M%S}.{kind}"

    def point(self, point: RestorePoint) -> Mapping[str, Any]:
        """A restore point."""
        workload = self._workload(point)
        return {
            "id": point.id,
            "name": self.point_name(point),
            "platformName": self.platform(workload) if workload else OneOf("VMware"),
            "platformId": _PLATFORM,
            "creationTime": point.created,
            "backupId": derived("backup", point.job_id),
            "type": "Full" if point.full else "Increment",
            "sessionId": point.session_id,
            "backupFileId": derived("file", point.id),
            "malwareStatus": "Clean",
            "originalSize": workload.size if workload else 0,
        }

    def file(self, point: RestorePoint) -> Mapping[str, Any]:
        """The file that holds a restore point."""
        return {
            "id": derived("file", point.id),
            "name": self.file_name(point),
            "backupId": derived("backup", point.job_id),
            "objectId": point.workload_id,
            "objectIds": [point.workload_id],
            "restorePointIds": [point.id],
            "dataSize": point.size * 2,
            "backupSize": point.size,
            "dedupRatio": 100,
            "compressRatio": 50,
            "creationTime": point.created,
        }

    def replica(self, job: Job) -> Mapping[str, Any]:
        """A replica: one for each replication job that ran."""
        return {
            "id": derived("replica", job.id),
            "jobId": job.id,
            "name": job.name,
            "platformName": self.platform_of(job),
            "platformId": _PLATFORM,
        }

    def replica_point(self, point: RestorePoint) -> Mapping[str, Any]:
        """A restore point of a replica."""
        return {
            "id": derived("replica point", point.id),
            "name": self.point_name(point),
            "platformName": OneOf("VMware"),
            "platformId": _PLATFORM,
            "creationTime": point.created,
            "replicaId": derived("replica", point.job_id),
            "malwareStatus": "Clean",
        }

    def malware_event(self, point: RestorePoint) -> Mapping[str, Any]:
        """Malware that was found in a restore point."""
        return {
            "id": derived("event", point.id),
            "creationTimeUtc": point.created,
            "detectionTimeUtc": point.created,
            "machine": {
                "displayName": self.point_name(point),
                "uuid": point.workload_id,
                "backupObjectId": point.workload_id,
                "restorePointId": point.id,
            },
        }

    @staticmethod
    def practices() -> Mapping[str, Any]:
        """What the security analyzer said of practices."""
        items = (
            ("MFA is on", OneOf("OK", "Ok"), ""),
            ("Backups are encrypted", OneOf("Violation"), ""),
            ("Remote Registry is off", OneOf("Suppressed"), "Needed by the inventory"),
        )
        return {
            "items": [
                {"id": derived("practice", name), "bestPractice": name, "status": status, "note": note}
                for name, status, note in items
            ]
        }

    # The license

    def license(self) -> Mapping[str, Any]:
        """The license."""
        own = self.world.license
        dates = {"expirationDate": own.expires, "supportExpirationDate": own.support_expires}
        return {
            "status": "Valid" if own.expires > self.world.now() else "Expired",
            **dates,
            "type": OneOf("Subscription"),
            "edition": OneOf("EnterprisePlus"),
            "licensedTo": own.licensed_to,
            "supportId": own.id,
            "socketLicenseSummary": DROP,
            "capacityLicenseSummary": DROP,
            "instanceLicenseSummary": {
                "licensedInstancesNumber": float(own.instances),
                "usedInstancesNumber": own.instances_used,
                "newInstancesNumber": 0.0,
                "rentalInstancesNumber": 0.0,
                **dates,
                "workload": [self.licensed_workload(workload) for workload in self.licensed()],
            },
        }

    def licensed_workload(self, workload: Workload) -> Mapping[str, Any]:
        """A workload that uses the license."""
        server = self.world.servers[len(workload.name) % len(self.world.servers)] if self.world.servers else None
        return {
            "instanceId": derived("license", workload.id),
            "name": workload.name,
            "displayName": workload.name,
            "hostName": server.name if server else "",
            "usedInstancesNumber": 1.0,
        }
