"""The world as Veeam Backup for Microsoft Azure shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from .answers import derived
from .azure_work import BACKUPS, POLICIES, AzureWork, span, status
from .handlers import Handlers
from .kinds import Kind
from .overlay import DROP, OneOf
from .products import Product
from .things import GIB, Job, Repository, RestorePoint, Server, Session, Workload
from .views import Playing

_SERVICES = (
    ("machine", "virtualMachines"),
    ("database", "sql"),
    ("files", "fileShares"),
    ("nosql", "cosmosDb"),
)


def region_id(name: str) -> str:
    """The id of a region of the cloud."""
    return derived("region", name)


class AzureView(AzureWork):
    """Shows the world in one Azure revision."""

    fields: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("repositoryid", "targetrepositoryid", "defaultrepositoryid", "targetrepository.id"), "repository"
        ),
        **dict.fromkeys(("jobsessionid", "sessionid", "checksessionid"), "session"),
        **dict.fromkeys(("policyid", "protectionpolicyid"), "machine policy"),
        **dict.fromkeys(
            ("serviceaccountid", "azureaccountid", "subscriptionaccountid", "defaultbackupaccountid",
             "snapshotaccounts", "azureaccount.accountid"), "account",
        ),
        **dict.fromkeys(
            ("subscriptionid", "subscriptionidforworkerdeployment", "deploymentsubscriptionid"), "subscription",
        ),
        **dict.fromkeys(("tenantid", "azuretenantid", "defaulttenantid", "appliancetenantid"), "tenant"),
        **dict.fromkeys(("regionid", "repositoryregionid"), "region"),
        **dict.fromkeys(("resourcegroupid", "privatednszoneresourcegroupid"), "resource group"),
        "azurestorageaccountid": "storage account",
        "keyvaultid": "key vault",
        **dict.fromkeys(("sqlserverid", "serverid"), "sql server"),
        "vmid": "machine",
        **dict.fromkeys(("databaseid",), "database"),
        "fileshareid": "files",
        "resourcehashid": "machine",
        "resourceid": "machine",
        "slapolicytemplateid": "sla template",
        "storagepolicytemplateid": "storage template",
        "restorepointid": "machine restore point",
        "sqlrestorepointid": "database restore point",
        "cosmosdbrestorepointid": "nosql restore point",
        "lastbackuprestorepointid": "configuration point",
        "userid": "user",
        **dict.fromkeys(("tag.id", "tags.id"), "tag"),
        **dict.fromkeys(("virtualmachine.id", "resource.id"), "machine"),
        "database.id": "database",
        "fileshare.id": "files",
        **dict.fromkeys(("account.id", "cosmosdbaccount.id"), "nosql"),
        "usedinpolicies.id": "machine policy",
        "usedinstoragetemplates.id": "storage template",
        "virtualnetwork.id": "virtual network",
        "networksecuritygroup.id": "security group",
        "availabilityset.id": "availability set",
        "storageaccount.id": "storage account",
        "sqlserver.id": "sql server",
        "subscription.id": "subscription",
        "resourcegroup.id": "resource group",
        "region.id": "region",
        **dict.fromkeys(("deleteditem.id", "licensingserver.id", "adgroupid", "applicationid"), "nothing"),
    }  # fmt: skip
    names: ClassVar[Mapping[str, str]] = {"policyname": "machine policy", "repositoryname": "repository"}
    lists: ClassVar[Mapping[str, str]] = {
        "account": "/accounts/azure/service",
        "subscription": "/cloudInfrastructure/subscriptions",
        "tenant": "/cloudInfrastructure/tenants/withAccount",
        "resource group": "/cloudInfrastructure/resourceGroups",
        "storage account": "/cloudInfrastructure/storageAccounts",
        "key vault": "/cloudInfrastructure/keyVaults",
        "sql server": "/cloudInfrastructure/sqlServers",
        "sla template": "/policyTemplates/slaTemplate",
        "storage template": "/policyTemplates/storageTemplate",
        "configuration point": "/configurationBackup/restorePoints",
        "user": "/users",
        "tag": "/cloudInfrastructure/tags",
        "virtual network": "/cloudInfrastructure/virtualNetworks",
        "security group": "/cloudInfrastructure/networkSecurityGroups",
        "availability set": "/cloudInfrastructure/availabilitySets",
    }
    jobs: ClassVar[Sequence[str]] = (
        *(f"/policies/{path}" for _, path in _SERVICES),
        "/policy/slaBased/virtualMachines",
    )
    sessions: ClassVar[str] = "/jobSessions"

    def __init__(self, handlers: Handlers, product: Product, playing: Playing) -> None:
        super().__init__(handlers, product, playing)
        for kind in self._kinds():
            self.show(kind)
        self.connect()
        self.one("/policy/vnet", self.network_policy)
        self.one("/license", self.license)
        self.one("/system/about", lambda: {"serverVersion": self.build})
        self.one("/system/time", self.clock, fresh=True)
        self.one("/overview/protectedWorkloads", self.protected_workloads)
        self.one("/overview/sessionsSummary", self.sessions_summary)
        self.add_work()

    def _kinds(self) -> Sequence[Kind[Any]]:
        world = self.world
        last = {"lastjobstatus": lambda job, values: status(world.last_session(job)) in values}
        points = {"machine": "virtualmachineid", "database": "databaseid", "files": "fileshareid",
                  "nosql": "cosmosdbaccountid"}  # fmt: skip
        lists = {"machine": "virtualMachines", "database": "databases", "files": "fileShares", "nosql": "cosmosDb"}
        kinds: list[Kind[Any]] = []
        for kind, path in _SERVICES:
            end = "cosmosDb/repository" if path == "cosmosDb" else path
            kinds += [
                self.policies(kind, [f"/policies/{path}"], self.policy, last),
                self.workloads(kind, kind, [f"/{lists[kind]}"], self.workload),
                self.workloads(f"protected {kind}", kind, [f"/protectedItem/{path}"], self.protected, protected=True),
                self.points(kind, [f"/restorePoints/{end}"], points[kind], self.point),
            ]
        return (
            *kinds,
            Kind(
                name="region", facts=self._regions,
                row=lambda name: {"id": region_id(name), "name": name, "resourceId": name}, id=region_id, title=str,
                paths=["/cloudInfrastructure/regions"], schemas=["Region"],
            ),
            self.policies("sla", ["/policy/slaBased/virtualMachines"], self.policy, last),
            Kind(
                name="session", facts=lambda: world.sessions, row=self.session, paths=[self.sessions],
                schemas=["JobSession"], filters={
                    "resourceid": lambda session, values: values[0].lower() in session.workloads,
                    "filter": lambda session, values: values[0].lower() in session.name.lower(),
                },
            ),
            Kind(
                name="repository", facts=lambda: world.repositories, row=self.repository, paths=["/repositories"],
                schemas=["Repository"], make=self.make_repository, apply=self.apply_repository,
                remove=world.repositories.remove,
            ),
            Kind(
                name="worker", facts=lambda: world.servers, row=self.worker, paths=["/workers"], key="resourceId",
            ),
            Kind(
                name="protected network", facts=list, row=self.protected, paths=["/protectedItem/vnet"],
            ),
            Kind(name="network point", facts=list, row=self.point, paths=["/restorePoints/vnets"]),
            Kind(
                name="processed item", facts=self.processed, row=self.item, schemas=["ProtectedItem"],
                id=lambda pair: derived("item", pair[0].id, pair[1].id), title=lambda pair: pair[1].name,
                of={"session": lambda pair: (pair[0].id,)},
            ),
            Kind(
                name="covered workload", facts=self._covered, row=lambda pair: self.covered(*pair),
                paths=["/policies/virtualMachines/protectedItems"], schemas=["PolicyProtectedItem"],
                key="resourceId", id=lambda pair: pair[1].id, title=lambda pair: pair[1].name,
                of={f"{kind} policy": lambda pair: (pair[0].id,) for kind, _ in _SERVICES},
            ),
            self.workloads(
                "licensed workload", "machine", ["/license/resources"], self.licensed, protected=True
            ),
        )  # fmt: skip

    def _covered(self) -> list[tuple[Job, Workload]]:
        workloads = {one.id: one for one in self.world.workloads}
        return [(job, workloads[key]) for job in self.world.jobs for key in job.workloads if key in workloads]

    def _regions(self) -> list[str]:
        return sorted({one.region for one in self.world.workloads} | {one.region for one in self.world.repositories})

    # Rows

    def clock(self) -> Mapping[str, Any]:
        """The answer of System_GetServerDateTimeInfo."""
        return {"utcDateTime": self.world.now(), "timeZone": "Etc/UTC"}

    def policy(self, job: Job) -> Mapping[str, Any]:
        """A row of each list of policies."""
        last = status(self.world.last_session(job))
        return {
            "id": job.id,
            "priority": self.world.jobs.index(job) + 1,
            "name": job.name,
            "description": job.description,
            "isEnabled": job.enabled,
            "snapshotStatus": last,
            "backupStatus": last,
            "archiveStatus": "NeverExecuted",
            "healthCheckStatus": "NeverExecuted",
            "indexingStatus": "NeverExecuted",
            "configurationStatus": "NeverExecuted",
            "nextExecutionTime": job.next_run,
        }

    def network_policy(self) -> Mapping[str, Any]:
        """The answer of VnetPolicy_GetPolicy."""
        job = self.network()
        if job is None:
            return {}
        return {
            "id": job.id,
            "name": job.name,
            "isEnabled": job.enabled,
            "nextExecutionTime": job.next_run,
            "targetRepositoryId": job.repository_id,
        }

    def session(self, session: Session) -> Mapping[str, Any]:
        """A row of JobSessions_GetJobSessions."""
        row: dict[str, Any] = {
            "id": session.id,
            "type": OneOf("RestoreVms") if session.kind == "restore" else OneOf("RepositoryEdit"),
            "localizedType": session.name,
            "executionStartTime": session.started,
            "executionStopTime": session.ended,
            "executionDuration": span((session.ended - session.started).total_seconds()) if session.ended else None,
            "status": status(session),
            "backupJobInfo": DROP,
            "healthCheckJobInfo": DROP,
            "restoreJobInfo": DROP,
            "fileLevelRestoreJobInfo": DROP,
            "fileShareFileLevelRestoreJobInfo": DROP,
            "repositoryJobInfo": DROP,
            "restorePointDataRetrievalJobInfo": DROP,
            "retentionJobInfo": DROP,
        }
        job = next((job for job in self.world.jobs if job.id == session.job_id), None)
        if job is not None:
            row["type"] = BACKUPS[job.kind]
            row["backupJobInfo"] = {
                "policyId": job.id,
                "policyName": job.name,
                "policyType": POLICIES[job.kind],
                "protectedInstancesCount": len(job.workloads),
                "policyRemoved": False,
            }
        elif session.kind == "infrastructure" and self.world.repositories:
            repository = self.world.repositories[session.number % len(self.world.repositories)]
            row["repositoryJobInfo"] = {
                "repositoryId": repository.id,
                "repositoryName": repository.name,
                "repositoryRemoved": False,
            }
        return row

    def repository(self, repository: Repository) -> Mapping[str, Any]:
        """A row of Repository_GetRepositories."""
        return {
            "id": repository.id,
            "name": repository.name,
            "description": repository.description,
            "azureStorageContainer": {"name": repository.bucket},
            "azureStorageFolder": {"name": repository.folder},
            "enableEncryption": repository.encrypted,
            "regionName": repository.region,
            "regionId": region_id(repository.region),
            "repositoryType": "Backup",
            "status": "Ready" if repository.online else "Failed",
            "storageTier": "Hot",
        }

    def worker(self, server: Server) -> Mapping[str, Any]:
        """A row of Worker_GetWorkers."""
        return {"resourceId": server.id, "name": server.name, "status": "Idle" if server.online else "Stopped"}

    def workload(self, workload: Workload) -> Mapping[str, Any]:
        """A row of the lists of machines, databases, file shares and accounts."""
        return {
            "id": workload.id,
            "name": workload.name,
            "osType": "Linux" if workload.linux else "Windows",
            "regionName": workload.region,
            "regionId": region_id(workload.region),
            "totalSizeInGB": workload.size // GIB,
            "sizeInMb": workload.size // 1024**2,
            "size": workload.size,
            "sourceSizeBytes": workload.size,
            "isDeleted": False,
        }

    def protected(self, workload: Workload) -> Mapping[str, Any]:
        """A row of the lists of protected items."""
        points = [one for one in self.world.restore_points if one.workload_id == workload.id]
        last = points[-1].created if points else None
        return {
            "id": workload.id,
            "name": workload.name,
            "osType": "Linux" if workload.linux else "Windows",
            "regionName": workload.region,
            "regionId": region_id(workload.region),
            "region": {"id": region_id(workload.region), "name": workload.region},
            "totalSizeInGB": workload.size // GIB,
            "sizeInMb": workload.size // 1024**2,
            "backupSizeBytes": workload.size,
            "lastBackup": last,
            "latestBackup": last,
        }

    def point(self, point: RestorePoint) -> Mapping[str, Any]:
        """A row of the lists of restore points."""
        name = self.workload_name(point.workload_id)
        region = next((one.region for one in self.world.workloads if one.id == point.workload_id), "")
        return {
            "id": point.id,
            "type": "Full" if point.full else "Incremental",
            "pointInTime": point.created,
            "pointInTimeLocalTime": point.created,
            "backupSizeBytes": point.size,
            "sizeInBytes": point.size,
            "isCorrupted": False,
            **dict.fromkeys(("vmName", "databaseName", "fileShareName", "accountName"), name),
            **dict.fromkeys(("resourceHashId", "databaseId", "fileShareId", "accountId"), point.workload_id),
            "regionName": region,
            "regionId": region_id(region),
            "backupDestination": OneOf("AzureBlob"),
            "state": "Ok",
            "jobSessionId": point.session_id,
            "immutableTill": point.created + timedelta(days=30),
        }

    def item(self, pair: tuple[Session, Workload]) -> Mapping[str, Any]:
        """What a session did for one workload."""
        session, workload = pair
        failed = session.result == "failed"
        return {
            "resource": {"id": workload.id, "resourceHashId": workload.id, "name": workload.name},
            "successCount": 0 if failed else 1,
            "failureCount": 1 if failed else 0,
            "runs": [
                {
                    "jobSessionId": session.id,
                    "status": status(session),
                    "startTime": session.started,
                    "endTime": session.ended,
                }
            ],
        }

    def covered(self, job: Job, workload: Workload) -> Mapping[str, Any]:
        """A workload of a policy."""
        return {"resourceId": workload.id, "policyId": job.id}

    def licensed(self, workload: Workload) -> Mapping[str, Any]:
        """A workload that uses the license."""
        points = [one for one in self.world.restore_points if one.workload_id == workload.id]
        last = points[-1].created if points else None
        return {"id": workload.id, "name": workload.name, "lastBackupTime": last, "cost": 1.0}

    def protected_workloads(self) -> Mapping[str, Any]:
        """The counts of the overview."""
        counts: dict[str, int] = {}
        for name, kind in (("virtualMachines", "machine"), ("sqlDatabases", "database"), ("fileShares", "files"),
                           ("cosmosDbAccounts", "nosql")):  # fmt: skip
            counts[f"{name}TotalCount"], counts[f"{name}ProtectedCount"] = self.protected_count(kind)
        return counts

    def sessions_summary(self) -> Mapping[str, Any]:
        """How many sessions ended how."""
        results = [session.result for session in self.world.sessions]
        return {
            "latestSessionsErrorCount": results.count("failed"),
            "latestSessionsWarningCount": results.count("warning"),
            "latestSessionsSuccessCount": results.count("success"),
            "latestSessionsRunningCount": results.count(None),
        }

    def license(self) -> Mapping[str, Any]:
        """The answer of License_GetLicense."""
        own = self.world.license
        return {
            "licenseType": "Subscription",
            "isFreeEdition": False,
            "totalInstancesUses": own.instances_used,
            "instances": own.instances,
            "company": own.licensed_to,
            "licenseExpires": own.expires,
            "licenseId": own.id,
            "supportId": own.id,
            "gracePeriodDays": 30,
        }
