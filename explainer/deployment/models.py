"""What a vLLM server loads: the base model as plain weights, and the adapter under the name that it is asked for by.

vLLM serves an adapter on weights, not on a GGUF file; unpacked, ours is exactly what the adapter was trained on. The
tokenizer lies beside it with its chat template, so ``/v1/chat/completions`` makes of our prompts the very text that the
adapter was taught with: the engine asks there, and nowhere else.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from explainer.deployment.values import adapter_name
from explainer.errors import AssetError, ExplainerError
from explainer.settings import Settings

BASE = "base"
_OF_ADAPTER = ("adapter_config.json", "adapter_model.safetensors")


def write_models(settings: Settings, folder: Path, adapter: Path) -> list[Path]:
    """Write base and adapter into a folder and return their folders; what is there already stays.

    Raises:
        AssetError: If base or adapter are missing, or the base has a name on a hub, from where vLLM must load it.
        ExplainerError: If they cannot be written.
    """
    # torch takes seconds, and the other kinds need none of it.
    from explainer.writing.engines.base_model import resolve_base  # noqa: PLC0415

    base = resolve_base(settings.base_model, settings.cache)
    if not isinstance(base, Path):
        raise AssetError(
            f"{base} is a name on a hub, no files: let vLLM load it by that name, in place of /models/base."
        )
    wanted = {folder / BASE: list(base.iterdir()), folder / adapter_name(adapter): [adapter / n for n in _OF_ADAPTER]}
    for target, files in wanted.items():
        if not target.is_dir():
            _copy(files, target)
    return list(wanted)


def _copy(files: list[Path], target: Path) -> None:
    # Beside and then into place: a server that starts meanwhile sees all of it or nothing.
    scratch = target.with_name(f"{target.name}.part")
    try:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        for file in files:
            shutil.copyfile(file, scratch / file.name)
        scratch.replace(target)
    except OSError as error:
        raise ExplainerError(f"{target} cannot be written: {error.strerror}") from error
