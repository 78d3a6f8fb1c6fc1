"""The deep model: what is served is what was trained, and training keeps its promises."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from retriever.data import History
from retriever.recommenders.attentive import AttentiveConfig, AttentiveRecommender, Loss
from retriever.recommenders.attentive.batch import collate
from retriever.recommenders.attentive.fitting import tables_of
from retriever.recommenders.attentive.network import AttentiveNetwork
from retriever.recommenders.attentive.sequences import encode
from retriever.recommenders.base import Training
from retriever.recommenders.popularity import PopularityConfig, PopularityRecommender
from retriever.training_config import Optimizer, TrainingConfig
from retriever.validation import hold_back
from retriever.workspace import Workspace
from tests.conftest import HashEncoder, make_dataset, rating

CONFIG = AttentiveConfig(dimensions=8, history_length=12, training=TrainingConfig(epochs=4))


@pytest.fixture(scope="module")
def training() -> Training:
    data = make_dataset(n_users=200)
    return Training(data, HashEncoder().encode([" ".join(i.aspects) for i in data.items]))


def _wild(training, seed=0, smoothing=0.5):
    """An untrained network with lively weights: what training would hardly reach must be served right, too."""
    torch.manual_seed(seed)
    config = msgspec.structs.replace(CONFIG, smoothing=smoothing)
    network = AttentiveNetwork(config, torch.from_numpy(training.embeddings)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.4)
    return config, network


@given(seed=st.integers(0, 500), smoothing=st.sampled_from([0.0, 0.5, 1.0]), n=st.integers(0, 30))
@settings(max_examples=25, deadline=None)
def test_what_is_served_is_what_the_network_says(training, seed, smoothing, n):
    config, network = _wild(training, seed, smoothing)
    rng = np.random.default_rng(seed)
    kinds = ["rating", "like", "view", "purchase"]
    behaviours = [
        rating("u", f"i{rng.integers(60)}", float(rng.integers(1, 6)) if rng.random() < 0.5 else None, t, kind)
        for t, kind in zip(range(1, n + 1), rng.choice(kinds, n), strict=True)
    ]
    history = History.of("u", behaviours)
    recommender = AttentiveRecommender(config, training.catalogue, training.dataset.scale, tables_of(network))
    encoded = encode(history, training.catalogue, training.dataset.scale).last(config.history_length)
    with torch.no_grad():
        expected = network(collate([encoded], "cpu"), torch.arange(60))[0].numpy()
    assert recommender.scores([history])[0] == pytest.approx(expected, rel=1e-3, abs=1e-3)
    lacking = recommender.scores([history.without({b.id}) for b in history.behaviours])
    fall = recommender.scores([history])[0, 7] - lacking[:, 7]
    assert recommender.contributions(history, "i7") == pytest.approx(fall, rel=1e-3, abs=1e-3)


def test_which_behaviours_count_depends_on_the_item_asked_about(training):
    config, network = _wild(training)
    recommender = AttentiveRecommender(config, training.catalogue, training.dataset.scale, tables_of(network))
    history = list(training.dataset.histories.values())[3]
    orders = {tuple(np.argsort(recommender.contributions(history, f"i{n}"))) for n in range(20)}
    assert len(orders) > 1


def test_it_learns_what_popularity_cannot_know(training):
    validation = hold_back(training)
    config = msgspec.structs.replace(CONFIG, training=TrainingConfig(epochs=12, learning_rate=0.02))
    learnt = AttentiveRecommender.fit(training, config)
    popular = PopularityRecommender.fit(validation.train, PopularityConfig())
    reached, simple = (validation.quality(r.scores(validation.histories)) for r in (learnt, popular))
    assert reached > 1.3 * simple


def test_trained_on_ratings_it_tells_loved_from_hated(training):
    config = msgspec.structs.replace(
        CONFIG, loss=Loss.MSE, training=TrainingConfig(epochs=40, patience=10, learning_rate=0.02)
    )
    recommender = AttentiveRecommender.fit(training, config)
    validation = hold_back(training)
    scores = recommender.scores(validation.histories)
    share = training.dataset.scale.share
    pairs = [
        (scores[row, training.catalogue.position(b.item)], share(b.value))
        for row, held in enumerate(validation.held_out)
        for b in held
    ]
    predicted, actual = np.array(pairs).T
    assert np.corrcoef(predicted, actual)[0, 1] > 0.2


def test_equal_seeds_give_equal_models_and_others_do_not(training):
    one, two = (AttentiveRecommender.fit(training, CONFIG).arrays() for _ in range(2))
    other_seed = msgspec.structs.replace(CONFIG, training=TrainingConfig(epochs=4, seed=1))
    other = AttentiveRecommender.fit(training, other_seed).arrays()
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert not np.array_equal(one["met"], other["met"])


def test_a_stopped_training_goes_on_where_it_was(training, tmp_path):
    unbroken = AttentiveRecommender.fit(training, CONFIG).arrays()

    def stop(stage: str, done: int, total: int) -> None:
        if done > total // 2 + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        AttentiveRecommender.fit(training, CONFIG, Workspace(tmp_path, stop))
    assert (tmp_path / "checkpoint.pt").is_file()
    seen = []
    resumed = AttentiveRecommender.fit(training, CONFIG, Workspace(tmp_path, lambda *step: seen.append(step)))
    assert seen[0][1] > 1  # not from the beginning
    assert all(np.array_equal(unbroken[name], array) for name, array in resumed.arrays().items())
    assert not (tmp_path / "checkpoint.pt").exists()


@pytest.mark.parametrize("damage", [b"", b"no checkpoint"])
def test_a_damaged_checkpoint_or_one_of_other_data_is_not_resumed(training, tmp_path, damage):
    (tmp_path / "checkpoint.pt").write_bytes(damage)
    seen = []
    AttentiveRecommender.fit(training, CONFIG, Workspace(tmp_path, lambda *step: seen.append(step)))
    assert seen[0][1] == 1


def test_logs_and_curves_are_written(training, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    AttentiveRecommender.fit(training, CONFIG, Workspace(tmp_path))
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert {"loss/train", "validation/ranking quality", "rate"} <= set(events.Tags()["scalars"])
    assert len(events.Scalars("loss/train")) == 4
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_it_stops_when_validation_gets_no_better_and_keeps_the_best(training):
    rates = TrainingConfig(epochs=60, patience=2, learning_rate=0.05)
    seen = []
    config = msgspec.structs.replace(CONFIG, training=rates)
    recommender = AttentiveRecommender.fit(training, config, Workspace(None, lambda *step: seen.append(step)))
    assert seen[-1][1] < seen[-1][2]
    assert np.isfinite(recommender.scores(training.histories[:5])).all()


def test_sgd_and_sampled_negatives_train_too(training):
    rates = TrainingConfig(epochs=2, optimizer=Optimizer.SGD, learning_rate=0.1)
    config = msgspec.structs.replace(CONFIG, negatives=10, training=rates)
    recommender = AttentiveRecommender.fit(training, config)
    assert np.isfinite(recommender.scores(training.histories[:5])).all()


def test_data_that_teach_nothing_end_in_a_model_not_a_crash(training):
    data = replace(training.dataset, behaviours=tuple(replace(b, value=3.0) for b in training.dataset.behaviours[:40]))
    for loss in Loss:
        config = msgspec.structs.replace(CONFIG, loss=loss)
        recommender = AttentiveRecommender.fit(Training(data, training.embeddings), config)
        assert np.isfinite(recommender.scores([History("nobody")])).all()
