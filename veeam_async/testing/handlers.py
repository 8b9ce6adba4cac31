"""How a revision's operations are answered: by the world where it knows them, by collections, else from the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from . import query
from .answers import Answers
from .spec import Spec, SpecOperation
from .store import Collection, Store, missing
from .tokens import User

if TYPE_CHECKING:
    from .appliance import SimulatedAppliance

_JSON = "application/json"


@attrs.frozen
class Answer:
    """What to send: a status, and a JSON value or bytes with their media type."""

    status: int
    payload: Any = None
    raw: bytes | None = None
    media: str = _JSON
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Call:
    """A request that was found good: its operation and all that it carries.

    Attributes:
        values: the path's placeholders, decoded.
        query: values by wire name.
        body: the JSON value, or None; `raw` holds the bytes in any case.
    """

    operation: SpecOperation
    values: Mapping[str, str]
    query: Mapping[str, list[str]]
    accept: str
    path: str
    body: Any
    raw: bytes
    content_type: str
    user: User | None
    token: str


Handler = Callable[[Call], Answer | None]


class Handlers:
    """Answers the calls of one revision on one appliance.

    Args:
        spec: the revision.
        answers: values for what nobody said.
        appliance: whose tokens and behaviour count.
    """

    def __init__(self, spec: Spec, answers: Answers, appliance: SimulatedAppliance) -> None:
        self.spec = spec
        self.answers = answers
        self.appliance = appliance
        self.store = Store(spec, answers)
        self.special: dict[str, Handler] = {appliance.product.logout: self._logout}
        for operation in spec.operations.values():
            end = operation.path.rsplit("/", 1)[-1]
            if end in ("authorization_code", "authorizationCode"):
                self.special[operation.operation_id] = self._authorization_code
            elif operation.path.endswith("/identityProvider/token"):
                self.special[operation.operation_id] = self._saml

    def answer(self, call: Call) -> Answer:
        """The answer to a call that was found good.

        Raises:
            Refused: the state does not allow it.
        """
        special = self.special.get(call.operation.operation_id)
        if special is not None:
            answer = special(call)
            if answer is not None:
                return answer
        return self._listing(call) or self._row(call) or self._create(call) or self._setting(call) or self._made(call)

    # Logins

    def _logout(self, call: Call) -> Answer:
        self.appliance.tokens.end(call.token)
        return Answer(self.appliance.product.logout_status, {} if self.appliance.product.logout_status == 200 else None)

    def _authorization_code(self, call: Call) -> Answer:
        assert call.user is not None
        return Answer(200, {"code": self.appliance.tokens.authorization_code(call.user)})

    def _saml(self, call: Call) -> Answer:
        from urllib.parse import parse_qsl

        form = {name.lower(): value for name, value in parse_qsl(call.raw.decode("utf-8", "replace"))}
        return Answer(200, self.appliance.tokens.saml(form))

    # Collections

    def _listing(self, call: Call) -> Answer | None:
        listing = self.spec.listing(call.operation)
        if listing is None:
            return None
        self._exists(call)
        held = self.store.collection(call.operation.path, call.path) if call.operation.method == "GET" else None
        if held is not None:
            rows = list(held.rows.values())
        else:
            rows = self.answers.rows(listing[1], call.operation.operation_id, call.path)
        return self.page(call, rows)

    def page(self, call: Call, rows: list[dict[str, Any]]) -> Answer:
        """A page of some rows as the call asks for it, in the shape of its answer."""
        listing = self.spec.listing(call.operation)
        assert listing is not None
        name, _ = listing
        if rows and isinstance(rows[0], dict):
            rows = query.order(query.select(rows, self._filters(call)), call.query)
        skip, limit = self._bounds(call)
        behaviour = self.appliance.behaviour
        cut = query.page(rows, skip, limit, default=behaviour.default_limit, most=behaviour.most_rows)
        status = call.operation.responses[0].status
        if name == "data":
            counted = {"total": cut.total, "count": len(cut.rows), "skip": cut.skip, "limit": cut.limit}
            return Answer(status, {"data": cut.rows, "pagination": counted})
        shape = self.spec.properties(call.operation.responses[0].content[_JSON])
        body: dict[str, Any] = {"totalCount": cut.total, "results": cut.rows}
        if "offset" in shape:
            body = {"offset": cut.skip, "limit": cut.limit, "totalCount": cut.total, "results": cut.rows}
        if "_links" in shape:
            links = self.spec.resolve(shape["_links"])
            own = {"rel": "self", "href": self.appliance.url + call.path, "method": "GET"}
            body["_links"] = [own] if links.get("type") == "array" else {"self": {"href": own["href"]}}
        return Answer(status, body)

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
        if call.operation.method == "GET" or not isinstance(call.body, dict):
            return query.number(call.query, "skip", "offset"), query.number(call.query, "limit")
        paging = call.body.get("pagination")
        if isinstance(paging, dict):
            return paging.get("skip"), paging.get("limit")
        return query.number(call.query, "skip", "offset"), query.number(call.query, "limit")

    def _row(self, call: Call) -> Answer | None:
        found = self.store.own_row(call.operation, call.values)
        if found is None:
            return None
        held, key = found
        if key not in held.rows:
            if self.appliance.behaviour.unknown_ids == "not_found":
                raise missing(call.values, key)
            return None
        match call.operation.method:
            case "GET":
                status = call.operation.responses[0].status
                return Answer(status, held.rows[key]) if self._is_row(call.operation, held, status) else None
            case "PUT" | "PATCH" if isinstance(call.body, dict):
                sent = next(iter(call.operation.body.values()), {})
                row = self.store.change(held, key, call.body, whole=sent.get("$ref") == held.schema.get("$ref"))
                return self._done(call, held, row)
            case "DELETE":
                self.store.remove(held, key)
                return self._made(call)
        return None

    def _create(self, call: Call) -> Answer | None:
        if call.operation.method != "POST" or not isinstance(call.body, dict):
            return None
        held = self.store.collection(call.operation.path, call.path)
        if held is None:
            return None
        self._exists(call)
        return self._done(call, held, self.store.create(held, call.body))

    def _done(self, call: Call, held: Collection, row: dict[str, Any]) -> Answer:
        for response in call.operation.responses:
            if self._is_row(call.operation, held, response.status):
                return Answer(response.status, row)
        return self._made(call)

    def _is_row(self, operation: SpecOperation, held: Collection, status: int) -> bool:
        for response in operation.responses:
            if response.status == status:
                schema = response.content.get(_JSON, {})
                return bool(schema) and (
                    schema.get("$ref") == held.schema.get("$ref") or schema.get("$ref") in self._family(held)
                )
        return False

    def _family(self, held: Collection) -> set[str]:
        return set(self.spec.children(held.schema).values())

    def _setting(self, call: Call) -> Answer | None:
        paths = self.spec.paths.get(call.operation.path, {})
        if call.operation.method == "PUT" and "GET" in paths and isinstance(call.body, dict):
            self._exists(call)
            same = _reference(paths["GET"]) == next(iter(call.operation.body.values()), {}).get("$ref")
            old = self.store.setting(call.path) or self._made_json(paths["GET"], call.path)
            schema = paths["GET"].responses[0].content.get(_JSON, {})
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

    def _exists(self, call: Call) -> None:
        """Refuse a call about a row that is not there."""
        if not call.values:
            return
        found = self.store.row(call.operation, call.values)
        strict = self.appliance.behaviour.unknown_ids == "not_found"
        if strict and found is not None and found[1] not in found[0].rows:
            raise missing(call.values, found[1])

    # Answers from the schema

    def _made(self, call: Call) -> Answer:
        self._exists(call)
        operation = call.operation
        response = operation.responses[0]
        if not response.content:
            return Answer(response.status)
        media = _wanted(call.accept, list(response.content))
        if media != _JSON:
            return Answer(response.status, raw=_file(operation, media), media=media)
        return Answer(response.status, self._made_json(operation, call.path))

    def _made_json(self, operation: SpecOperation, path: str) -> Any:
        response = operation.responses[0]
        return self.answers.of(operation, response.status, _JSON, path)


def _reference(operation: SpecOperation) -> str:
    return str(operation.responses[0].content.get(_JSON, {}).get("$ref", ""))


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
