"""How the adapter is trained; saved beside it, so that the same file trains it again."""

from __future__ import annotations

import msgspec


class TuneConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of LoRA training (Hu et al., "LoRA", 2021).

    Attributes:
        base_model: Base model (name, folder or GGUF file).
        rank: LoRA rank r.
        alpha: LoRA scaling α; updates are scaled by α/r.
        dropout: Dropout on the adapter's input; 0 because the augmentation already keeps it from learning by heart.
        targets: Names of the linear layers that get an adapter.
        learning_rate: Peak rate of AdamW; warm-up over ``warmup`` of all steps, then a cosine to zero.
        warmup: Share of steps, 0 to 1.
        weight_decay: AdamW weight decay.
        batch_size: Examples per step.
        epochs: Most passes over the corpus; every pass exchanges aspects anew.
        patience: Passes without a better dev loss before training stops.
        dev_share: Share of examples held out, chosen by a hash of their id.
        seed: Seeds order, augmentation, adapter and dropout.
    """

    base_model: str = "smollm2"
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")
    learning_rate: float = 1e-3
    warmup: float = 0.05
    weight_decay: float = 0.01
    batch_size: int = 8
    epochs: int = 8
    patience: int = 4
    dev_share: float = 0.1
    seed: int = 42
