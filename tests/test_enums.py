"""Open enums: unknown values, letter case, pickles."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import orjson
import pytest

from tests.sample_api.models import EJobType
from veeam_async._model import UNSET, OpenEnum, enums
from veeam_async._model.enums import members


def test_a_known_value_is_its_member_in_any_letter_case() -> None:
    """Looking a member up by value does not mind the letter case."""
    assert EJobType("VSphereBackup") is EJobType.V_SPHERE_BACKUP
    assert EJobType("vspherebackup") is EJobType.V_SPHERE_BACKUP
    assert EJobType("US-EAST-1") is EJobType.US_EAST_1
    assert not EJobType.US_EAST_1.is_unknown


def test_an_unknown_value_is_a_member_that_equals_its_string() -> None:
    """A value newer than the package can be compared, hashed, formatted and distinguished."""
    newer = EJobType("QuantumBackup")
    assert newer == "QuantumBackup"
    assert isinstance(newer, EJobType)
    assert newer.is_unknown
    assert hash(newer) == hash("QuantumBackup")
    assert {"QuantumBackup": 1}[newer] == 1
    assert (newer.value, newer.name, str(newer), f"{newer:>15}") == ("QuantumBackup",) * 3 + ("  QuantumBackup",)
    assert newer != EJobType("Other")
    assert newer == EJobType("QuantumBackup")


def test_an_unknown_value_does_not_join_the_members() -> None:
    """Iterating over an enum gives what the document lists and no more."""
    EJobType("QuantumBackup")
    assert [str(member) for member in EJobType] == ["VSphereBackup", "BackupCopy", "us-east-1"]
    assert "QuantumBackup" not in EJobType.__members__


def test_members_are_strings() -> None:
    """A member can stand wherever its value can: in formatting, JSON, look-ups."""
    text: str = EJobType.BACKUP_COPY
    assert text == "BackupCopy"
    assert f"{EJobType.BACKUP_COPY}" == str(EJobType.BACKUP_COPY) == "BackupCopy"
    assert orjson.dumps([EJobType.BACKUP_COPY, EJobType("New")]) == b'["BackupCopy","New"]'


def test_repr_distinguishes_known_from_unknown() -> None:
    """A reader sees at once that the package does not know a value."""
    assert repr(EJobType.BACKUP_COPY) == "<EJobType.BACKUP_COPY: 'BackupCopy'>"
    assert repr(EJobType("New")) == "<EJobType unknown: 'New'>"


@pytest.mark.parametrize("value", [None, 3, UNSET, ["VSphereBackup"]])
def test_what_is_no_string_is_no_member(value: Any) -> None:
    """Looking up a number or null is a ValueError, as for any enum."""
    with pytest.raises(ValueError, match="is not a valid EJobType"):
        EJobType(value)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", ["VSphereBackup", "New"])
def test_members_survive_pickle_and_copy(value: str, protocol: int) -> None:
    """Known members stay the same object, unknown ones stay equal and unknown."""
    member = EJobType(value)
    again = pickle.loads(pickle.dumps(member, protocol))
    assert again == member
    assert again.is_unknown == member.is_unknown
    assert copy.deepcopy(member) == copy.copy(member) == member
    if not member.is_unknown:
        assert again is member


def test_the_reader_lets_null_and_what_is_no_string_pass() -> None:
    """In decoding, null stays None, absence UNSET, a number a number."""
    read = members(EJobType).__getitem__
    assert [read(value) for value in (None, UNSET, 3, True)] == [None, UNSET, 3, True]
    assert read("backupcopy") is EJobType.BACKUP_COPY
    assert read("Newer").is_unknown


def test_the_reader_remembers_a_bounded_number_of_spellings() -> None:
    """A server that sends ever new values does not fill the memory."""

    class EColour(OpenEnum):
        RED = "red"

    read = members(EColour).__getitem__
    for number in range(3 * enums._REMEMBERED):
        assert read(f"colour-{number}") == f"colour-{number}"
    assert len(members(EColour)) <= enums._REMEMBERED
    assert read("RED") is EColour.RED


def test_an_unknown_value_stays_itself_when_a_member_has_its_name() -> None:
    """`V_SPHERE_BACKUP` is a Python name, not a value."""
    assert EJobType("V_SPHERE_BACKUP").is_unknown
