"""Vendor documents as they come: JSON or YAML, with or without a byte order mark, from a file or from an appliance."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from codegen.faults import BadInput
from codegen.ingest import bounds, fetch


class Document(NamedTuple):
    """A document as it was read.

    Attributes:
        source: the file's name, or the address without credentials, query and fragment.
        sha256: of the bytes, as lower-case hex.
        content: the parsed document.
    """

    source: str
    sha256: str
    content: dict[str, Any]


def read(where: str, *, insecure: bool = False, fingerprint: str | None = None) -> Document:
    """Read a document.

    Args:
        where: path of a file, or an https URL.
        insecure: take any TLS certificate (URLs only).
        fingerprint: SHA-256 of the one certificate to take, hex with or without colons (URLs only).

    Raises:
        BadInput: nothing there, or what is there is no JSON or YAML object.
    """
    if "://" in where:
        source, raw = fetch.document(where, insecure=insecure, fingerprint=fingerprint)
    else:
        path = Path(where)
        raw, source = _file(path), path.name
    content = parse(raw, source)
    return Document(source, hashlib.sha256(raw).hexdigest(), content)


def _file(path: Path) -> bytes:
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise BadInput(f"{path}: not a regular file")
        with path.open("rb") as file:
            raw = file.read(bounds.MAX_BYTES + 1)
    except (OSError, ValueError) as fault:
        raise BadInput(f"{path}: {getattr(fault, 'strerror', None) or fault}") from fault
    if len(raw) > bounds.MAX_BYTES:
        raise BadInput(f"{path}: larger than {bounds.MAX_BYTES >> 20} MiB")
    return raw


def parse(raw: bytes, source: str) -> dict[str, Any]:
    """Parse JSON or YAML text, whichever it is."""
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as fault:
        raise BadInput(f"{source}: not UTF-8 text (byte {fault.start})") from fault
    try:
        content = _json(text, source) if text.lstrip()[:1] in ("{", "[") else _yaml(text, source)
    except json.JSONDecodeError as fault:
        # A YAML document may begin with a brace as well.
        try:
            content = _yaml(text, source)
        except (yaml.YAMLError, BadInput):
            raise BadInput(f"{source}: line {fault.lineno}: no valid JSON: {fault.msg}") from fault
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        line = f" line {mark.line + 1}:" if mark else ""
        raise BadInput(f"{source}:{line} no valid YAML: {getattr(fault, 'problem', None) or 'unreadable'}") from fault
    except RecursionError as fault:
        raise BadInput(f"{source}: nested too deeply") from fault
    except ValueError as fault:
        raise BadInput(f"{source}: {str(fault)[:200]}") from fault
    if not isinstance(content, dict):
        raise BadInput(f"{source}: not an OpenAPI document: no object at the top")
    bounds.check_values(content, source)
    return content


def _json(text: str, source: str) -> Any:
    bounds.check_json_levels(text, source)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(pairs)
        if len(mapping) != len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise BadInput(f"the key {twice[:100]!r} stands twice in one object")
        return mapping

    def constant(name: str) -> Any:
        raise BadInput(f"{source}: {name} is no value of JSON")

    return json.loads(
        text,
        object_pairs_hook=unique,
        parse_int=bounds.integer,
        parse_float=bounds.number,
        parse_constant=constant,
    )


class _Loader(yaml.CSafeLoader):
    """YAML as JSON has it: string keys, no dates, no key twice, no aliases that unfold into billions of nodes."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        made: Any = super().construct_object(node, deep=deep)
        if isinstance(made, float) and not math.isfinite(made):
            raise yaml.constructor.ConstructorError(None, None, "a number that JSON cannot hold", node.start_mark)
        return made

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        mapping: dict[Any, Any] = {}
        self.flatten_mapping(node)
        for key_node, value_node in node.value:
            # A key is its text: a response code is 200 or "200", a property may be named `on` or `null`.
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None:
                raise yaml.constructor.ConstructorError(None, None, "a key that is no text", key_node.start_mark)
            if key in mapping:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice in one object", key_node.start_mark
                )
            mapping[key] = self.construct_object(value_node, deep=True)
        return mapping


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> Any:
    mapping: dict[Any, Any] = {}
    yield mapping
    mapping.update(loader.construct_mapping(node))


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


def _yaml(text: str, source: str) -> Any:
    bounds.check_yaml(text, source)
    return yaml.load(text, Loader=_Loader)
