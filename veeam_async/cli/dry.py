"""`--dry-run`: the request that a call would send, without sending it and without logging in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._http.origin import parse_host
from .._model import UNSET, dumps
from .._operation.finding import find_operation, spelling
from .._operation.plans import plan_of
from .._redact import redact_all, secrets_in
from ..profiles import profile
from ..registry import find_revision, revisions
from .output import json_text, put, stderr
from .status import CommandError, Status, usage

if TYPE_CHECKING:
    from .fields import Input
    from .target import Target


def show_request(target: Target, name: str, given: Input) -> int:
    """Print method, URL, headers without the token, and body; what is secret by its name is masked."""
    one = target.described()
    product = target.product or (one.product if one is not None else "vbr")
    asked = target.revision or (one.revision if one is not None else "auto")
    with usage():
        about = profile(product)
        revision = revisions(product)[0] if asked == "auto" else find_revision(product, asked)
        operation = find_operation(revision, spelling(revision, name))
        port = one.port if one is not None and isinstance(one.port, int) else None
        origin = parse_host(
            one.host if one is not None else target.host, port=port, default_port=about.default_port,
            allow_http=target.allow_http or (one is not None and one.allow_http is True),
        )  # fmt: skip
        values = given.values(operation)
        body: Any = values.pop("body", UNSET)
        plan = plan_of(operation)
        path = plan.path(values)
        headers = plan.headers(values) or {}
    headers["Accept"] = plan.accept
    if about.revision_header is not None:
        headers[about.revision_header] = revision.name
    if operation.secured:
        headers["Authorization"] = "Bearer ..."
    if body is not UNSET and operation.body is not None:
        if not operation.body.media_type.endswith(("/json", "+json")):
            raise CommandError(
                f"--dry-run shows JSON bodies; {operation.operation_id} takes {operation.body.media_type}"
            )
        headers["Content-Type"] = operation.body.media_type
    put(f"{operation.method} {origin}{path}\n")
    for key, value in headers.items():
        put(f"{key}: {value}\n")
    if body is not UNSET:
        put("\n" + json_text(_plain(body)) + "\n")
    if asked == "auto":
        stderr().print(f"revision {revision.name} stands in for the one that the appliance would be asked for")
    stderr().print("not sent (--dry-run)")
    return Status.OK


def _plain(body: Any) -> Any:
    import orjson

    text = dumps(body)
    return redact_all(orjson.loads(text), secrets_in(text))
