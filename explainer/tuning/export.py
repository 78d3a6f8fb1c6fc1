"""Base and adapter as one GGUF file: what serving needs, without torch, in about 145 MB.

Checked here: that base and adapter belong together, and that nothing half-written is left behind. For the numbers see
:mod:`explainer.tuning.merge`.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import msgspec
from gguf import GGUFReader

from explainer.errors import AssetError
from explainer.files import file_hash
from explainer.tuning.lora import Delta, read_lora
from explainer.tuning.merge import OnTensor, write_merged
from explainer.writing.engines.base_file import adapter_file, base_gguf
from explainer.writing.engines.gguf_header import ADAPTER_HASH, BASE_HASH
from explainer.writing.engines.llama_gguf import hf_name, open_gguf
from explainer.writing.engines.weights import gguf_hash

_log = logging.getLogger(__name__)


def gguf_of(base_model: str) -> Path:
    """Return the GGUF file of a base model.

    Raises:
        AssetError: If it is missing, or the model is a folder or on the hub.
    """
    base = base_gguf(base_model)
    if base is None:
        raise AssetError(
            f"The base model {base_model!r} is no GGUF file, and only those can be merged into one. "
            "Set EXPLAINER_BASE_MODEL to one, or write with EXPLAINER_ENGINE=transformers."
        )
    return base


def merged_gguf(base: Path, adapter: Path, cache: Path, on_tensor: OnTensor | None = None) -> Path:
    """Return the merged file, kept in the cache under a name with both hashes; made if it is not there.

    Two processes that make it at once both succeed: each writes its own copy and moves it into place whole.

    Raises:
        AssetError: See :func:`export_gguf`.
    """
    out = cache / f"merged-{file_hash(base)[:16]}-{file_hash(adapter_file(adapter))[:16]}.gguf"
    if not out.is_file():
        _log.warning("Merging the adapter into the base model, once: %s", out)
        cache.mkdir(parents=True, exist_ok=True)
        export_gguf(base, adapter, out, on_tensor)
    return out


def export_gguf(base: Path, adapter: Path, out: Path, on_tensor: OnTensor | None = None) -> None:
    """Write base + adapter to ``out``; a file that is there already is replaced once the new one is whole.

    Args:
        base: GGUF file of a Llama model.
        adapter: PEFT folder of a LoRA adapter trained on it.
        out: The new file.
        on_tensor: Told about progress.

    Raises:
        AssetError: If one of them can't be read, they don't belong together, or the file can't be written.
    """
    lora, reader = read_lora(adapter), open_gguf(base)
    deltas = _by_tensor(reader, lora, adapter)
    trained_on = _base_of(adapter)
    try:
        # Written beside and moved into place, so that a stop half way leaves nothing that looks finished.
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as scratch:
            part = Path(scratch) / out.name
            base_hash = gguf_hash(reader)  # takes seconds: after all that may be wrong at once
            _require_same(adapter, trained_on, base_hash)
            hashes = {BASE_HASH: base_hash, ADAPTER_HASH: file_hash(adapter_file(adapter))}
            write_merged(reader, deltas, hashes, part, on_tensor)
            part.replace(out)
    except OSError as error:
        raise AssetError(f"{out} could not be written: {error}. Free space or choose another place.") from error


def _by_tensor(reader: GGUFReader, deltas: dict[str, Delta], adapter: Path) -> dict[str, Delta]:
    names = {hf_name(tensor.name): tensor for tensor in reader.tensors}
    for name, delta in deltas.items():
        if name not in names:
            raise AssetError(f"The adapter in {adapter} changes {name}, which the base model does not have.")
        shape, wanted = tuple(map(int, names[name].shape[::-1])), (len(delta.b()), delta.a().shape[-1])
        if shape != wanted:
            raise AssetError(f"The adapter in {adapter} was made for another base: {name} is {shape}, not {wanted}.")
    return {names[name].name: delta for name, delta in deltas.items()}


def _base_of(adapter: Path) -> str | None:
    """Return the hash of what the adapter was trained on, as its card says; None where nothing says so."""
    card = adapter / "card.json"
    if not card.is_file():
        return None  # an adapter from elsewhere; shapes were compared
    try:
        trained_on: str | None = msgspec.json.decode(card.read_bytes(), type=dict).get("base_hash")
    except msgspec.DecodeError as error:
        raise AssetError(f"{card} can't be read: {error}. It comes with the adapter; copy the whole folder.") from error
    return trained_on


def _require_same(adapter: Path, trained_on: str | None, base_hash: str) -> None:
    if trained_on not in (None, base_hash):
        raise AssetError(
            f"The adapter in {adapter} was trained on another base model ({trained_on:.12} … in its card, this one is "
            f"{base_hash:.12} …). Give its own base with EXPLAINER_BASE_MODEL, or train again: explainer tune"
        )
