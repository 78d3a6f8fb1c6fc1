"""The steps of the synthetic measurement, each a process of its own, so that its time and its memory are its own.

``python -m explainer.bench.synthetic_steps STEP SHOP HOME URL …`` prints one line of JSON at its end.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from explainer.bench.made_up_encoder import WordEncoder
from explainer.evidence.firewall import Firewall, load_lists
from explainer.judging import judge_catalogue
from explainer.pipeline import Explainer
from explainer.storage import catalogue
from explainer.storage.database import Database
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from explainer.writing.texts import Request
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import read_dataset
from retriever.fit import fit
from retriever.garbage import uncollected
from retriever.recommenders.als import AlsConfig
from retriever.recommenders.item_knn import ItemKnnConfig
from retriever.recommenders.learning import HybridConfig
from retriever.recommenders.popularity import PopularityConfig
from retriever.store import load_model
from retriever.threads import one_thread

# EASE inverts a matrix of items by items, and the deep model attends to every item: neither is for so many.
_PARTS = HybridConfig(
    parts=(
        ItemKnnConfig(neighbours=100, half_life=50.0),
        AlsConfig(iterations=4, half_life=20.0),
        PopularityConfig(),
    ),
    weights={"item_knn": 1.0, "als": 0.3, "popularity": 0.02},
)
_WARM = 20


class Took(msgspec.Struct):
    """What a step took.

    Attributes:
        seconds: Of the work alone.
        peak_mb: Largest resident memory of the process.
        count: Rows read or explanations made.
    """

    seconds: float
    peak_mb: float
    count: int


def ingest(shop: Path, url: str) -> Took:
    """Read, clean, screen and store a folder in an empty database of the newest schema."""
    database = Database(url)
    database.migrate()
    begun = time.perf_counter()
    with uncollected():
        dataset, report = read_dataset(shop)
        with database.session() as session:
            catalogue.ingest(session, dataset, report, lambda _: None)
    return Took(time.perf_counter() - begun, _peak_mb(), report.read["items"] + report.read["behaviours"])


def fitted(home: Path, url: str) -> Took:
    """Fit on what is stored, and judge what of the catalogue is private."""
    database = Database(url)
    begun = time.perf_counter()
    with uncollected(), database.session() as session:
        dataset = catalogue.load_dataset(session)
    fit(dataset, WordEncoder(), _PARTS).save(home)
    judge_catalogue(database, Firewall(load_lists()))
    return Took(time.perf_counter() - begun, _peak_mb(), len(dataset.items))


def explained(home: Path, url: str, users: Sequence[str], rounds: int) -> list[Took]:
    """Recommend, attribute and write by templates for each user's best item, when told to on standard input.

    It is what an answer computes; what is stored of it is measured by ``explainer bench service``.
    """
    explainer = Explainer(Database(url), load_model(home), Writer(PromptLibrary(), load_vocabulary))
    for user in users[:_WARM]:
        _explain(explainer, user)
    found = []
    with one_thread():  # as whoever serves
        for _ in range(rounds):
            print("ready", flush=True)  # noqa: T201  a process says so to the one that started it
            sys.stdin.readline()
            begun = time.perf_counter()
            for user in users:
                _explain(explainer, user)
            found.append(Took(time.perf_counter() - begun, _peak_mb(), len(users)))
    return found


def _explain(explainer: Explainer, user: str) -> None:
    asking = explainer.asking(user, 1)
    ranking = explainer.cases(asking).once()
    cases = [ranking.case(asking, target, Style()) for target in ranking.best(asking.history, 1)]
    explainer.writer.write([Request(case.evidence, user) for case in cases])


def _peak_mb() -> float:
    # Not getrusage: what it says of a process counts the one that started it, too.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s*(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


def main(arguments: Sequence[str]) -> None:
    """Do one step and print what it took."""
    name, shop, home, url, *rest = arguments
    steps: dict[str, Callable[[], Took | list[Took]]] = {
        "ingest": lambda: ingest(Path(shop), url),
        "fit": lambda: fitted(Path(home), url),
        "explain": lambda: explained(Path(home), url, rest[1].split(","), int(rest[0])),
    }
    print(msgspec.json.encode(steps[name]()).decode(), flush=True)  # noqa: T201  it is read by who started it


if __name__ == "__main__":
    main(sys.argv[1:])
