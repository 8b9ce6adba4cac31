"""Asyncio SDK for Veeam's REST APIs: Backup & Replication, Backup for AWS, Azure and Microsoft 365, ONE, and the
Service Provider Console.

    from veeam_async import Password
    from veeam_async.vbr.v1_3_rev0 import Client

    async with Client("vbr01.example.com", Password("svc-monitor", secret)) as vbr:
        page = await vbr.sessions.get_all_sessions(limit=200)

Importing this package loads nothing else: each public name is loaded when it is first used, so that a script
pays only for what it needs. `veeam_async.<product>.<revision>` holds the `Client`, `models` and `api` of one revision.
"""

from __future__ import annotations

from os import environ as _environ
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._http.certificates import fetch_fingerprint as fetch_fingerprint
    from ._http.pool import Pool as Pool
    from ._model import UNSET as UNSET
    from ._model import Unset as Unset
    from ._operation.operation import Operation as Operation
    from ._operation.operation import Revision as Revision
    from ._operation.reply import Accepted as Accepted
    from ._operation.reply import Reply as Reply
    from ._operation.request import Request as Request
    from ._running import run as run
    from .client import ApplianceClient as ApplianceClient
    from .connection import connect as connect
    from .credentials.identity_provider import Assertion as Assertion
    from .credentials.identity_provider import Saml as Saml
    from .credentials.impersonation import Impersonation as Impersonation
    from .credentials.mfa import Mfa as Mfa
    from .credentials.password import Password as Password
    from .credentials.rsa_key import RsaKey as RsaKey
    from .credentials.tokens import ApiKey as ApiKey
    from .credentials.tokens import AuthorizationCode as AuthorizationCode
    from .credentials.tokens import BearerToken as BearerToken
    from .credentials.tokens import IntegrationToken as IntegrationToken
    from .credentials.tokens import RefreshToken as RefreshToken
    from .credentials.tokens import SsoToken as SsoToken
    from .credentials.tokens import VbrToken as VbrToken
    from .downloads import Download as Download
    from .errors import ApiError as ApiError
    from .errors import AuthenticationError as AuthenticationError
    from .errors import BadRequestError as BadRequestError
    from .errors import BodyTooLarge as BodyTooLarge
    from .errors import ConflictError as ConflictError
    from .errors import ConnectError as ConnectError
    from .errors import DecodeError as DecodeError
    from .errors import ForbiddenError as ForbiddenError
    from .errors import IncompleteListing as IncompleteListing
    from .errors import IncompleteListingWarning as IncompleteListingWarning
    from .errors import InferredOperationWarning as InferredOperationWarning
    from .errors import InsecureWarning as InsecureWarning
    from .errors import InvalidAddress as InvalidAddress
    from .errors import MfaRequired as MfaRequired
    from .errors import NotFoundError as NotFoundError
    from .errors import RateLimitedError as RateLimitedError
    from .errors import RequestTimeout as RequestTimeout
    from .errors import ServerError as ServerError
    from .errors import SessionFailed as SessionFailed
    from .errors import TlsError as TlsError
    from .errors import UnauthorizedError as UnauthorizedError
    from .errors import UnsafeOriginError as UnsafeOriginError
    from .errors import UnsupportedRevisionError as UnsupportedRevisionError
    from .errors import VeeamError as VeeamError
    from .errors import VeeamWarning as VeeamWarning
    from .fleet import Fleet as Fleet
    from .listing import Listing as Listing
    from .options import ClientOptions as ClientOptions
    from .options import Product as Product
    from .registry import preload as preload
    from .registry import register as register
    from .registry import revisions as revisions
    from .retry import RetryPolicy as RetryPolicy
    from .timeouts import Timeouts as Timeouts
    from .timeouts import deadline as deadline
    from .tls import TlsPolicy as TlsPolicy
    from .waiting import Progress as Progress

    __version__: str

# Public name: the module that defines it.
_HOMES = {
    "Accepted": "_operation.reply",
    "ApiError": "errors",
    "ApiKey": "credentials.tokens",
    "ApplianceClient": "client",
    "Assertion": "credentials.identity_provider",
    "AuthenticationError": "errors",
    "AuthorizationCode": "credentials.tokens",
    "BadRequestError": "errors",
    "BearerToken": "credentials.tokens",
    "BodyTooLarge": "errors",
    "ClientOptions": "options",
    "ConflictError": "errors",
    "ConnectError": "errors",
    "DecodeError": "errors",
    "Download": "downloads",
    "Fleet": "fleet",
    "ForbiddenError": "errors",
    "Impersonation": "credentials.impersonation",
    "IncompleteListing": "errors",
    "IncompleteListingWarning": "errors",
    "InferredOperationWarning": "errors",
    "InsecureWarning": "errors",
    "IntegrationToken": "credentials.tokens",
    "InvalidAddress": "errors",
    "Listing": "listing",
    "Mfa": "credentials.mfa",
    "MfaRequired": "errors",
    "NotFoundError": "errors",
    "Operation": "_operation.operation",
    "Password": "credentials.password",
    "Pool": "_http.pool",
    "Product": "options",
    "Progress": "waiting",
    "RateLimitedError": "errors",
    "RefreshToken": "credentials.tokens",
    "Reply": "_operation.reply",
    "Request": "_operation.request",
    "RequestTimeout": "errors",
    "RetryPolicy": "retry",
    "Revision": "_operation.operation",
    "RsaKey": "credentials.rsa_key",
    "Saml": "credentials.identity_provider",
    "ServerError": "errors",
    "SessionFailed": "errors",
    "SsoToken": "credentials.tokens",
    "Timeouts": "timeouts",
    "TlsError": "errors",
    "TlsPolicy": "tls",
    "UNSET": "_model",
    "UnauthorizedError": "errors",
    "UnsafeOriginError": "errors",
    "Unset": "_model",
    "UnsupportedRevisionError": "errors",
    "VbrToken": "credentials.tokens",
    "VeeamError": "errors",
    "VeeamWarning": "errors",
    "connect": "connection",
    "deadline": "timeouts",
    "fetch_fingerprint": "_http.certificates",
    "preload": "registry",
    "register": "registry",
    "revisions": "registry",
    "run": "_running",
}

__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("veeam-async")
    elif (home := _HOMES.get(name)) is not None:
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{home}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, "__version__"})


def _log_to_stderr(level: str) -> None:
    """What VEEAM_LOG asks for: the records of this package from a level on, on stderr."""
    import logging

    number = logging.getLevelNamesMapping().get(level.upper())
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logger = logging.getLogger(__name__)
    logger.addHandler(handler)
    if number is None:
        logger.warning("VEEAM_LOG is %r: set debug, info, warning or error", level)
        logger.removeHandler(handler)
    else:
        logger.setLevel(number)


if _level := _environ.get("VEEAM_LOG"):
    _log_to_stderr(_level)
