"""Commands around the training corpus and the adapter."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from explainer.cli.common import console, people_database, progress_bar
from explainer.errors import CorpusError
from explainer.paths import adapter_dir, corpus_dir, vocabulary_file
from explainer.settings import Settings
from explainer.tuning.config import TuneConfig
from explainer.tuning.examples import lint, read_corpus, vocabulary_of
from explainer.tuning.shapes import template_words
from explainer.writing.style import AUDIENCES, Style

if TYPE_CHECKING:
    from explainer.writing.engines import Draft, Engine
    from explainer.writing.prompts import Prompt


def check_corpus(path: Path | None, locale: str, *, write_vocabulary: bool) -> None:
    """Lint the corpus; with ``write_vocabulary``, rewrite the gate's lists of connective words.

    English words come from the corpus alone: an adapter learns from it. Chinese is mostly the templates', so theirs
    are among the words.
    """
    path = path or corpus_dir(locale)
    examples = read_corpus(path)
    bad = lint(examples)
    for example_id, verdict in bad.items():
        console.print(f"{example_id}: {'; '.join(verdict.failures)}", style="yellow", highlight=False)
    if bad:
        raise CorpusError(f"{len(bad)} of {len(examples)} examples in {path} do not pass the gate.")
    if strange := [example.id for example in examples if example.locale != locale]:
        raise CorpusError(f"{strange[0]} in {path} is not in the locale {locale!r}.")
    console.print(f"All {len(examples)} examples pass the gate.", highlight=False)
    if write_vocabulary:
        for audience in AUDIENCES:
            style = Style(locale, audience)
            spoken = set() if locale == "en" else template_words(style)
            words = sorted({*vocabulary_of(examples, audience), *spoken})
            file = vocabulary_file(locale, audience)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("\n".join(words) + "\n", encoding="utf-8")
            console.print(f"{len(words)} words in {file}", highlight=False)


def tune(settings: Settings, corpus: Path | None, out: Path, given: dict[str, object]) -> None:
    """Train an adapter, draw its curves, find the cues that suit it, let it write for the test part, write its card."""
    from explainer.tuning.card import gate_score, write_card
    from explainer.tuning.cues import calibrated
    from explainer.tuning.curves import draw_curves
    from explainer.tuning.train import Trainer
    from explainer.writing.engines import Sampling
    from explainer.writing.prompts import PromptLibrary

    path = corpus or corpus_dir("en")
    _require_no_erased(settings, path)
    examples = read_corpus(path)
    if bad := lint(examples):
        raise CorpusError(f"{len(bad)} examples in {path} do not pass the gate; see: explainer corpus --file {path}")
    config = msgspec.convert({"base_model": settings.base_model, **given}, TuneConfig)
    with console.status("Loading the base model …"):
        trainer = Trainer(config, examples, out, settings.cache)
    parts = trainer.split
    sizes = {"train": len(parts.train), "dev": len(parts.dev), "test": len(parts.test)}
    console.print("Examples: " + ", ".join(f"{size} {name}" for name, size in sizes.items()), highlight=False)
    with progress_bar("Training") as show:
        progress = trainer.run(lambda done, total, _: show(done, total))
    draw_curves(progress, out / "loss.png")
    vocabulary = {audience: frozenset(vocabulary_of(examples, audience)) for audience in AUDIENCES}
    with console.status("Loading what will write …"):
        engine = _engine_for(config.base_model, out, settings.cache)
    with progress_bar("Finding cues") as show:

        def write(prompts: Sequence[Prompt]) -> list[Draft]:
            return engine.write(prompts, Sampling())

        calibrated(parts.train, write, PromptLibrary(), vocabulary, on_step=show).save(out)
    with console.status("Writing for the test part …"):
        gate = gate_score(engine, parts.test, vocabulary, config.seed)
    _require_no_erased(settings, path)  # hours later; without a card it is no adapter
    command = shlex.join(["explainer", *sys.argv[1:]])
    card = write_card(out, config, examples, sizes, progress, gate, engine, command)
    trainer.forget_checkpoint()
    console.print(
        f"Kept pass {progress.best} of {progress.epoch}, dev loss {progress.dev_loss[progress.best - 1]:.3f}; "
        f"{gate.first_try:.0%} of first drafts for unseen phrase families pass the gate. {card}",
        highlight=False,
    )


def _require_no_erased(settings: Settings, path: Path) -> None:
    """Check a corpus against the erasures of the database, where there is one: a machine that only trains has none."""
    from explainer.service.review_files import require_no_erased
    from explainer.storage.pools import is_missing

    if is_missing(settings.url):
        console.print("No database is here, so nobody can tell whether people were erased of whom the corpus was made.")
        return
    with people_database(settings).session() as session:
        require_no_erased(session, path)


def _engine_for(base_model: str, adapter: Path, cache: Path) -> Engine:
    """Return the engine that this machine would serve the adapter with: cues that suit one may fail with another."""
    from explainer.writing.engines.choice import best_engine

    if best_engine(base_model) == "openvino":
        from explainer.tuning.export import gguf_of, merged_gguf
        from explainer.writing.engines.openvino_genai import OpenVinoEngine

        return OpenVinoEngine(merged_gguf(gguf_of(base_model), adapter, cache))
    from explainer.writing.engines.transformers_peft import TransformersEngine

    return TransformersEngine(base_model, adapter, cache)


def export(settings: Settings, adapter: Path | None, out: Path) -> None:
    """Merge adapter and base model into one file."""
    from explainer.tuning.export import export_gguf, gguf_of

    with progress_bar("Merging") as show:
        export_gguf(gguf_of(settings.base_model), adapter or settings.adapter or adapter_dir("en"), out, show)
    console.print(f"{out}, {out.stat().st_size / 1e6:.0f} MB", highlight=False)
