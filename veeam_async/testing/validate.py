"""Checks requests (and, for tests, answers) against a revision's document with openapi-core."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import attrs
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator as JsonValidator
from jsonschema_path import SchemaPath
from openapi_core.datatypes import RequestParameters
from openapi_core.templating.media_types.exceptions import MediaTypeNotFound
from openapi_core.validation.request.exceptions import (
    MissingRequestBody,
    ParameterValidationError,
    RequestBodyValidationError,
)
from openapi_core.validation.request.validators import V30RequestValidator
from openapi_core.validation.schemas import oas30_read_schema_validators_factory, oas30_write_schema_validators_factory
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from openapi_core.validation.schemas.factories import SchemaValidatorsFactory
from openapi_core.validation.schemas.validators import SchemaValidator
from werkzeug.datastructures import Headers, ImmutableMultiDict

from .products import Problem
from .spec import Spec, SpecOperation
from .tokens import Refused

_MOST_VERDICTS = 20_000


class _Factory(SchemaValidatorsFactory):
    """Makes each schema's validator once; openapi-core makes it for every value anew."""

    def __init__(self, base: SchemaValidatorsFactory) -> None:
        super().__init__(base.schema_validator_cls, base.format_checker)
        self._made: dict[int, SchemaValidator] = {}

    def create(self, spec: SchemaPath, schema: SchemaPath, *args: Any, **options: Any) -> SchemaValidator:
        with schema.resolve() as resolved:
            key = id(resolved.contents)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = super().create(spec, schema, *args, **options)
        return made


class _Requests(V30RequestValidator):
    """openapi-core's request validator, with one factory of schema validators for all requests."""

    def __init__(self, spec: SchemaPath) -> None:
        super().__init__(spec, schema_validators_factory=_Factory(oas30_write_schema_validators_factory))

    def parameter(self, parameters: RequestParameters, parameter: SchemaPath) -> Exception | None:
        try:
            self._get_parameter(parameters, parameter)
        except ParameterValidationError as error:
            return error
        return None

    def body(self, body: bytes, content_type: str, operation: SchemaPath) -> list[Exception]:
        try:
            self._get_body(body or None, content_type, operation)
        except MissingRequestBody:
            return []  # the document lets it be left out
        except RequestBodyValidationError as error:
            return [error]
        return []


@attrs.frozen
class _Parameter:
    name: str
    location: str
    required: bool
    path: SchemaPath


@attrs.frozen
class _Plan:
    """What is looked up once for an operation: its place in the document, and that of each parameter."""

    operation: SchemaPath
    parameters: list[_Parameter]
    queries: set[str]

    @classmethod
    def of(cls, operation: SpecOperation, document: SchemaPath) -> _Plan:
        item = document / "paths" / operation.path
        raw = item / operation.method.lower()
        found: dict[tuple[str, str], _Parameter] = {}
        for place in (item, raw):
            for path in place.get("parameters", ()):
                name, location = (path / "name").read_str(), (path / "in").read_str()
                required = (path / "required").read_bool(default=False)
                found[name, location] = _Parameter(name, location, required, path)
        queries = {name for name, location in found if location == "query"}
        return cls(raw, list(found.values()), queries)


class Validator:
    """The checks for one revision; `Validator.of(spec)` keeps one for each in the process."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._document = SchemaPath.from_dict(dispatching(spec.document))
        self._requests = _Requests(self._document)
        self._answers = _Factory(oas30_read_schema_validators_factory)
        self._plans: dict[str, _Plan] = {}
        self._verdicts: dict[tuple[str, ...], list[tuple[str, str]]] = {}

    @classmethod
    def of(cls, spec: Spec) -> Validator:
        """The validator for a revision, made at first use."""
        return _validator(spec)

    def check(
        self, operation: SpecOperation, values: Mapping[str, str], query: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Check a request that was found to be for an operation.

        Args:
            operation: the operation.
            values: the path's placeholders as sent.
            query: the raw query string.
            headers: the request's headers.
            body: the request's body.

        Raises:
            Refused: 400 with every part that does not fit, or 415 for a media type that is not taken.
        """
        plan = self._plans.get(operation.operation_id)
        if plan is None:
            plan = self._plans[operation.operation_id] = _Plan.of(operation, self._document)
        sent: dict[str, list[str]] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            sent.setdefault(name, []).append(value)
        problems: dict[str, list[str]] = {}
        for name in sent:
            if name not in plan.queries:
                problems[f"query {name}"] = ["this operation has no such parameter"]
        for parameter in plan.parameters:
            texts = self._given(parameter, sent, values, headers)
            if texts is None:
                if parameter.required:
                    problems[f"{parameter.location} {parameter.name}"] = ["it has to be there"]
                continue
            for where, text in self._parameter(operation, parameter, texts):
                problems.setdefault(where, []).append(text)
        if operation.body:
            for error in self._requests.body(body, headers.get("Content-Type", ""), plan.operation):
                if self.spec.product == "azure" and isinstance(error.__cause__, MediaTypeNotFound):
                    raise Refused(Problem(415, f"The media type is not one of {', '.join(operation.body)}."))
                for where, text in _explain(error):
                    problems.setdefault(where, []).append(text)
        elif body:
            problems["body"] = ["this operation takes no body"]
        if problems:
            text = "; ".join(f"{where}: {', '.join(texts)}" for where, texts in problems.items())
            raise Refused(Problem(400, f"The request does not fit {operation.operation_id}: {text}", fields=problems))

    @staticmethod
    def _given(
        parameter: _Parameter, sent: Mapping[str, list[str]], values: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[str, ...] | None:
        if parameter.location == "query":
            return tuple(sent[parameter.name]) if parameter.name in sent else None
        if parameter.location == "path":
            return (unquote(values[parameter.name]),)
        value = headers.get(parameter.name)
        return None if value is None else (value,)

    def _parameter(
        self, operation: SpecOperation, parameter: _Parameter, texts: tuple[str, ...]
    ) -> list[tuple[str, str]]:
        # A parameter's verdict depends on its own text alone, and most requests say what others said before.
        key = (operation.operation_id, parameter.location, parameter.name, *texts)
        known = self._verdicts.get(key)
        if known is None:
            pairs = [(parameter.name, text) for text in texts]
            given = RequestParameters(
                query=ImmutableMultiDict(pairs if parameter.location == "query" else ()),
                header=Headers(pairs if parameter.location == "header" else ()),
                cookie=ImmutableMultiDict(),
                path=dict(pairs) if parameter.location == "path" else {},
            )
            error = self._requests.parameter(given, parameter.path)
            known = [] if error is None else list(_explain(error))
            if len(self._verdicts) >= _MOST_VERDICTS:
                self._verdicts.clear()
            self._verdicts[key] = known
        return known

    def check_answer(
        self, operation: SpecOperation, status: int, value: Any, media: str = "application/json"
    ) -> list[str]:
        """What does not fit in an operation's answer: one line for each; an empty list where all does."""
        responses = self._document / "paths" / operation.path / operation.method.lower() / "responses"
        schema = responses / str(status) / "content" / media / "schema"
        validator = self._answers.create(self._document, schema)
        return [f"{where}: {text}" for error in validator.validator.iter_errors(value) for where, text in _lines(error)]

    def schema(self, name: str) -> JsonValidator:
        """A JSON Schema validator for a named schema."""
        schema = self._document / "components" / "schemas" / name
        return self._answers.create(self._document, schema).validator


@functools.cache
def _validator(spec: Spec) -> Validator:
    return Validator(spec)


def dispatching(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document in which a discriminator's base checks the child that its value names.

    JSON Schema knows nothing of discriminators: a base alone would take any child's body unseen. Here a base `X`
    becomes `X` = `X.base`, and for each value: not that value, or the child; children inherit from `X.base`.
    """
    made: dict[str, Any] = without_times(document)
    document = made
    schemas: dict[str, Any] = document.get("components", {}).get("schemas", {})
    bases = {
        name: schema
        for name, schema in schemas.items()
        if isinstance(schema.get("discriminator"), dict) and schema["discriminator"].get("mapping")
    }
    for name, schema in bases.items():
        field = schema["discriminator"]["propertyName"]
        targets = {_name(target) for target in schema["discriminator"]["mapping"].values()}
        for target in targets & set(schemas):
            for part in schemas[target].get("allOf", ()):
                if part.get("$ref") == _reference(name):
                    part["$ref"] = _reference(f"{name}.base")
        values = list(schema["discriminator"]["mapping"])
        branches = [
            {"anyOf": [{"not": {"required": [field], "properties": {field: {"enum": [value]}}}}, {"$ref": target}]}
            for value, target in schema.pop("discriminator")["mapping"].items()
        ]
        # A value without a child is one that servers may send but nobody can ask for.
        schema.pop("oneOf", None)
        schema["properties"][field] = {"allOf": [schema["properties"][field]], "enum": list(values)}
        schemas[f"{name}.base"] = schema
        schemas[name] = {"type": "object", "allOf": [{"$ref": _reference(f"{name}.base")}, *branches]}
    return made


def without_times(document: Any) -> Any:
    """A copy of a document that lets a time of day be any text.

    `format: time` is the vendor's word for `22:00` and `10:00 PM`; RFC 3339 has another idea of it, and JSON Schema's
    checkers a third.
    """
    if isinstance(document, Mapping):
        is_time = document.get("type") == "string" and document.get("format") == "time"
        return {name: without_times(value) for name, value in document.items() if not (is_time and name == "format")}
    if isinstance(document, list):
        return [without_times(value) for value in document]
    return document


def _reference(name: str) -> str:
    return f"#/components/schemas/{name}"


def _name(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]


def _explain(error: Exception) -> Iterator[tuple[str, str]]:
    where = f"{error.location} {error.name}" if isinstance(error, ParameterValidationError) else "body"
    cause = error.__cause__
    if isinstance(cause, InvalidSchemaValue):
        for inner in cause.schema_errors:
            if isinstance(inner, ValidationError):
                for path, text in _lines(inner):
                    yield (where if path == "value" else f"{where} {path}"), text
            else:
                yield where, str(inner)
    else:
        yield where, str(cause or error)


def _lines(error: ValidationError) -> Iterator[tuple[str, str]]:
    """The innermost reasons of an error: of a dispatching `anyOf` those of the child that the value named."""
    child = [inner for inner in error.context or () if inner.schema_path and inner.schema_path[0] == 1]
    if error.validator == "anyOf" and child:
        for inner in child:
            yield from _lines(inner)
        return
    where = ".".join(str(part) for part in error.absolute_path) or "value"
    message = error.message
    yield where, message if len(message) < 200 else f"{message[:200]}..."
