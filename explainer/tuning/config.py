"""How the adapter is trained; saved beside it, so that the same file trains it again."""

from __future__ import annotations

from typing import Literal

import msgspec


class TuneConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of LoRA training (Hu et al., "LoRA", 2021).

    Attributes:
        base_model: Base model (name, folder or GGUF file).
        rank: LoRA rank r.
        alpha: LoRA scaling α; updates are scaled by α/r.
        dropout: Dropout on the adapter's input; 0 because the augmentation already keeps it from learning by heart.
        targets: Names of the linear layers that get an adapter.
        precision: In what the frozen base computes; the adapter's own weights are always float32.
        learning_rate: Peak rate of AdamW.
        warmup: Share of steps with a rising rate, 0 to 1.
        schedule: How the rate falls after that.
        weight_decay: AdamW weight decay.
        batch_size: Examples per step; neighbours in length share a batch.
        epochs: Most passes over the corpus; every pass exchanges aspects anew.
        patience: Passes without a better dev result before training stops.
        free: Share of examples whose prompt leaves the beginning of the text free.
        dev_share: Share of phrase families that decide which pass is kept.
        test_share: Share of phrase families that decide nothing.
        seed: Seeds order, augmentation, adapter and dropout.
    """

    base_model: str = "smollm2"
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    learning_rate: float = 1e-3
    warmup: float = 0.05
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    weight_decay: float = 0.01
    batch_size: int = 16
    epochs: int = 7
    patience: int = 3
    free: float = 0.1
    dev_share: float = 0.08
    test_share: float = 0.1
    seed: int = 42
