"""Every metric family: its name, what it says, its labels. docs/metrics.md and the page are made from this table."""

from __future__ import annotations

from typing import Literal

import attrs

from ..fleet import ROW_TYPES, JobState, LicenseStatus, Result, Row

Kind = Literal["gauge", "counter", "summary", "histogram"]

WHO = ("appliance", "product")
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)

# What a state or a result is shown as that no mapping knows, or that the product does not say.
OTHER = "other"
JOB_STATES = (*(state.value for state in JobState), OTHER)
RESULTS = (*(result.value for result in Result), OTHER)
LICENSE_STATES = (*(status.value for status in LicenseStatus), OTHER)
REASONS = (
    "network", "tls", "timeout", "login", "forbidden", "revision", "server", "answer", "incomplete", "other",
)  # fmt: skip


@attrs.frozen
class Family:
    """A metric family.

    Attributes:
        name: the name of its samples; of a summary or histogram without `_sum`, `_count` and `_bucket`.
        kind: its type in the exposition format.
        help: one sentence.
        labels: its labels beyond `appliance` and `product`.
        rows: the rows that it is made of, such as `jobs`; empty for what every poll gives.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    rows: str = ""

    def header(self, *, openmetrics: bool) -> bytes:
        """The lines above its samples."""
        name = self.name.removesuffix("_total") if openmetrics else self.name
        return f"# HELP {name} {self.help}\n# TYPE {name} {self.kind}\n".encode()


UP = Family("veeam_up", "gauge", "1 where the last poll was answered, 0 where it was not.")
SUCCESS = Family("veeam_last_success_timestamp_seconds", "gauge", "End of the last poll that was answered.")
ATTEMPT = Family("veeam_last_poll_timestamp_seconds", "gauge", "End of the last poll, answered or not.")
DURATION = Family("veeam_poll_duration_seconds", "gauge", "How long the last answered poll took.")
FAILURES = Family(
    "veeam_poll_failures_total", "counter", "Polls, or listings within them, that failed, by reason.", ("reason",)
)
COMPLETE = Family("veeam_rows_complete", "gauge", "1 where the last reading of these rows gave all of them.", ("rows",))
BREAKER = Family("veeam_breaker_open", "gauge", "1 where the appliance is not asked for a while after failures.")
INFO = Family("veeam_appliance_info", "gauge", "API revision in use and version of the product.",
              ("revision", "version"))  # fmt: skip
TAG = Family("veeam_appliance_tag", "gauge", "1 for each tag of the appliance in the fleet file.", ("tag",))
LABELS = Family(
    "veeam_appliance_labels", "gauge", "1, with the labels of the appliance in the fleet file as `label_NAME`.",
)  # fmt: skip
CERTIFICATE = Family(
    "veeam_certificate_expiration_timestamp_seconds", "gauge", "End of the certificate that the appliance shows."
)
CLOCK = Family("veeam_clock_offset_seconds", "gauge", "By how much the appliance's clock is ahead of the exporter's.")
DROPPED = Family("veeam_series_dropped", "gauge", "Series left out because the appliance has more than the limit.")

RESPONSES = Family("veeam_http_responses_total", "counter", "HTTP responses by status code.", ("code",))
RETRIES = Family("veeam_http_retries_total", "counter", "Requests that were sent again.")
LOGINS = Family("veeam_logins_total", "counter", "Access tokens by where they came from.", ("how",))
REQUESTS = Family("veeam_http_request_duration_seconds", "summary", "Time from request to response.")
LOGIN_TIME = Family("veeam_login_duration_seconds", "summary", "Time of each login or renewal of a token.")

JOB_INFO = Family("veeam_job_info", "gauge", "Names of a job.", ("job_id", "job_name", "kind", "organization"), "jobs")
JOB_STATE = Family("veeam_job_state", "gauge", "1 for what the job is doing, 0 for each other state.",
                   ("job_id", "state"), "jobs")  # fmt: skip
JOB_RESULT = Family(
    "veeam_job_last_result", "gauge",
    "1 for how the last finished run ended, 0 for each other result; all 0 before the first.",
    ("job_id", "result"), "jobs",
)  # fmt: skip
JOB_RUN = Family("veeam_job_last_run_timestamp_seconds", "gauge", "Start of the last run.", ("job_id",), "jobs")
JOB_NEXT = Family("veeam_job_next_run_timestamp_seconds", "gauge", "Planned start of the next run.",
                  ("job_id",), "jobs")  # fmt: skip
JOB_SUCCESS = Family(
    "veeam_job_last_success_timestamp_seconds", "gauge",
    "Start of the last run known to have ended well or with a warning.", ("job_id",), "jobs",
)  # fmt: skip
JOB_DURATION = Family(
    "veeam_job_last_duration_seconds", "gauge", "How long the last finished run took.", ("job_id",), "sessions"
)
JOB_PROCESSED = Family(
    "veeam_job_last_processed_bytes", "gauge", "Bytes of the workloads that the last finished run went through.",
    ("job_id",), "sessions",
)  # fmt: skip
JOB_READ = Family(
    "veeam_job_last_read_bytes", "gauge", "Bytes that the last finished run read from the workloads.", ("job_id",),
    "sessions",
)  # fmt: skip
JOB_TRANSFERRED = Family(
    "veeam_job_last_transferred_bytes", "gauge",
    "Bytes that the last finished run sent to the repository, after compression and deduplication.", ("job_id",),
    "sessions",
)  # fmt: skip
JOB_SILENT = Family(
    "veeam_job_silent", "gauge", "1 where the last success is longer ago than the rhythm of the job allows.",
    ("job_id",), "jobs",
)  # fmt: skip
JOB_OBJECTS = Family("veeam_job_objects", "gauge", "Workloads that the job processes.", ("job_id",), "jobs")
JOBS = Family("veeam_jobs", "gauge", "Number of jobs by state and last result.", ("state", "result"), "jobs")

_REPOSITORY = ("repository_id",)
REPOSITORY_INFO = Family(
    "veeam_repository_info", "gauge", "Names of a repository.",
    ("repository_id", "repository_name", "kind", "organization"), "repositories",
)  # fmt: skip
REPOSITORY_CAPACITY = Family(
    "veeam_repository_capacity_bytes", "gauge", "Size of the repository.", _REPOSITORY, "repositories"
)
REPOSITORY_FREE = Family(
    "veeam_repository_free_bytes", "gauge", "Free space; capacity minus free is what fills.", _REPOSITORY,
    "repositories",
)  # fmt: skip
REPOSITORY_USED = Family(
    "veeam_repository_used_bytes", "gauge",
    "Space that backups take by the appliance's own count, before the file system shares blocks; can exceed capacity.",
    _REPOSITORY, "repositories",
)  # fmt: skip
REPOSITORY_ONLINE = Family(
    "veeam_repository_online", "gauge", "1 where the repository can be used now.", _REPOSITORY, "repositories"
)

SERVER_INFO = Family(
    "veeam_server_info", "gauge", "Names of a server, and its version where it is the appliance itself.",
    ("server_id", "server_name", "kind", "version", "organization"), "servers",
)  # fmt: skip
SERVER_ONLINE = Family(
    "veeam_server_online", "gauge", "1 where the server can be reached or is at work.", ("server_id",), "servers"
)

_LICENSE = ("license_id",)
LICENSE_INFO = Family(
    "veeam_license_info", "gauge", "Names of a license.", ("license_id", "edition", "kind", "organization"), "licenses"
)
LICENSE_STATUS = Family(
    "veeam_license_status", "gauge", "1 for the status of the license, 0 for each other.", ("license_id", "status"),
    "licenses",
)  # fmt: skip
LICENSE_END = Family("veeam_license_expiration_timestamp_seconds", "gauge", "End of the license.", _LICENSE, "licenses")
SUPPORT_END = Family(
    "veeam_license_support_expiration_timestamp_seconds", "gauge", "End of the support contract.", _LICENSE, "licenses"
)
LICENSE_INSTANCES = Family("veeam_license_instances", "gauge", "License units.", _LICENSE, "licenses")
LICENSE_INSTANCES_USED = Family("veeam_license_instances_used", "gauge", "License units in use.", _LICENSE, "licenses")
LICENSE_SOCKETS = Family("veeam_license_sockets", "gauge", "Licensed CPU sockets.", _LICENSE, "licenses")
LICENSE_SOCKETS_USED = Family("veeam_license_sockets_used", "gauge", "CPU sockets in use.", _LICENSE, "licenses")
LICENSE_CAPACITY = Family(
    "veeam_license_capacity_bytes", "gauge", "Licensed amount of unstructured data.", _LICENSE, "licenses"
)
LICENSE_CAPACITY_USED = Family(
    "veeam_license_capacity_used_bytes", "gauge", "Amount of unstructured data in use.", _LICENSE, "licenses"
)

SESSIONS = Family(
    "veeam_sessions", "gauge", "Number of sessions that began within the window, by kind, state and result.",
    ("kind", "state", "result"), "sessions",
)  # fmt: skip

_PROTECTED = ("protected_id",)
PROTECTED_INFO = Family(
    "veeam_protected_info", "gauge", "Names of a workload that has backups.",
    ("protected_id", "protected_name", "kind", "platform", "location", "organization"), "protected",
)  # fmt: skip
PROTECTED_BACKUP = Family(
    "veeam_protected_last_backup_timestamp_seconds", "gauge", "Time of the newest restore point.", _PROTECTED,
    "protected",
)  # fmt: skip
PROTECTED_POINTS = Family(
    "veeam_protected_restore_points", "gauge", "Number of restore points.", _PROTECTED, "protected"
)
PROTECTED_SIZE = Family("veeam_protected_size_bytes", "gauge", "Storage of the workload.", _PROTECTED, "protected")
PROTECTED_FAILED = Family(
    "veeam_protected_last_failed", "gauge", "1 where the last run failed for the workload.", _PROTECTED, "protected"
)

PROXY_INFO = Family(
    "veeam_proxy_info", "gauge", "Names of a proxy, and the server that it runs on.",
    ("proxy_id", "proxy_name", "kind", "location"), "proxies",
)  # fmt: skip
PROXY_ONLINE = Family("veeam_proxy_online", "gauge", "1 where the proxy can be reached.", ("proxy_id",), "proxies")
PROXY_ENABLED = Family("veeam_proxy_enabled", "gauge", "1 where the proxy is to be used.", ("proxy_id",), "proxies")
PROXY_OUTDATED = Family(
    "veeam_proxy_outdated", "gauge", "1 where components of the proxy are of an older release.", ("proxy_id",),
    "proxies",
)  # fmt: skip

FINDINGS = Family(
    "veeam_findings", "gauge",
    "Number of security findings that began within the window and that nobody dismissed, by kind and severity.",
    ("kind", "severity"), "findings",
)  # fmt: skip

_ALARM = ("alarm_id",)
ALARM_ACTIVE = Family(
    "veeam_alarm_active", "gauge",
    "1 for each alarm that nobody acknowledged and that is not over, the worst and newest first, 100 at most.",
    ("alarm_id", "alarm_name", "severity", "kind", "object_name", "organization"), "alarms",
)  # fmt: skip
ALARM_TIME = Family(
    "veeam_alarm_raised_timestamp_seconds", "gauge", "When an alarm of `veeam_alarm_active` was raised last.", _ALARM,
    "alarms",
)  # fmt: skip
ALARMS = Family("veeam_alarms", "gauge", "Number of alarms by severity and state.", ("severity", "state"), "alarms")

FAMILIES: tuple[Family, ...] = (
    UP, SUCCESS, ATTEMPT, DURATION, FAILURES, COMPLETE, BREAKER, INFO, TAG, LABELS, CERTIFICATE, CLOCK, DROPPED,
    RESPONSES, RETRIES, LOGINS, REQUESTS, LOGIN_TIME,
    JOB_INFO, JOB_STATE, JOB_RESULT, JOB_RUN, JOB_NEXT, JOB_SUCCESS, JOB_SILENT, JOB_OBJECTS, JOBS,
    JOB_DURATION, JOB_PROCESSED, JOB_READ, JOB_TRANSFERRED,
    REPOSITORY_INFO, REPOSITORY_CAPACITY, REPOSITORY_FREE, REPOSITORY_USED, REPOSITORY_ONLINE,
    SERVER_INFO, SERVER_ONLINE,
    LICENSE_INFO, LICENSE_STATUS, LICENSE_END, SUPPORT_END, LICENSE_INSTANCES, LICENSE_INSTANCES_USED,
    LICENSE_SOCKETS, LICENSE_SOCKETS_USED, LICENSE_CAPACITY, LICENSE_CAPACITY_USED,
    SESSIONS,
    PROTECTED_INFO, PROTECTED_BACKUP, PROTECTED_POINTS, PROTECTED_SIZE, PROTECTED_FAILED,
    PROXY_INFO, PROXY_ONLINE, PROXY_ENABLED, PROXY_OUTDATED,
    FINDINGS,
    ALARMS, ALARM_ACTIVE, ALARM_TIME,
)  # fmt: skip

SHOWN: tuple[type[Row], ...] = tuple(row for row in ROW_TYPES if row.source in {family.rows for family in FAMILIES})
