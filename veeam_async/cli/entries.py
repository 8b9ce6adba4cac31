"""An appliance as an entry of a fleet file."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from .output import json_line


@attrs.frozen
class Entry:
    """An appliance to add; what is None or empty is left to the defaults of the file."""

    host: str
    name: str | None = None
    product: str | None = None
    revision: str | None = None
    username: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    tags: Sequence[str] = ()
    fingerprint: str | None = None

    def toml(self) -> str:
        """The entry as it stands in a fleet file."""
        lines = ["", "[[appliance]]"]
        keys = ("name", "host", "product", "revision", "username", "password_env", "password_file")
        lines += [f"{key} = {quoted(getattr(self, key))}" for key in keys if getattr(self, key) is not None]
        if self.tags:
            lines.append(f"tags = [{', '.join(map(quoted, self.tags))}]")
        if self.fingerprint is not None:
            lines.append(f"tls = {{ fingerprint = {quoted(self.fingerprint)} }}")
        return "\n".join(lines) + "\n"


def quoted(value: str) -> str:
    """A text as TOML."""
    # What JSON writes between quotes is a basic string of TOML, apart from this character.
    return json_line(value).replace("\x7f", "\\u007f")
