"""Every error this package raises on purpose, with the fix in its message."""

from __future__ import annotations


class RetrieverError(Exception):
    """Root of the retriever's errors: something outside the code is wrong and the message says what."""


class DataError(RetrieverError):
    """A file or table cannot be read as a dataset: missing file, missing column, empty table, bad settings."""


class UnknownItemError(RetrieverError):
    """An item id that the recommender was not fitted on."""


class EncoderError(RetrieverError):
    """The sentence encoder cannot be loaded, or what it computed is no embedding."""


class IndexInputError(RetrieverError):
    """Embeddings, queries or a number of neighbours that an index cannot work with."""


class ModelFileError(RetrieverError):
    """A saved recommender is missing, damaged or from another version."""


class SettingsError(RetrieverError):
    """A setting that does not exist or can't be what it was set to."""


class OtherDataError(ModelFileError):
    """A saved recommender was fitted on other data than it is asked to work with."""
