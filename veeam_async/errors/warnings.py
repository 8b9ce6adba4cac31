"""Warnings of this package."""


class VeeamWarning(UserWarning):
    """Base of all warnings of this package."""


class IncompleteListingWarning(VeeamWarning):
    """A listing ended before all its rows were had."""


class InferredOperationWarning(VeeamWarning):
    """No document evidences this operation; it is offered by analogy and may not exist."""


class InsecureWarning(VeeamWarning):
    """A connection's peer is not verified."""
