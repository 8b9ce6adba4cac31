"""Throw-away certificates: an authority and server certificates for loopback, made in memory by trustme."""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Authority:
    """A certificate authority that lives as long as the object.

    Attributes:
        context: the server side's SSL context; a new certificate reaches new connections at once.
        ca_file: path of the authority's certificate in PEM, for the client's trust.
        fingerprint: SHA-256 of the server's certificate, 64 hex digits in lower case.
    """

    def __init__(self, *names: str) -> None:
        self._names = names or LOOPBACK
        self._ca = trustme.CA()
        self._folder = tempfile.TemporaryDirectory(prefix="veeam-simulated-")
        self.ca_file = str(Path(self._folder.name) / "ca.pem")
        self._ca.cert_pem.write_to_path(self.ca_file)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.fingerprint = ""
        self.renew()

    def renew(self, *names: str) -> None:
        """Serve another certificate from the same authority from now on, for other names where some are given."""
        self._serve(self._ca, names or self._names)

    def replace(self) -> None:
        """Serve a certificate from an authority that nobody trusts: what a man in the middle would show."""
        self._serve(trustme.CA(), self._names)

    def _serve(self, authority: trustme.CA, names: tuple[str, ...]) -> None:
        certificate = authority.issue_cert(*names)
        certificate.configure_cert(self.context)
        der = load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes()).public_bytes(Encoding.DER)
        self.fingerprint = hashlib.sha256(der).hexdigest()

    def client_context(self) -> ssl.SSLContext:
        """A client's context that trusts this authority and nobody else."""
        return ssl.create_default_context(cafile=self.ca_file)

    def close(self) -> None:
        """Remove the file."""
        self._folder.cleanup()
