"""Why was this recommended? Faithful attribution, grounded sentences, an accountable record."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("recommended-because")
except PackageNotFoundError:  # imported from a folder that was never installed
    __version__ = "0"
