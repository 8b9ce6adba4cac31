"""Names: from the documents' spellings to Python's."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen import naming
from veeam_async._model.fields import camel_case


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GetAllJobs", "get_all_jobs"),
        ("ADObjectsProtectionGroup", "ad_objects_protection_group"),
        ("selectedVMs", "selected_vms"),
        ("objectIDs", "object_ids"),
        ("AmazonEC2Instance", "amazon_ec2_instance"),
        ("Managed Servers", "managed_servers"),
        ("Authorization (Single Sign-On)", "authorization_single_sign_on"),
        ("Saml2", "saml2"),
        ("IPv4Address", "ipv4_address"),
        ("isVMwareTools", "is_vmware_tools"),
        ("OAuth2MailService", "oauth2_mail_service"),
        ("FSx File Systems", "fsx_file_systems"),
        ("us-east-1", "us_east_1"),
        ("_links", "links"),
        (".issued", "issued"),
        ("endTime", "end_time"),
    ],
)
def test_snake_case(text: str, expected: str) -> None:
    """Words part at capitals and at whatever is no letter; acronyms, plurals of acronyms and digits stay whole."""
    assert naming.snake_case(text) == expected


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ("from", "from_"),
        ("class", "class_"),
        ("to_dict", "to_dict_"),
        ("additionalProperties", "additional_properties_"),
        ("field", "field_"),
        ("list", "list_"),
        ("date", "date_"),
        ("id", "id"),
        ("type", "type"),
        ("2fa", "field_2_fa"),
        ("%", "field_"),
    ],
)
def test_attribute_names_keep_clear(wire: str, expected: str) -> None:
    """An attribute is no keyword, hides no member of Model and nothing that a class body needs."""
    assert naming.attribute_name(wire) == expected


@pytest.mark.parametrize("wire", ["client", "body", "self"])
def test_parameters_keep_clear_of_the_functions_own(wire: str) -> None:
    """A parameter called as one of the function's own arguments has a trailing underscore."""
    assert naming.parameter_name(wire) == f"{wire}_"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("VSphereBackup", "V_SPHERE_BACKUP"),
        ("None", "NONE"),
        ("mro", "MRO"),
        ("name", "NAME"),
        ("256KB", "KB_256"),
        ("1MB", "MB_1"),
        ("2019", "VALUE_2019"),
        ("Unknown,", "UNKNOWN"),
        ("Device Authentication", "DEVICE_AUTHENTICATION"),
        ("", "EMPTY"),
        ("*", "VALUE"),
    ],
)
def test_members_are_upper_snake_case(value: str, expected: str) -> None:
    """A member of an enum is its value's words in capitals; a quantity comes after its unit."""
    assert naming.member_name(value) == expected


def test_the_second_of_two_equal_names_gets_a_number() -> None:
    """Two values that would be one member are distinguished by a number, in the document's order."""
    taken: list[str] = []
    for value in ("red-ish", "red ish", "RED_ISH"):
        taken.append(naming.member_name(value, taken))
    assert taken == ["RED_ISH", "RED_ISH_2", "RED_ISH_3"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EJobType", "EJobType"),
        ("Page«Widget»", "PageWidget"),
        ("a.b.C", "ABC"),
        ("Model", "Model_"),
        ("None", "None_"),
        ("3D", "Schema_3D"),
    ],
)
def test_classes_have_the_documents_names(name: str, expected: str) -> None:
    """A class has its schema's name unless Python or the package's runtime cannot take it."""
    assert naming.class_name(name) == expected


@pytest.mark.parametrize(
    ("operation_id", "tag", "expected"),
    [
        ("GetAllJobs", "Jobs", "get_all_jobs"),
        ("JobSessions_GetJobSessions", "JobSessions", "get_job_sessions"),
        ("AzureServiceAccount_GetAccounts", "AzureServiceAccount", "get_accounts"),
        ("DynamoDBBackupPolicies_CreateBackupPolicy", "DynamoDB Backup Policies", "create_backup_policy"),
        ("WorkerProfiles_Export", "Worker", "worker_profiles_export"),
        ("Worker_", "Worker", "worker"),
        ("import", "Jobs", "import_"),
    ],
)
def test_functions_drop_the_prefix_that_repeats_the_tag(operation_id: str, tag: str, expected: str) -> None:
    """A function is its operationId, without the part before the underscore where that only repeats the tag."""
    assert naming.function_name(operation_id, tag) == expected


def test_a_function_whose_short_name_is_taken_keeps_its_whole_name() -> None:
    """Where the tag's prefix is all that distinguishes two operations, the second keeps it."""
    assert naming.function_name("Jobs_Stop", "Jobs", {"stop"}) == "jobs_stop"


def test_a_tag_that_is_called_like_a_member_of_the_client_steps_aside() -> None:
    """`client.login()` logs in, so that the tag Login is `client.login_`."""
    assert naming.group_name("Login") == "login_"


@given(st.text(max_size=40), st.sets(st.text(st.characters(codec="ascii"), max_size=8), max_size=3))
def test_every_text_gives_an_identifier(text: str, taken: set[str]) -> None:
    """Whatever a document calls a thing, its names are identifiers, no keywords, and not taken."""
    for make in (
        naming.attribute_name,
        naming.parameter_name,
        naming.member_name,
        naming.class_name,
        naming.group_name,
    ):
        name = make(text, taken)
        assert name.isidentifier(), (make.__name__, name)
        assert not keyword.iskeyword(name)
        assert name not in taken


@given(st.from_regex(r"[a-z_][a-z0-9_]*", fullmatch=True))
def test_the_generator_and_the_runtime_agree_on_wire_names(name: str) -> None:
    """What the generator takes for the wire name of an attribute is what the package takes for it."""
    assert naming.camel_case(name) == camel_case(name)
