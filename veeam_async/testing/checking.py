"""Checks requests (and, for tests, answers) against a revision's document."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl, unquote

import attrs
import orjson
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator as JsonValidator

from .._spec import Schema, Spec, SpecOperation
from .jsonschemas import Schemas
from .query import read_moment

_JSON = "application/json"
_MOST_VERDICTS = 20_000
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


@attrs.frozen
class Findings:
    """What a request has that its document has not.

    Attributes:
        problems: what no server would take: a place such as `query limit`, and why.
        departures: what goes beyond the document and servers ignore, in the same form.
        media: True where the body's media type is not one that the operation takes.
    """

    problems: dict[str, list[str]] = attrs.field(factory=dict)
    departures: dict[str, list[str]] = attrs.field(factory=dict)
    media: bool = False


class Checker:
    """The checks for one revision; `Checker.of(spec)` keeps one for each in the process."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._verdicts: dict[tuple[str, ...], list[str]] = {}

    @functools.cached_property
    def _requests(self) -> Schemas:
        return Schemas(self.spec, "request")

    @functools.cached_property
    def _answers(self) -> Schemas:
        return Schemas(self.spec, "answer")

    @classmethod
    def of(cls, spec: Spec) -> Checker:
        """The checker for a revision, made at first use."""
        return _checker(spec)

    def check(
        self, operation: SpecOperation, values: Mapping[str, str], query: str, headers: Mapping[str, str], body: bytes
    ) -> Findings:
        """Check a request to an operation.

        Args:
            operation: the operation.
            values: the path's placeholders as sent.
            query: the raw query string.
            headers: the request's headers.
            body: the request's body.
        """
        findings = Findings()
        sent: dict[str, list[str]] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            sent.setdefault(name, []).append(value)
        known = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "query"}
        for name in sent:
            if name not in known:
                findings.departures[f"query {name}"] = ["this operation has no such parameter"]
        for parameter in operation.parameters:
            texts = _given(parameter, sent, values, headers)
            where = f"{parameter['in']} {parameter['name']}"
            if texts is None:
                if parameter.get("required"):
                    findings.problems[where] = ["it has to be there"]
                continue
            reasons = self._parameter(operation, parameter, texts)
            if reasons:
                findings.problems[where] = reasons
        if operation.body:
            return self._body(operation, headers.get("Content-Type", ""), body, findings)
        if body:
            findings.departures["body"] = ["this operation takes no body"]
        return findings

    # Parameters

    def _parameter(self, operation: SpecOperation, parameter: Schema, texts: Sequence[str]) -> list[str]:
        # A parameter's verdict depends on its own text alone, and most requests say what others said before.
        key = (operation.operation_id, parameter["in"], parameter["name"], *texts)
        known = self._verdicts.get(key)
        if known is None:
            known = list(dict.fromkeys(self._reasons(parameter, texts)))
            if len(self._verdicts) >= _MOST_VERDICTS:
                self._verdicts.clear()
            self._verdicts[key] = known
        return known

    def _reasons(self, parameter: Schema, texts: Sequence[str]) -> Iterator[str]:
        if "content" in parameter:
            # No more than that: documents call the value of a condition an object, and servers take any.
            try:
                orjson.loads(texts[0])
            except orjson.JSONDecodeError:
                yield f"{texts[0]!r} is no JSON"
            return
        schema = self.spec.resolve(parameter.get("schema", {}))
        if schema.get("type") == "array":
            items = self.spec.resolve(schema.get("items", {}))
            parts = [part for text in texts for part in text.split(",")] if parameter.get("explode") is False else texts
            for part in parts:
                yield from self._scalar(items, part)
            return
        for text in texts:
            yield from self._scalar(schema, text)

    def _scalar(self, schema: Schema, text: str) -> Iterator[str]:
        value: Any = text
        match schema.get("type"):
            case "integer" if re.fullmatch(r"[+-]?\d{1,19}", text):
                value = int(text)
            case "number" if re.fullmatch(r"[+-]?\d{1,19}(\.\d{0,19})?([eE][+-]?\d{1,3})?", text):
                value = float(text)
            case "boolean" if text.lower() in ("true", "false"):
                value = text.lower() == "true"
            case "integer" | "number" | "boolean" as kind:
                yield f"{text!r} is not of type {kind!r}"
                return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{text!r} is not one of {schema['enum']}"
        if isinstance(value, str):
            yield from _text_reasons(schema, value)
        elif not isinstance(value, bool):
            if "minimum" in schema and value < schema["minimum"]:
                yield f"{value} is less than the minimum of {schema['minimum']}"
            if "maximum" in schema and value > schema["maximum"]:
                yield f"{value} is greater than the maximum of {schema['maximum']}"

    # Bodies

    def _body(self, operation: SpecOperation, content_type: str, body: bytes, findings: Findings) -> Findings:
        if not body:
            if operation.body_required:
                findings.problems["body"] = ["it has to be there"]
            return findings
        media, charset = _media(content_type)
        taken = next((offered for offered in operation.body if _media(offered)[0] == media), None)
        if taken is None:
            reason = f"the media type {media or 'none'!r} is not one of {', '.join(operation.body)}"
            findings.problems["body"] = [reason]
            return attrs.evolve(findings, media=True)
        schema = operation.body[taken]
        if media == "application/x-www-form-urlencoded":
            form = dict(parse_qsl(body.decode(charset, "replace"), keep_blank_values=True))
            missing = self.spec.required(schema) - set(form)
            for name in sorted(missing):
                findings.problems[f"body {name}"] = ["it has to be there"]
        elif media == _JSON or media.endswith("+json"):
            try:
                value = orjson.loads(body)
            except orjson.JSONDecodeError as error:
                findings.problems["body"] = [f"it is no JSON: {error}"]
                return findings
            for where, text in self._errors(schema, value):
                findings.problems.setdefault(f"body {where}".strip(), []).append(text)
            for where, text in _beyond(self.spec, schema, value, ""):
                findings.departures.setdefault(f"body {where}", []).append(text)
        return findings

    def _errors(self, schema: Schema, value: Any) -> Iterator[tuple[str, str]]:
        for error in self._requests.validator(schema).iter_errors(value):
            yield from _lines(error)

    # Answers

    def check_answer(
        self, operation: SpecOperation, status: int, value: Any, media: str = "application/json"
    ) -> list[str]:
        """What does not fit in an operation's answer: one line for each; an empty list where all does."""
        schema = next(one.content[media] for one in operation.responses if one.status == status)
        errors = self._answers.validator(schema).iter_errors(value)
        return [f"{where or 'value'}: {text}" for error in errors for where, text in _lines(error)]

    def schema(self, name: str) -> JsonValidator:
        """A JSON Schema validator for a named schema of an answer."""
        return self._answers.named(name)


@functools.cache
def _checker(spec: Spec) -> Checker:
    return Checker(spec)


def _given(
    parameter: Schema, sent: Mapping[str, list[str]], values: Mapping[str, str], headers: Mapping[str, str]
) -> list[str] | None:
    name = parameter["name"]
    if parameter["in"] == "query":
        return sent.get(name)
    if parameter["in"] == "path":
        return [unquote(values[name])]
    value = headers.get(name) if parameter["in"] == "header" else None
    return None if value is None else [value]


def _text_reasons(schema: Schema, text: str) -> Iterator[str]:
    if len(text) < schema.get("minLength", 0):
        yield f"{text!r} is too short"
    if len(text) > schema.get("maxLength", len(text)):
        yield f"{text[:50]!r} is too long"
    match schema.get("format"):
        case "uuid" if not _UUID.fullmatch(text):
            yield f"{text!r} is not a 'uuid'"
        case "date-time" if read_moment(text) is None:
            yield f"{text!r} is not a 'date-time'"


def _media(content_type: str) -> tuple[str, str]:
    message = Message()
    message["Content-Type"] = content_type or "none/none"
    media = message.get_content_type() if content_type else ""
    return media, str(message.get_param("charset") or "utf-8")


def _beyond(spec: Spec, schema: Schema, value: Any, where: str) -> Iterator[tuple[str, str]]:
    """What of a body the document does not ask for: read-only properties, and properties that it does not know."""
    schema = spec.resolve(schema)
    if isinstance(value, list):
        for entry in value:
            yield from _beyond(spec, schema.get("items", {}), entry, f"{where}[]")
        return
    if not isinstance(value, dict):
        return
    children = spec.children(schema)
    if children:
        child = children.get(str(value.get(schema["discriminator"]["propertyName"])))
        schema = spec.lookup(child) if child else schema
    properties = spec.properties(schema)
    if not properties or any(isinstance(part.get("additionalProperties"), Mapping) for part in spec.parts(schema)):
        return
    for name, entry in value.items():
        place = f"{where}.{name}".lstrip(".")
        if name not in properties:
            yield place, "the document knows no such property"
        elif spec.resolve(properties[name]).get("readOnly"):
            yield place, "the document calls it read-only"
        else:
            yield from _beyond(spec, properties[name], entry, place)


def _lines(error: ValidationError) -> Iterator[tuple[str, str]]:
    """The innermost reasons of an error: of a dispatching `anyOf` those of the child that the value named."""
    child = [inner for inner in error.context or () if inner.schema_path and inner.schema_path[0] == 1]
    if error.validator == "anyOf" and child:
        for inner in child:
            yield from _lines(inner)
        return
    where = ".".join(str(part) for part in error.absolute_path)
    message = error.message
    yield where, message if len(message) < 200 else f"{message[:200]}..."
