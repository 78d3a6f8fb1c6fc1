"""The network: target-aware attention over the history.

The score of item i is ``Σ_j a_ij (v_j · t_i) + b_i`` over behaviours j, with attention
``a_ij = exp(q_i · k_j) / (Σ_j exp(q_i · k_j))^β``.
The item asked about decides which behaviours count (Zhou et al., "Deep Interest Network", KDD 2018), and the
denominator is smoothed (He et al., "NAIS: Neural Attentive Item Similarity", TKDE 2018). k and v come from a
behaviour's item, kind, value and age; q and t from the item. An item is its frozen sentence embedding, projected, plus
a learnt vector of its own, so that items with few fans can lean on their words.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from retriever.recommenders.attentive.batch import Batch
from retriever.recommenders.attentive.config import AttentiveConfig
from retriever.recommenders.attentive.sequences import AGE_STEPS, KINDS, MAX_ATTENTION

_INITIAL = 0.02


class ItemTable(nn.Module):
    """Vectors of items: what their text says, plus what their fans taught.

    Args:
        n_items: Items.
        width: Length of a sentence embedding.
        dimensions: Length of a vector.
    """

    def __init__(self, n_items: int, width: int, dimensions: int) -> None:
        super().__init__()
        self.text = nn.Linear(width, dimensions)
        self.own = nn.Embedding(n_items, dimensions)
        nn.init.normal_(self.own.weight, std=_INITIAL)

    def forward(self, embeddings: Tensor, columns: Tensor) -> Tensor:
        """Return float32 [..., dimensions]."""
        return self.text(embeddings[columns]) + self.own(columns)  # type: ignore[no-any-return]


class AttentiveNetwork(nn.Module):
    """See the module.

    Args:
        config: Settings.
        embeddings: float32 [n_items, width], frozen.
    """

    embeddings: Tensor

    def __init__(self, config: AttentiveConfig, embeddings: Tensor) -> None:
        super().__init__()
        n_items, width = embeddings.shape
        size = config.dimensions
        self.smoothing = config.smoothing
        self.register_buffer("embeddings", embeddings, persistent=False)
        self.met = ItemTable(n_items, width, size)
        self.asked = ItemTable(n_items, width, size)
        self.kind = nn.Embedding(len(KINDS), size)
        self.age = nn.Embedding(AGE_STEPS, size)
        self.age_attention = nn.Embedding(AGE_STEPS, 1)
        self.value = nn.Linear(1, size, bias=False)
        self.key, self.said, self.query = nn.Linear(size, size), nn.Linear(size, size), nn.Linear(size, size)
        self.bias = nn.Embedding(n_items, 1)
        self.dropout = nn.Dropout(config.dropout)
        for table in (self.kind, self.age, self.age_attention, self.bias):
            nn.init.zeros_(table.weight)

    def behaviours(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return keys and values, float32 [n, length, dimensions], and the age's attention [n, length]."""
        met = self.met(self.embeddings, batch.columns)
        told = met + self.kind(batch.kinds) + self.age(batch.ages) + self.value(batch.values.unsqueeze(-1))
        hidden = self.dropout(functional.gelu(told))
        return self.key(hidden), self.said(hidden), self.age_attention(batch.ages).squeeze(-1)

    def targets(self, columns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries and targets, float32 [n_targets, dimensions], and biases [n_targets]."""
        asked = self.dropout(self.asked(self.embeddings, columns))
        queries = self.query(asked) / math.sqrt(asked.shape[-1])
        return queries, asked, self.bias(columns).squeeze(-1)

    def forward(self, batch: Batch, columns: Tensor) -> Tensor:
        """Return the scores of the items at ``columns``, float32 [n_histories, n_targets]."""
        keys, said, age = self.behaviours(batch)
        queries, targets, biases = self.targets(columns)
        logits = (keys @ queries.T + age.unsqueeze(-1)).clamp(-MAX_ATTENTION, MAX_ATTENTION)
        attention = logits.exp() * batch.present.unsqueeze(-1)
        total = attention.sum(dim=1)
        spoken = (attention * (said @ targets.T)).sum(dim=1)
        # A history without a known item says nothing: the score is the item's bias.
        return spoken / total.clamp(min=torch.finfo(total.dtype).tiny) ** self.smoothing + biases
