"""What a model is: fields, views of JSON objects, enums, timestamps, decoding and writing. Nothing about HTTP."""

from __future__ import annotations

from .decoding import decoder
from .enums import OpenEnum
from .fields import field, fields
from .model import Model, model
from .unset import UNSET, Unset
from .writing import check_body, dumps, encode

__all__ = [
    "UNSET",
    "Model",
    "OpenEnum",
    "Unset",
    "check_body",
    "decoder",
    "dumps",
    "encode",
    "field",
    "fields",
    "model",
]
