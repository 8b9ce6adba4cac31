"""The calls of logins beside the token endpoint: logout, authorization codes, single sign-on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from .._spec import Spec
from .handlers import JSON, Answer, Call, Handler
from .products import Product


def logout(call: Call) -> Answer:
    """Ends the login that the call's token came from."""
    product = call.host.product
    call.host.tokens.end(call.token)
    return Answer(product.logout_status, {} if product.logout_status == 200 else None)


def authorization_code(call: Call) -> Answer:
    """Gives a code for the grant of the same name."""
    assert call.user is not None
    return Answer(200, {"code": call.host.tokens.authorization_code(call.user)})


def saml(call: Call) -> Answer:
    """Takes an identity provider's answer as a login."""
    form = {name.lower(): value for name, value in parse_qsl(call.raw.decode("utf-8", "replace"))}
    return Answer(200, call.host.tokens.saml(form))


def sign_on(call: Call) -> Answer:
    """Names the identity provider."""
    user = (call.query.get("userName") or [""])[0]
    return Answer(200, {"redirectToUrl": f"https://idp.example.com/saml2?user={user}"})


def common(spec: Spec, product: Product) -> dict[str, Handler]:
    """The handlers of logins beside the token endpoint, by operationId."""
    made: dict[str, Handler] = {}
    for operation in spec.operations.values():
        end = operation.path.rsplit("/", 1)[-1]
        if (operation.method, operation.path) == product.logout_call(spec.revision):
            made[operation.operation_id] = logout
        elif end in ("authorization_code", "authorizationCode"):
            made[operation.operation_id] = authorization_code
        elif operation.path.endswith("/identityProvider/token"):
            made[operation.operation_id] = saml
        elif operation.path.endswith("/identityProvider/signOnUrl"):
            made[operation.operation_id] = sign_on
    return made


def login_fields(body: bytes, media: str, headers: Mapping[str, str], mfa_header: str) -> dict[str, str]:
    """The fields of a login: a form, or the same as JSON; a second factor in a header is one of them."""
    code = {mfa_header: headers[mfa_header]} if mfa_header in headers else {}
    return {**_body_fields(body, media), **code}


def _body_fields(body: bytes, media: str) -> dict[str, str]:
    if media != JSON:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        fields = json.loads(body)
    except ValueError:
        return {}
    said = fields.items() if isinstance(fields, dict) else ()
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in said}
