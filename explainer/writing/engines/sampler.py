"""Drawing words so that a draft depends on its own prompt alone, not on its neighbours in the batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import LogitsProcessor


class SeededGumbel(LogitsProcessor):  # type: ignore[misc]  # transformers is not typed
    """Samples by the Gumbel-max trick, with one random stream per row.

    Adding Gumbel noise to ``logits / temperature`` and taking the largest draws from the softmax exactly (Gumbel 1954;
    Maddison et al., "A* Sampling", 2014). Greedy decoding over these scores is therefore sampling, and since each
    row's noise comes from a seed of its own, batching changes nothing.

    Args:
        seeds: One seed per row.
        temperature: 0 leaves the scores alone (greedy decoding).
        top_k: Only the k largest scores stay.
    """

    def __init__(self, seeds: Sequence[int], temperature: float, top_k: int) -> None:
        self._streams = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._temperature = temperature
        self._top_k = top_k

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:  # noqa: ARG002  the interface
        """Return scores (rows × vocabulary) whose argmax is the drawn word."""
        if self._temperature == 0:
            return scores
        top, ids = scores.float().topk(min(self._top_k, scores.shape[-1]), dim=-1)
        uniform = torch.stack([torch.rand(top.shape[-1], generator=stream) for stream in self._streams])
        gumbel = -torch.log(-torch.log(uniform.clamp(1e-9, 1 - 1e-7)))
        drawn = top / self._temperature + gumbel.to(top.device)
        return torch.full_like(scores, -torch.inf).scatter(-1, ids, drawn.to(scores.dtype))
