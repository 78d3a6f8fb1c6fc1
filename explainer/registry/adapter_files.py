"""An adapter's folder: weights, PEFT's configuration, and the card that says what it was made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
from safetensors import SafetensorError, safe_open

from explainer.errors import RegistryError
from explainer.files import file_hash
from explainer.storage.lookup import SHOWN
from explainer.storage.version_tables import AdapterRow

WEIGHTS, CARD = "adapter_model.safetensors", "card.json"
_FILES = (WEIGHTS, "adapter_config.json", CARD)
_Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class CardFacts(msgspec.Struct, frozen=True):
    """What a card must say (see :class:`explainer.tuning.card.Card`, which says more)."""

    adapter_hash: _Hash
    base_hash: _Hash
    corpus_hash: _Hash
    base_model: str
    date: str
    config: dict[str, Any]


def read_card(folder: Path) -> tuple[CardFacts, dict[str, Any]]:
    """Return what the card says, once it is known to be about these weights.

    Raises:
        RegistryError: If a file is missing or damaged, or the card is about other weights.
    """
    for name in _FILES:
        if not _is_file(folder / name):
            raise RegistryError(f"There is no {name} in {folder}; explainer tune --out FOLDER makes a whole adapter.")
    facts, card = _decode(folder / CARD)
    found = weights_hash_of(folder)
    if found != facts.adapter_hash:
        raise RegistryError(
            f"The card in {folder} is about other weights: it says {facts.adapter_hash}, {WEIGHTS} is {found}. "
            "Put the file back that the card was written for, or train again with explainer tune."
        )
    return facts, card


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long, a folder that may not be entered
        return False


def _decode(path: Path) -> tuple[CardFacts, dict[str, Any]]:
    try:
        content = path.read_bytes()
        return msgspec.json.decode(content, type=CardFacts), msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RegistryError(f"{path} is not an adapter's card: {error}. explainer tune writes one.") from error
    except OSError as error:
        raise RegistryError(f"{path} cannot be read: {error.strerror}.") from error


def weights_hash_of(folder: Path) -> str:
    """Return the hash of an adapter's weights.

    Raises:
        RegistryError: If they cannot be read or are not in safetensors format.
    """
    path = folder / WEIGHTS
    try:
        with safe_open(path, framework="numpy"):
            return file_hash(path)
    except SafetensorError as error:
        raise RegistryError(f"{path} is damaged: {error}.") from error
    except OSError as error:
        raise RegistryError(f"{path} cannot be read: {error}.") from error


def require_unchanged(row: AdapterRow) -> Path:
    """Return the adapter's folder, once the weights in it are known to be the registered ones.

    Raises:
        RegistryError: If they have changed or are gone.
    """
    folder = Path(row.folder)
    mend = "Put them back, or add the folder where they are now: explainer adapters add FOLDER"
    if not _is_file(folder / WEIGHTS):
        raise RegistryError(f"The weights of adapter {row.version[:SHOWN]} are gone from {folder}. {mend}")
    found = file_hash(folder / WEIGHTS)
    if found != row.version:
        raise RegistryError(
            f"The weights in {folder} have changed: adapter {row.version} was registered, the file is {found}. {mend}"
        )
    return folder


def require_base(adapter: str, base_hash: str, ours: str) -> None:
    """Check that an adapter was trained on the base model in use.

    Raises:
        RegistryError: If it was not.
    """
    if base_hash != ours:
        raise RegistryError(
            f"Adapter {adapter[:SHOWN]} was trained on another base model: its base has the hash {base_hash}, ours has "
            f"{ours}. Set EXPLAINER_BASE_MODEL to the base in its card, or train on ours: explainer tune --out FOLDER"
        )
