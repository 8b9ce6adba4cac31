"""Names: from the documents' spellings to Python's, by rules that hold for every product and revision.

A name depends on what it stands for and, where two would be the same, on the document's order. Nothing here knows a
product.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable

_SPELLINGS = ("VMware", "IPv4", "IPv6", "OAuth", "iSCSI", "FSx")
"""Words of the field whose capitals do not mark where a word begins."""

LONGEST = 100
"""Letters of a name at most."""

_WORD = re.compile(
    "|".join(
        [
            *(rf"[{word[0].upper()}{word[0].lower()}]{word[1:]}\d*" for word in _SPELLINGS),
            r"[A-Z]{2,}s(?![a-z])",  # a plural of capitals: VMs, IDs
            r"[A-Z]+(?![a-z])\d*",  # capitals up to the next word: AD in ADObjects, EC2
            r"[A-Z]?[a-z]+\d*",
            r"\d+",
        ]
    )
)

CLIENT_MEMBERS = frozenset(
    [
        "aclose",
        "adopt_pool",
        "adopt_token",
        "authorization_code",
        "base_url",
        "call",
        "forget_refusal",
        "go_on_with",
        "login",
        "login_credentials",
        "logout",
        "name",
        "negotiation",
        "operations",
        "origin",
        "profile",
        "request",
        "revision",
        "sender",
        "sign_on_url",
        "token",
        "wait",
        "wait_until_gone",
        "with_options",
    ]
)
"""What `ApplianceClient` offers by itself: a tag of the same name steps aside."""

_MODEL_MEMBERS = frozenset(["additional_properties", "from_dict", "to_dict"])
_CLASS_BODY_NAMES = frozenset(["bool", "bytes", "date", "datetime", "dict", "field", "float", "int", "list", "str"])
_FUNCTION_NAMES = _CLASS_BODY_NAMES - {"field"}
"""Types that the signatures of functions name: an operation called so would hide them from those below it."""
_MODULE_NAMES = frozenset(["annotations", "getattr", "globals", "importlib", "list"])
"""What the package of the modules of groups needs under these names itself."""
_ARGUMENTS = frozenset(["body", "client", "self"])
_CLASS_NAMES = frozenset(
    [
        "Any",
        "Api",
        "ApplianceClient",
        "Body",
        "Caller",
        "Download",
        "GROUPS",
        "Listing",
        "MODULES",
        "Model",
        "OpenEnum",
        "OPERATIONS",
        "Operation",
        "Paging",
        "Parameter",
        "REVISION",
        "Request",
        "Response",
        "TYPE_CHECKING",
        "TypeAlias",
        "UNSET",
        "Unset",
        "Upload",
    ]
)


def words(text: str) -> list[str]:
    """The words of an identifier, a tag or a value, in lower case: `ADObjects` is `ad`, `objects`."""
    return [word.lower() for word in _WORD.findall(text)]


def snake_case(text: str) -> str:
    """`GetAllJobs` is `get_all_jobs`; whatever is neither letter nor digit parts words."""
    return "_".join(words(text))


def pascal_case(text: str) -> str:
    """Part of a class name for what stood inline: `totalCount` is `TotalCount`, `Widgets_upload` is `WidgetsUpload`."""
    return "".join(part[:1].upper() + part[1:] for part in re.findall(r"[A-Za-z0-9]+", text))


def _identifier(name: str, reserved: Collection[str], taken: Collection[str], prefix: str) -> str:
    name = name[:LONGEST] or prefix
    if name[0].isdigit():
        name = f"{prefix}_{name}"
    if keyword.iskeyword(name) or name in reserved:
        name += "_"
    return unused(name, taken)


def unused(name: str, taken: Collection[str], between: str = "_") -> str:
    """The name, with a number from 2 on where it is taken."""
    stem, number = name.rstrip("_"), 2
    while name in taken:
        name, number = f"{stem}{between}{number}", number + 1
    return name


def invented(text: str, taken: Collection[str]) -> str:
    """A name for what a document leaves without one: the words of a text with capitals, a number where it is taken."""
    return unused(pascal_case(text), taken, between="")


def attribute_name(wire: str, taken: Collection[str] = ()) -> str:
    """The attribute of a model for a property: `.issued` is `issued`, `from` is `from_`, `field` is `field_`."""
    return _identifier(snake_case(wire), _MODEL_MEMBERS | _CLASS_BODY_NAMES, taken, "field")


def parameter_name(wire: str, taken: Collection[str] = ()) -> str:
    """The argument of a function for a parameter: `api-version` is `api_version`, `body` is `body_`."""
    return _identifier(snake_case(wire), _ARGUMENTS, taken, "parameter")


def member_name(value: str, taken: Collection[str] = ()) -> str:
    """The member of an enum: `VSphereBackup` is `V_SPHERE_BACKUP`, `256KB` is `KB_256`, an empty value `EMPTY`."""
    parts = [word.upper() for word in words(value)]
    if len(parts) == 2 and parts[0].isdigit() and parts[1].isalpha():
        parts.reverse()  # a quantity and its unit
    return _identifier("_".join(parts) or ("EMPTY" if not value else ""), (), taken, "VALUE")


def member_names(values: Iterable[str]) -> list[str]:
    """The members of an enum, in the order of its values."""
    names: list[str] = []
    for value in values:
        names.append(member_name(value, names))
    return names


def class_name(name: str, taken: Collection[str] = ()) -> str:
    """The class for a schema: the document's own name where it is one for a class, in ASCII, and not taken."""
    if not (name.isascii() and name.isidentifier() and name[0].isupper()):
        parts = (part.strip("_") for part in re.findall(r"[A-Za-z0-9_]+", name))
        name = "".join(part[:1].upper() + part[1:] for part in parts)
    return _identifier(name, _CLASS_NAMES, taken, "Schema")


def group_name(tag: str, taken: Collection[str] = ()) -> str:
    """The attribute of `Client` and the api module for a tag: `Managed Servers` is `managed_servers`."""
    return _identifier(snake_case(tag), CLIENT_MEMBERS | _MODULE_NAMES, taken, "group")


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def function_name(operation_id: str, tag: str, taken: Collection[str] = ()) -> str:
    """The function for an operation: `JobSessions_GetJobSessions` of tag `JobSessions` is `get_job_sessions`.

    The part before the first underscore goes where it repeats the tag. Where that would be a name already taken in its
    group, the function keeps the whole operationId.
    """
    head, separator, tail = operation_id.partition("_")
    whole = snake_case(operation_id)
    if separator and tail and _letters(head) == _letters(tag):
        name = _identifier(snake_case(tail), _FUNCTION_NAMES, (), "operation")
        if name not in taken:
            return name
    return _identifier(whole, _FUNCTION_NAMES, taken, "operation")


def unique(names: Iterable[str]) -> list[str]:
    """`names` without repetitions, in their order."""
    return list(dict.fromkeys(names))


def camel_case(name: str) -> str:
    """The wire name that a Python name stands for, as the package's runtime has it: `end_time` is `endTime`."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)
