"""What an appliance shows: a world, and the revisions that show it. Many appliances may show the same one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from .._spec import load
from .answers import Answers
from .aws_view import AwsView
from .azure_view import AzureView
from .handlers import Handler, Handlers
from .m365_view import M365View
from .mfa import MfaHandlers
from .one_view import OneView
from .products import Product
from .spc_view import SpcView
from .vbr_view import VbrView
from .versions import Served
from .views import Playing, View
from .world import World

_VIEWS: Mapping[str, type[View]] = {
    "vbr": VbrView,
    "aws": AwsView,
    "azure": AzureView,
    "m365": M365View,
    "spc": SpcView,
    "one": OneView,
}


@attrs.define(eq=False)
class State:
    """A world and the handlers of each revision over it, made when a revision is first asked for.

    Attributes:
        product: whose revisions they are.
        served: the release, and the document that each revision is answered from.
        seed: for what the world does not say.
        world: the facts.
        shared: True where several appliances show it, so that one that changes something has to fork it first.
    """

    product: Product
    served: Served
    seed: int
    world: World
    shared: bool = False
    _handlers: dict[str, Handlers] = attrs.field(factory=dict, alias="handlers")

    def handlers(self, document: str) -> Handlers:
        """The handlers of the revision that has this document.

        Raises:
            UnknownRevision: there is no specification of it.
        """
        if document not in self._handlers:
            spec = load(self.product.name, document)
            newest = load(self.product.name, self.served.documents[self.served.newest])
            made = special(self.product, Playing(self.served.release.build, newest))
            self._handlers[document] = Handlers(spec, Answers(spec, self.seed), self.world, made)
        return self._handlers[document]

    def fork(self) -> State:
        """The same, changed from now on without the others' knowledge."""
        world = self.world.fork()
        handlers = {document: each.fork(world) for document, each in self._handlers.items()}
        return State(self.product, self.served, self.seed, world, handlers=handlers)


def special(product: Product, playing: Playing) -> Callable[[Handlers], Mapping[str, Handler]]:
    """Makes a product's own handlers for a revision's `Handlers`."""
    return lambda handlers: {
        **MfaHandlers(handlers.spec).by_operation,
        **_VIEWS[product.name](handlers, product, playing).special,
    }
