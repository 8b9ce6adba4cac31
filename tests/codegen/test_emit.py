"""A document that nobody has seen, with whatever a generator may stumble over, becomes a package that works."""

from __future__ import annotations

import importlib
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from codegen import emit
from tests.codegen.odd import SCHEMAS, document, write_specs
from veeam_async._model import UNSET, decoder, fields


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of an importable package of a revision v7."""
    folder = tmp_path_factory.mktemp("odd")
    emit.emit(write_specs(folder / "specs", v7=document()), folder / "acme_odd")
    sys.path.insert(0, str(folder))
    yield "acme_odd.odd.v7"
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_odd"]:
        del sys.modules[name]


@pytest.fixture
def models(odd: str) -> Any:
    return importlib.import_module(f"{odd}.models")


@pytest.fixture
def api(odd: str) -> Any:
    return importlib.import_module(f"{odd}.api")


def test_a_report_says_what_was_emitted(tmp_path: Path) -> None:
    """The line for a revision has its operations, schemas, families, children and files, and what was simplified."""
    (report,) = emit.emit(write_specs(tmp_path / "specs", v7=document()), tmp_path / "acme")
    files = [path for path in (tmp_path / "acme/odd/v7").rglob("*") if path.is_file()]
    assert (
        str(report) == f"odd/v7: 8/8 operations, {len(SCHEMAS)} schemas, 2/2 families, 4 children, {len(files)} files"
    )
    assert report.warnings == ("schema Tree: Tree contains itself; its depths are Any",)


def test_a_package_of_ones_own_can_be_imported(odd: str) -> None:
    """`--package` gives a package anywhere, with a Client of its revision."""
    made = importlib.import_module(odd)
    assert (made.REVISION.product, made.REVISION.name, made.REVISION.package) == ("odd", "v7", odd)
    assert made.Client.revision is made.REVISION
    assert set(dir(made)) == {"REVISION", "Client", "api", "models"}
    with pytest.raises(AttributeError):
        _ = made.nothing


def test_every_schema_is_there_under_its_name(models: Any) -> None:
    """Each schema has its class, the unused too; only what Python or the runtime cannot take is called otherwise."""
    renamed = {"Page«Widget»": "PageWidget", "Model": "Model_", "Operation": "Operation_", "Paging": "Paging_"}
    assert {renamed.get(name, name) for name in SCHEMAS} <= set(models.MODULES)
    assert all(getattr(models, name) is not None for name in models.MODULES)


def test_inline_types_are_named_after_where_they_stand(models: Any) -> None:
    """An inline object or enum is a class called after its parent and its property, or after its operation."""
    inline = set(models.MODULES) - set(SCHEMAS) - {"PageWidget", "Model_", "Operation_", "Paging_"}
    assert inline == {"WidgetSize", "WidgetSizeUnit", "WidgetsUploadPartBody"}


def test_attributes_keep_the_wire_names(models: Any) -> None:
    """Keywords, members of Model, signs, two names that are one in Python: each has an attribute and its wire name."""
    wires = {name: field.wire for name, field in fields(models.Widget).items()}
    assert set(wires.values()) == set(SCHEMAS["Widget"]["properties"])
    expected = {"id": "id", "id_2": "ID", "issued": "issued", "issued_2": ".issued", "links": "_links", "from_": "from"}
    expected |= {"field_": "field", "to_dict_": "to_dict", "ssh_fingerprint": "SSHFingerprint", "ssh_port": "sshPort"}
    expected |= {"additional_properties_": "additionalProperties", "date_": "date", "list_": "list"}
    assert expected.items() <= wires.items()


def test_types_follow_required_and_nullable(models: Any) -> None:
    """Required is T, required and nullable `T | None`, anything else `T | None | Unset`; formats give types."""
    types = {name: field.annotation for name, field in fields(models.Widget).items()}
    assert types["id"] == "str"
    assert types["maybe"] == "int | None"
    assert types["issued_2"] == "datetime | None | Unset"
    assert types["date_"] == "date | None | Unset"
    assert types["list_"] == "list[str | None] | None | Unset"
    assert types["colour"] == "EColour | None | Unset"
    assert types["links"] == "dict[str, Part] | None | Unset"
    assert types["labels"] == "dict[str, list[Part]] | None | Unset"
    assert types["anything"] == "Any | Unset"
    assert types["free"] == "dict[str, Any] | None | Unset"
    assert types["either"] == "Part | str | list[int] | None | Unset"
    assert fields(models.WidgetsUploadPartBody)["file"].annotation == "Upload | None | Unset"


def test_objects_come_back_whole(models: Any) -> None:
    """An object with everything odd in it decodes into typed fields and is written as it came."""
    raw = {
        "id": "1",
        "ID": "2",
        "kind": "Spring",
        "maybe": None,
        "issued": "now",
        ".issued": "2026-01-02T03:04:05Z",
        "from": "here",
        "to_dict": "x",
        "additionalProperties": "y",
        "date": "2026-01-02",
        "list": ["a", None],
        "colour": "256KB",
        "parent": {"id": "3", "kind": "Cog", "maybe": 1, "issued": "", "ID": "4", "teeth": 12},
        "labels": {"top": [{"name": "p"}]},
        "force": 1.5,
        "turns": 3,
        "unknown": {"a": 1},
    }
    spring = models.Widget.from_dict(raw)
    assert type(spring) is models.Spring
    assert spring.issued_2 == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert spring.date_ == date(2026, 1, 2)
    assert spring.colour is models.EColour.KB_256
    assert type(spring.parent) is models.Gear
    assert spring.labels["top"][0].name == "p"
    assert spring.additional_properties == {"unknown": {"a": 1}}
    assert spring.to_dict() == raw


def test_inheritance(models: Any) -> None:
    """One base is inherited, the properties of further ones are copied; a oneOf with a discriminator becomes a base."""
    assert issubclass(models.Spring, models.Widget)
    assert not issubclass(models.Spring, models.Part)
    assert {"turns", "name", "of", "force"} <= set(fields(models.Spring))
    assert issubclass(models.Circle, models.Shape)
    assert type(models.Shape.from_dict({"shape": "Square", "side": 1})) is models.Square


def test_a_child_sets_its_discriminator_where_one_value_leads_to_it(models: Any) -> None:
    """A Spring is of kind Spring by itself; a Gear is a Gear or a Cog, so that has to be said."""
    assert models.Spring(id="1", maybe=None, issued="").kind == "Spring"
    with pytest.raises(TypeError, match="kind"):
        models.Gear(id="1", id_2="2", maybe=None, issued="")


def test_a_child_may_require_what_its_base_does_not(models: Any) -> None:
    """A property that only the child requires is required there, with the base's type."""
    assert fields(models.Widget)["id_2"].annotation == "str | None | Unset"
    assert fields(models.Gear)["id_2"].annotation == "str"


def test_enum_members_are_distinct(models: Any) -> None:
    """Values that are keywords, numbers, empty or alike each have a member of their own."""
    assert {member.name: member.value for member in models.EColour} == {
        "RED": "red",
        "RED_ISH": "Red-ish",
        "RED_ISH_2": "red ish",
        "KB_256": "256KB",
        "NONE": "None",
        "NAME": "name",
        "MRO": "mro",
        "EMPTY": "",
        "VALUE_2019": "2019",
        "VALUE": "-",
    }


def test_signatures(api: Any) -> None:
    """Path parameters first and in the path's order, then the body, then what is required, then the rest."""
    assert list(inspect.signature(api.widgets.import_).parameters) == ["self", "widget_id", "class_", "depth"]
    assert list(inspect.signature(api.widgets.upload).parameters) == ["self", "widget_id", "class_", "body"]
    parameters = inspect.signature(api.widgets.get_widgets).parameters
    order = "self client_ offset limit colours self_ body_ page_size api_version accept"
    assert " ".join(parameters) == order
    assert parameters["client_"].default is inspect.Parameter.empty
    assert parameters["offset"].default is UNSET
    assert parameters["offset"].kind is inspect.Parameter.KEYWORD_ONLY
    assert inspect.signature(api.widgets.create_widget).parameters["body"].default is UNSET
    assert inspect.signature(api.widgets.create_widget).return_annotation == "Request[Widget | Operation_ | None]"
    assert inspect.signature(api.widgets.upload).parameters["body"].annotation == "Upload"


def test_annotations_are_types_that_exist(odd: str, api: Any, models: Any) -> None:
    """Every annotation of a function names something that a type checker finds."""
    known = {name: getattr(models, name) for name in models.MODULES} | {"Upload": bytes}
    for name in ("ApplianceClient", "Items", "OnIncomplete", "Unset"):
        known[name] = object
    for group in api.GROUPS:
        for name, function in inspect.getmembers(getattr(api, group), inspect.isfunction):
            if function.__module__ == f"{odd}.api.{group}":
                unions = {key: value for key, value in known.items() if isinstance(value, type)}
                text = dict(function.__annotations__)
                function.__annotations__ = {key: value for key, value in text.items() if "Items[" not in value}
                try:
                    get_type_hints(function, None, unions)
                finally:
                    function.__annotations__ = text
                assert name in vars(getattr(api, group))


def test_operations_carry_what_the_document_says(api: Any) -> None:
    """Parameters, media types, answers, security, safety: each operation is described as in the document."""
    listing = api.widgets._GET_WIDGETS
    given = {entry.name: entry for entry in listing.parameters}
    assert given["colours"].array == "csv"
    assert (given["api_version"].wire, given["accept"].location) == ("api-version", "header")
    assert "x_api_version" not in given
    assert given["client_"].required
    page = listing.paging
    assert (page.rows, page.row, page.skip, page.limit, page.in_body) == ("results", "Widget", "offset", "limit", False)
    search = api.full_search_beta._SEARCH
    assert (search.safe, search.inferred, search.paging.skip, search.paging.in_body) == (True, True, "Skip", True)
    created = api.widgets._CREATE_WIDGET
    assert {status: each.type for status, each in created.responses.items()} == {
        201: "Widget",
        202: "Operation_",
        204: "",
    }
    assert (created.body.media_type, created.body.required, created.safe) == ("application/json", False, False)
    upload = api.widgets._UPLOAD
    assert (upload.secured, upload.deprecated, upload.body.media_type) == (False, True, "application/octet-stream")
    assert api.widgets._UPLOAD_PART.body.media_type == "multipart/form-data"
    assert api.login_._EXPORT.responses[200].media_types == ("text/csv", "application/zip")
    assert api.login_._EXPORT.responses[200].type == "str | bytes"
    assert api.login_._POST_EXPORT.title == 'Has "quotes" and a \\ in it'


def test_an_inferred_operation_says_so(api: Any) -> None:
    """What no document evidences is marked in the docstring."""
    assert "no document shows this one" in api.full_search_beta.search.__doc__
    assert "Inferred" not in api.widgets.get_widgets.__doc__


def test_docstrings_say_title_parameters_answers_errors_and_source(api: Any) -> None:
    """A docstring has the operation's method and path, its arguments, answers and errors, and the vendor's page."""
    text = inspect.getdoc(api.widgets.import_)
    assert text is not None
    assert text.startswith("import: GET /widgets/{widget-id}/parts/{class}.")
    assert "depth: query `depth`, default 3." in text
    assert "widget_id: path `widget-id`, UUID." in text
    assert "200: `Widget`." in text
    assert "https://example.com/odd/tag/Widgets#operation/import" in text
    errors = inspect.getdoc(api.widgets.get_widgets) or ""
    assert all(line in errors for line in ("UnauthorizedError: 401.", "NotFoundError: 404.", "ServerError: 503."))


def test_answers_decode(odd: str, api: Any, models: Any) -> None:
    """A page of an unseen revision decodes through its operation's type, children included."""
    page = decoder(api.widgets._GET_WIDGETS.responses[200].type, odd)(
        {"results": [{"kind": "Gear"}, {"kind": "new"}], "totalCount": 2}
    )
    assert [type(row) for row in page.results] == [models.Gear, models.Widget]


def test_the_same_specs_give_the_same_files(tmp_path: Path) -> None:
    """Two runs, in two processes with different hash seeds, write the same bytes."""
    specs = write_specs(tmp_path / "specs", v7=document())
    trees = []
    for seed in ("1", "2"):
        package = tmp_path / f"acme{seed}"
        command = [sys.executable, "-m", "codegen", "emit", "--specs", str(specs), "--package", str(package)]
        environment = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run(command, check=True, capture_output=True, cwd=emit.ROOT, env=environment, timeout=60)
        trees.append({path.relative_to(package): path.read_bytes() for path in package.rglob("*") if path.is_file()})
    assert trees[0] == trees[1]
    assert len(trees[0]) > 10


def test_a_second_revision_joins_the_first(tmp_path: Path) -> None:
    """Emitting one revision leaves the others of the package alone."""
    specs = write_specs(tmp_path / "specs", v7=document(), v8=document(schemas={"Extra": {"type": "object"}}))
    emit.emit(specs, tmp_path / "acme", ["odd/v7"])
    before = (tmp_path / "acme/odd/v7/client.py").stat().st_mtime_ns
    emit.emit(specs, tmp_path / "acme", ["odd/v8"])
    assert (tmp_path / "acme/odd/v7/client.py").stat().st_mtime_ns == before
    assert "Extra" in (tmp_path / "acme/odd/v8/models/__init__.py").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme", "specs"]


def test_a_document_without_operations_or_schemas(tmp_path: Path) -> None:
    """The smallest document is a package too."""
    specs = write_specs(tmp_path / "specs", v1={"openapi": "3.1.0", "info": {}, "paths": {}})
    (report,) = emit.emit(specs, tmp_path / "acme")
    assert str(report).startswith("odd/v1: 0/0 operations, 0 schemas, 0/0 families, 0 children")
