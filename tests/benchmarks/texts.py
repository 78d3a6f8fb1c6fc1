"""Real texts to encode: ML-100K's items, and the news beside the checkout where they are."""

from __future__ import annotations

from pathlib import Path

from retriever.data import read_dataset
from retriever.encoder import item_text

NEWS = Path(__file__).parents[2].parent / "shared" / "data" / "mind-news" / "news.tsv"


def film_texts() -> list[str]:
    """Return the 1,682 texts of ML-100K: title, year, genres."""
    return [item_text(item) for item in read_dataset("ml-100k")[0].items]


def news_texts(path: Path = NEWS) -> list[str]:
    """Return the 2,000 texts of MIND: title, category, abstract; none if the file is not there."""
    if not path.is_file():
        return []
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return [f"{row[3]}. {row[1]}, {row[2]}. {row[4]}" for row in rows]
