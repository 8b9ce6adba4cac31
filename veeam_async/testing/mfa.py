"""Switching a second factor on and off, as the cloud appliances do it: a secret, a code that proves it, and off."""

from __future__ import annotations

import secrets

from .._spec import Spec
from .handlers import Answer, Call, Handler
from .products import Problem, Refused
from .tokens import User

_CODES = 5

# Secrets that were shown and not confirmed yet: the account, its secret, its recovery codes.
_Pending = dict[str, tuple[User, str, set[str]]]


class MfaHandlers:
    """The handlers of one revision's calls, by operationId."""

    def __init__(self, spec: Spec) -> None:
        self._pending: _Pending = {}
        ends = {"enableMfa": self._enable, "acceptMfa": self._accept, "disableMfa": self._disable}
        self.by_operation: dict[str, Handler] = {
            operation.operation_id: ends[operation.segments[-1]]
            for operation in spec.operations.values()
            if operation.method == "POST" and operation.segments[-1] in ends
        }

    @staticmethod
    def _account(call: Call) -> User:
        """The account that the path names; Azure's ids stand for the account that calls."""
        name = call.values.get("userName", "")
        user = call.host.tokens.users.get(name.lower()) if name else call.user
        if user is None and call.host.behaviour.unknown_ids == "answer":
            user = call.user
        if user is None:
            raise Refused(Problem(404, f"There is no account {name}."))
        return user

    def _enable(self, call: Call) -> Answer:
        import pyotp
        from pyotp.totp import TOTP

        user = self._account(call)
        token, secret = secrets.token_urlsafe(24), pyotp.random_base32()
        codes = [f"{secrets.randbelow(10**8):08d}" for _ in range(_CODES)]
        self._pending[token] = user, secret, set(codes)
        label = TOTP(secret, name=user.name, issuer=call.host.product.title).provisioning_uri()
        who = {"userName": user.name} if "userName" in call.values else {"userId": call.values.get("id", "")}
        return Answer(200, {**who, "qrString": label, "secretKey": secret, "scratchCodes": codes, "token": token})

    def _accept(self, call: Call) -> Answer | None:
        from pyotp.totp import TOTP

        token, code = str(call.body.get("token", "")), str(call.body.get("code", ""))
        found = self._pending.get(token)
        if found is None and call.host.behaviour.unknown_ids == "answer":
            return None
        if found is None or found[0] is not self._account(call):
            raise Refused(Problem(400, "The token is not good."))
        user, secret, codes = found
        if not TOTP(secret).verify(code, valid_window=1):
            raise Refused(Problem(400, "The code is wrong."))
        del self._pending[token]
        user.totp_secret, user.recovery_codes = secret, codes
        return Answer(call.operation.responses[0].status)

    def _disable(self, call: Call) -> Answer | None:
        user = self._account(call)
        if user is None:
            return None
        user.totp_secret, user.recovery_codes = "", set()
        return Answer(call.operation.responses[0].status)
