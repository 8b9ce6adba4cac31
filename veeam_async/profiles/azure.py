"""Veeam Backup for Microsoft Azure."""

from __future__ import annotations

from .base import Logout, Profile, TokenRequest
from .work import LongWork

_RUNNING = frozenset({"running", "runningwitherror", "runningwithwarning", "pending", "canceling", "neverexecuted"})
_DONE = frozenset({"success", "succeeded", "warning", "error", "failed", "canceled", "cancelled"})
_FAILED = frozenset({"error", "failed"})

PROFILE = Profile(
    product="azure",
    title="Veeam Backup for Microsoft Azure",
    default_port=443,
    ports=(443,),
    probe_path="/api/{revision}/system/about",
    token_path="/api/oauth2/token",
    grants={
        "password": TokenRequest("Password", {"username": "username", "password": "password"}),
        "refresh_token": TokenRequest("Refresh_token", {"refresh_token": "refresh_token"}),
        "authorization_code": TokenRequest("Authentication_code", {"code": "authorization_code"}),
        "mfa": TokenRequest("Mfa", {"mfa_token": "mfa_token", "mfa_code": "mfa_code"}),
        "saml": TokenRequest("Saml", {"response": "saml_response"}),
        "sso_token": TokenRequest("SsoToken", {"token": "sso_token"}),
    },
    short_term_field="short_lived_refresh_token",
    logout=Logout("DELETE", "/api/oauth2/token"),
    # No document says how a session asks for an authorization code.
    total="totalCount",
    long_work=(
        LongWork(
            kind="job session",
            ids=("jobSessionId", "sessionId"),
            marks=(
                frozenset({"id", "status", "executionStartTime"}),
                frozenset({"id", "status", "localizedType"}),
                frozenset({"id", "status", "type"}),
            ),
            model="JobSession",
            path="/api/{revision}/jobSessions/{id}",
            status="status",
            running=_RUNNING,
            done=_DONE,
            ended="executionStopTime",
            result=("status",),
            failed=_FAILED,
            log_path="/api/{revision}/jobSessions/{id}/log",
            stop_path="/api/{revision}/jobSessions/{id}/stop",
        ),
        LongWork(
            kind="operation",
            ids=("operationId",),
            marks=(
                frozenset({"id", "status", "startTime"}),
                frozenset({"id", "status", "result"}),
                frozenset({"id", "status", "error"}),
            ),
            model="AsyncOperationOfObject",
            family="AsyncOperationOf",
            path="/api/{revision}/operations/{id}",
            status="status",
            running=_RUNNING,
            done=_DONE,
            result=("status",),
            failed=_FAILED,
            message=("error.detail", "error.title"),
        ),
    ),
)
