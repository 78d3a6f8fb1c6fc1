"""Every error this package raises on purpose; the command line and the server each map them once."""

from __future__ import annotations


class ExplainerError(Exception):
    """Root of the explainer's errors: the message says what is wrong and how to mend it."""


class NotFoundError(ExplainerError):
    """A user, an item or an explanation that is not in the database."""


class ConflictError(ExplainerError):
    """The request contradicts what is stored, e.g. a second dataset in one database."""


class NotReadyError(ExplainerError):
    """Something must be done first: migrate, ingest, fit, or create a key."""


class AssetError(ExplainerError):
    """A model, adapter or data package is missing or damaged."""


class MissingLibraryError(ExplainerError):
    """A library that only a comparison needs is not installed."""


class PromptError(ExplainerError):
    """A prompt template is missing or refers to something it is not given."""


class LocaleError(PromptError):
    """There are no texts in a language.

    Attributes:
        locales: Those there are.
    """

    def __init__(self, message: str, locales: tuple[str, ...]) -> None:
        super().__init__(message)
        self.locales = locales


class RegistryError(ExplainerError):
    """A version of an adapter or of prompts cannot be registered or put into use as asked."""


class CorpusError(ExplainerError):
    """A line of the training corpus cannot be used; the message names file and line."""


class PictureError(ExplainerError):
    """A picture cannot be drawn from these numbers."""


class EngineUnavailable(ExplainerError):  # noqa: N818  the contract in the design names it so
    """The writing engine cannot answer now; the caller falls back to the template text."""


class BusyError(ExplainerError):
    """The queue in front of the writing engine is full.

    Attributes:
        retry_after_s: Seconds after which another try makes sense.
    """

    def __init__(self, message: str, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ValueRefusedError(ExplainerError):
    """The database cannot hold a value, e.g. a text with a NUL in it in PostgreSQL."""


class RateLimitError(BusyError):
    """Somebody asks more often than they may."""


class SettingsError(ExplainerError):
    """A setting has a value that can't be used; the message names the environment variable, never a secret."""


class AccessError(ExplainerError):
    """A role, a scope or a lifetime that cannot be given."""


class SignInError(ExplainerError):
    """Name or password is wrong, or was too often; which of these is nobody's business."""


class EmbedTokenError(ExplainerError):
    """A token for the component on a shop's page that opens nothing; the message says what to do."""


class CursorError(ExplainerError):
    """A page's cursor that we did not give out, or not for this list and search."""


class SearchError(ExplainerError):
    """A search that can find nothing: it ends before it begins, or at no moment there is."""


class AbandonedError(ExplainerError):
    """Whoever asked has gone away: nothing more is done for them, and nothing is stored."""


class ErasureError(ExplainerError):
    """Nobody can be erased now, or erasures of earlier cannot be held against a database; the message says why."""
