"""``make bench``: the bars of speed and size, measured in one run.

Each figure is the median of several measurements on this machine; nothing here asserts, a reader compares.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from explainer.assembly import make_explainer
from explainer.attribution import BatchedLeaveOneOut, LeaveOneOut
from explainer.attribution.counterfactual import CounterfactualSearch
from explainer.attribution.defaults import default_attributor
from explainer.bench.machine import CORES, PYTHON, machine
from explainer.evidence import EvidenceBuilder
from explainer.loading import make_engine
from explainer.paths import corpus_dir
from explainer.settings import Settings
from explainer.storage import catalogue
from explainer.storage.database import Database
from explainer.tuning.examples import read_corpus
from explainer.writing.engines import Sampling
from explainer.writing.gate import check
from explainer.writing.prompts import PromptLibrary
from explainer.writing.texts import Request
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import History
from retriever.retrieve import recommend
from retriever.threads import one_thread
from tests.benchmarks.encoding import encoding
from tests.benchmarks.engines import engines
from tests.benchmarks.firewall import firewall
from tests.benchmarks.growth import growth
from tests.benchmarks.search import search
from tests.benchmarks.served import served
from tests.benchmarks.service import service
from tests.benchmarks.timing import median_s


def demo_s(home: Path) -> float:
    """Return the seconds of one ``explainer demo`` up to the end of the table, as a process of its own."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", "from explainer.cli import main; main()", "--home", str(home), "demo", "--no-serve"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def service_peak_mb(home: Path) -> float:
    """Return the peak resident memory of a process that loads the service and explains for 8 users."""
    code = (
        "import resource, sys; from pathlib import Path; from explainer.assembly import make_explainer;"
        "from explainer.server.app import create_app; from explainer.settings import Settings;"
        "e = make_explainer(Settings(home=Path(sys.argv[1]))); create_app(e, 16);"
        "[e.explain_top(str(u), 6) for u in range(1, 9)];"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    answer = subprocess.run([sys.executable, "-c", code, str(home)], check=True, capture_output=True, text=True)
    return float(answer.stdout.split()[-1])


def attribution(settings: Settings) -> dict[str, float]:
    """Measure attribution of one (user, item) at 100 behaviours: leave-one-out both ways, the default, what if."""
    explainer = make_explainer(settings.model_copy(update={"engine": "none"}))
    with Database(settings.url).session() as session:
        histories = [catalogue.load_history(session, user) for user, _ in catalogue.users(session, 300)]
    history = next(History(h.user, h.behaviours[:100]) for h in histories if len(h) >= 100)
    recommender = explainer.model.recommender
    closed, batched, default = LeaveOneOut(), BatchedLeaveOneOut(), default_attributor(recommender)
    best, search = recommend(recommender, history, 1)[0].item.id, CounterfactualSearch()
    with one_thread():  # as when serving
        return {
            "leave_one_out_closed_form_ms": 1000 * median_s(lambda: closed.attribute(recommender, history, "50"), 50),
            "leave_one_out_batched_ms": 1000 * median_s(lambda: batched.attribute(recommender, history, "50"), 20),
            "default_attribution_ms": 1000 * median_s(lambda: default.attribute(recommender, history, "50"), 20),
            "counterfactual_ms": 1000 * median_s(lambda: search.find(recommender, history, best, 10), 5),
        }


def writing(settings: Settings) -> dict[str, float]:
    """Measure the gate, the engine's speed, and how its drafts fare at the gate for 60 users' best three."""
    explainer = make_explainer(settings.model_copy(update={"engine": "none"}))
    with Database(settings.url).session() as session:
        users = [user for user, _ in catalogue.users(session, 1000)][::24][:40]
    model = explainer.model.recommender
    builder, attributor = EvidenceBuilder(explainer.model, "video"), default_attributor(model)
    requests = []
    for history in map(explainer.history, users):
        items = [r.item.id for r in recommend(model, history, 3)]
        attributions = [attributor.attribute(model, history, item) for item in items]
        requests += [Request(builder.build(history, attribution), history.user) for attribution in attributions]
    engine = make_engine(settings)
    writer = Writer(PromptLibrary(), load_vocabulary, engine)
    start = time.perf_counter()
    written = writer.write(requests)
    seconds = time.perf_counter() - start
    by_model = [(r, w) for r, w in zip(requests, written, strict=True) if w.source == "model"]
    request, sample = by_model[0]
    gate_s = median_s(lambda: check(sample.draft, request.evidence, load_vocabulary("en")), 200)
    prompt = PromptLibrary().prompt(request.evidence)
    return {
        "texts": len(written),
        "distinct_prompts": len({w.prompt_hash for w in written if w.prompt_hash}),
        "first_drafts_passing": sum(w.source == "model" and not w.failures for w in written) / len(written),
        "texts_by_model": len(by_model) / len(written),
        "texts_per_s_in_batches": len(written) / seconds,
        "one_draft_alone_s": median_s(lambda: engine.write([prompt], Sampling()) if engine else None, 3),
        "gate_ms": 1000 * gate_s,
    }


def gate() -> dict[str, float]:
    """Measure the gate on every text of the English corpus, each once, its words and patterns at hand."""
    examples = read_corpus(corpus_dir("en"))
    held = [(e.text, e.evidence(), load_vocabulary("en", e.audience), e.style) for e in examples]
    seconds = []
    for _ in range(2):  # the first round makes what is made once
        seconds = [timed(lambda facts=facts: check(*facts)) for facts in held]
    return {
        "gate_median_ms": 1000 * statistics.median(seconds),
        "gate_p99_ms": 1000 * sorted(seconds)[-len(held) // 100],
    }


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def scoring(settings: Settings) -> dict[str, float]:
    """Measure how many histories a second EASE and the default score, in batches, and one alone through the default."""
    recommender = make_explainer(settings.model_copy(update={"engine": "none"})).model.recommender
    with Database(settings.url).session() as session:
        histories = list(catalogue.load_dataset(session).histories.values())
    ease = recommender.parts["ease"]
    return {
        "ease_histories_per_s": len(histories) / median_s(lambda: ease.scores(histories), 5),
        "hybrid_histories_per_s": len(histories) / median_s(lambda: recommender.scores(histories), 3),
        "hybrid_one_history_ms": 1000 * median_s(lambda: recommender.scores(histories[:1]), 20),
    }


def grown() -> dict[str, float]:
    """Measure how cost grows with the catalogue; the picture lands in ``.explainer/growth.png``."""
    found = growth(Path(".explainer/growth.png"))
    return {f"{name}_{size}_{key}": v for name, f in found.items() for size, row in f.items() for key, v in row.items()}


SECTIONS: dict[str, Callable[[Settings], dict[str, float]]] = {
    "demo": lambda settings: {"demo_second_s": median_s(lambda: demo_s(settings.home), 3)},
    "encoding": lambda _: encoding(),
    "attribution": attribution,
    "scoring": scoring,
    "writing": writing,
    "engines": engines,
    "gate": lambda _: gate(),
    "memory": lambda settings: {"service_peak_memory_mb": service_peak_mb(settings.home)},
    "search": lambda _: search(),
    "served": served,
    "firewall": lambda _: firewall(),
    "growth": lambda _: grown(),
    "service": lambda _: service(),
}
NEED_DEMO = {"demo", "attribution", "scoring", "writing", "memory"}


def main() -> None:
    """Measure the sections, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--only", choices=SECTIONS, nargs="+", default=list(SECTIONS), help="measure these sections")
    arguments = parser.parse_args()
    out: Path = arguments.json
    figures: dict[str, float] = {}
    here = machine()
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(home=Path(scratch))
        if NEED_DEMO & set(arguments.only):
            figures["demo_first_without_downloads_s"] = demo_s(settings.home)
        for section in arguments.only:
            figures |= SECTIONS[section](settings)
    table = Table("figure", "median", title=f"{here[CORES]} cores, Python {here[PYTHON]}")
    for name, value in figures.items():
        table.add_row(name, f"{value:.4g}")
    Console().print(table)
    out.parent.mkdir(parents=True, exist_ok=True)
    date = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
    found = {"machine": here, "date": date, "figures": figures}
    out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
