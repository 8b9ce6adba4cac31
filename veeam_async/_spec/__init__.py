"""The one reader of specification files, for the generator and for the simulated appliances."""

from __future__ import annotations

from .files import UnknownRevision, folders, from_document, load, revisions
from .operations import METHODS, Response, Schema, SpecOperation
from .spec import Spec

__all__ = [
    "METHODS",
    "Response",
    "Schema",
    "Spec",
    "SpecOperation",
    "UnknownRevision",
    "folders",
    "from_document",
    "load",
    "revisions",
]
