"""``explainer evaluate writer``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from rich.table import Table

from explainer.assembly import make_encoder
from explainer.cli.common import console, errors, stages
from explainer.errors import NotReadyError
from explainer.loading import make_cues, make_engine
from explainer.paths import corpus_dir
from explainer.settings import Settings
from explainer.tuning.config import TuneConfig
from explainer.tuning.evaluation.people import Asked, requests_of
from explainer.tuning.evaluation.writer import Exam, WriterReport, examine
from explainer.tuning.examples import Example, read_corpus
from explainer.tuning.families import split
from explainer.writing.engines.base_model import resolve_base
from explainer.writing.style import Style
from explainer.writing.vocabularies import load_vocabulary
from retriever.data import read_dataset
from retriever.workspace import Workspace

_SHOWN = 12


def evaluate_writer(settings: Settings, source: str, asked: Asked, style: Style, out: Path | None) -> None:
    """Let the writer write for a dataset's users, print the measures and some texts, write JSON."""
    with console.status(f"Reading {source} …"):
        dataset, _ = read_dataset(source)
    engine = make_engine(settings)
    if engine is None:
        raise NotReadyError("Without an engine there is nothing to evaluate; choose one with --engine.")
    encoder = make_encoder(settings)
    with stages() as show:
        folder = settings.home / "evaluation" / f"{dataset.name}-writer"
        requests = requests_of(dataset, encoder, asked, style, Workspace(folder, show))
        exam = Exam(dataset.name, requests, _references(style), style=style)
        report, written = examine(engine, make_cues(settings), load_vocabulary, exam, encoder, _counter(settings), show)
    console.print(_table(report))
    for text in written[:: max(1, len(written) // _SHOWN)][:_SHOWN]:
        console.print(f"[dim]{text.source}[/dim] {text.draft}", highlight=False)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        texts = [{"draft": w.draft, "text": w.text, "source": w.source, "failures": w.failures} for w in written]
        out.write_bytes(msgspec.json.format(msgspec.json.encode(msgspec.to_builtins(report) | {"texts": texts})))
        errors.print(f"Wrote {out}", highlight=False)


def _references(style: Style) -> Sequence[Example]:
    """Return the corpus' test part for this reader."""
    folder, config = corpus_dir(style.locale), TuneConfig()
    if not folder.is_dir():
        return ()
    test = split(read_corpus(folder), config.dev_share, config.test_share).test
    return [example for example in test if example.audience == style.audience]


def _counter(settings: Settings) -> Callable[[Sequence[str]], int]:
    """Return what counts tokens as the base model does."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(resolve_base(settings.base_model, settings.cache))
    return lambda texts: sum(len(ids) for ids in tokenizer(list(texts))["input_ids"]) if texts else 0


def _table(report: WriterReport) -> Table:
    table = Table(title=f"{report.engine} on {report.data}: {report.requests} texts, {report.prompts} prompts")
    table.add_column("measure")
    table.add_column("value", justify="right")
    rows = {
        "first drafts that pass the gate": f"{report.first_pass:.1%}",
        "after at most one more try": f"{report.after_retry:.1%}",
        "texts that fell back to the template": f"{report.fallback:.2%}",
        "unique sentences over prompts": f"{report.unique:.2f}",
        "distinct-1 / 2 / 3": f"{report.distinct_1:.4f} / {report.distinct_2:.4f} / {report.distinct_3:.4f}",
        "distinct-2 over the template's": f"{report.distinct_2 / (report.fallback_distinct_2 or 1):.1f} times",
        "commonest shape": f"{report.largest_shape:.1%}",
        "words in a text": f"{report.mean_words:.1f}",
        "similarity to references, lift": "–" if report.similarity_lift is None else f"{report.similarity_lift:.3f}",
        "texts/s, tokens/s in batches": f"{report.texts_per_s:.1f}, {report.tokens_per_s:.0f}",
        "one alone, p50 / p95": f"{report.p50_ms:.0f} / {report.p95_ms:.0f} ms",
        "drafts found in the cache": f"{report.cache_hit_rate:.0%}",
        "all texts; one by one": f"{report.all_s:.0f} s; {report.per_pair_s:.0f} s",
        "failed rules": ", ".join(f"{rule} {count}" for rule, count in report.failures_by_rule.items()) or "none",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table
