"""How a revision's operations are answered: by the world where it knows them, by collections, else from the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import attrs
import orjson

from .._spec import Schema, Spec, SpecOperation
from . import query
from .answers import Answers
from .behaviour import Behaviour
from .collection import Collection
from .paging import is_json_filter, json_order, json_select, page_body
from .products import Problem, Product, Refused
from .query import Row
from .store import Store, missing
from .tokens import TokenService, User
from .world import World

JSON = "application/json"
_MOST_CACHED = 64


@attrs.frozen
class Answer:
    """What to send: a status, and a JSON value or bytes with their media type.

    Attributes:
        rows: how many rows the whole list has that this is a page of.
    """

    status: int
    payload: Any = None
    raw: bytes | None = None
    media: str = JSON
    headers: Mapping[str, str] = attrs.field(factory=dict)
    rows: int = 0


class Host(Protocol):
    """The appliance that a call came to, as far as answers depend on it."""

    @property
    def product(self) -> Product: ...
    @property
    def behaviour(self) -> Behaviour: ...
    @property
    def tokens(self) -> TokenService: ...


@attrs.frozen
class Call:
    """A request that was found good: its operation and all that it carries.

    Attributes:
        host: the appliance that it came to.
        values: the path's placeholders, decoded.
        query: values by wire name.
        body: the JSON value, or None; `raw` holds the bytes in any case.
    """

    host: Host
    operation: SpecOperation
    values: Mapping[str, str]
    query: Mapping[str, list[str]]
    accept: str
    path: str
    body: Any
    raw: bytes
    user: User | None
    token: str


Handler = Callable[[Call], Answer | None]


class Handlers:
    """Answers the calls of one revision over one world; several appliances may share it as long as nothing changes.

    Args:
        spec: the revision.
        answers: values for what nobody said.
        world: the facts.
        special: makes the handlers of single operations and puts the world's collections into the store.

    Attributes:
        fresh: operationIds whose answers change by the clock alone.
        faults: field of answers that lists what went wrong, which is nothing; empty where the product has none.
    """

    def __init__(
        self, spec: Spec, answers: Answers, world: World, special: Callable[[Handlers], Mapping[str, Handler]]
    ) -> None:
        self.spec = spec
        self.answers = answers
        self.world = world
        self.store = Store(spec, answers)
        self.fresh: set[str] = set()
        self.faults = ""
        self._make_special = special
        self._special = dict(special(self))
        self._cache: dict[tuple[str, ...], tuple[int, int, Answer]] = {}

    def fork(self, world: World) -> Handlers:
        """The same over a fork of the world."""
        other = Handlers(self.spec, self.answers, world, self._make_special)
        other.store.take_over(self.store)
        return other

    def answer(self, call: Call) -> Answer:
        """The answer to a call that was found good.

        Raises:
            Refused: the state does not allow it.
        """
        special = self._special.get(call.operation.operation_id)
        if special is not None:
            answer = special(call)
            if answer is not None:
                return answer
        return self.plain(call)

    def plain(self, call: Call) -> Answer:
        """The answer to a call as any operation of its shape gives it."""
        return self._listing(call) or self._row(call) or self._create(call) or self._setting(call) or self.made(call)

    def cached(self, call: Call, raw_query: str) -> Answer:
        """The answer to a GET with its bytes made, kept as long as nothing changes."""
        self.world.settle()
        self.store.settle()
        behaviour = call.host.behaviour
        if behaviour.asynchronous or call.operation.operation_id in self.fresh:
            return self.answer(call)
        key = (call.path, raw_query, call.accept, str(behaviour.default_limit), str(behaviour.most_rows))
        kept = self._cache.get(key)
        if kept is not None and kept[0] == self.world.revision and kept[1] == self.store.version:
            return kept[2]
        answer = self.answer(call)
        if answer.raw is None and answer.payload is not None:
            answer = attrs.evolve(answer, raw=orjson.dumps(answer.payload))
        if len(self._cache) >= _MOST_CACHED:
            self._cache.clear()
        self._cache[key] = (self.world.revision, self.store.version, answer)
        return answer

    # Collections

    def _listing(self, call: Call) -> Answer | None:
        listing = self.spec.listing(call.operation)
        if listing is None:
            return None
        self.exists(call)
        held = self.store.collection(call.operation.path, call.path) if call.operation.method == "GET" else None
        if held is not None:
            rows, left = held.find(self._filters(call))
            return self.page(call, rows, left)
        return self.page(call, self.answers.rows(listing[1], call.operation.operation_id, call.path))

    def page(self, call: Call, rows: Sequence[Row], filters: Mapping[str, Sequence[str]] | None = None) -> Answer:
        """A page of some rows as the call asks for it, in the shape of its answer."""
        listing = self.spec.listing(call.operation)
        kept = list(rows)
        if kept and isinstance(kept[0], dict):
            kept = self._chosen(call, kept, self._filters(call) if filters is None else filters)
        skip, limit = self._bounds(call)
        behaviour, product = call.host.behaviour, call.host.product
        default = product.default_limit if behaviour.default_limit is None else behaviour.default_limit
        most = product.most_rows if behaviour.most_rows is None else behaviour.most_rows
        response = call.operation.responses[0]
        if listing is not None and not listing[0] and skip is None and limit is None:
            limit, most = -1, None
        cut = query.page(kept, skip, limit, default=default, most=most)
        schema = response.content.get(JSON, {})
        name = listing[0] if listing is not None else "results"
        if listing is None:
            return Answer(response.status, {"totalCount": cut.total, name: cut.rows}, rows=cut.total)
        body = page_body(self.spec, schema, name, cut, call.path, call.query)
        lacking = self.spec.required(schema) - set(body) if isinstance(body, dict) else set()
        if lacking:
            made = self.made_json(call.operation, call.path)
            body |= {field: made[field] for field in lacking if field in made}
        return Answer(response.status, body, rows=cut.total)

    def _chosen(self, call: Call, rows: list[Row], filters: Mapping[str, Sequence[str]]) -> list[Row]:
        """The rows that pass the call's filters, in the order that it asks for."""
        written = {name: values[0] for name, values in filters.items() if values and is_json_filter(values[0])}
        plain = {name: values for name, values in filters.items() if name not in written}
        try:
            for name, text in written.items():
                if name.lower() == "filter":
                    rows = json_select(rows, text)
                elif name.lower() == "sort":
                    rows = json_order(rows, text)
        except (ValueError, TypeError, AttributeError) as error:
            raise Refused(Problem(400, str(error))) from None
        return query.order(query.select(rows, plain), {name: call.query[name] for name in call.query if name in plain})

    def _filters(self, call: Call) -> dict[str, list[str]]:
        # A value that the document wants joined by commas is one list of values.
        found: dict[str, list[str]] = {}
        for name, values in call.query.items():
            parameter = call.operation.parameter(name)
            if parameter is not None and parameter.get("explode") is False:
                values = [part for value in values for part in value.split(",")]
            found[name] = values
        return found

    def _bounds(self, call: Call) -> tuple[int | None, int | None]:
        if call.operation.method != "GET" and isinstance(call.body, dict):
            paging = call.body.get("pagination")
            if not isinstance(paging, dict):
                paging = call.body
            if "skip" in paging or "limit" in paging:
                return paging.get("skip"), paging.get("limit")
        return query.number(call.query, "skip", "offset"), query.number(call.query, "limit")

    def _row(self, call: Call) -> Answer | None:
        found = self.store.own_row(call.operation, call.values)
        if found is None:
            return None
        held, key = found
        if key not in held.rows:
            if call.host.behaviour.unknown_ids == "not_found":
                raise missing(key)
            return None
        match call.operation.method:
            case "GET":
                return self._as_read(call, held, held.rows[key])
            case "PUT" | "PATCH" if isinstance(call.body, dict):
                sent = next(iter(call.operation.body.values()), {})
                row = self.store.change(held, key, call.body, whole=sent.get("$ref") == held.schema.get("$ref"))
                return self._done(call, held, row)
            case "DELETE":
                self.exists(call)
                self.change(call)
                return self.made(call, gone=True)
        return None

    def change(self, call: Call) -> None:
        """Change or remove the row that a call's path names, if it names one.

        Raises:
            Refused: something uses the row.
        """
        found = self.store.own_row(call.operation, call.values)
        if found is None or found[1] not in found[0].rows:
            return
        if call.operation.method == "DELETE":
            self.guard(call, found[1])
            self.store.remove(*found, lag=call.host.behaviour.delete_lag)
        elif isinstance(call.body, dict):
            sent = next(iter(call.operation.body.values()), {})
            self.store.change(*found, call.body, whole=sent.get("$ref") == found[0].schema.get("$ref"))

    def guard(self, call: Call, key: str) -> None:
        """Refuse the removal of credentials that something uses, or used a moment ago.

        Raises:
            Refused: they are in use.
        """
        if not call.operation.path.rsplit("/", 1)[0].endswith("/credentials"):
            return
        if self.world.uses(key, call.host.behaviour.in_use_for):
            raise Refused(Problem(400, "The credentials are in use.", "UnknownError", resource_id=key))

    def _create(self, call: Call) -> Answer | None:
        if call.operation.method != "POST" or not isinstance(call.body, dict):
            return None
        held = self.store.collection(call.operation.path, call.path)
        if held is None:
            return None
        self.exists(call)
        return self._done(call, held, self.store.create(held, call.body))

    def _done(self, call: Call, held: Collection, row: Row) -> Answer:
        for response in call.operation.responses:
            place = self._place(response.content.get(JSON, {}), held)
            if place is not None:
                return Answer(response.status, self._placed(call, place, row))
        return self.made(call)

    def _as_read(self, call: Call, held: Collection, row: Row) -> Answer | None:
        """A row alone, in the shape of the call's answer: with more fields where that is another schema."""
        response = call.operation.responses[0]
        schema = response.content.get(JSON, {})
        place = self._place(schema, held)
        if place is not None:
            return Answer(response.status, self._placed(call, place, row))
        inner = self.spec.properties(schema).get("data")
        properties = self.spec.properties(schema if inner is None else inner)
        if held.key not in properties:
            return None
        over = {name: value for name, value in row.items() if name in properties}
        made = self.made_json(call.operation, call.path)
        return Answer(response.status, self.store.fit(made, over if inner is None else {"data": over}, schema))

    def _place(self, schema: Schema, held: Collection) -> str | None:
        """The field of an answer that holds a row, empty where the row is the answer; None where there is none."""
        references = {held.schema.get("$ref"), *self.spec.children(held.schema).values()} - {None}
        if schema.get("$ref") in references:
            return ""
        inner = self.spec.properties(schema).get("data", {}) if schema else {}
        named = {inner.get("$ref"), *(part.get("$ref") for part in inner.get("allOf", ()))}
        return "data" if named & references else None

    def _placed(self, call: Call, place: str, row: Row) -> Any:
        return {**self.made_json(call.operation, call.path), place: row} if place else row

    def _setting(self, call: Call) -> Answer | None:
        paths = self.spec.paths.get(call.operation.path, {})
        readable = "GET" in paths and JSON in paths["GET"].responses[0].content
        if call.operation.method == "PUT" and readable and isinstance(call.body, dict):
            self.exists(call)
            same = _reference(paths["GET"]) == next(iter(call.operation.body.values()), {}).get("$ref")
            old = self.store.setting(call.path) or self.made_json(paths["GET"], call.path)
            schema = paths["GET"].responses[0].content.get(JSON, {})
            value = call.body if same else self.store.fit(old, call.body, schema)
            self.store.remember(call.path, value)
            if _reference(call.operation) == _reference(paths["GET"]):
                return Answer(call.operation.responses[0].status, value)
            return None
        if call.operation.method == "GET":
            value = self.store.setting(call.path)
            if value is not None:
                return Answer(call.operation.responses[0].status, value)
        return None

    def exists(self, call: Call) -> None:
        """Refuse a call about a row that is not there.

        Raises:
            Refused: 404.
        """
        if not call.values or call.host.behaviour.unknown_ids != "not_found":
            return
        found = self.store.row(call.operation, call.values)
        if found is not None and found[1] not in found[0].rows:
            raise missing(found[1])

    # Answers from the schema

    def made(self, call: Call, *, gone: bool = False) -> Answer:
        """An answer from the schema; `gone` where the call has just removed the row that its path names."""
        if not gone:
            self.exists(call)
        operation = call.operation
        response = operation.responses[0]
        if not response.content:
            return Answer(response.status)
        media = _wanted(call.accept, list(response.content))
        if media == "*/*" or media.endswith(("/json", "+json")):
            # A range of media types is none that anything can be.
            sent = JSON if "*" in media else media
            return Answer(response.status, self.made_json(operation, call.path, media), media=sent)
        sent = "application/octet-stream" if "*" in media else media
        return Answer(response.status, raw=_file(operation, media), media=sent)

    def made_json(self, operation: SpecOperation, path: str, media: str = JSON) -> Any:
        """A JSON answer from the schema: the same for the same path."""
        made = self.answers.of(operation, operation.responses[0].status, media, path)
        if self.faults and isinstance(made, dict) and self.faults in made:
            made[self.faults] = []
        return made

    def schema(self, operation: SpecOperation, status: int) -> Schema | None:
        """Schema of an operation's JSON answer of a status, or None."""
        for response in operation.responses:
            if response.status == status:
                return response.content.get(JSON)
        return None


def _reference(operation: SpecOperation) -> str:
    return str(operation.responses[0].content.get(JSON, {}).get("$ref", ""))


def _wanted(accept: str, offered: list[str]) -> str:
    for part in accept.split(","):
        media = part.split(";")[0].strip()
        if media in offered:
            return media
    return offered[0]


def _file(operation: SpecOperation, media: str) -> bytes:
    if media in ("application/zip", "application/x-tar", "application/vnd.efi.iso", "application/octet-stream"):
        return bytes(range(256)) * 16
    if media == "text/csv":
        return b"Name,Id\r\nfirst,1\r\nsecond,2\r\n"
    return f"<export operation='{operation.operation_id}'/>".encode()
