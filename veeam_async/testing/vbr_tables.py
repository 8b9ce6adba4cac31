"""What Veeam Backup & Replication calls things: types by a thing's place in the world, and which field names what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .overlay import OneOf
from .things import Credentials, Job, Proxy, Repository, Result, Server

# One object has one type in all revisions: a revision that has no word for it does not show it.
JOB_TYPES: tuple[OneOf, ...] = (
    OneOf("VSphereBackup", "Backup"),
    OneOf("FileBackup"),
    OneOf("HyperVBackup"),
    OneOf("CloudDirectorBackup"),
    OneOf("WindowsAgentBackup"),
    OneOf("LinuxAgentBackup"),
    OneOf("VSphereReplica"),
    OneOf("BackupCopy"),
    OneOf("ObjectStorageBackup"),
    OneOf("EntraIDTenantBackup"),
    OneOf("EntraIDAuditLogBackup"),
    OneOf("FileBackupCopy"),
    OneOf("EntraIDTenantBackupCopy"),
    OneOf("SureBackupContentScan"),
    OneOf("WindowsAgentBackupWorkstationPolicy"),
    OneOf("WindowsAgentBackupServerPolicy"),
    OneOf("LinuxAgentBackupWorkstationPolicy"),
    OneOf("LinuxAgentBackupServerPolicy"),
    OneOf("WindowsAgentBackupFailoverCluster"),
    OneOf("IrisBackup"),
)

_PLATFORMS: Mapping[str, OneOf] = {
    "HyperV": OneOf("HyperV"),
    "CloudDirector": OneOf("CloudDirector", "Vcd"),
    "Windows": OneOf("WindowsPhysical"),
    "Linux": OneOf("LinuxPhysical"),
    "Entra": OneOf("EntraID"),
    "File": OneOf("UnstructuredData", "NasBackup"),
    "ObjectStorage": OneOf("UnstructuredData"),
}
_VMWARE = OneOf("VMware")

# Windows and Linux machines hold repositories and proxies: see the generator.
SERVER_TYPES: tuple[OneOf, ...] = (
    OneOf("WindowsHost"),
    OneOf("LinuxHost"),
    OneOf("ViHost"),
    OneOf("LinuxHost"),
    OneOf("WindowsHost"),
    OneOf("CloudDirectorHost"),
    OneOf("HvServer"),
    OneOf("HvCluster"),
    OneOf("SCVMM"),
    OneOf("SmbV3Cluster"),
    OneOf("SmbV3StandaloneHost"),
    OneOf("LinuxHost"),
)

REPOSITORY_TYPES: tuple[OneOf, ...] = (
    OneOf("WinLocal"),
    OneOf("LinuxLocal"),
    OneOf("Smb"),
    OneOf("Nfs"),
    OneOf("AzureBlob"),
    OneOf("AzureDataBox"),
    OneOf("AzureArchive"),
    OneOf("AmazonS3"),
    OneOf("AmazonSnowballEdge"),
    OneOf("AmazonS3Glacier"),
    OneOf("S3Compatible"),
    OneOf("GoogleCloud"),
    OneOf("IBMCloud"),
    OneOf("WasabiCloud"),
    OneOf("LinuxHardened"),
    OneOf("VeeamDataCloudVault", "VeeamVault"),
    OneOf("WinLocal"),
    OneOf("LinuxLocal"),
)

PROXY_TYPES = (OneOf("ViProxy"), OneOf("ViProxy"), OneOf("HvProxy"), OneOf("GeneralPurposeProxy"), OneOf("ViProxy"))
CREDENTIALS_TYPES = (OneOf("Standard"), OneOf("Linux"), OneOf("Standard"), OneOf("Linux"), OneOf("ManagedService"))

TYPES: Mapping[type[Any], tuple[OneOf, ...]] = {
    Job: JOB_TYPES,
    Server: SERVER_TYPES,
    Repository: REPOSITORY_TYPES,
    Proxy: PROXY_TYPES,
    Credentials: CREDENTIALS_TYPES,
}

STATES = {"starting": "Starting", "running": "Working", "stopping": "Stopping", "finished": "Stopped"}
RESULTS: Mapping[Result | None, str] = {
    None: "None",
    "success": "Success",
    "warning": "Warning",
    "failed": "Failed",
    "canceled": "Failed",
}
LINES: Mapping[Result | None, str] = {**RESULTS, "success": "Succeeded"}
SESSION_TYPES = {
    "backup": OneOf("BackupJob", "Job"),
    "restore": OneOf("RestoreVm"),
    "infrastructure": OneOf("Infrastructure"),
}
TASK_TYPES = {"backup": OneOf("Backup"), "restore": OneOf("Restore"), "infrastructure": OneOf("Antivirus")}


def platform(job_type: str) -> OneOf:
    """The platform of a job's workloads, by the job's type."""
    return next((words for start, words in _PLATFORMS.items() if job_type.startswith(start)), _VMWARE)


# Lower case, without a closing s; `account.credentialsid` is the field within an object called `account`.
FIELDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("repositoryid", "backuprepositoryid", "cacherepositoryid", "metadatarepositoryid", "archiverepositoryid",
         "distributionrepositoryid", "extentid", "sourcerepositoryid", "targetrepositoryid", "performanceextents.id",
         "extents.id", "archiverepository.id"), "repository",
    ),
    **dict.fromkeys(
        ("hostid", "managedserverid", "gatewayserverid", "mountserverid", "shippingserverid", "distributionserverid",
         "parenthostid", "storagehostid", "host.id"), "server",
    ),
    **dict.fromkeys(
        ("credentialsid", "accesscredentialsid", "networkcredentialsid", "mastercredentialsid",
         "vicredentialsid", "sharecredentialsid",
         "credsid", "windowscredsid", "linuxcredsid"), "credentials",
    ),
    "account.credentialsid": "cloud credentials",
    "computeaccount.credentialsid": "cloud credentials",
    **dict.fromkeys(
        ("sessionid", "parentsessionid", "relatedsessionid", "restoresessionid", "comparesessionid",
         "originalsessionid"), "session",
    ),
    **dict.fromkeys(("jobid", "primaryjobid", "activityid", "sourcejobid", "linkedjobs.id", "jobs.id"), "job"),
    **dict.fromkeys(("backupid", "sourcebackupid", "backups.id"), "backup"),
    **dict.fromkeys(("restorepointid", "objectrestorepointid"), "restore point"),
    "backupobjectid": "backup object",
    "backupfileid": "backup file",
    "proxyid": "proxy",
    "scaleoutrepositoryid": "scale-out",
    "replicaid": "replica",
    "replicapointid": "replica point",
    **dict.fromkeys(("protectiongroupid", "protectiongroups.id"), "protection group"),
    **dict.fromkeys(("encryptionpasswordid", "passwordid", "encryptionpasswordidornull"), "encryption password"),
    "kmsserverid": "kms server",
    **dict.fromkeys(("sourcewanacceleratorid", "targetwanacceleratorid"), "wan accelerator"),
    **dict.fromkeys(("roleid", "roles.id"), "role"),
    **dict.fromkeys(
        ("fileserverid", "objectstorageserverid", "unstructuredserverid", "serverid"), "unstructured server"
    ),
    "tenantid": "tenant",
    "computerid": "computer",
    "domainid": "domain",
    "resourceid": "server",
    **dict.fromkeys(
        ("vmobject.id", "vms.id", "virtualmachines.id", "includes.id", "excludes.id", "objects.id", "object.id",
         "originalvm.id", "replicavm.id", "inventoryobject.id", "storageobject.id", "excludedobjects.id",
         "entity.id"), "backup object",
    ),
    **dict.fromkeys(("computers.id", "machineobject.id", "computer.id"), "computer"),
    **dict.fromkeys(("repositories.id", "repository.id"), "repository"),
    # What lies outside of the interface: nothing answers for it, so nothing names it where that can be avoided.
    **dict.fromkeys(
        ("parentobjectid", "objectid", "entityid", "hostbiosid", "networksecuritygroup.id", "biosuuid",
         "subscriptionid", "azuretenantid", "datastore.id",
         "cachedatastore.id", "destinationcluster.id", "storagepolicy.id", "resourcepool.id", "folder.id",
         "sourcenetwork.id", "targetnetwork.id", "configurationfilesdatastoremapping.id", "volume.id", "network.id",
         "workloads.instanceid", "advancedoptions.id"), "nothing",
    ),
}  # fmt: skip

NAMES: Mapping[str, str] = {
    "hostname": "server",
    "servername": "server",
    "repositoryname": "repository",
    "jobname": "job",
    "scaleoutrepositoryname": "scale-out",
}

# Kinds of which the world knows nothing: the lists that answer for them.
LISTS: Mapping[str, str] = {
    "cloud credentials": "/cloudCredentials",
    "protection group": "/agents/protectionGroups",
    "encryption password": "/encryptionPasswords",
    "kms server": "/kmsServers",
    "wan accelerator": "/backupInfrastructure/wanAccelerators",
    "role": "/security/roles",
    "unstructured server": "/inventory/unstructuredDataServers",
    "tenant": "/inventory/entraId/tenants",
    "computer": "/agents/protectedComputers",
    "domain": "/adDomains",
}
