"""What was emitted for the specs of the repository: everything, under lasting names, in few files."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import veeam_async
from codegen import compare, emit
from codegen.emit.expressions import names as names_in
from codegen.emit.target import Target
from codegen.naming import CLIENT_MEMBERS
from veeam_async._model import Model, OpenEnum, fields
from veeam_async._operation.operation import Operation
from veeam_async.client import ApplianceClient

PACKAGE = Path(veeam_async.__file__).parent
SPECS = emit.ROOT / "specs"
TARGETS = emit.find(SPECS)
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
PLAIN = {"Any", "Unset", "Upload", "date", "datetime"}

each = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.label)


@cache
def spec(label: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((SPECS / f"{label}.json").read_text(encoding="utf-8"))
    return content


def package(target: Target, part: str = "") -> Any:
    return importlib.import_module(f"veeam_async.{target.product}.{target.package}{part}")


def home(target: Target) -> Path:
    return PACKAGE / target.product / target.package


def operations(label: str) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    for path, item in spec(label)["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item, item[method]


def resolve(label: str, value: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        found: Any = spec(label)
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def emitted(target: Target) -> dict[str, Operation[Any]]:
    api = package(target, ".api")
    found = {}
    for operation_id, place in api.OPERATIONS.items():
        group, name = place.split(".")
        module = getattr(api, group)
        assert callable(getattr(module, name))
        found[operation_id] = getattr(module, f"_{name.upper()}")
    return found


def classes(target: Target) -> dict[str, Any]:
    models = package(target, ".models")
    return {name: getattr(models, name) for name in models.MODULES}


@each
def test_every_operation_is_there(target: Target) -> None:
    """Each operation of the spec has its function and its description, in the document's order, with all parameters."""
    there = emitted(target)
    assert list(there) == [operation["operationId"] for *_, operation in operations(target.label)]
    for path, method, item, operation in operations(target.label):
        made = there[operation["operationId"]]
        assert (made.method, made.path, made.tag) == (method.upper(), path, operation["tags"][0])
        given = [
            resolve(target.label, entry) for entry in (*item.get("parameters", ()), *operation.get("parameters", ()))
        ]
        expected = {(entry["name"], entry["in"]) for entry in given if entry["name"].lower() != "x-api-version"}
        assert {(entry.wire, entry.location) for entry in made.parameters} == expected
        assert all(entry.required for entry in made.parameters if entry.location == "path")
        assert (made.body is not None) == ("requestBody" in operation)
        assert set(made.responses) == {int(code) for code in operation["responses"] if code.startswith("2")}
        assert made.inferred == bool(operation.get("x-inferred"))
        assert made.deprecated == bool(operation.get("deprecated"))
        assert made.secured == (operation.get("security") != [])
        assert made.safe == (method == "get" or bool(operation.get("x-safe")))


@each
def test_every_schema_is_there_with_every_property_and_value(target: Target) -> None:
    """Each schema of the spec has its class, each property its field, each enum value its member."""
    there = classes(target)
    for name, schema in spec(target.label)["components"]["schemas"].items():
        made = there[name]
        parts = [schema, *schema.get("allOf", ())]
        wires = {wire for part in parts for wire in part.get("properties", ())}
        if wires:
            assert issubclass(made, Model)
            assert wires <= {field.wire for field in fields(made).values()}, name
        for value in schema.get("enum", ()):
            assert issubclass(made, OpenEnum)
            assert made(value).value == value
            assert not made(value).is_unknown


@each
def test_every_family_is_a_real_one(target: Target) -> None:
    """Each child of a discriminator inherits from its base, and each value of the mapping decodes to its child."""
    there = classes(target)
    families = {
        name: schema
        for name, schema in spec(target.label)["components"]["schemas"].items()
        if "discriminator" in schema
    }
    for name, schema in families.items():
        wire = schema["discriminator"]["propertyName"]
        for value, reference in schema["discriminator"]["mapping"].items():
            child = there[reference.rpartition("/")[2]]
            assert issubclass(child, there[name])
            assert type(there[name].from_dict({wire: value})) is child
        assert type(there[name].from_dict({wire: "of a newer package"})) is there[name]


@each
def test_the_reports_numbers_are_the_specs(target: Target) -> None:
    """The numbers that `emit` reports are counted on what was written, and are those of the spec."""
    document = spec(target.label)
    counts, of_spec = compare.compare(document, home(target), target.label)
    schemas = document["components"]["schemas"]
    families = [schema for schema in schemas.values() if "discriminator" in schema]
    children = sum(len(set(schema["discriminator"]["mapping"].values())) for schema in families)
    assert counts == of_spec
    assert counts == compare.Counts(len(list(operations(target.label))), len(schemas), len(families), children)


@pytest.mark.parametrize(
    ("label", "expected"),
    [("vbr/1.3-rev0", compare.Counts(345, 1389, 49, 221)), ("vbr/1.1-rev0", compare.Counts(133, 528, 23, 90))],
)
def test_the_numbers_that_were_counted_by_hand(label: str, expected: compare.Counts) -> None:
    """The first two revisions have what was counted in the vendor's documents."""
    assert compare.count(spec(label)) == expected


@each
def test_every_type_has_a_meaning(target: Target) -> None:
    """Each name in an annotation and in an operation is a model of the revision or a plain type."""
    there = classes(target)
    expressions = {
        field.annotation
        for made in there.values()
        if isinstance(made, type) and issubclass(made, Model)
        for field in fields(made).values()
    }
    for operation in emitted(target).values():
        expressions |= {answer.type for answer in operation.responses.values() if answer.type}
        expressions |= {parameter.type for parameter in operation.parameters}
        if operation.body:
            expressions.add(operation.body.type)
        if operation.paging:
            expressions.add(operation.paging.row)
    assert set(names_in(expressions)) <= set(there) | PLAIN


@each
def test_no_tag_hides_a_member_of_the_client(target: Target) -> None:
    """`Client` offers each tag under a name that `ApplianceClient` does not use itself."""
    client = package(target).Client
    groups = package(target, ".api").GROUPS
    assert not set(groups) & set(dir(ApplianceClient))
    assert set(groups) <= set(vars(client))


def test_the_generator_knows_the_members_of_the_client() -> None:
    """Every public member of `ApplianceClient` is reserved, for a tag that some document may have one day."""
    assert {name for name in dir(ApplianceClient) if not name.startswith("_")} <= CLIENT_MEMBERS


@pytest.mark.parametrize("product", sorted({target.product for target in TARGETS}))
def test_an_operation_keeps_its_name_from_revision_to_revision(product: str) -> None:
    """The same operationId is the same `group.function` in every revision, unless the vendor changed its tag."""
    places: dict[str, dict[str, set[str]]] = {}
    for target in TARGETS:
        if target.product == product:
            for operation_id, operation in emitted(target).items():
                place = f"{operation.group}.{operation.name}"
                places.setdefault(operation_id, {}).setdefault(operation.tag, set()).add(place)
    for operation_id, by_tag in places.items():
        assert all(len(found) == 1 for found in by_tag.values()), (operation_id, by_tag)
        functions = {place.partition(".")[2] for found in by_tag.values() for place in found}
        assert len(functions) == 1, (operation_id, by_tag)


@each
def test_files_hold_what_belongs_together_and_are_few(target: Target) -> None:
    """A revision has at most 180 files, none of models without a class; every file says that it is generated."""
    files = [path for path in home(target).rglob("*") if path.suffix in (".py", ".pyi")]
    assert len(files) <= 180
    for path in files:
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        assert first.startswith(f"# Generated by `python -m codegen emit {target.label}`")
    for path in (home(target) / "models").glob("*.py"):
        if path.name != "__init__.py":
            body = ast.parse(path.read_text(encoding="utf-8")).body
            assert any(isinstance(each, ast.ClassDef | ast.AnnAssign) for each in body)


def test_the_package_stays_small() -> None:
    """All revisions and the hand-written modules together are less than 2,000 files."""
    assert sum(1 for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts) < 2_000


def run(code: str) -> Any:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("label", "operation", "row"),
    [
        (
            "vbr/1.3-rev0",
            "GetAllSessions",
            {"sessionType": "BackupJob", "state": "Stopped", "result": {"result": "Success"}},
        ),
        ("vbr/1.3-rev0", "GetAllJobsStates", {"type": "VSphereBackup", "status": "Running", "lastResult": "Success"}),
        ("vbr/1.3-rev0", "GetAllRepositoriesStates", {"type": "WinLocal"}),
        ("azure/v8.1", "JobSessions_GetJobSessions", {"type": "PolicyBackup", "status": "Success"}),
        ("aws/1.7-rev0", "GetSessions", {"type": "Policy", "status": "Success"}),
    ],
)
def test_a_first_call_loads_few_modules(label: str, operation: str, row: dict[str, Any]) -> None:
    """A first listing loads the module of its tag and at most six of models, fields read."""
    target = next(target for target in TARGETS if target.label == label)
    name = f"veeam_async.{target.product}.{target.package}"
    loaded = run(
        f"""
import importlib, json, sys
from veeam_async._model import decoder
api = importlib.import_module("{name}.api")
group, function = api.OPERATIONS["{operation}"].split(".")
made = getattr(getattr(api, group), "_" + function.upper())
page = decoder(made.responses[200].type, "{name}")({{made.paging.rows: [{row!r}]}})
for row in getattr(page, made.paging.rows):
    row.type if hasattr(row, "type") else row.id
print(json.dumps(sorted(module for module in sys.modules if module.startswith("{name}."))))
"""
    )
    assert sum(module.startswith(f"{name}.api.") for module in loaded) == 1
    assert sum(module.startswith(f"{name}.models.") for module in loaded) <= 6


@each
def test_every_models_module_can_come_first(target: Target) -> None:
    """No models module needs another to have been imported before it: base classes import in one direction."""
    modules = {
        path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in (home(target) / "models").glob("*.py")
    }
    needs = {
        name: {
            line.module for line in tree.body if isinstance(line, ast.ImportFrom) and line.level == 1 and line.module
        }
        for name, tree in modules.items()
    }
    left = dict(needs)
    while left:
        ready = [name for name, wanted in left.items() if not wanted & set(left)]
        assert ready, sorted(left)
        for name in ready:
            del left[name]


def test_importing_a_revision_loads_nothing_of_it() -> None:
    """A revision's package and its `Client` load no api module and no models until they are used."""
    name = "veeam_async.vbr.v1_3_rev0"
    listing = f"sorted(module for module in sys.modules if '{name}.' in module)"
    assert run(f"import json, sys\nfrom {name} import Client, models, api\nprint(json.dumps({listing}))") == [
        f"{name}.api",
        f"{name}.client",
        f"{name}.models",
    ]
