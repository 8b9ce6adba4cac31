"""Facts only, and the rules that mend what the documents share of defects."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from codegen.ingest.checks import check_references
from codegen.ingest.facts import facts, phrase
from codegen.ingest.mend import mend
from tests.codegen.small import PROSE, document, schemas


def mended(made: dict[str, Any]) -> dict[str, Any]:
    spec = facts(made)
    mend(spec)
    check_references(spec)
    return spec


def thing(schema: dict[str, Any], **others: Any) -> Any:
    """What becomes of a schema."""
    return mended(schemas(Thing=schema, **others))["components"]["schemas"]["Thing"]


def parameter(part: dict[str, Any]) -> Any:
    """What becomes of a parameter of an operation."""
    made = document()
    path = "/api/v1/jobs/{id}" if part.get("in") == "path" else "/api/v1/other"
    made["paths"][path] = {
        "get": {"operationId": "Other", "parameters": [part], "responses": {"204": {"description": ""}}}
    }
    return mended(made)["paths"][path]["get"]["parameters"][0]


def test_no_prose_is_left() -> None:
    """Wherever a document may hold prose, none of it comes through; responses have the phrase of their code."""
    spec = mended(document())
    assert PROSE not in json.dumps(spec)
    responses = spec["paths"]["/api/v1/jobs"]["get"]["responses"]
    assert responses["200"]["description"] == "OK"
    assert spec["components"]["responses"] == {"Unauthorized": {"description": "Unauthorized"}}


def test_the_facts_are_left() -> None:
    """Names, titles, places, types, formats, enums, required, media types and security stay."""
    spec = mended(document())
    operation = spec["paths"]["/api/v1/jobs"]["get"]
    assert operation["summary"] == "Get All Jobs"
    assert operation["parameters"] == [{"name": "skip", "in": "query", "schema": {"type": "integer"}}]
    assert spec["components"]["schemas"]["Job"] == {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "description": {"type": "string"},
            "kind": {"$ref": "#/components/schemas/EKind"},
        },
    }
    assert spec["components"]["schemas"]["EKind"] == {"type": "string", "enum": ["One", "Two"]}
    assert spec["components"]["securitySchemes"] == {"Bearer": {"type": "http", "scheme": "bearer"}}
    assert spec["security"] == [{"Bearer": []}]
    assert spec["tags"] == [{"name": "Jobs"}]


def test_the_server_is_nobodys() -> None:
    """Where an appliance is, is the user's to say: no address of the document is kept."""
    assert mended(document())["servers"] == [{"url": "/"}]


def test_the_document_is_not_changed() -> None:
    """Taking the facts leaves the document as it was read."""
    made = document()
    before = copy.deepcopy(made)
    mended(made)
    assert made == before


@pytest.mark.parametrize(
    "name", ["description", "example", "examples", "title", "summary", "properties", "required", "x-note", "$ref"]
)
def test_a_property_may_be_named_like_a_keyword(name: str) -> None:
    """What is prose as a keyword is a fact as the name of a property."""
    schema = {"type": "object", "required": [name], "properties": {name: {"type": "string"}}}
    assert thing(copy.deepcopy(schema)) == schema


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("200", "OK"),
        ("207", "Multi-Status"),
        ("413", "Content Too Large"),
        ("422", "Unprocessable Content"),
        ("599", "Status 599"),
        ("default", "default"),
        ("NotFound", "Not Found"),
    ],
)
def test_phrases(code: str, says: str) -> None:
    """A response is described by the standard phrase of its code, the same in each Python, or by its name in words."""
    assert phrase(code) == says


def test_extensions_that_state_facts_stay() -> None:
    """Evidence and typing stay; notes, conflicts and anything said in a sentence go."""
    kept = {
        "x-evidence": ["swagger-1.0-rev0"],
        "x-typing": "partial",
        "x-verified-in-1.7": False,
        "x-path-derived": True,
    }
    gone = {"x-note": "a note", "x-conflict": "sources disagree", "x-displayName": "Thing", "x-veeam-authorize": PROSE}
    assert thing({"type": "object"} | kept | gone) == {"type": "object"} | kept


def test_a_reference_loses_its_neighbours() -> None:
    """OpenAPI 3.0 ignores what stands beside a $ref, and so do we; "or null" is said with allOf."""
    reference = {"$ref": "#/components/schemas/EKind"}
    made = thing(
        {"type": "object", "properties": {"a": reference | {"description": PROSE}, "b": reference | {"nullable": True}}}
    )
    assert made["properties"] == {"a": reference, "b": {"allOf": [reference], "nullable": True}}


def test_a_wrapper_around_one_reference_is_the_reference() -> None:
    """`allOf` with one element says nothing in a property, an item, a parameter or a body."""
    wrapper = {"allOf": [{"$ref": "#/components/schemas/EKind"}]}
    made = thing({"type": "object", "properties": {"a": wrapper, "b": {"type": "array", "items": wrapper}}})
    assert made["properties"] == {
        "a": {"$ref": "#/components/schemas/EKind"},
        "b": {"type": "array", "items": {"$ref": "#/components/schemas/EKind"}},
    }
    assert parameter({"name": "a", "in": "query", "schema": wrapper})["schema"] == {
        "$ref": "#/components/schemas/EKind"
    }


def test_a_named_wrapper_stays() -> None:
    """A schema that is another one by a name of its own stays a schema of its own."""
    wrapper = {"allOf": [{"$ref": "#/components/schemas/Job"}]}
    assert thing(copy.deepcopy(wrapper)) == wrapper


def test_a_childs_own_part_goes_into_its_all_of() -> None:
    """Properties beside `allOf` become its last element: one shape for all children."""
    made = thing(
        {"allOf": [{"$ref": "#/components/schemas/Job"}], "type": "object", "required": ["a"], "properties": {"a": {}}}
    )
    assert made == {
        "allOf": [{"$ref": "#/components/schemas/Job"}, {"type": "object", "required": ["a"], "properties": {"a": {}}}]
    }


def family(**changes: Any) -> dict[str, dict[str, Any]]:
    base: dict[str, Any] = {
        "type": "object",
        "properties": {"type": {"type": "string"}},
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
        "discriminator": {"propertyName": "type", "mapping": {"cat": "#/components/schemas/Cat"}},
    }
    child = {"type": "object", "properties": {"name": {"type": "string"}}}
    made: dict[str, dict[str, Any]] = {"Animal": base | changes}
    for name in ("Cat", "Dog", "Eel"):
        made[name] = {"allOf": [{"$ref": "#/components/schemas/Animal"}, copy.deepcopy(child)]}
    return made


def test_a_base_gives_up_its_one_of() -> None:
    """The circle of base and children is broken at the base, and the mapping names every child."""
    animal = mended(schemas(**family()))["components"]["schemas"]["Animal"]
    assert "oneOf" not in animal
    assert animal["discriminator"] == {
        "propertyName": "type",
        "mapping": {
            "cat": "#/components/schemas/Cat",
            "Dog": "#/components/schemas/Dog",
            "Eel": "#/components/schemas/Eel",
        },
    }


def test_a_mapping_of_bare_names_is_spelt_out() -> None:
    """OpenAPI lets a mapping name a schema without its path."""
    made = family(discriminator={"propertyName": "type", "mapping": {"cat": "Cat", "dog": "Dog", "eel": "Eel"}})
    animal = mended(schemas(**made))["components"]["schemas"]["Animal"]
    assert animal["discriminator"]["mapping"]["cat"] == "#/components/schemas/Cat"


def test_a_union_that_is_no_base_stays() -> None:
    """`oneOf` over schemas that cannot all inherit from it is a union, and stays one: no base, so no discriminator."""
    union = {
        "oneOf": [{"$ref": "#/components/schemas/Job"}, {"$ref": "#/components/schemas/EKind"}],
        "discriminator": {"propertyName": "type", "mapping": {"job": "#/components/schemas/Job"}},
    }
    assert thing(copy.deepcopy(union)) == {"oneOf": union["oneOf"]}


def test_what_only_children_have_is_required_of_them() -> None:
    """A base that requires a property of its children's hands the requirement down."""
    named = mended(schemas(**family(required=["type", "name", "nothing"])))["components"]["schemas"]
    assert named["Animal"]["required"] == ["type"]
    assert named["Cat"]["allOf"][1]["required"] == ["name"]


@pytest.mark.parametrize(
    ("schema", "required"),
    [
        ({"type": "object", "required": ["a", "gone"], "properties": {"a": {}}}, ["a"]),
        ({"type": "object", "required": ["gone"], "properties": {"a": {}}}, None),
        ({"type": "object", "required": ["a", "a"], "properties": {"a": {}}}, ["a"]),
    ],
)
def test_a_required_name_that_is_no_property_goes(schema: dict[str, Any], required: list[str] | None) -> None:
    """Names in "required" that no property has are dropped, also from items within."""
    assert thing(copy.deepcopy(schema)).get("required") == required
    assert thing({"type": "array", "items": copy.deepcopy(schema)})["items"].get("required") == required


def test_a_child_may_require_what_its_base_has() -> None:
    """A requirement of an inherited property stays."""
    child = {
        "allOf": [{"$ref": "#/components/schemas/Job"}, {"type": "object", "required": ["kind"], "properties": {}}]
    }
    assert thing(child)["allOf"][1]["required"] == ["kind"]


def test_path_parameters_are_required_and_never_null() -> None:
    """A path parameter that the document calls nullable or optional is neither."""
    made = parameter({"name": "id", "in": "path", "schema": {"type": "string", "nullable": True}})
    assert made == {"name": "id", "in": "path", "schema": {"type": "string"}, "required": True}


def test_no_parameter_is_null() -> None:
    """A query cannot say null, so a nullable parameter is one that may be left out."""
    made = parameter({"name": "ids", "in": "query", "schema": {"type": "array", "items": {}, "nullable": True}})
    assert made == {"name": "ids", "in": "query", "schema": {"type": "array", "items": {}}}
    wrapper = {"allOf": [{"$ref": "#/components/schemas/EKind"}], "nullable": True}
    assert parameter({"name": "a", "in": "query", "schema": wrapper})["schema"] == {
        "$ref": "#/components/schemas/EKind"
    }


def test_parameters_of_a_path_go_to_its_operations() -> None:
    """What a path says of all its operations is said by each; an operation's own parameter wins."""
    made = document()
    made["paths"]["/api/v1/jobs"]["parameters"] = [
        {"name": "skip", "in": "query", "schema": {"type": "string"}},
        {"name": "x-api-version", "in": "header", "required": True, "schema": {"type": "string"}},
    ]
    item = mended(made)["paths"]["/api/v1/jobs"]
    assert "parameters" not in item
    assert [part["name"] for part in item["post"]["parameters"]] == ["skip", "x-api-version"]
    assert [(part["name"], part["schema"]["type"]) for part in item["get"]["parameters"]] == [
        ("x-api-version", "string"),
        ("skip", "integer"),
    ]


def test_a_204_has_no_body() -> None:
    """A body that a document gives to a 204 is dropped, also where many share the response; other codes keep theirs."""
    made = document()
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}}
    made["components"]["responses"]["Deleted"] = {"description": PROSE, "content": content}
    responses = made["paths"]["/api/v1/jobs"]["post"]["responses"]
    responses |= {"200": {"$ref": "#/components/responses/Deleted"}, "204": {"$ref": "#/components/responses/Deleted"}}
    spec = mended(made)
    assert spec["paths"]["/api/v1/jobs"]["post"]["responses"]["204"] == {"description": "No Content"}
    assert spec["components"]["responses"]["Deleted"] == {"description": "OK", "content": content}


def test_a_login_needs_no_token() -> None:
    """The operation whose form has a `grant_type` is open, whatever the document's security says."""
    made = document()
    form = {"type": "object", "properties": {"grant_type": {"type": "string"}}}
    body = {"content": {"application/x-www-form-urlencoded": {"schema": form}}}
    made["paths"]["/api/oauth2/token"] = {
        "post": {"operationId": "CreateToken", "requestBody": body, "responses": {"200": {"description": PROSE}}}
    }
    paths = mended(made)["paths"]
    assert paths["/api/oauth2/token"]["post"]["security"] == []
    assert "security" not in paths["/api/v1/jobs"]["post"]


def test_an_octet_stream_is_bytes() -> None:
    """A body of bytes is described as such, whatever object the document puts around them."""
    made = schemas(Stream={"type": "object", "properties": {"data": {"type": "string", "format": "binary"}}})
    stream = {"application/octet-stream": {"schema": {"$ref": "#/components/schemas/Stream"}}}
    made["paths"]["/api/v1/jobs"]["post"]["requestBody"] = {"content": stream}
    spec = mended(made)
    assert spec["paths"]["/api/v1/jobs"]["post"]["requestBody"]["content"] == {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
    }


def test_a_file_in_json_is_text() -> None:
    """`format: binary` goes from what JSON bodies hold, and stays in multipart bodies and downloads."""
    made = schemas(Form={"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}})
    made["components"]["schemas"]["Job"]["properties"]["file"] = {"type": "string", "format": "binary"}
    form = {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/Form"}}}
    file = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    made["paths"]["/api/v1/upload"] = {
        "post": {
            "operationId": "Upload",
            "requestBody": {"content": form},
            "responses": {"200": {"description": PROSE, "content": file}},
        }
    }
    spec = mended(made)
    assert spec["components"]["schemas"]["Job"]["properties"]["file"] == {"type": "string"}
    assert spec["components"]["schemas"]["Form"]["properties"]["file"] == {"type": "string", "format": "binary"}
    assert spec["paths"]["/api/v1/upload"]["post"]["responses"]["200"]["content"] == file


def test_a_csv_model_binder_is_style_form_explode_false() -> None:
    """A parameter that the server reads as one comma-separated value is declared so."""
    made = parameter(
        {
            "name": "Status",
            "in": "query",
            "schema": {"type": "array", "items": {"type": "string"}},
            "x-veeam-model-binder": "Vendor.Query.CsvModelBinder<Vendor.Status>",
        }
    )
    assert (made["style"], made["explode"]) == ("form", False)
    assert "x-veeam-model-binder" not in made


def test_a_trailing_slash_and_odd_formats_stay() -> None:
    """A path is what the server knows it by, and a format is what the vendor calls it."""
    made = document()
    made["paths"]["/api/v1/restore/"] = made["paths"].pop("/api/v1/jobs")
    made["components"]["schemas"]["Job"]["properties"]["span"] = {"type": "string", "format": "time-span"}
    spec = mended(made)
    assert list(spec["paths"]) == ["/api/v1/restore/"]
    assert spec["components"]["schemas"]["Job"]["properties"]["span"] == {"type": "string", "format": "time-span"}


def test_unused_shared_parts_go_and_schemas_stay() -> None:
    """Responses, parameters and examples that nothing refers to are left out; every schema stays."""
    made = schemas(Unused={"type": "object"})
    made["components"]["parameters"] = {"Unused": {"name": "a", "in": "query", "schema": {}}}
    components = mended(made)["components"]
    assert set(components) == {"schemas", "responses", "securitySchemes"}
    assert "Unused" in components["schemas"]


def test_a_file_in_several_formats_is_a_file_in_each() -> None:
    """`format: binary` as JSON is text, but where the answer is a file in another format too."""
    file = {"schema": {"type": "string", "format": "binary"}}
    for content, formats in (
        ({"application/json": file}, [None]),
        ({"text/csv": file, "application/json": file}, ["binary", "binary"]),
    ):
        answer = {"200": {"description": "OK", "content": json.loads(json.dumps(content))}}
        made = mended(document(paths={"/x": {"get": {"operationId": "Export", "responses": answer}}}))
        parts = made["paths"]["/x"]["get"]["responses"]["200"]["content"].values()
        assert [part["schema"].get("format") for part in parts] == formats


def names_of(post: str | None) -> dict[str, str]:
    """The operationIds of the document whose second operation has this one."""
    made = document()
    made["paths"]["/api/v1/jobs"]["post"]["operationId"] = post
    if post is None:
        del made["paths"]["/api/v1/jobs"]["post"]["operationId"]
    item = mended(made)["paths"]["/api/v1/jobs"]
    return {method: item[method]["operationId"] for method in ("get", "post")}


@pytest.mark.parametrize("name", [None, "GetAllJobs", ""])
def test_an_operation_has_a_name_of_its_own(name: str | None) -> None:
    """One without an operationId, or with that of another, is called by its method and path."""
    assert names_of(name) == {"get": "GetAllJobs", "post": "PostApiV1Jobs"}


def test_a_name_that_was_made_is_nobody_elses() -> None:
    """A made name steps aside for one that the document gives."""
    made = document()
    made["paths"]["/api/v1/jobs"]["get"]["operationId"] = "PostApiV1Jobs"
    del made["paths"]["/api/v1/jobs"]["post"]["operationId"]
    assert mended(made)["paths"]["/api/v1/jobs"]["post"]["operationId"] == "PostApiV1Jobs2"


@pytest.mark.parametrize(
    ("schema", "kept"),
    [
        ({"type": "object", "not": {"required": ["x"]}}, {"required": ["x"]}),
        ({"type": "object", "properties": {"not": {"type": "object", "required": ["x"]}}}, None),
    ],
)
def test_what_is_not_to_be_there_is_no_missing_property(schema: dict[str, Any], kept: dict[str, Any] | None) -> None:
    """`not` may name a property that the schema has not; a property named `not` is one like others."""
    made = thing(schema)
    assert made.get("not") == kept
    assert "required" not in made.get("properties", {}).get("not", {})


def test_there_are_no_cookies() -> None:
    """A parameter that is a cookie is none, behind a reference as well; what stands beside it stays."""
    made = document()
    cookie = {"name": "session", "in": "cookie", "schema": {"type": "string"}}
    made["components"]["parameters"] = {"Session": cookie}
    operations = {name: made["paths"]["/api/v1/jobs"][name] for name in ("get", "post")}
    operations["get"]["parameters"] += [cookie, {"$ref": "#/components/parameters/Session"}]
    operations["post"]["parameters"] = [cookie]
    item = mended(made)["paths"]["/api/v1/jobs"]
    assert [part["name"] for part in item["get"]["parameters"]] == ["skip"]
    assert "parameters" not in item["post"]


def content(part: str, **media_types: dict[str, Any]) -> Any:
    """What becomes of the media types of a body or a response."""
    made = document()
    found = {"description": "", "content": {name: {"schema": schema} for name, schema in media_types.items()}}
    operation = {"operationId": "Other", "responses": {"200": found if part == "response" else {"description": ""}}}
    made["paths"]["/api/v1/other"] = {"post": operation | ({"requestBody": found} if part == "body" else {})}
    made = mended(made)["paths"]["/api/v1/other"]["post"]
    return (made["requestBody"] if part == "body" else made["responses"]["200"])["content"]


TEXT = {"type": "string"}
NUMBER = {"type": "integer"}


@pytest.mark.parametrize("part", ["body", "response"])
def test_a_media_type_has_no_parameters(part: str) -> None:
    """Two spellings of one are one, and the plain one takes precedence."""
    made = content(part, **{"Application/JSON; charset=utf-8": TEXT, "application/json": NUMBER, "text/csv;x=1": TEXT})
    assert {name: found["schema"] for name, found in made.items()} == {"application/json": NUMBER, "text/csv": TEXT}


def test_a_body_has_one_media_type() -> None:
    """A range becomes what a client can say of what it sends; an answer may be of a range."""
    bodies = {"*/*": TEXT, "image/*": NUMBER, "application/*+json": NUMBER}
    assert list(content("body", **bodies)) == ["application/json", "application/octet-stream"]
    assert list(content("response", **bodies)) == list(bodies)


def test_there_are_no_files_in_a_form_of_texts() -> None:
    """A file in `application/x-www-form-urlencoded` is a text there; in `multipart/form-data` it stays a file."""
    form = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
    for media_type, kept in (("application/x-www-form-urlencoded", False), ("multipart/form-data", True)):
        made = content("body", **{media_type: copy.deepcopy(form)})[media_type]["schema"]
        assert ("format" in made["properties"]["file"]) is kept


def test_a_property_named_content_is_no_content() -> None:
    """What a schema calls `content` is a property, also where the schema stands in an operation."""
    inline = {"type": "object", "properties": {"content": {"type": "string", "minLength": 1}}}
    assert content("response", **{"application/json": inline})["application/json"]["schema"] == inline
    assert thing(inline) == inline
