"""Veeam ONE."""

from __future__ import annotations

from .base import Logout, Profile, TokenRequest
from .work import LongWork

PROFILE = Profile(
    product="one",
    title="Veeam ONE",
    default_port=1239,
    ports=(1239,),
    # An account that may not see it is answered 403, which says as well that the revision is served.
    probe_path="/api/v{revision}/about",
    token_path="/api/token",
    grants={
        "password": TokenRequest("password", {"username": "username", "password": "password"}),
        "refresh_token": TokenRequest("refresh_token", {"refresh_token": "refresh_token"}),
    },
    mfa_header="Veeam-Mfa-Code",
    logout=Logout("POST", "/api/revoke", token_field="token"),
    total="totalCount",
    page_size=500,
    long_work=(
        LongWork(
            kind="task",
            marks=(frozenset({"id", "state", "result"}), frozenset({"id", "state"})),
            model="AsyncTaskStatus",
            path="/api/v{revision}/about/logs/tasks/{id}/status",
            method="POST",
            status="state",
            running=frozenset({"idle", "running"}),
            done=frozenset({"completed", "failed", "canceled"}),
            result=("state",),
            failed=frozenset({"failed"}),
            message=("result.message", "result"),
        ),
    ),
)
