from .common import EJobType as EJobType
from .common import LinksModel as LinksModel
from .common import MixedModel as MixedModel
from .common import TokenModel as TokenModel
from .job import AgentJobModel as AgentJobModel
from .job import BackupCopyJobModel as BackupCopyJobModel
from .job import BackupJobModel as BackupJobModel
from .job import JobModel as JobModel
from .job import JobsResult as JobsResult
from .job import LinuxAgentJobModel as LinuxAgentJobModel
from .server import LinuxServerModel as LinuxServerModel
from .server import ServerModel as ServerModel
from .storage import HolderModel as HolderModel
from .storage import NoteModel as NoteModel
from .storage import StorageModel as StorageModel

MODULES: dict[str, str]
