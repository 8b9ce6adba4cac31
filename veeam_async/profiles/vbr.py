"""Veeam Backup & Replication."""

from __future__ import annotations

from .base import Logout, Profile, TokenRequest
from .work import LongWork

PROFILE = Profile(
    product="vbr",
    title="Veeam Backup & Replication",
    default_port=9419,
    ports=(9419, 443),
    revision_header="x-api-version",
    probe_path="/api/v1/serverTime",
    token_path="/api/oauth2/token",
    # 1.3-rev1's enum capitalises the grants, its text and all other revisions do not: the spelling of the text is
    # sent first, the other one when the server refuses the grant type itself.
    grants={
        "password": TokenRequest("password", {"username": "username", "password": "password"}),
        "refresh_token": TokenRequest("refresh_token", {"refresh_token": "refresh_token"}),
        "authorization_code": TokenRequest("authorization_code", {"code": "code"}),
        "vbr_token": TokenRequest("vbr_token", {"token": "vbr_token"}),
    },
    short_term_field="use_short_term_refresh",
    logout=Logout("POST", "/api/oauth2/logout"),
    code_paths=("/api/oauth2/authorization_code",),
    total="pagination.total",
    long_work=(
        LongWork(
            kind="session",
            ids=("sessionId",),
            marks=(frozenset({"id", "sessionType"}), frozenset({"id", "state", "usn"})),
            model="SessionModel",
            path="/api/v1/sessions/{id}",
            status="state",
            running=frozenset(
                {
                    "starting",
                    "stopping",
                    "working",
                    "pausing",
                    "resuming",
                    "waitingtape",
                    "idle",
                    "postprocessing",
                    "waitingrepository",
                    "waitingslot",
                }
            ),
            done=frozenset({"stopped"}),
            ended="endTime",
            # An object, a text or null, as releases differ.
            result=("result.result", "result"),
            failed=frozenset({"failed"}),
            canceled_flag="result.isCanceled",
            message=("result.message",),
            percent="progressPercent",
            log_path="/api/v1/sessions/{id}/logs",
            log_rows="records",
            log_line=("title", "description"),
            stop_path="/api/v1/sessions/{id}/stop",
        ),
        LongWork(
            kind="restore session",
            marks=(frozenset({"id", "state", "parentSessionId"}),),
            model="EntraIdTenantRestoreSessionModel",
            path="/api/v1/backupBrowser/entraIdTenant/{parentSessionId}/restoreSessions/{id}",
            status="state",
            running=frozenset({"running", "pending", "stopping", "neverexecuted"}),
            done=frozenset({"success", "warning", "failed", "canceled"}),
            ended="endTime",
            result=("state",),
            failed=frozenset({"failed"}),
            log_path="/api/v1/backupBrowser/entraIdTenant/{parentSessionId}/restoreSessions/{id}/logs",
            log_rows="records",
            log_line=("title", "description"),
            stop_path="/api/v1/backupBrowser/entraIdTenant/{parentSessionId}/restoreSessions/{id}/stop",
        ),
        LongWork(
            kind="task",
            ids=("taskId",),
            marks=(frozenset({"id", "state", "progressPercent"}),),
            model="TaskModel",
            path="/api/v1/tasks/{id}",
            status="state",
            running=frozenset({"starting", "working", "stopping"}),
            done=frozenset({"stopped"}),
            ended="endTime",
            result=("result", "result.result"),
            failed=frozenset({"failed"}),
            percent="progressPercent",
            stop_path="/api/v1/tasks/{id}/stop",
        ),
    ),
)
