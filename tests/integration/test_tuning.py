"""Training, on a model small enough for a test: learns, resumes exactly, leaves a usable adapter and its card."""

from __future__ import annotations

import json

import pytest
import torch
from click.testing import CliRunner
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from explainer.cli import main
from explainer.paths import corpus_dir
from explainer.settings import Settings
from explainer.tuning.batches import Batcher
from explainer.tuning.config import TuneConfig
from explainer.tuning.examples import read_corpus
from explainer.tuning.train import Trainer
from explainer.writing.cues import CueTable
from explainer.writing.engines.base_model import resolve_base
from explainer.writing.engines.transformers_peft import TransformersEngine
from explainer.writing.prompts import PromptLibrary

CORPUS = corpus_dir("en") / "video-one.jsonl"
EXAMPLES = read_corpus(CORPUS)[:40]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A Llama of two layers with random weights and the real tokenizer."""
    folder = tmp_path_factory.mktemp("base")
    tokenizer = AutoTokenizer.from_pretrained(resolve_base("smollm2", Settings().cache))
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def trainer(base, out, **settings):
    config = TuneConfig(base_model=str(base), **{"epochs": 3, "batch_size": 16, "learning_rate": 0.02, **settings})
    return Trainer(config, EXAMPLES, out, out)


def test_the_loss_is_on_the_answer_alone(base):
    tokenizer = AutoTokenizer.from_pretrained(base)
    batch = Batcher(tokenizer, PromptLibrary()).batch(EXAMPLES[:3])
    for example, ids, labels in zip(EXAMPLES, batch["input_ids"], batch["labels"], strict=False):
        assert tokenizer.decode(ids[labels >= 0]) == example.text + tokenizer.eos_token


def test_the_loss_equals_the_librarys_own(base, tmp_path):
    made = trainer(base, tmp_path)
    made.model.eval()
    batch = made._batcher.batch(EXAMPLES[:4])
    with torch.no_grad():
        ours, theirs = made._loss(batch), made.model(**batch).loss
    assert float(ours) == pytest.approx(float(theirs), rel=2e-2)  # bfloat16


def test_training_lowers_the_loss_and_leaves_an_adapter_that_loads(base, tmp_path):
    made = trainer(base, tmp_path)
    progress = made.run(lambda *_: None)
    assert progress.epoch == len(progress.dev_loss) == 3
    assert progress.train_loss[-1] < progress.train_loss[0]
    steps = []
    trainer(base, tmp_path).run(lambda *at: steps.append(at))
    assert steps == [], "a stop before the card is written costs no training"
    made.forget_checkpoint()
    assert not (tmp_path / "checkpoint.pt").exists()
    engine = TransformersEngine(str(base), tmp_path, tmp_path)
    assert len(engine.adapter_hash) == 64


def test_a_stopped_run_goes_on_as_if_it_had_never_stopped(base, tmp_path):
    unbroken = trainer(base, tmp_path / "a", epochs=2).run(lambda *_: None)

    class StopError(Exception):
        pass

    def stop(step, total, loss):
        if step > total // 2:
            raise StopError

    with pytest.raises(StopError):
        trainer(base, tmp_path / "b", epochs=2).run(stop)
    seen = []
    resumed = trainer(base, tmp_path / "b", epochs=2).run(lambda step, *_: seen.append(step))
    assert seen[0] > 1, "it did not start over"
    assert resumed.dev_loss == pytest.approx(unbroken.dev_loss, rel=1e-3)
    assert resumed.train_loss == pytest.approx(unbroken.train_loss, rel=1e-3)


def test_early_stopping(base, tmp_path):
    progress = trainer(base, tmp_path, learning_rate=1e-9, epochs=9, patience=1).run(lambda *_: None)
    assert progress.epoch < 9


def test_the_command_trains_draws_and_writes_the_card(base, tmp_path):
    out, corpus = tmp_path / "out", tmp_path / "corpus.jsonl"
    lines = CORPUS.read_bytes().splitlines(keepends=True)[:40]
    name = json.loads(lines[0])["id"].encode()
    corpus.write_bytes(lines[0].replace(name, b"review-1", 1) + b"".join(lines[1:]))
    result = CliRunner().invoke(
        main,
        [
            "--home",
            str(tmp_path),
            "tune",
            "--base-model",
            str(base),
            "--corpus",
            str(corpus),
            "--out",
            str(out),
            "--epochs",
            "1",
        ],
    )
    assert result.exit_code == 0, result.output
    assert not (out / "checkpoint.pt").exists()
    assert (out / "loss.png").read_bytes().startswith(b"\x89PNG")
    card = json.loads((out / "card.json").read_text())
    assert sum(card["examples"].values()) == 40
    assert CueTable.load(out).fitting(EXAMPLES[0].evidence(), EXAMPLES[0].style)
    assert list((out / "tensorboard").glob("events*"))
    assert card["config"]["epochs"] == 1
    assert card["reviewed"] == ["review-1"]
    assert len(card["corpus_hash"]) == len(card["base_hash"]) == 64
