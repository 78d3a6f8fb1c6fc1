"""The MovieLens readers, on the real ML-100K and on small folders of the same form."""

from __future__ import annotations

from pathlib import Path

import pytest

from retriever.data import BehaviourKind, Polarity, read_dataset
from retriever.data.titles import article_first, split_year

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "movielens-small"


@pytest.fixture(scope="module")
def ml_100k():
    return read_dataset("ml-100k")


def test_ml_100k_is_read_whole(ml_100k):
    dataset, report = ml_100k
    assert (len(dataset.items), len(dataset.behaviours), len(dataset.histories)) == (1682, 100_000, 943)
    assert not report.dropped
    by_id = {item.id: item for item in dataset.items}
    assert by_id["50"].title == "Star Wars"
    assert by_id["50"].year == 1977
    assert by_id["50"].aspects == ("action", "adventure", "romance", "sci-fi", "war")
    assert by_id["12"].title == "The Usual Suspects"
    assert by_id["267"].aspects == ()  # "unknown" is no genre
    assert all(b.kind is BehaviourKind.RATING and b.time for b in dataset.behaviours)


def test_histories_are_in_time_order(ml_100k):
    for history in ml_100k[0].histories.values():
        times = [b.time for b in history.behaviours]
        assert times == sorted(times)


def test_movielens_csv_folder(tmp_path):
    (tmp_path / "movies.csv").write_text(
        'movieId,title,genres\n1,"Matrix, The (1999)",Action|Sci-Fi\n2,"Postino, Il (1994)",(no genres listed)\n'
    )
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n7,1,4.5,964982703\n7,2,0.5,964982704\n")
    dataset, report = read_dataset(tmp_path)
    assert [(i.title, i.year, i.aspects) for i in dataset.items] == [
        ("The Matrix", 1999, ("action", "sci-fi")),
        ("Il Postino", 1994, ()),
    ]
    assert [dataset.scale.polarity(b) for b in dataset.behaviours] == [Polarity.POSITIVE, Polarity.NEGATIVE]
    assert not report.dropped


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the MovieLens csv folder is not beside this checkout")
def test_the_real_csv_folder():
    dataset, report = read_dataset(SHARED)
    assert (len(dataset.items), len(dataset.behaviours)) == (9742, 100_836)
    assert not report.dropped


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Matrix, The", "The Matrix"),
        ("Horseman on the Roof, The (Hussard sur le toit, Le)", "The Horseman on the Roof (Hussard sur le toit, Le)"),
        ("Avventura, L'", "L'Avventura"),
        ("20,000 Leagues Under the Sea", "20,000 Leagues Under the Sea"),
        ("Good, The Bad and The Ugly", "Good, The Bad and The Ugly"),
        ("", ""),
    ],
)
def test_articles_go_first(given, shown):
    assert article_first(given) == shown


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ("Heat (1995)", ("Heat", 1995)),
        ("Heat", ("Heat", None)),
        ("1984 (1984) ", ("1984", 1984)),
        ("(500)", ("(500)", None)),
    ],
)
def test_years_are_split_off(given, parts):
    assert split_year(given) == parts
