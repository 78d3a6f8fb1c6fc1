"""Commands around the training corpus and the adapter."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import msgspec

from explainer.cli.common import console, progress_bar
from explainer.errors import CorpusError
from explainer.paths import corpus_file, vocabulary_file
from explainer.settings import Settings
from explainer.tuning.config import TuneConfig
from explainer.tuning.examples import lint, read_corpus, vocabulary_of


def check_corpus(path: Path | None, *, write_vocabulary: bool) -> None:
    """Lint the corpus; with ``write_vocabulary``, rewrite the gate's list of connective words."""
    path = path or corpus_file("en")
    examples = read_corpus(path)
    bad = lint(examples)
    for example_id, verdict in bad.items():
        console.print(f"{example_id}: {'; '.join(verdict.failures)}", style="yellow", highlight=False)
    if bad:
        raise CorpusError(f"{len(bad)} of {len(examples)} examples in {path} do not pass the gate.")
    console.print(f"All {len(examples)} examples pass the gate.", highlight=False)
    if write_vocabulary:
        words = vocabulary_of(examples)
        vocabulary_file("en").write_text("\n".join(words) + "\n", encoding="utf-8")
        console.print(f"{len(words)} words in {vocabulary_file('en')}", highlight=False)


def tune(settings: Settings, corpus: Path | None, out: Path, given: dict[str, object]) -> None:
    """Train an adapter, draw its curves, let it write for held-out evidence, and write its card."""
    from explainer.tuning.card import gate_score, write_card
    from explainer.tuning.curves import draw_curves
    from explainer.tuning.train import Trainer
    from explainer.writing.engines.transformers_peft import TransformersEngine

    path = corpus or corpus_file("en")
    examples = read_corpus(path)
    if bad := lint(examples):
        raise CorpusError(f"{len(bad)} examples in {path} do not pass the gate; see: explainer corpus --file {path}")
    config = msgspec.convert({"base_model": settings.base_model, **given}, TuneConfig)
    with console.status("Loading the base model …"):
        trainer = Trainer(config, examples, out, settings.cache)
    console.print(f"{len(trainer.train_set)} examples to train on, {len(trainer.dev_set)} held out.", highlight=False)
    with progress_bar("Training") as show:
        progress = trainer.run(lambda done, total, _: show(done, total))
    draw_curves(progress, out / "loss.png")
    with console.status("Writing for held-out evidence …"):
        engine = TransformersEngine(config.base_model, out, settings.cache)
        gate = gate_score(engine, trainer.dev_set, frozenset(vocabulary_of(examples)))
    card = write_card(out, config, examples, progress, gate, engine, shlex.join(["explainer", *sys.argv[1:]]))
    console.print(
        f"Kept pass {progress.best} of {progress.epoch}, held-out loss {progress.dev_loss[progress.best - 1]:.3f}; "
        f"{progress.gate_rate[progress.best - 1]:.0%} of first drafts for held-out evidence pass the gate. {card}",
        highlight=False,
    )


def export(settings: Settings, adapter: Path | None, out: Path) -> None:
    """Merge adapter and base model into one file."""
    from explainer.tuning.export import export_gguf, gguf_of

    with progress_bar("Merging") as show:
        export_gguf(gguf_of(settings.base_model), adapter or settings.adapter, out, show)
    console.print(f"{out}, {out.stat().st_size / 1e6:.0f} MB", highlight=False)
