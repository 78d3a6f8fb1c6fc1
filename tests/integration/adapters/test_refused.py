"""What is no whole adapter of this base, or is not any more, is refused and said why."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from safetensors.numpy import save_file

from explainer.errors import RegistryError
from explainer.loading import make_adapters, make_engine
from explainer.paths import adapter_dir
from explainer.settings import Settings
from explainer.storage.database import Database
from tests.integration.adapters.acting import labels, sha
from tests.integration.commands import run, said
from tests.integration.test_tuning import base as llama  # noqa: F401  a fixture


def refusals(make, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    yield empty, "There is no adapter_model.safetensors in .*explainer tune"
    yield tmp_path / "nowhere", "There is no adapter_model.safetensors"
    yield tmp_path / ("long" * 100), "There is no adapter_model.safetensors"
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    yield tmp_path / "loop", "There is no adapter_model.safetensors"
    for name in ("card.json", "adapter_config.json"):
        folder, _ = make(f"no-{name}")
        (folder / name).unlink()
        yield folder, f"There is no {name}"
    folder, version = make("other-weights", 5)
    save_file({"w": np.zeros(9)}, folder / "adapter_model.safetensors")
    changed = sha((folder / "adapter_model.safetensors").read_bytes())
    yield folder, f"about other weights: it says {version}, adapter_model.safetensors is {changed}"
    folder, _ = make("damaged")
    (folder / "adapter_model.safetensors").write_bytes(b"\x00" * 20)
    yield folder, "damaged"
    yield make("other-base", 6, base_hash="d" * 64)[0], f"another base model.*{'d' * 64}.*EXPLAINER_BASE_MODEL.*tune"
    yield make("bad-hash", 7, adapter_hash="../../x")[0], "not an adapter's card.*adapter_hash"
    for n, content in enumerate([b"", b"[]", b"\xff\xfe", b"{" * 100_000, b'{"adapter_hash": 1}', b"[" * 100_000]):
        folder, _ = make(f"card-{n}")
        (folder / "card.json").write_bytes(content)
        yield folder, "not an adapter's card"


def test_what_is_no_whole_adapter_of_this_base_is_refused_and_said_why(home, make, tmp_path, base):
    registry = make_adapters(Settings(home=home))
    for folder, why in refusals(make, tmp_path):
        with pytest.raises(RegistryError, match=f"(?s){why}"):
            registry.add(folder)
    assert registry.all() == []
    assert registry.history("en") == []


@pytest.mark.parametrize("locale", ["xx", "../en", "", "e" * 300, "en\x00"])
def test_a_locale_that_no_draft_could_be_checked_in_is_refused(home, make, locale):
    with pytest.raises(RegistryError, match="no vocabulary"):
        make_adapters(Settings(home=home)).add(make("a")[0], locale=locale)


@pytest.mark.parametrize("how", ["promote", "rollback", "serve"])
@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_weights_that_changed_or_are_gone_are_not_put_into_use(home, three, tmp_path, how, damage):
    settings = Settings(home=home)
    registry = make_adapters(settings)
    if how != "promote":
        registry.promote(three[0])
    if how == "rollback":
        registry.promote(three[1])
    before = labels(home)
    weights = tmp_path / "a" / "adapter_model.safetensors"
    weights.unlink() if damage == "gone" else weights.write_bytes(b"other")
    use = {
        "promote": lambda: registry.promote(three[0]),
        "rollback": registry.rollback,
        "serve": lambda: make_engine(settings, Database(settings.url)),
    }[how]
    with pytest.raises(RegistryError, match=f"(?s){'gone from' if damage == 'gone' else 'have changed'}.*adapters add"):
        use()
    assert labels(home) == before


def test_a_folder_that_moved_is_added_again_from_where_it_is(home, three, tmp_path):
    shutil.move(tmp_path / "a", tmp_path / "moved")
    assert run(home, "adapters", "promote", three[0]).exit_code == 1
    assert run(home, "adapters", "add", str(tmp_path / "moved")).exit_code == 0
    assert run(home, "adapters", "promote", three[0]).exit_code == 0
    again = run(home, "adapters", "add", str(tmp_path / "moved"))
    assert "nothing changed" in said(again)
    assert [c.action for c in make_adapters(Settings(home=home)).history("en")][3:] == ["moved", "promoted"]


def test_another_base_model_is_noticed_when_the_adapter_is_used(home, three, tmp_path):
    make_adapters(Settings(home=home)).promote(three[0])
    save_file({"w": np.zeros(3, dtype=np.float32)}, tmp_path / "base" / "model.safetensors")
    with pytest.raises(RegistryError, match="another base model"):
        make_engine(Settings(home=home), Database(Settings(home=home).url))
    assert "another base model" in said(run(home, "adapters", "promote", three[1]))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["promote", "012345"], "no adapter version '012345'"),
        (["retire", "x"], "no adapter version 'x'"),
        (["show", "[red]bold"], "no adapter version '[red]bold'"),
        (["rollback"], "nothing to roll back"),
        (["add", "no/such/folder"], "adapter_model.safetensors"),
    ],
)
def test_what_cannot_be_is_said_clearly(home, three, words, why):
    result = run(home, "adapters", *words)
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert why in said(result)


def test_the_shipped_card_is_about_the_shipped_weights():
    from explainer.registry.adapter_files import read_card

    facts, _ = read_card(adapter_dir("en"))
    assert facts.base_model == "smollm2"
