"""The spec files of the repository: valid, complete, facts only, and what ingesting the vendor's documents gives."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from openapi_core import OpenAPI

from codegen.ingest import catalog, entries, ingest, patches, swagger
from codegen.ingest.checks import check_document, check_operations, check_references
from codegen.ingest.walking import operations, resolve, schemas
from tests.codegen.small import needs_vendor, revisions, vendor_document, words
from veeam_async.profiles import profile

LOGIN = {"application/x-www-form-urlencoded"}
ANONYMOUS = ("x-anonymous", "x-veeam-allow-anonymous")
# What the session sends with each request is no argument.
SESSION_HEADERS = {("header", "X-Client-Version", False), ("header", "X-Request-id", False)}
each = pytest.mark.parametrize("name", revisions())


@cache
def spec(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((catalog.HOME / f"{name}.json").read_text(encoding="utf-8"))
    return content


@cache
def source(name: str) -> dict[str, Any]:
    """The vendor's document; one in Swagger 2.0 as OpenAPI 3.0."""
    content = vendor_document(name).content
    content = swagger.to_3_0(content) if "swagger" in content else content
    base = urlsplit(content.get("servers", [{}])[0].get("url", "")).path.rstrip("/")
    return {**content, "paths": {base + path: item for path, item in content["paths"].items()}}


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)
    elif isinstance(value, str):
        yield value


def prose(value: Any, key: str = "") -> Iterator[str]:
    """Every description, note and explanation of a document."""
    if isinstance(value, dict):
        for name, part in value.items():
            if isinstance(part, str) and (
                name in ("description", "title", "x-note", "x-conflict") or key == "x-enumDescriptions"
            ):
                yield part
            else:
                yield from prose(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from prose(part, key)


def test_there_is_a_spec_for_each_entry() -> None:
    """The catalog and the folders name the same revisions."""
    assert revisions() == sorted(f"{path.parent.name}/{path.stem}" for path in catalog.HOME.glob("*/*.json"))
    assert len(revisions()) >= 7


@each
def test_specs_are_valid_openapi(name: str) -> None:
    """openapi-spec-validator has nothing to say against any spec, and openapi-core, which asks it, loads each."""
    assert OpenAPI.from_dict(spec(name)).version.major == "3"
    check_document(spec(name), name)
    check_references(spec(name))
    check_operations(spec(name))


@each
def test_the_entry_counts_what_is_there(name: str) -> None:
    """Operations, schemas, families, children and inferred operations in the catalog are those of the spec."""
    entry = catalog.load(catalog.HOME)["revisions"][name]
    assert {key: entry[key] for key in entries.counts(spec(name))} == entries.counts(spec(name))
    assert f"{entry['product']}/{entry['revision']}" == name
    assert entry["port"] == profile(entry["product"]).default_port


@each
def test_safe_posts_are_posts_and_marked(name: str) -> None:
    """Each of safe_posts is a POST of the spec that has `x-safe`, and no other operation has it."""
    entry = catalog.load(catalog.HOME)["revisions"][name]
    marked = [(method, op["operationId"]) for _, method, op in operations(spec(name)) if op.get("x-safe")]
    assert marked == [("post", operation_id) for operation_id in entry["safe_posts"]]


@each
def test_no_spec_has_a_place_for_prose(name: str) -> None:
    """No description but a response's HTTP phrase, no example, no title of a schema, no external documentation."""
    for where, found in schemas(spec(name)):
        assert not {"description", "title", "example", "examples", "externalDocs"} & found.keys(), where
    for path, method, operation in operations(spec(name)):
        assert not {"description", "externalDocs"} & operation.keys(), (path, method)
        for part in operation.get("parameters", ()):
            assert not {"description", "example", "examples"} & part.keys(), (path, method)
        for code, response in operation["responses"].items():
            assert "$ref" in response or len(response["description"]) <= 30, (path, method, code)
    assert "examples" not in spec(name)["components"]


@each
def test_titles_are_titles(name: str) -> None:
    """No summary is a sentence: none ends with a full stop or goes on beyond a line."""
    for _, _, operation in operations(spec(name)):
        title = operation.get("summary", operation["operationId"])
        assert 0 < len(title) <= 120, title
        assert not re.search(r"[.!?:;<>]$|\. ", title), title


@each
def test_every_family_is_whole(name: str) -> None:
    """A base's discriminator is its property, its children inherit from it, and it has no union."""
    named = spec(name)["components"]["schemas"]
    for base_name, base in named.items():
        if "discriminator" not in base:
            continue
        reference = {"$ref": f"#/components/schemas/{base_name}"}
        assert not {"oneOf", "anyOf"} & base.keys()
        assert base["discriminator"]["propertyName"] in base["properties"]
        children = {there.rpartition("/")[2] for there in base["discriminator"]["mapping"].values()}
        assert children == {child for child, found in named.items() if reference in found.get("allOf", ())}


@each
def test_required_names_are_properties(name: str) -> None:
    """Every name in "required" is a property of the schema or of what it is composed of."""

    def properties(found: dict[str, Any]) -> set[str]:
        found = resolve(spec(name), found)
        return set(found.get("properties", ())).union(*(properties(part) for part in found.get("allOf", ())))

    for where, found in schemas(spec(name)):
        if not re.search(r"/allOf/\d+$", where):
            required = {key for part in (found, *found.get("allOf", ())) for key in part.get("required", ())}
            assert required <= properties(found), where


@each
def test_path_parameters_are_declared(name: str) -> None:
    """Every placeholder has its parameter, required and never null, and every path parameter its placeholder."""
    for path, _, operation in operations(spec(name)):
        parts = [resolve(spec(name), part) for part in operation.get("parameters", ())]
        in_path = {part["name"]: part for part in parts if part["in"] == "path"}
        assert set(re.findall(r"\{([^{}]+)\}", path)) == set(in_path), path
        assert all(part["required"] and "nullable" not in part["schema"] for part in in_path.values()), path


def test_what_is_inferred_says_so() -> None:
    """An inferred AWS operation names the operation or the revision that it was inferred from."""
    found = {operation["operationId"]: operation for _, _, operation in operations(spec("aws/1.7-rev0"))}
    inferred = {key: operation for key, operation in found.items() if operation.get("x-inferred")}
    assert inferred
    for key, operation in inferred.items():
        if "x-inferred-from" in operation:
            assert operation["responses"] == found[operation["x-inferred-from"]]["responses"], key
        else:
            assert operation["x-evidence"] == ["azure/v8.1"], key
        assert operation["x-typing"] == "untyped"
        assert "x-safe" not in operation
    assert all("x-evidence" in operation for operation in found.values())


def test_nothing_inferred_is_in_the_older_document() -> None:
    """No operation that is inferred has its path, its id or its title in 1.0-rev0, which would be evidence of it."""

    def bare(path: str) -> str:
        return re.sub(r"\{[^}]*\}", "{}", path).lower()

    known: set[Any] = set()
    for path, method, operation in operations(spec("aws/1.0-rev0")):
        known |= {(method, bare(path)), operation["operationId"], words(operation.get("summary", "")).lower()}
    for path, method, operation in operations(spec("aws/1.7-rev0")):
        if operation.get("x-inferred"):
            said = {(method, bare(path)), operation["operationId"], words(operation["summary"]).lower()}
            assert not known & said, operation["operationId"]


def test_coverage_lists_what_is_known_by_title_alone() -> None:
    """COVERAGE.md counts evidenced, inferred and left-out operations, and none of those left out is in the spec."""
    text = (catalog.HOME / "aws" / "COVERAGE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+) \| (GET|POST|PUT|DELETE) \| (.+) \|$", text, re.MULTILINE)
    counts = entries.counts(spec("aws/1.7-rev0"))
    assert f"| inferred by analogy (`x-inferred`): a path that nothing evidences | {counts['inferred']} |" in text
    assert f"| known by title alone, not offered | {len(rows)} |" in text
    known = {(op["tags"][0], method.upper(), op["summary"]) for _, method, op in operations(spec("aws/1.7-rev0"))}
    assert not known & set(rows)
    assert "https://HOST:11005/swagger/" in text


@needs_vendor
@each
def test_checksums_are_those_of_the_documents(name: str) -> None:
    """The catalog's sha256 is that of the vendor's document as it lies there."""
    assert catalog.load(catalog.HOME)["revisions"][name]["sha256"] == vendor_document(name).sha256


@needs_vendor
@each
def test_the_specs_are_what_the_documents_give(name: str, tmp_path: Path) -> None:
    """Ingesting the vendor's document again gives the committed spec to the byte."""
    entry = catalog.load(catalog.HOME)["revisions"][name]
    path = tmp_path / entry["source"]
    path.write_text(json.dumps(vendor_document(name).content), encoding="utf-8")
    specs = tmp_path / "specs"
    specs.mkdir()
    (specs / catalog.NAME).write_bytes((catalog.HOME / catalog.NAME).read_bytes())
    ingest(str(path), entry["product"], entry["revision"], specs=specs, replace=True)
    assert (specs / f"{name}.json").read_bytes() == (catalog.HOME / f"{name}.json").read_bytes()


@needs_vendor
@each
def test_none_of_the_vendors_prose_is_in_a_spec(name: str) -> None:
    """No text of the document longer than 25 characters is in any value of the spec, titles of operations apart."""
    titles = {words(operation.get("summary", "")) for _, _, operation in operations(spec(name))}
    titles |= {source(name)["info"]["title"]}
    texts = {words(text) for text in prose(source(name)) if len(words(text)) > 25} - titles
    said = {words(text) for text in strings(spec(name))}
    assert not texts & said
    long = [text for text in said - titles if len(text) > 25 and " " in text]
    # What is left with spaces in it are names: tags, and evidence such as "ref-1.6-rev0/RDS Backup Policies".
    assert all(not any(text in other for other in texts) or len(text.split()) <= 6 for text in long)
    assert all(len(text.split()) <= 9 for text in long), long


@needs_vendor
@each
def test_operations_in_are_operations_out(name: str) -> None:
    """Every operation of the document is in the spec: id, method, path, title, tag, security; in the same order.

    But for a login, which needs no token whatever the document says, and the stop behind some titles.
    """

    def security(op: dict[str, Any]) -> Any:
        return [] if any(op.get(mark) for mark in ANONYMOUS) else op.get("security")

    def facts(document: dict[str, Any]) -> list[tuple[Any, ...]]:
        return [
            (
                op["operationId"],
                method,
                path,
                words(op.get("summary", "")).rstrip(" ."),
                tuple(op["tags"]),
                resolve(document, op.get("requestBody", {})).get("content", {}).keys() & LOGIN or security(op),
                op.get("deprecated"),
            )
            for path, method, op in operations(document)
            if not op.get("x-inferred")
        ]

    assert facts(spec(name)) == facts(source(name))


@needs_vendor
@each
def test_parameters_and_media_types_in_are_out(name: str) -> None:
    """Every parameter (name, place), body type, status code and answer type of the document is in the spec.

    But for a 204, which has no body whatever the document says.
    """

    def facts(document: dict[str, Any]) -> dict[str, Any]:
        made: dict[Any, Any] = {}
        for path, method, op in operations(document):
            shared = document["paths"][path].get("parameters", [])
            parts = [resolve(document, part) for part in [*shared, *op.get("parameters", ())]]
            answers = {code: resolve(document, answer) for code, answer in op["responses"].items()}
            made[method, path] = (
                {(part["in"], part["name"], part["in"] == "path" or part.get("required", False)) for part in parts}
                - SESSION_HEADERS,
                sorted(resolve(document, op.get("requestBody", {})).get("content", ())),
                {code: sorted(answer.get("content", ())) for code, answer in answers.items() if code != "204"},
            )
        return made

    ours = facts(spec(name))
    for key, (parameters, bodies, answers) in facts(source(name)).items():
        assert ours[key][:2] == (parameters, bodies), key
        assert answers.items() <= ours[key][2].items(), key


@needs_vendor
@each
def test_schemas_properties_and_enums_in_are_out(name: str) -> None:
    """Every schema, property with its type and format, and enum value of the document is in the spec."""

    product, _, revision = name.partition("/")
    # What a document refers to and lacks is in a patch.
    lacks = [patch for patch in patches.of_product(catalog.HOME, product) if patch.action == "define"]
    defined = {patch.pointer.rpartition("/")[2] for patch in lacks if revision in patch.revisions}
    # Where the document says another type than the product takes, a patch sets it.
    retyped = {
        tuple(patch.pointer.split("/")[3::2])
        for patch in patches.of_product(catalog.HOME, product)
        if patch.action == "set" and patch.pointer.startswith("/components/schemas/") and revision in patch.revisions
    }

    def facts(document: dict[str, Any]) -> tuple[set[str], Counter[Any], Counter[Any]]:
        names = set(document["components"]["schemas"]) - defined
        properties: Counter[Any] = Counter()
        enums: Counter[Any] = Counter()
        for schema_name in names:
            schema = document["components"]["schemas"][schema_name]
            for found in parts(schema):
                for key, part in found.get("properties", {}).items():
                    if (schema_name, key) in retyped:
                        continue
                    kind = part.get("$ref") or (
                        part["allOf"][0]["$ref"] if part.keys() & {"allOf"} else part.get("type")
                    )
                    # A file within JSON is text; see codegen.ingest.mend.
                    form = None if part.get("format") == "binary" else part.get("format")
                    properties[schema_name, key, kind, form] += 1
                enums.update((schema_name, value) for value in found.get("enum", ()))
        return names, properties, enums

    def parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield schema
        for key in ("properties",):
            for part in schema.get(key, {}).values():
                yield from parts(part)
        for part in (*schema.get("allOf", ()), schema.get("items"), schema.get("additionalProperties")):
            if isinstance(part, dict):
                yield from parts(part)

    assert facts(spec(name)) == facts(source(name))


@needs_vendor
@each
def test_every_child_in_is_a_child_out(name: str) -> None:
    """Each value of a document's mapping leads where it led, and each member of its union is in the mapping."""
    for base_name, base in source(name)["components"]["schemas"].items():
        if "discriminator" in base:
            ours = spec(name)["components"]["schemas"][base_name]["discriminator"]
            assert ours["propertyName"] == base["discriminator"]["propertyName"]
            assert base["discriminator"]["mapping"].items() <= ours["mapping"].items()
            assert {part["$ref"] for part in base.get("oneOf", ())} <= set(ours["mapping"].values())
