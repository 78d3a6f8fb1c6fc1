"""Where the package's own files lie, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

from explainer.errors import AssetError

_PACKAGE = Path(__file__).resolve().parent


def resource_dir(name: str) -> Path:
    """Return the folder ``prompts`` or ``migrations``.

    The wheel carries them as ``explainer/_prompts`` and ``explainer/_migrations``; a checkout has them at its top.

    Raises:
        AssetError: If neither place has it.
    """
    for candidate in (_PACKAGE / f"_{name}", _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise AssetError(f"The folder {name!r} is missing beside {_PACKAGE}; reinstall recommended-because.")


def adapter_dir(locale: str) -> Path:
    """Return the folder of the LoRA adapter that ships with the package for a locale."""
    return _PACKAGE / "writing" / "adapters" / locale


def vocabulary_file(locale: str, audience: str) -> Path:
    """Return the file of connective words that the gate allows for a reader in a locale."""
    return _PACKAGE / "writing" / "vocabulary" / locale / f"{audience}.txt"


def corpus_dir(locale: str) -> Path:
    """Return the folder of a locale's training corpus, a file a domain."""
    return _PACKAGE / "tuning" / "corpus" / locale
