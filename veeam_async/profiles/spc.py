"""Veeam Service Provider Console."""

from __future__ import annotations

from .base import Logout, Profile, TokenRequest, VersionAnswer
from .work import LongWork

PROFILE = Profile(
    product="spc",
    title="Veeam Service Provider Console",
    default_port=1280,
    ports=(1280,),
    revision_header="X-Client-Version",
    version=VersionAnswer(
        "/api/v3/about",
        "data.serverVersion",
        {"8.1": "3.5.1", "9.0": "3.6", "9.1": "3.6.1", "9.2": "3.6.2", "9.3": "3.7"},
    ),
    token_path="/api/v3/token",
    grants={
        "password": TokenRequest("password", {"username": "username", "password": "password"}),
        "refresh_token": TokenRequest("refresh_token", {"refresh_token": "refresh_token"}),
        "mfa": TokenRequest("mfa", {"mfa_token": "mfa_token", "mfa_code": "mfa_code"}),
        "public_key": TokenRequest("public_key", {"public_key": "public_key"}),
        "authorization_code": TokenRequest("authorization_code", {"code": "code"}),
        "as": TokenRequest("as", {"refresh_token": "refresh_token", "user_uid": "userUid"}),
    },
    read_only_field="readOnly",
    # It ends all tokens of the user, those of other programs too.
    logout=Logout("DELETE", "/api/v3/users/{data.instanceUid}/tokens", asks="/api/v3/users/me", by_default=False),
    fallback_lifetime=3600.0,
    total="meta.pagingInfo.total",
    # Some combinations of filter and expand give the first page again and again.
    place="meta.pagingInfo.offset",
    page_size=500,
    faults="errors",
    long_work=(
        LongWork(
            kind="asynchronous action",
            marks=(frozenset({"id", "actionName", "status"}),),
            model="AsyncActionInfo",
            path="/api/v3/asyncActions/{id}",
            within="data",
            status="status",
            running=frozenset({"running"}),
            done=frozenset({"succeed", "canceled", "failed"}),
            result=("status",),
            failed=frozenset({"failed"}),
            result_path="/api/v3/asyncActions/{id}/result",
            stop_method="DELETE",
            stop_path="/api/v3/asyncActions/{id}",
        ),
    ),
)
