"""The file of `--web.config.file`, as the exporters of the Prometheus project read it: TLS, users, headers."""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import attrs
import yaml

from ..errors import VeeamError

_log = logging.getLogger("veeam_async.metrics")

_VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
_CLIENT_AUTH = {
    "": ssl.CERT_NONE,
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_TLS_KEYS = {"cert_file", "key_file", "client_auth_type", "client_ca_file", "min_version", "max_version"}
_HTTP_KEYS = {"http2", "headers"}
_HEADERS = {
    "Content-Security-Policy",
    "X-Frame-Options",
    "X-Content-Type-Options",
    "X-XSS-Protection",
    "Strict-Transport-Security",
}


class WebConfigError(VeeamError):
    """A web configuration file cannot be used."""


@attrs.frozen
class WebConfig:
    """Who may read the metrics, and how they are protected in transit.

    Attributes:
        cert_file, key_file: the server's certificate with its chain and its key, PEM; None for plain HTTP.
        client_ca_file: the CA of the clients' certificates, PEM.
        client_auth: whether clients show a certificate.
        min_version, max_version: of TLS.
        users: bcrypt hashes of passwords by user name; empty where everybody may read.
        headers: headers of every response.
    """

    cert_file: Path | None = None
    key_file: Path | None = None
    client_ca_file: Path | None = None
    client_auth: ssl.VerifyMode = ssl.CERT_NONE
    min_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    max_version: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
    users: Mapping[str, str] = attrs.field(factory=dict, repr=lambda users: repr(sorted(users)))
    headers: Mapping[str, str] = attrs.field(factory=dict)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file. Paths in it are relative to it.

        Raises:
            WebConfigError: the file cannot be read, or asks for something that is not supported.
        """
        file = Path(path)
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as error:
            # PyYAML repeats lines of the file, which may hold a hash.
            reason = error.strerror if isinstance(error, OSError) else "no YAML"
            raise WebConfigError(f"{file}: {reason}") from None
        try:
            return cls(**_settings(content or {}, file.parent))
        except ValueError as error:
            raise WebConfigError(f"{file}: {error}") from None

    def ssl_context(self) -> ssl.SSLContext | None:
        """The server's TLS context; None for plain HTTP. A certificate that is renewed is shown from then on.

        Raises:
            WebConfigError: certificate, key or CA cannot be used.
        """
        if self.cert_file is None:
            return None
        context = self._context()
        current, changed = context, self._changed()

        def renew(connection: ssl.SSLObject, name: str | None, first: ssl.SSLContext) -> None:
            nonlocal current, changed
            if (now := self._changed()) != changed:
                try:
                    current, changed = self._context(), now
                except WebConfigError as error:
                    # Files that are being replaced: the certificate of before is good until they are whole.
                    _log.warning("the certificate cannot be renewed: %s", error)
            connection.context = current

        # Called for each handshake, whether it names a server or not.
        context.sni_callback = renew
        return context

    def _changed(self) -> tuple[int, ...]:
        """When the files of certificate and key were changed last; 0 for one that is not there."""
        files = [path for path in (self.cert_file, self.key_file) if path is not None]
        return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in files)

    def _context(self) -> ssl.SSLContext:
        assert self.cert_file is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = self.min_version
        context.maximum_version = self.max_version
        try:
            context.load_cert_chain(self.cert_file, self.key_file)
            if self.client_ca_file is not None:
                context.load_verify_locations(self.client_ca_file)
        except (OSError, ValueError) as error:
            raise WebConfigError(f"{self.cert_file}, {self.key_file}: {error}") from error
        context.verify_mode = self.client_auth
        return context


def _settings(content: Any, folder: Path) -> dict[str, Any]:
    top = _mapping(content, "the file", {"tls_server_config", "http_server_config", "basic_auth_users"})
    tls = _mapping(top.get("tls_server_config"), "tls_server_config", _TLS_KEYS)
    http = _mapping(top.get("http_server_config"), "http_server_config", _HTTP_KEYS)
    users = _mapping(top.get("basic_auth_users"), "basic_auth_users", None)
    headers = _mapping(http.get("headers"), "headers", _HEADERS)
    for name, value in {**users, **headers}.items():
        if not isinstance(value, str):
            raise ValueError(f"{name}: not a text")
    settings: dict[str, Any] = {"users": users, "headers": headers}
    for user, value in users.items():
        if not value.startswith(("$2a$", "$2b$", "$2y$")):
            raise ValueError(f"basic_auth_users: {user}: not a bcrypt hash")
    for key in ("cert_file", "key_file", "client_ca_file"):
        if tls.get(key):
            settings[key] = folder / str(tls[key])
    if ("cert_file" in settings) != ("key_file" in settings) or (tls and "cert_file" not in settings):
        raise ValueError("tls_server_config: needs both cert_file and key_file")
    auth = tls.get("client_auth_type") or ""
    if auth not in _CLIENT_AUTH:
        raise ValueError(f"client_auth_type: one of {', '.join(filter(None, _CLIENT_AUTH))}")
    settings["client_auth"] = _CLIENT_AUTH[auth]
    if settings["client_auth"] != ssl.CERT_NONE and "client_ca_file" not in settings:
        raise ValueError("client_auth_type: needs client_ca_file")
    for key in ("min_version", "max_version"):
        if tls.get(key):
            if tls[key] not in _VERSIONS:
                raise ValueError(f"{key}: one of {', '.join(_VERSIONS)}")
            settings[key] = _VERSIONS[tls[key]]
    return settings


def _mapping(value: Any, what: str, keys: set[str] | None) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"{what}: not a mapping")
    unknown = sorted(set(value) - keys) if keys is not None else []
    if unknown:
        raise ValueError(f"{what}: {', '.join(unknown)} not supported")
    return value
