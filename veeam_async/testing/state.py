"""What an appliance shows: a world, and the revisions that show it. Many appliances may show the same one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import attrs

from .answers import Answers
from .handlers import Handler, Handlers
from .mfa import MfaHandlers
from .products import Product
from .spec import load
from .view_aws import AwsView
from .view_azure import AzureView
from .view_vbr import VbrView
from .views import View
from .world import World

_VIEWS: Mapping[str, type[View]] = {"vbr": VbrView, "aws": AwsView, "azure": AzureView}


@attrs.define(eq=False)
class State:
    """A world and the handlers of each revision over it.

    Attributes:
        world: the facts.
        faces: handlers by revision.
        shared: True where several appliances show it, so that one that changes something has to fork it first.
    """

    world: World
    faces: dict[str, Handlers]
    shared: bool = False

    @classmethod
    def of(cls, product: Product, revisions: Iterable[str], seed: int, world: World, *, shared: bool = False) -> State:
        """The state of an appliance.

        Args:
            product: whose revisions they are.
            revisions: all that it speaks.
            seed: for what the world does not say.
            world: the facts.
            shared: see the attribute.

        Raises:
            UnknownRevision: there is no specification of one of them.
        """
        faces = {}
        for revision in revisions:
            spec = load(product.name, revision)
            faces[revision] = Handlers(spec, Answers(spec, seed), world, special(product))
        return cls(world, faces, shared)

    def fork(self) -> State:
        """The same, changed from now on without the others' knowledge."""
        world = self.world.fork()
        return State(world, {revision: face.fork(world) for revision, face in self.faces.items()})


def special(product: Product) -> Callable[[Handlers], Mapping[str, Handler]]:
    """Makes a product's own handlers for a revision's `Handlers`."""
    return lambda handlers: {**MfaHandlers().by_operation, **_VIEWS[product.name](handlers, product.logout).special}
