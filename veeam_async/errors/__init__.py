"""The errors that calls raise. Every one says which appliance, which operation and which step, and can be pickled."""

from .api import ApiError as ApiError
from .api import BadRequestError as BadRequestError
from .api import ConflictError as ConflictError
from .api import ForbiddenError as ForbiddenError
from .api import NotFoundError as NotFoundError
from .api import RateLimitedError as RateLimitedError
from .api import ServerError as ServerError
from .api import UnauthorizedError as UnauthorizedError
from .api import api_error_class as api_error_class
from .base import AnsweredBy as AnsweredBy
from .base import Context as Context
from .base import Step as Step
from .base import VeeamError as VeeamError
from .base import Where as Where
from .calls import AuthenticationError as AuthenticationError
from .calls import BodyTooLarge as BodyTooLarge
from .calls import ConnectError as ConnectError
from .calls import DecodeError as DecodeError
from .calls import IncompleteListing as IncompleteListing
from .calls import InvalidAddress as InvalidAddress
from .calls import MfaRequired as MfaRequired
from .calls import RequestTimeout as RequestTimeout
from .calls import SessionFailed as SessionFailed
from .calls import TlsError as TlsError
from .calls import UnsafeOriginError as UnsafeOriginError
from .calls import UnsupportedRevisionError as UnsupportedRevisionError


class VeeamWarning(UserWarning):
    """Base of all warnings of this package."""


class IncompleteListingWarning(VeeamWarning):
    """A listing ended before all its rows had come."""


class InferredOperationWarning(VeeamWarning):
    """No document evidences this operation; it is offered by analogy and may not exist."""


class InsecureWarning(VeeamWarning):
    """A connection's peer is not verified."""
