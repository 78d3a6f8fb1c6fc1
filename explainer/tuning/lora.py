"""A LoRA adapter as PEFT saves it, read without torch."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from explainer.errors import AssetError
from explainer.writing.engines.base_file import adapter_file
from explainer.writing.engines.safetensors_file import Floats, read_safetensors

_NAME = re.compile(r"base_model\.model\.(?P<layer>.+)\.lora_(?P<side>[AB])\.weight")


class _Config(msgspec.Struct):
    """The part of ``adapter_config.json`` that says what the numbers mean."""

    r: int
    lora_alpha: float
    peft_type: str = "LORA"
    bias: str = "none"
    use_rslora: bool = False
    use_dora: bool = False
    fan_in_fan_out: bool = False
    rank_pattern: dict[str, int] = {}
    alpha_pattern: dict[str, float] = {}

    def is_plain(self) -> bool:
        special = self.use_rslora or self.use_dora or self.fan_in_fan_out or self.rank_pattern or self.alpha_pattern
        return self.peft_type == "LORA" and self.bias == "none" and self.r > 0 and not special


@dataclass(frozen=True, slots=True)
class Delta:
    """What an adapter adds to one linear layer: ``B @ A * scale`` (Hu et al., "LoRA", 2021).

    Attributes:
        a: Reads A, [rank, inputs].
        b: Reads B, [outputs, rank].
        scale: α/r.
    """

    a: Callable[[], Floats]
    b: Callable[[], Floats]
    scale: float

    def rows(self) -> Floats:
        """Return the delta, float32 [outputs, inputs]."""
        product: Floats = (self.b() @ self.a()) * self.scale
        return product


def read_lora(adapter: Path) -> dict[str, Delta]:
    """Return the deltas of a PEFT folder by the Hugging Face name of the weight they are added to.

    Raises:
        AssetError: If the folder holds no adapter, a damaged one, or one that is more than plain LoRA.
    """
    weights = adapter_file(adapter)
    config = _config(adapter / "adapter_config.json")
    tensors = read_safetensors(weights)
    sides: dict[str, dict[str, Callable[[], Floats]]] = {}
    for name, read in tensors.items():
        found = _NAME.fullmatch(name)
        if found is None:
            raise AssetError(f"{weights} holds {name!r}, which is not part of a LoRA adapter and can't be merged.")
        sides.setdefault(found["layer"], {})[found["side"]] = read
    halves = [layer for layer, pair in sides.items() if len(pair) != len("AB")]
    if halves or not sides:
        raise AssetError(f"{weights} is incomplete: {halves[0] if halves else 'it is empty'}. Train it anew.")
    for layer, pair in sides.items():
        if not pair["A"]().shape[0] == pair["B"]().shape[-1] == config.r:
            raise AssetError(f"{weights} has another rank in {layer} than its config says ({config.r}).")
    scale = config.lora_alpha / config.r
    return {f"{layer}.weight": Delta(pair["A"], pair["B"], scale) for layer, pair in sides.items()}


def _config(path: Path) -> _Config:
    try:
        config = msgspec.json.decode(path.read_bytes(), type=_Config)
    except (OSError, msgspec.DecodeError) as error:
        raise AssetError(f"{path} can't be read: {error}. It comes with the adapter; copy the whole folder.") from error
    if not config.is_plain():
        raise AssetError(f"{path} describes more than plain LoRA (another kind, DoRA, biases, ranks by layer).")
    return config
