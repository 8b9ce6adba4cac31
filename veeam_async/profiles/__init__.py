"""What each product does by its own rules. Nothing outside this folder asks which product it talks to."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from .base import Grant, Logout, Profile, TokenRequest, VersionAnswer
from .work import LongWork

PRODUCTS = ("vbr", "aws", "azure", "m365", "spc", "one")

__all__ = ["PRODUCTS", "Grant", "Logout", "LongWork", "Profile", "TokenRequest", "VersionAnswer", "profile"]


@cache
def profile(product: str) -> Profile:
    """The profile of a product.

    Raises:
        ValueError: no such product.
    """
    if product not in PRODUCTS:
        raise ValueError(f"no product {product!r}: {', '.join(PRODUCTS)}")
    found: Profile = import_module(f"{__name__}.{product}").PROFILE
    return found
