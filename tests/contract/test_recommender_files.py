"""What recommenders are saved to and made from: models, settings, embeddings; and what is none of them."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from retriever.encoder import item_text
from retriever.errors import DataError, ModelFileError, SettingsError
from retriever.recommenders.base import Training
from retriever.recommenders.factory import config_from, config_named, default_configs
from retriever.store import load_model
from tests.conftest import HashEncoder


def test_saved_counts_count_as_before(model, tmp_path):
    model.save(tmp_path)
    found = load_model(tmp_path).counts
    ids = [item.id for item in model.recommender.catalogue.items]
    pairs = {(one, other): model.counts.together(one, other) for one in ids for other in ids}
    assert any(n for n, _ in pairs.values())
    assert {pair: found.together(*pair) for pair in pairs} == pairs
    assert [found.popularity(one) for one in ids] == [model.counts.popularity(one) for one in ids]
    assert found.share_liking("i3") == model.counts.share_liking("i3")


def test_a_model_holds_no_row_of_any_user_and_what_held_some_goes(model, dataset, tmp_path):
    older = tmp_path / "0123456789abcdef"
    older.mkdir()
    (older / "model.json").write_text('{"format": 2}')
    (older / "catalogue.npz").write_bytes(b"what everybody liked")
    folder = model.save(tmp_path)
    users = len({b.user for b in dataset.behaviours})
    shapes = {
        f"{path.name} {name}": array.shape
        for path in folder.glob("*.npz")
        for name, array in np.load(path, allow_pickle=False).items()
    }
    assert shapes
    assert not [name for name, shape in shapes.items() if {users, users + 1} & set(shape)], shapes
    assert not older.exists()
    load_model(tmp_path)


def test_no_model_and_a_damaged_model_are_clear_errors(model, tmp_path):
    with pytest.raises(ModelFileError, match="explainer fit"):
        load_model(tmp_path)
    folder = model.save(tmp_path)
    whole = (folder / "recommender.npz").read_bytes()
    for damaged in (b"", b"not an archive", whole[: len(whole) // 2]):
        (folder / "recommender.npz").write_bytes(damaged)
        with pytest.raises(ModelFileError, match="damaged"):
            load_model(tmp_path)


@pytest.mark.parametrize("text", ["", "{", '{"recommender": "magic"}', '{"recommender": "ease", "lambda": 3}', "[1]"])
def test_settings_that_are_none_are_a_clear_error(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"config\.json holds no settings"):
        config_from(path)


def test_every_recommender_has_a_name_and_a_config_that_survives_json(tmp_path):
    for name, config in default_configs().items():
        path = tmp_path / f"{name}.json"
        path.write_bytes(msgspec.json.encode(config))
        assert config_from(path) == config
    with pytest.raises(SettingsError, match="hybrid"):
        config_named("magic")


@pytest.mark.parametrize("damage", [np.nan, np.inf])
def test_embeddings_that_are_no_numbers_are_refused(dataset, damage):
    rows = HashEncoder().encode([item_text(i) for i in dataset.items])
    rows[7, 3] = damage
    with pytest.raises(DataError, match=r"1 of 60 items are not finite.*'i7'"):
        Training(dataset, rows)
    with pytest.raises(DataError, match="60 items need as many rows"):
        Training(dataset, rows[:9])
