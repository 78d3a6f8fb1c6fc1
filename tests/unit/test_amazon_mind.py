"""The Amazon and MIND readers: the order survives, no more is claimed than the source says, all dirt is counted."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from retriever.data import AspectSource, BehaviourKind, History, read_dataset
from retriever.data.categories import CategoryNames
from retriever.errors import DataError

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def dropped(report):
    return {(row["table"], row["reason"]): row["rows"] for row in report.as_dict()["dropped"]}


@pytest.fixture
def amazon(tmp_path):
    (tmp_path / "items.tsv").write_text(
        "item_id:token\ttitle:token_seq\n"
        "0\tPortal\n"
        "1\tAssassin&rsquo;s  Creed\n"
        '2\tGamepad 2" "black"\n'
        "3\t\n"
        "4\tA\ttab too many\n"
        "10\tTetris\n"
    )
    (tmp_path / "histories.tsv").write_text(
        "user_id:token\titem_id_list:token_seq\titem_id:token\n0\t10 2 1\t0\n1\t0 99 0\t10\n2\n\t0\t1\n"
    )
    return tmp_path


def test_amazon_histories_keep_their_order_and_end_with_the_held_out_item(amazon):
    dataset, _ = read_dataset(amazon)
    assert dataset.domain == "shop"
    assert [b.item for b in dataset.histories["0"].behaviours] == ["10", "2", "1", "0"]
    backwards = History.of("0", reversed(dataset.histories["0"].behaviours))
    assert backwards == dataset.histories["0"], "ids sort as the reviews came, whatever order a database gives them in"
    assert len({b.id for b in dataset.behaviours}) == len(dataset.behaviours)


def test_amazon_says_reviewed_and_neither_when_nor_how_good(amazon):
    dataset, _ = read_dataset(amazon)
    assert {(b.kind, b.value, b.time) for b in dataset.behaviours} == {(BehaviourKind.REVIEW, None, None)}


def test_amazon_titles_are_text_again_and_quotes_are_only_quotes(amazon):
    dataset, _ = read_dataset(amazon)
    titles = {item.id: item.title for item in dataset.items}
    assert titles == {"0": "Portal", "1": "Assassin\u2019s Creed", "2": 'Gamepad 2" "black"', "10": "Tetris"}


def test_amazon_dirt_is_counted(amazon):
    dataset, report = read_dataset(amazon)
    assert dropped(report) == {
        ("items", "empty title"): 1,
        ("items", "malformed"): 1,
        ("behaviours", "unknown item"): 1,
        ("behaviours", "duplicate"): 1,
        ("behaviours", "malformed"): 1,
        ("behaviours", "no user"): 2,
    }
    assert report.read["behaviours"] == report.kept["behaviours"] + 5 == len(dataset.behaviours) + 5
    assert report.examples[("behaviours", "unknown item")] == ["histories.tsv:3"]


def test_a_long_history_sorts_by_number_not_by_letter(tmp_path):
    ids = [str(n) for n in range(120)]
    (tmp_path / "items.tsv").write_text("item_id:token\ttitle:token_seq\n" + "".join(f"{n}\tTitle {n}\n" for n in ids))
    (tmp_path / "histories.tsv").write_text(
        f"user_id:token\titem_id_list:token_seq\titem_id:token\nu\t{' '.join(ids[:-1])}\t{ids[-1]}\n"
    )
    dataset, _ = read_dataset(tmp_path)
    assert [b.item for b in History.of("u", reversed(dataset.behaviours)).behaviours] == ids


NEWS = (
    "N1\tnews\tnewspolitics\tVote counted\tAll night long.\thttps://x\t[]\t[]\n"
    'N2\tsports\tfootball_nfl\tBears "win"\t\thttps://x\t[]\t[]\n'
    "N3\tfoodanddrink\trecipes\tSoup\tFood and drink, and more drink.\thttps://x\t[]\t[]\n"
    "N4\tnews\tnewsus\t\tNo title\thttps://x\t[]\t[]\n"
    "N5\tnews\n"
)
BEHAVIOURS = (
    "1\tU1\t11/12/2019 2:14:46 PM\tN9 N2 N1 N2\tN3-1 N1-0 N8-1\n"
    "2\tU1\t11/13/2019 12:00:00 AM\tN9 N2 N1 N2\tN1-1\n"
    "3\tU2\t13/45/2019 2:14:46 PM\t\tN1-1 N2-0\n"
    "4\tU3\t11/12/2019 2:14:46 PM\tN3\tN2 N1-7\n"
    "5\tU4\n"
)


@pytest.fixture
def mind(tmp_path):
    (tmp_path / "news.tsv").write_text(NEWS)
    (tmp_path / "behaviors.tsv").write_text(BEHAVIOURS)
    return tmp_path


def test_mind_earlier_clicks_come_first_in_order_and_only_once(mind):
    history = read_dataset(mind)[0].histories["U1"]
    assert [(b.item, b.time) for b in history.behaviours] == [
        ("N2", None),
        ("N1", None),
        ("N3", int(datetime(2019, 11, 12, 14, 14, 46, tzinfo=UTC).timestamp())),
        ("N1", int(datetime(2019, 11, 13, tzinfo=UTC).timestamp())),
    ]
    assert {b.kind for b in history.behaviours} == {BehaviourKind.CLICK}


def test_mind_what_was_shown_and_not_clicked_is_no_behaviour(mind):
    dataset, _ = read_dataset(mind)
    assert ("U2", "N2") not in {(b.user, b.item) for b in dataset.behaviours}
    assert dataset.domain == "news"


def test_mind_dirt_is_counted(mind):
    dataset, report = read_dataset(mind)
    assert dropped(report) == {
        ("items", "empty title"): 1,
        ("items", "malformed"): 1,
        ("behaviours", "unknown item"): 3,  # N9 in two impressions, N8 clicked
        ("behaviours", "duplicate"): 4,  # N2 again in the first, N2 N1 N2 in the second
        ("behaviours", "impossible time"): 1,
        ("behaviours", "malformed"): 3,  # "N2" and "N1-7" are no answers, and line 5 ends early
    }
    assert len(dataset.behaviours) == report.kept["behaviours"] == 5


def test_mind_texts_and_quotes(mind):
    items = {item.id: item for item in read_dataset(mind)[0].items}
    assert items["N1"].text == "All night long."
    assert items["N2"].title == 'Bears "win"'
    assert items["N2"].text == ""


@pytest.mark.parametrize("folder", ["amazon", "mind"])
def test_reading_twice_gives_the_same_dataset(request, folder):
    path = request.getfixturevalue(folder)
    assert read_dataset(path)[0].content_hash == read_dataset(path)[0].content_hash


def test_half_of_mind_is_an_error_that_says_what_is_missing(tmp_path):
    (tmp_path / "behaviors.tsv").write_text(BEHAVIOURS)
    with pytest.raises(DataError, match=r"news\.tsv"):
        read_dataset(tmp_path)


WORDS = "the NFL NFL NFL food and drink top stories news " * 25 + "science technology ice hockey estate real and " * 30


@pytest.mark.parametrize(
    ("category", "subcategory", "aspects"),
    [
        ("news", "newspolitics", ("politics",)),
        ("news", "newsus", ("US news",)),
        ("news", "newsscienceandtechnology", ("science and technology",)),
        ("sports", "football_nfl", ("NFL football", "sports")),
        ("sports", "football_nfl_videos", ("NFL football", "sports")),
        ("sports", "icehockey_nhl", ("nhl ice hockey", "sports")),
        ("sports", "more_sports", ("sports",)),
        ("foodanddrink", "foodnews", ("food", "food and drink")),
        ("finance", "finance-real-estate", ("real estate", "finance")),
        ("autos", "autossports", ("autos",)),
        ("autos", "autosownership", ("ownership", "autos")),
        ("weather", "weathertopstories", ("weather",)),
        ("movies", "movienews", ("movies",)),
        ("video", "news", ()),
        ("", "", ()),
    ],
)
def test_category_names_can_be_read(category, subcategory, aspects):
    names = CategoryNames([WORDS], ["sports", "news", "video"])
    assert names.aspects(category, subcategory) == aspects


@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "amazon-games").is_dir(), reason="the Amazon folder is not beside this checkout")
def test_the_real_amazon_folder():
    dataset, report = read_dataset(SHARED / "amazon-games")
    assert (len(dataset.items), len(dataset.behaviours), len(dataset.histories)) == (16_859, 440_264, 50_546)
    assert not report.dropped
    assert not any(item.aspects for item in dataset.items)
    phrases = Counter(p.term for item in dataset.items for p in item.phrases)
    assert {"Xbox 360", "Nintendo DS", "Call of Duty", "Final Fantasy"} <= phrases.keys()
    assert not {"Black", "World", "Game", "Edition"} & phrases.keys(), "just words"
    assert sum(bool(item.phrases) for item in dataset.items) > 0.85 * len(dataset.items)
    assert all(p.source is AspectSource.TITLE for item in dataset.items for p in item.phrases)


@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "mind-news").is_dir(), reason="the MIND folder is not beside this checkout")
def test_the_real_mind_folder():
    dataset, report = read_dataset(SHARED / "mind-news")
    assert (len(dataset.items), len(dataset.behaviours)) == (2000, 5446)
    assert dropped(report) == {("behaviours", "unknown item"): 161_008, ("behaviours", "duplicate"): 890}
    assert sum(bool(item.aspects) for item in dataset.items) > 0.95 * len(dataset.items)
    assert not [a for item in dataset.items for a in item.aspects if "_" in a or "-" in a]
