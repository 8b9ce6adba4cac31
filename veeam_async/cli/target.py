"""One appliance named on the command line: where it is, and how to log in without a secret among the arguments."""

from __future__ import annotations

import getpass
import os
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from .status import CommandError

if TYPE_CHECKING:
    from ..client import ApplianceClient
    from ..credentials import Credentials
    from ..tls import TlsPolicy


@attrs.frozen
class Target:
    """What the options of `call` and `wait` say about the appliance."""

    host: str
    product: str = "vbr"
    revision: str = "auto"
    fleet: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    password_keyring: str | None = None
    ca_file: Path | None = None
    fingerprint: str | None = None
    insecure: bool = False

    def open(self) -> AbstractAsyncContextManager[ApplianceClient]:
        """A client for the appliance, to be used with `async with`."""
        from ..connection import connect

        if self.fleet is not None:
            from ..fleet.config import load

            known = {one.name: one for one in load(self.fleet)}
            if self.host not in known:
                raise CommandError(f"{self.fleet} has no appliance {self.host!r}; it has {', '.join(sorted(known))}")
            one = known[self.host]
            assert one.credentials is not None, "a fleet file without credentials is refused when it is read"
            return connect(
                one.host, one.credentials, one.product, one.revision, port=one.port, name=one.name,
                **one.client_options(),
            )  # fmt: skip
        return connect(self.host, self.credentials(), self.product, self.revision, tls=self.tls())

    def tls(self) -> TlsPolicy:
        """The TLS policy of the options."""
        from ..tls import TlsPolicy

        if self.fingerprint is not None:
            return TlsPolicy(fingerprint=self.fingerprint)
        if self.ca_file is not None:
            return TlsPolicy(ca_file=str(self.ca_file))
        return TlsPolicy(insecure=True) if self.insecure else TlsPolicy()

    def credentials(self) -> Credentials:
        """User name and password, asked for on a terminal where no option or variable says them."""
        from ..credentials import Mfa, Password

        terminal = sys.stdin.isatty() and sys.stderr.isatty()
        username = self.username
        if username is None:
            if not terminal:
                raise CommandError("no user name: give --username, VEEAM_USERNAME or --fleet")
            username = input("User name: ").strip()
        password = self._password(username, terminal)
        if not terminal:
            return Password(username, password)
        return Mfa(username, password, ask=lambda: getpass.getpass("Code of the second factor: "))

    def _password(self, username: str, terminal: bool) -> str:
        if self.password_file is not None:
            try:
                return self.password_file.read_text(encoding="utf-8-sig").partition("\n")[0].rstrip("\r")
            except (OSError, UnicodeDecodeError) as error:
                raise CommandError(f"--password-file {self.password_file}: {error}") from error
        if self.password_keyring is not None:
            return _from_keyring(self.password_keyring)
        if password := os.environ.get("VEEAM_PASSWORD"):
            return password
        if not terminal:
            raise CommandError(
                "no password: set VEEAM_PASSWORD, or give --password-file, --password-keyring or --fleet"
            )
        return getpass.getpass(f"Password of {username}: ")


def _from_keyring(place: str) -> str:
    service, _, user = place.rpartition("/")
    if not service or not user:
        raise CommandError("--password-keyring: give SERVICE/USER")
    try:
        import keyring
    except ImportError:
        raise CommandError("--password-keyring needs its extra: pip install 'veeam-async[keyring]'") from None
    from keyring.errors import KeyringError

    try:
        password = keyring.get_password(service, user)
    except KeyringError as error:
        raise CommandError(f"--password-keyring: {error}") from error
    if not password:
        raise CommandError(f"--password-keyring: the keyring has no password of {user!r} for {service!r}")
    return password
