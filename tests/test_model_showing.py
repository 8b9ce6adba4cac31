"""The repr of a model: bounded, and without secrets."""

from __future__ import annotations

from veeam_async._model.showing import show


def test_texts_are_cut_after_200_characters() -> None:
    """A longer one says how long it is."""
    assert show("N", {"text": "x" * 200}) == f"N(text='{'x' * 200}')"
    assert show("N", {"text": "x" * 201}) == f"N(text='{'x' * 200}'... (201 characters))"


def test_lists_and_maps_are_cut_after_20_items() -> None:
    """A longer one says how many more there are."""
    items = ", ".join(map(str, range(20)))
    assert show("N", {"all": list(range(20))}) == f"N(all=[{items}])"
    assert show("N", {"all": list(range(23))}) == f"N(all=[{items}, ... 3 more])"
    entries = ", ".join(f"'{number}': {number}" for number in range(20))
    assert show("N", {"all": {str(number): number for number in range(22)}}) == f"N(all={{{entries}, ... 2 more}})"


def test_the_whole_is_cut_after_4000_characters() -> None:
    """However many fields there are."""
    fields = {f"f{number:03}": "x" * 195 for number in range(19)}
    whole = show("N", fields)
    short = len(whole) - len("N()")
    assert short < 4000
    filler = 4000 - short - len(", last=''")
    assert show("N", {**fields, "last": "y" * filler}).endswith("y')")
    longer = show("N", {**fields, "last": "y" * (filler + 1)})
    assert longer.endswith("y...)")
    assert len(longer) == 4000 + len("N(...)")


def test_secrets_are_masked_by_name_at_any_depth() -> None:
    """An empty one shows that it is empty."""
    shown = show("N", {"password": "s3cret", "empty_secret": "", "deep": [{"apiToken": "s3cret", "token_type": "b"}]})
    assert shown == "N(password='***', empty_secret='', deep=[{'apiToken': '***', 'token_type': 'b'}])"
