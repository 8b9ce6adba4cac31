"""Veeam Backup for AWS."""

from __future__ import annotations

from .base import Logout, Profile, TokenRequest
from .work import LongWork

PROFILE = Profile(
    product="aws",
    title="Veeam Backup for AWS",
    default_port=11005,
    ports=(11005, 443),
    revision_header="x-api-version",
    probe_path="/api/v1/users/isFirstLogin",
    token_path="/api/v1/token",
    grants={
        "password": TokenRequest("password", {"username": "username", "password": "password"}),
        "refresh_token": TokenRequest("refresh_token", {"refresh_token": "refresh_token"}),
        "authorization_code": TokenRequest("authorization_code", {"code": "code"}),
        "mfa": TokenRequest("mfa", {"mfa_token": "mfa_token", "mfa_code": "mfa_code"}),
        "saml": TokenRequest(None, {"response": "SamlResponse"}, path="/api/v1/identityProvider/token"),
    },
    logout=Logout("DELETE", "/api/v1/token"),
    code_paths=("/api/v1/token/authorization_code", "/api/v1/token/authorizationCode"),
    sign_on_path="/api/v1/identityProvider/signOnUrl",
    sign_on_user="userName",
    sign_on_field="redirectToUrl",
    total="totalCount",
    long_work=(
        LongWork(
            kind="session",
            ids=("sessionId",),
            marks=(frozenset({"id", "status", "executionStartTime"}), frozenset({"id", "status", "type"})),
            model="Session",
            path="/api/v1/sessions/{id}",
            status="status",
            running=frozenset({"running", "neverexecuted", "pending", "starting", "queued", "canceling"}),
            done=frozenset({"succeeded", "success", "warning", "failed", "error", "canceled", "cancelled"}),
            ended="executionStopTime",
            result=("status",),
            failed=frozenset({"failed", "error"}),
            message=("reason",),
            log_path="/api/v1/sessions/{id}/log",
            stop_path="/api/v1/sessions/{id}/stop",
        ),
    ),
)
