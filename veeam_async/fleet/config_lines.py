"""Which line of a fleet file a table or a key stands on; tomllib does not say."""

from __future__ import annotations

import re


class Lines:
    """The lines of a fleet file by table and key."""

    _HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
    _KEY = re.compile(r"""^\s*(["']?)([A-Za-z0-9_-]+)\1\s*[.=]""")

    def __init__(self, text: str) -> None:
        self._tables: dict[str, int] = {}
        self._keys: dict[tuple[str, str], int] = {}
        table = ""
        count = -1
        quote = ""
        depth = 0
        for number, line in enumerate(text.splitlines(), 1):
            if not quote and not depth:
                if header := self._HEADER.match(line):
                    name = header[2].replace(" ", "").replace('"', "").replace("'", "")
                    if header[1] == "[[" and name == "appliance":
                        count += 1
                    table = re.sub(r"^appliance\b", f"appliance[{count}]", name)
                    self._tables.setdefault(table, number)
                    # `[appliance.tls]` is the key `tls` of its parent as well.
                    parent, _, last = table.rpartition(".")
                    if parent:
                        self._keys.setdefault((parent, last), number)
                    else:
                        self._keys.setdefault(("", name), number)
                    continue
                if key := self._KEY.match(line):
                    self._keys.setdefault((table, key[2]), number)
            quote, depth = self._open(line, quote, depth)

    @staticmethod
    def _open(line: str, quote: str, depth: int) -> tuple[str, int]:
        """What of the line is still open at its end: a multi-line string, brackets of an array."""
        position = 0
        while position < len(line):
            if quote:
                end = line.find(quote, position)
                if end < 0:
                    return (quote if len(quote) == 3 else ""), depth
                position, quote = end + len(quote), ""
                continue
            char = line[position]
            if char == "#":
                break
            if char in "\"'":
                quote = char * 3 if line.startswith(char * 3, position) else char
                position += len(quote)
                continue
            depth += (char in "[{") - (char in "]}")
            position += 1
        return (quote if len(quote) == 3 else ""), max(depth, 0)

    def has(self, table: str, key: str) -> bool:
        return (table, key) in self._keys

    def find(self, table: str, key: str | None) -> int | None:
        if key is not None and (table, key) in self._keys:
            return self._keys[table, key]
        return self._tables.get(table)
