"""Training the network, and the tables that scoring needs of it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
import numpy.typing as npt
import torch

from retriever.recommenders.attentive.config import AttentiveConfig
from retriever.recommenders.attentive.examples import NextLikes
from retriever.recommenders.attentive.network import AttentiveNetwork
from retriever.recommenders.base import Training
from retriever.training import Trainer
from retriever.validation import hold_back
from retriever.workspace import Workspace


def fitted_tables(
    training: Training, config: AttentiveConfig, workspace: Workspace
) -> Mapping[str, npt.NDArray[np.float32]]:
    """Return the tables of a network trained on the data, some of it kept back for early stopping."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.training.seed)
        network = AttentiveNetwork(config, torch.from_numpy(training.embeddings)).to(device)
        task = NextLikes(network, config, hold_back(training), device)
        fingerprint = f"{training.dataset.content_hash} {msgspec.json.encode(config).decode()}"
        Trainer(task, config.training, workspace, fingerprint).run()
    return tables_of(network)


@torch.no_grad()
def tables_of(network: AttentiveNetwork) -> Mapping[str, npt.NDArray[np.float32]]:
    """Return what scoring needs: the network's item vectors worked out for the whole catalogue, and its small parts."""
    network = network.cpu().eval()
    columns = torch.arange(len(network.embeddings))
    queries, targets, bias = network.targets(columns)
    tensors = {
        "met": network.met(network.embeddings, columns),
        "queries": queries,
        "targets": targets,
        "bias": bias,
        "kind": network.kind.weight,
        "age": network.age.weight,
        "age_attention": network.age_attention.weight[:, 0],
        "value": network.value.weight[:, 0],
        "key": network.key.weight.T,
        "key_bias": network.key.bias,
        "said": network.said.weight.T,
        "said_bias": network.said.bias,
    }
    return {name: np.ascontiguousarray(tensor.numpy()) for name, tensor in tensors.items()}
