"""One appliance named on the command line: where it is, and how to log in without a secret among the arguments."""

from __future__ import annotations

import getpass
import os
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from .discovery import discover_fleet, user_folder
from .status import CommandError, usage

if TYPE_CHECKING:
    from ..client import ApplianceClient
    from ..credentials import Credentials
    from ..events import Listener
    from ..fleet import Appliance
    from ..options import ClientOptions, Product
    from ..tls import TlsPolicy


@attrs.frozen
class Target:
    """What the options of `call`, `wait` and the like say about the appliance."""

    host: str
    product: Product | None = None
    revision: str | None = None
    fleet: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    password_keyring: str | None = None
    ca_file: Path | None = None
    fingerprint: str | None = None
    insecure: bool = False
    allow_http: bool = False
    timeout: float | None = None
    cache_tokens: bool = False
    events: Listener | None = None

    def described(self) -> Appliance | None:
        """The appliance of the fleet file that is called so, or None where it is an address.

        Raises:
            CommandError: --fleet is given, and nothing in it is called so.
        """
        from ..fleet.config import load

        named = self.password_file is not None or self.password_keyring is not None
        path = self.fleet if self.fleet is not None else None if named else discover_fleet()
        if path is None:
            return None
        by_name = {one.name: one for one in load(path)}
        if self.host not in by_name and self.fleet is not None:
            names = ", ".join(sorted(by_name)[:20])
            raise CommandError(f"{path} has no appliance {self.host!r}; it has {names or 'none'}")
        return by_name.get(self.host)

    def open(self) -> AbstractAsyncContextManager[ApplianceClient]:
        """A client for the appliance, to be used with `async with`."""
        from ..connection import connect
        from ..registry import find_revision, revisions

        one = self.described()
        with usage():
            product: Product = self.product or (one.product if one is not None else "vbr")
            if self.revision is None or self.revision == "auto":
                revisions(product)
            else:
                find_revision(product, self.revision)
        chosen = self._options(one)
        if one is None:
            self._check_address(product)
            host, credentials, port = self.host, self.credentials(), None
        else:
            assert one.credentials is not None, "a fleet file without credentials is refused when it is read"
            host, credentials, port = one.host, one.credentials, one.port
        revision = self.revision or (one.revision if one is not None else "auto")
        with usage():
            name = one.name if one is not None else None
            return connect(host, credentials, product, revision, port=port, name=name, **chosen)

    def _check_address(self, product: Product) -> None:
        """Refuse what is no address before anybody is asked for a password."""
        from .._http.origin import parse_host
        from ..profiles import profile

        with usage():
            parse_host(self.host, default_port=profile(product).default_port, allow_http=self.allow_http)

    def _options(self, one: Appliance | None) -> ClientOptions:
        """The options of a client: those of the fleet file, those of the command line on top."""
        from ..timeouts import Timeouts
        from ..token_store import FileTokenStore

        options: ClientOptions = {} if one is None else one.client_options()
        if one is None or self.ca_file or self.fingerprint is not None or self.insecure:
            options["tls"] = self.tls()
        if self.allow_http:
            options["allow_http"] = True
        if self.events is not None:
            options["events"], options["examine"] = self.events, False
        if self.timeout is not None:
            before = options.get("timeouts") or Timeouts()
            connecting = min(self.timeout, before.connect or self.timeout)
            options["timeouts"] = attrs.evolve(before, connect=connecting, read=self.timeout, total=self.timeout)
        if self.cache_tokens:
            options["token_store"] = FileTokenStore(user_folder() / "tokens")
        return options

    def tls(self) -> TlsPolicy:
        """The TLS policy of the options."""
        from ..tls import TlsPolicy

        if sum(map(bool, (self.fingerprint is not None, self.ca_file, self.insecure))) > 1:
            raise CommandError("give one of --ca-file, --fingerprint and --insecure")
        if self.fingerprint is not None:
            with usage("--fingerprint"):
                return TlsPolicy(fingerprint=self.fingerprint)
        if self.ca_file is not None:
            if not self.ca_file.is_file():
                raise CommandError(f"--ca-file {self.ca_file}: no such file")
            return TlsPolicy(ca_file=str(self.ca_file))
        return TlsPolicy(insecure=True) if self.insecure else TlsPolicy()

    def credentials(self) -> Credentials:
        """User name and password, asked for on a terminal where no option or variable says them."""
        from ..credentials.mfa import Mfa
        from ..credentials.password import Password

        terminal = sys.stdin.isatty() and sys.stderr.isatty()
        username = self.username
        if username is None:
            if not terminal:
                path = discover_fleet()
                where = f"{path} has no appliance {self.host!r}, and for an address there is" if path else "there is"
                raise CommandError(f"{where} no user name: give --username, VEEAM_USERNAME or --fleet")
            username = input("User name: ").strip()
        password = self._password(username, terminal)
        with usage():
            if not terminal:
                return Password(username, password)
            return Mfa(username, password, ask=lambda: getpass.getpass("Code of the second factor: "))

    def _password(self, username: str, terminal: bool) -> str:
        if self.password_file is not None:
            return _from_file(self.password_file)
        if self.password_keyring is not None:
            return _from_keyring(self.password_keyring)
        if password := os.environ.get("VEEAM_PASSWORD"):
            return password
        if not terminal:
            raise CommandError(
                "no password: set VEEAM_PASSWORD, or give --password-file, --password-keyring or --fleet"
            )
        return getpass.getpass(f"Password of {username}: ")


def _from_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            password = file.readline(4096).rstrip("\r\n")
    except OSError as error:
        raise CommandError(f"--password-file {path}: {error.strerror or 'cannot be read'}") from None
    except ValueError:  # a NUL in the name, or bytes that are no text
        raise CommandError(f"--password-file {path}: not UTF-8 text") from None
    if not password:
        raise CommandError(f"--password-file {path}: its first line is empty")
    return password


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
