"""Changes that a vendor makes to operations, parameters, bodies and responses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.codegen.next_revision.draft import Draft

TEXT = {"type": "string"}


def new_paths(draft: Draft) -> None:
    """A tag of its own with everything that one does with a thing."""
    home = f"{draft.base()}/cloudVaults"
    vault = draft.add("CloudVault", {"type": "object", "required": ["id"], "properties": {"id": TEXT, "name": TEXT}})
    paging = draft.add("VaultPaging", {"properties": {key: {"type": "integer"} for key in ("total", "count", "skip")}})
    page = draft.add(
        "CloudVaultsResult",
        {"type": "object", "properties": {"data": {"type": "array", "items": vault}, "pagination": paging}},
    )
    tags = {"tags": ["Cloud Vaults"]}
    number = {"type": "integer", "format": "int32"}
    draft.add_operation(
        "get", home, "GetAllCloudVaults", **tags,
        parameters=[draft.query("skip", number), draft.query("limit", number), draft.query("nameFilter", TEXT)],
        responses={"200": draft.answer(page)},
    )  # fmt: skip
    draft.give_body(
        draft.add_operation("post", home, "CreateCloudVault", **tags, responses={"201": draft.answer(vault)}), vault
    )
    one = {"parameters": [draft.path("id")]} | tags
    draft.add_operation(
        "get", f"{home}/{{id}}", "GetCloudVault", **copy.deepcopy(one), responses={"200": draft.answer(vault)}
    )
    draft.add_operation("delete", f"{home}/{{id}}", "DeleteCloudVault", **copy.deepcopy(one))
    draft.give_body(draft.add_operation("put", f"{home}/{{id}}", "UpdateCloudVault", **copy.deepcopy(one)), vault)


def other_methods(draft: Draft) -> None:
    """PATCH in the two forms that it has, HEAD, OPTIONS."""
    home = f"{draft.base()}/widgets/patched/{{id}}"
    given: dict[str, Any] = {"parameters": [draft.path("id")]}
    vault = draft.ref(draft.structure())
    part = {
        "type": "object",
        "required": ["op", "path"],
        "properties": {"op": {"enum": ["add", "remove"]}, "path": TEXT, "value": {}},
    }
    patch = draft.add("JsonPatchOperation", part)
    made = draft.add_operation("patch", home, "PatchWidget", **copy.deepcopy(given))
    draft.give_body(made, {"type": "array", "items": patch}, "application/json-patch+json")
    made = draft.add_operation("patch", f"{home}/merged", "MergeWidget", **copy.deepcopy(given))
    draft.give_body(made, vault, "application/merge-patch+json")
    draft.add_operation("head", home, "HasWidget", **copy.deepcopy(given), responses={"200": draft.answer()})
    draft.add_operation("options", home, "AskWidget", **copy.deepcopy(given), responses={"200": draft.answer()})


def operation_ids(draft: Draft) -> None:
    """Operations whose ids are missing, given twice, or no names."""
    odd = ["get jobs", "Jobs.Get", "jobs-get", "import", "Jobs_Get", "jobsGet", "class", "1st", "Ünicode", "a/b",
           "X" * 120,           "get", "client", "api", "__init__", "None", "GetJobs(string)", "日本"]  # fmt: skip
    names = iter(draft.random.sample(odd, len(odd)))
    chosen = draft.operations()
    for _, _, operation in chosen:
        match draft.random.randrange(5):
            case 0:
                operation.pop("operationId", None)
            case 1:
                operation["operationId"] = draft.random.choice(chosen)[2].get("operationId", "Twice")
            case 2:
                operation["operationId"] = next(names, "Many")
            case _:
                pass


def tags(draft: Draft) -> None:
    """Tags that are missing, odd, many, or new."""
    odd = ["Jobs & Sessions", "1st", "import", "models", "api", "Client", "a/b", "Ünicode", "", "shared", "Jobs",
           "jobs",           "JOBS", "veeam_async", "Login", "日本", "close", "options"]  # fmt: skip
    for _, _, operation in draft.operations():
        match draft.random.randrange(4):
            case 0:
                operation.pop("tags", None)
            case 1:
                operation["tags"] = [draft.random.choice(odd)]
            case 2:
                operation["tags"] = draft.random.sample(odd, 3)
            case _:
                operation["tags"] = []
    draft.document["tags"] = [{"name": name, "x-displayName": f"About {name}"} for name in odd[:6]] + [
        {"name": "unused"}
    ]


def moved_parameters(draft: Draft) -> None:
    """Parameters move to the path, to the shared ones, from there into the operation."""
    shared = (
        draft.document.setdefault("parameters", {})
        if draft.swagger
        else draft.document["components"].setdefault("parameters", {})
    )
    home = "#/parameters/" if draft.swagger else "#/components/parameters/"
    for path, item in draft.paths.items():
        for method, operation in [(key, part) for key, part in item.items() if key != "parameters"]:
            kept = []
            for place, part in enumerate(operation.get("parameters", [])):
                chance = draft.random.random()
                if "$ref" in part and chance < 0.3:
                    kept.append(copy.deepcopy(shared[part["$ref"].rpartition("/")[2]]))
                elif "$ref" not in part and part["in"] not in ("body", "formData") and chance < 0.4:
                    name = f"{method}{len(shared)}_{place}"
                    shared[name] = part
                    kept.append({"$ref": home + name})
                elif part.get("in") == "path" and len(item) == 1 and chance < 0.8:
                    item.setdefault("parameters", []).append(part)
                else:
                    kept.append(part)
            if "parameters" in operation:
                operation["parameters"] = kept
        assert path in draft.paths


def odd_parameters(draft: Draft) -> None:
    """Parameters in every place and style, and with names that are none of Python."""
    texts = {"type": "array", "items": TEXT}
    operation = draft.operation()
    own = operation.setdefault("parameters", [])
    for name in ("class", "self", "body", "X-Trace.Id", "filter[name]", "$top", "order-by", "Limit", "limit", "client"):
        if name not in [part.get("name") for part in own]:
            own.append(draft.query(name, TEXT))
    own.append({"name": "X-Tenant", "in": "header", **(TEXT if draft.swagger else {"schema": TEXT})})
    own.append(
        {"name": "x-tenant-2", "in": "header", "required": True, **(TEXT if draft.swagger else {"schema": TEXT})}
    )
    if draft.swagger:
        for form in ("csv", "multi", "ssv", "pipes"):
            own.append(draft.query(f"in_{form}", texts, collectionFormat=form))
        own.append(draft.query("plain", texts))
    else:
        for style, explode in (("form", True), ("form", False), ("spaceDelimited", False), ("pipeDelimited", False)):
            own.append(draft.query(f"in_{style}_{explode}", texts, style=style, explode=explode))
        values = {"type": "object", "properties": {"name": TEXT, "count": {"type": "integer"}}}
        own.append(draft.query("deep", values, style="deepObject", explode=True))
        own.append(draft.query("exploded", values))
        own.append(draft.query("model", draft.ref(draft.structure())))
        own.append(draft.query("empty", TEXT, allowEmptyValue=True))
        own.append({"name": "JSESSIONID", "in": "cookie", "schema": TEXT})
        content = {"application/json": {"schema": draft.ref(draft.structure())}}
        own.append({"name": "condition", "in": "query", "content": content})
    for name in ("{job-id}", "{job.id}", "{class}", "{from}:{to}", "{id}.json", "v{n}"):
        path = f"{draft.base()}/widgets/odd/{name}"
        wires = [part.partition("}")[0] for part in name.split("{")[1:]]
        draft.add_operation("get", path, f"GetOdd{len(draft.paths)}", parameters=[draft.path(wire) for wire in wires])


def media_types(draft: Draft) -> None:
    """Bodies and responses in other media types."""
    home = f"{draft.base()}/widgets/media"
    model = draft.ref(draft.structure())
    binary = {"type": "file"} if draft.swagger else TEXT | {"format": "binary"}
    kinds = [
        ("text/csv", TEXT), ("application/xml", model), ("application/vnd.veeam.v2+json", model), ("text/plain", TEXT),
        ("image/png", binary), ("application/json; charset=utf-8", model), ("application/octet-stream", binary),
        ("application/problem+json", model), ("application/pdf", binary), ("application/x-ndjson", TEXT),
        ("text/json", model), ("*/*", model), ("application/*+json", model),
    ]  # fmt: skip
    for place, (media_type, schema) in enumerate(kinds):
        made = draft.add_operation(
            "get", f"{home}/{place}", f"GetMedia{place}", responses={"200": draft.answer(schema, media_type)}
        )
        if draft.swagger:
            made["produces"] = [media_type]
        sent = draft.add_operation("post", f"{home}/{place}", f"SendMedia{place}")
        draft.give_body(sent, TEXT | {"format": "binary"} if draft.swagger and schema is binary else schema, media_type)
    if not draft.swagger:
        form = {
            "type": "object",
            "required": ["file"],
            "properties": {"file": binary, "more": {"type": "array", "items": binary}, "about": model, "text": TEXT},
        }
        draft.give_body(draft.add_operation("post", f"{home}/parts", "SendParts"), form, "multipart/form-data")
        plain = {"type": "object", "properties": {"file": binary, "text": TEXT, "count": {"type": "integer"}}}
        sent = draft.add_operation("post", f"{home}/form", "SendForm")
        draft.give_body(sent, plain, "application/x-www-form-urlencoded")
        several = {kind: {"schema": model} for kind in ("application/json", "text/json", "application/xml")}
        draft.add_operation("put", home, "SendSeveral", requestBody={"content": several | {"text/csv": {}}})
        draft.add_operation(
            "get", home, "GetSeveral", responses={"200": {"description": "", "content": several | {"text/csv": {}}}}
        )


def statuses(draft: Draft) -> None:
    """Responses under every code that there is."""
    home = f"{draft.base()}/widgets/statuses"
    model = draft.ref(draft.structure())
    cases: list[dict[str, Any]] = [
        {"default": draft.answer(model)},
        {"2XX": draft.answer(model), "4XX": draft.answer(model)},
        {"200": draft.answer(model), "204": draft.answer(), "default": draft.answer()},
        {
            "202": draft.answer() | {"headers": {"Location": TEXT if draft.swagger else {"schema": TEXT}}},
            "200": draft.answer(model),
        },
        {"200": draft.answer(TEXT), "201": draft.answer(model)},
        {"200": draft.answer({"type": "integer"})},
        {"200": draft.answer({"type": "boolean"}), "409": draft.answer(model)},
        {"200": draft.answer({"type": "array", "items": model})},
        {"200": draft.answer({"type": "array", "items": TEXT})},
        {"203": draft.answer(model), "207": draft.answer({"type": "object"})},
        {"302": draft.answer(), "200": draft.answer()},
        {"404": draft.answer()},
    ]
    for place, responses in enumerate(cases):
        draft.add_operation("get", f"{home}/{place}", f"GetStatus{place}", responses=responses)
        draft.add_operation("post", f"{home}/{place}", f"PostStatus{place}", responses=copy.deepcopy(responses))


def shared_parts(draft: Draft) -> None:
    """Bodies, responses and headers move to the shared ones."""
    if draft.swagger:
        shared = draft.document.setdefault("responses", {})
        for path, method, operation in draft.operations():
            for code, response in operation["responses"].items():
                if "$ref" not in response and draft.random.random() < 0.3:
                    name = f"{method}{len(shared)}.{code}"
                    shared[name] = response
                    operation["responses"][code] = {"$ref": f"#/responses/{name}"}
            assert path
        return
    components = draft.document["components"]
    for _, method, operation in draft.operations():
        body = operation.get("requestBody")
        if body is not None and "$ref" not in body and draft.random.random() < 0.5:
            bodies = components.setdefault("requestBodies", {})
            name = f"{method}Body{len(bodies)}"
            bodies[name] = body
            operation["requestBody"] = {"$ref": f"#/components/requestBodies/{name}"}
        for code, response in operation["responses"].items():
            if "$ref" not in response and draft.random.random() < 0.3:
                responses = components.setdefault("responses", {})
                name = f"Answer.{code}-{len(responses)}"
                response.setdefault("headers", {})["X-Rate"] = {"$ref": "#/components/headers/Rate"}
                responses[name] = response
                components.setdefault("headers", {})["Rate"] = {"schema": {"type": "integer"}}
                operation["responses"][code] = {"$ref": f"#/components/responses/{name}"}


def security(draft: Draft) -> None:
    """Operations open to all, other schemes, none at all."""
    draft.operation()["security"] = []
    draft.operation()["security"] = [{}]
    draft.operation()["security"] = [{"apiKey": []}, {"other": ["read"]}]
    if draft.random.random() < 0.5:
        draft.document.pop("security", None)
    held = draft.document if draft.swagger else draft.document["components"]
    key = "securityDefinitions" if draft.swagger else "securitySchemes"
    held.setdefault(key, {})["apiKey"] = {"type": "apiKey", "name": "X-Key", "in": "header"}


def extras(draft: Draft) -> None:
    """What says nothing of the interface: callbacks, links, examples, extensions, external documents, servers."""
    operation = draft.operation()
    operation |= {
        "externalDocs": {"url": "https://example.com"},
        "x-new": {"deep": [1, {"$ref": "#/nowhere"}]},
        "description": "é" * 99,
    }
    schema = draft.schemas[draft.structure()]
    schema |= {"example": {"$ref": "not a reference"}, "externalDocs": {}, "title": "Some title", "x-new": None}
    draft.document["x-tagGroups"] = [{"name": "All", "tags": ["Jobs"]}]
    draft.document["info"] = {
        "title": "Veeam 'next' \"revision\"",
        "version": "99",
        "description": "# Long",
        "contact": {},
    }
    if not draft.swagger:
        operation["callbacks"] = {
            "done": {"{$request.body#/url}": {"post": {"responses": {"200": {"description": ""}}}}}
        }
        operation["servers"] = [{"url": "https://other.example.com"}]
        draft.document["components"]["examples"] = {"One": {"value": {"$ref": 3}}}
        draft.document["components"]["links"] = {"Next": {"operationId": "x"}}


def deprecations(draft: Draft) -> None:
    """Operations, parameters and properties that are deprecated."""
    for _, _, operation in draft.operations():
        if draft.random.random() < 0.3:
            operation["deprecated"] = True
            for part in operation.get("parameters", ()):
                if "$ref" not in part:
                    part["deprecated"] = True
    for name in draft.structures():
        for part in draft.schemas[name]["properties"].values():
            if "$ref" not in part and draft.random.random() < 0.1:
                part["deprecated"] = True


CHANGES: tuple[Callable[[Draft], None], ...] = (
    new_paths, other_methods, operation_ids, tags, moved_parameters, odd_parameters, media_types, statuses,
    shared_parts, security, extras, deprecations,
)  # fmt: skip
