"""``explainer evaluate gate``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from rich.markup import escape
from rich.table import Table

from explainer.cli.common import console, errors, stages
from explainer.errors import CorpusError
from explainer.paths import corpus_dir, vocabulary_file
from explainer.tuning.config import TuneConfig
from explainer.tuning.evaluation.gate import GateExam, GateReport, examine_gate
from explainer.tuning.examples import Example, read_corpus, vocabulary_of
from explainer.tuning.families import split
from explainer.writing.gate import Vocabulary
from explainer.writing.style import AUDIENCES
from explainer.writing.vocabularies import load_vocabulary

_GOLD = "gold"
_TRAINED = "en"


def evaluate_gate(locale: str, out: Path | None, cases: int, seed: int) -> None:
    """Hold true and perturbed texts against a locale's gate, print what passed and what was refused, write JSON.

    Raises:
        CorpusError: If the locale has no texts to try its gate with.
    """
    exam = _exam(locale, cases, seed)
    with stages() as show:
        report = examine_gate(exam, show)
    console.print(_table(report))
    for shown in (*report.accepted, *report.rejected):
        console.print(escape(f"{shown.name} ({shown.origin}): {shown.why}\n  {shown.text}"), highlight=False)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
        errors.print(f"Wrote {out}", highlight=False)


def _exam(locale: str, cases: int, seed: int) -> GateExam:
    folder, config = corpus_dir(locale), TuneConfig()
    if not folder.is_dir():
        raise CorpusError(f"There are no texts to try the gate of locale {locale!r} with: {folder} is missing.")
    examples = read_corpus(folder)
    gold_file = folder / f"{_GOLD}.jsonl"
    if gold_file.is_file():
        # Texts that nothing was learnt from: all of them are gold.
        gold: Sequence[Example] = read_corpus(gold_file)
        words = unseen = _vocabulary(examples, locale)
    else:
        parts = split(examples, config.dev_share, config.test_share)
        gold, words = parts.test, _vocabulary(examples, locale)
        unseen = _vocabulary([*parts.train, *parts.dev], locale)
    return GateExam(locale, examples, gold, words, unseen, cases, seed=seed)


def _vocabulary(examples: Sequence[Example], locale: str) -> Mapping[str, Vocabulary]:
    """Return the connective words by reader: of these texts where they are the language's source, else as shipped."""
    if locale == _TRAINED:
        return {audience: frozenset(vocabulary_of(examples, audience)) for audience in AUDIENCES}
    held = [audience for audience in AUDIENCES if vocabulary_file(locale, audience).is_file()]
    return {audience: load_vocabulary(locale, audience) for audience in held}


def _table(report: GateReport) -> Table:
    table = Table(title=f"The gate in {report.locale}: {report.cases} perturbed texts", caption=_caption(report))
    table.add_column("class")
    table.add_column("texts", justify="right")
    table.add_column("let through", justify="right")
    for name, score in sorted(report.classes.items()):
        style = "red" if score.false_accepts else ""
        table.add_row(name.replace("_", " "), str(score.cases), str(score.false_accepts), style=style)
    table.add_row("all", str(report.cases), str(report.false_accepts), style="bold")
    return table


def _caption(report: GateReport) -> str:
    return (
        f"Refused of {report.gold} true texts: {report.false_rejects} ({report.false_reject_rate:.2%}); with words of "
        f"other phrase families only: {report.unseen_rejects} ({report.unseen_reject_rate:.2%})."
    )
