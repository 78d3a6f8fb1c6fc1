"""Bots are caught, keen people are kept, small data is left alone, and nothing is lost without a count."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.data import Behaviour, BehaviourKind, CleaningReport, Dataset, Item, read_dataset
from retriever.data.cleaning_report import DropReason, FlagReason
from retriever.data.pace import fast_share
from retriever.data.robust import fences, log_limit
from retriever.data.screening import screen
from retriever.data.screening_config import ScreeningConfig
from retriever.errors import DataError
from tests.conftest import rating
from tests.unit.test_cleaning import write_folder

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
YEAR_2020 = 1_577_836_800
DAY = 86_400


def make(behaviours) -> Dataset:
    items = {b.item for b in behaviours}
    return Dataset("d", "shop", tuple(Item(i, f"Title {i}") for i in sorted(items)), tuple(behaviours))


def crowd(n_users: int = 200, seed: int = 1) -> list[Behaviour]:
    """Return people with 5 to 900 behaviours each, spread over a year in sittings."""
    rng = random.Random(seed)
    rows = []
    for u in range(n_users):
        time = YEAR_2020 + rng.randrange(300 * DAY)
        for n in range(int(min(900, 5 + np.exp(rng.gauss(3.4, 0.9))))):
            time += rng.choice([0, 2, 5, 20, 60, 3000])
            rows.append(rating(f"u{u}", f"i{n}", float(rng.randint(1, 5)), time))
    return rows


def steady(user: str, n: int, gap_s: float, kind: str = "view") -> list[Behaviour]:
    return [rating(user, f"i{k}", None, YEAR_2020 + int(k * gap_s), kind) for k in range(n)]


def screened(rows, **limits):
    report = CleaningReport()
    report.places.update({b.id: f"rows.csv:{n}" for n, b in enumerate(rows, start=2)})
    return screen(make(rows), report, ScreeningConfig(**limits)), report


def users(dataset) -> set[str]:
    return {b.user for b in dataset.behaviours}


def test_a_crowd_of_people_passes_untouched():
    rows = crowd()
    kept, report = screened(rows)
    assert kept.behaviours == tuple(rows)
    assert not report.dropped
    assert (report.read["users"], report.kept["users"]) == (200, 200)


def test_a_bot_by_volume_is_dropped_and_counted_as_user_and_as_rows():
    bot = steady("crawler", 8_000, 600)
    kept, report = screened(crowd() + bot)
    assert users(kept) == users(make(crowd()))
    assert report.dropped["users", DropReason.BOT_VOLUME] == 1
    assert report.dropped["behaviours", DropReason.BOT_VOLUME] == len(bot)
    assert report.kept["behaviours"] == len(kept.behaviours) == len(crowd())
    assert report.limits["behaviours of one user"] < len(bot)


def test_a_bot_by_speed_is_dropped_however_little_it_did():
    kept, report = screened(crowd() + steady("script", 1200, 0.5))
    assert "script" not in users(kept)
    assert report.dropped["users", DropReason.BOT_SPEED] == 1
    assert report.dropped["behaviours", DropReason.BOT_SPEED] == 1200


def test_bots_do_not_hide_one_another():
    bots = [row for n in range(20) for row in steady(f"bot{n}", 8_000, 600)]
    kept, report = screened(crowd(200) + bots)
    assert report.dropped["users", DropReason.BOT_VOLUME] == 20
    assert users(kept) == users(make(crowd()))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(steady("keen", 900, 86_400), id="far more than others, below the floor"),
        pytest.param(steady("import", 2_000, 0.001), id="a library imported in two seconds"),
        pytest.param(steady("pages", 1_500, 3), id="twenty a minute for over an hour"),
        pytest.param([rating("coarse", f"i{n}", 5, YEAR_2020) for n in range(900)], id="times that are whole days"),
        pytest.param([rating("untimed", f"i{n}", 5, None) for n in range(900)], id="no times"),
    ],
)
def test_keen_people_survive(rows):
    kept, report = screened(crowd() + rows)
    assert users(kept) >= users(make(rows))
    assert not report.dropped


def test_between_the_two_limits_a_user_is_named_and_kept():
    kept, report = screened(crowd() + steady("collector", 2_000, 3_600))
    assert "collector" in users(kept)
    assert report.flagged["users", FlagReason.BUSY] == 1
    assert report.examples["users", FlagReason.BUSY][0].endswith("first of 2,000 rows")


def test_with_too_few_people_nobody_is_a_bot_by_volume():
    kept, report = screened(crowd(5) + steady("big", 30_000, 600))
    assert "big" in users(kept)
    assert "behaviours of one user" not in report.limits


def test_small_data_survives_whole():
    rows = [rating(f"u{n}", "only", 5, YEAR_2020) for n in range(3)]
    assert screened(rows)[0].behaviours == tuple(rows)
    empty, report = screened([])
    assert empty.behaviours == ()
    assert report.kept["users"] == 0


def test_data_cut_at_five_or_more_does_not_make_its_keen_users_bots():
    rows = [row for n in range(400) for row in steady(f"u{n}", 5, 600)] + steady("keen", 1500, 3600)
    limit = screened(rows)[1].limits["behaviours of one user"]
    assert limit >= ScreeningConfig().count_floor
    kept, _ = screened([row for n in range(400) for row in steady(f"u{n}", 5, 600)] + steady("keen", 950, 3600))
    assert "keen" in users(kept)


def test_the_report_names_places_and_no_person():
    _, report = screened(crowd() + steady("person-0815", 1200, 0.5))
    text = msgspec.json.encode(report.as_dict()).decode()
    assert "person-0815" not in text
    assert "rows.csv:" in text
    assert not report.places


def test_repeats_within_the_window_are_one_behaviour():
    at = [0, 5, 60, 61, 130]
    rows = [rating("u", "a", None, YEAR_2020 + t, "click") for t in at]
    kept, report = screened([*rows, rating("u", "a", None, YEAR_2020 + 5, "view"), rating("v", "a", None, YEAR_2020)])
    assert [b.time - YEAR_2020 for b in kept.behaviours if b.kind is BehaviourKind.CLICK] == [0, 61, 130]
    assert len(kept.behaviours) == 5
    assert report.dropped["behaviours", DropReason.REPEATED] == 2


def test_a_rating_corrected_at_once_stands_as_corrected():
    rows = [rating("u", "a", 2, YEAR_2020), rating("u", "a", 5, YEAR_2020 + 4), rating("u", "a", 5, YEAR_2020 + 6)]
    kept, report = screened(rows)
    assert kept.behaviours == (rows[1],)
    assert report.dropped["behaviours", DropReason.REPEATED] == 2


def test_a_time_before_the_web_is_dropped_only_if_it_is_far_from_the_others():
    ancient = rating("u0", "i0", 3, 3600)
    kept, report = screened([*crowd(), ancient])
    assert ancient not in kept.behaviours
    assert report.dropped["behaviours", DropReason.FAR_TIME] == 1
    relative = [rating(f"u{n}", "a", 3, n + 1) for n in range(500)]  # a clock that starts with the data
    assert screened(relative)[0].behaviours == tuple(relative)


def test_a_possible_time_far_from_the_others_is_kept_and_named():
    late = rating("u0", "i0", 3, YEAR_2020 + 20 * 365 * DAY)
    kept, report = screened([*crowd(), late])
    assert late in kept.behaviours
    assert report.flagged["behaviours", FlagReason.FAR_TIME] == 1


def test_who_always_gives_the_same_is_named_and_kept():
    rows = [rating("five", f"i{n}", 5, YEAR_2020 + n * DAY) for n in range(20)]
    few = [rating("few", f"i{n}", 5, YEAR_2020 + n * DAY) for n in range(19)]
    kept, report = screened(crowd() + rows + few)
    assert users(kept) >= {"five", "few"}
    assert report.flagged["users", FlagReason.CONSTANT_VALUE] == 1


def test_screening_can_be_switched_off():
    rows = crowd() + steady("script", 1200, 0.1)
    kept, report = screened(rows, enabled=False)
    assert kept.behaviours == tuple(rows)
    assert not report.dropped


def test_every_row_is_kept_or_counted():
    repeats = [rating("r", "i0", None, YEAR_2020 + n, "click") for n in range(50)]
    rows = crowd() + steady("script", 1200, 0.5) + repeats + [rating("old", "i0", 3, 7)]
    kept, report = screened(rows)
    lost = sum(count for (table, _), count in report.dropped.items() if table == "behaviours")
    assert len(rows) == len(kept.behaviours) + lost
    assert report.kept["users"] == len(users(kept))


hostile_rows = st.lists(
    st.builds(
        rating,
        st.sampled_from(["u", "", "[/b]", "\ud800", "<script>"]),
        st.sampled_from(["a", "b"]),
        st.sampled_from([None, 1.0, 5.0]),
        st.one_of(st.none(), st.integers(1, 2**40)),
        st.sampled_from(["view", "rating"]),
    ),
    max_size=60,
    unique_by=lambda b: b.id,
)


@given(hostile_rows)
def test_screening_never_fails_keeps_the_order_and_twice_is_once(rows):
    kept, report = screened(rows, least_sample=2)
    position = {b.id: n for n, b in enumerate(rows)}
    places = [position[b.id] for b in kept.behaviours]
    assert places == sorted(places)
    lost = sum(count for (table, _), count in report.dropped.items() if table == "behaviours")
    assert len(rows) == len(kept.behaviours) + lost


@given(st.lists(st.integers(1, 10**6), min_size=1), st.integers(1, 10**9))
def test_half_of_the_data_cannot_move_the_limit_past_the_good_half(counts, huge):
    """With under half of the counts bad, the limit stays within what the good ones alone could give."""
    bad = [huge] * ((len(counts) - 1) // 2)
    limit = log_limit(np.array(counts + bad), 5.0, 0.5)
    reach = max(np.log(max(counts)) - np.log(min(counts)), 0.5 * 0.6745)
    assert limit <= np.exp(min(np.log(max(counts)) + 5 * reach / 0.6745, 700)) * 1.0001


@given(st.lists(st.integers(1, 2**33), min_size=1))
def test_fences_enclose_the_middle_half(times):
    low, high = fences(np.array(times), 3.0, 1.0)
    first, third = np.quantile(times, (0.25, 0.75))
    assert low < first <= third < high


@pytest.mark.parametrize(
    ("times", "share"),
    [
        ([], 0.0),
        (list(range(600)), 1.0),
        (list(range(540)), 0.0),  # nine minutes
        ([*range(600), *range(10_000, 10_600, 60)], 600 / 610),
        ([t for m in range(10) for t in [m * 60] * 60], 1.0),  # all in one second of each minute
        ([0] * 100_000, 0.0),
        ([t for t in range(660) if not 300 <= t < 360], 0.0),  # a rest in the middle
    ],
)
def test_fast_share(times, share):
    assert fast_share(times, 60, 10) == pytest.approx(share)


def test_reading_a_folder_screens_it_by_the_limits_in_its_settings(tmp_path):
    toml = 'name = "mine"\nkind = "view"\n'
    rows = "".join(f"u,a,{1_600_000_000 + n}\n" for n in range(0, 120, 40))
    for name, extra, left in (("default", "", 2), ("own", "[cleaning]\nrepeat_seconds = 0\n", 3)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "dataset.toml").write_text(toml + extra)
        (folder / "items.csv").write_text("id,title\na,Alpha\n")
        (folder / "behaviours.csv").write_text("user,item,time\n" + rows)
        dataset, report = read_dataset(folder)
        assert len(dataset.behaviours) == left == report.kept["behaviours"]
    assert "behaviours.csv:3" in str(read_dataset(tmp_path / "default")[1].as_dict())


@pytest.mark.parametrize("wrong", ["count_cutoff = -1", "fast_share = 2", "no_such = 1", "least_sample = 'x'"])
def test_wrong_limits_are_an_error_that_names_the_file(tmp_path, wrong):
    write_folder(tmp_path, ".csv", f'name = "x"\nkind = "rating"\n[cleaning]\n{wrong}\n')
    with pytest.raises(DataError, match=r"dataset\.toml"):
        read_dataset(tmp_path)


def test_nobody_real_is_dropped_from_ml_100k():
    _, report = read_dataset("ml-100k")
    assert not report.dropped
    assert report.kept["users"] == 943


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the data folder beside the checkout")
def test_nobody_real_is_dropped_from_movielens_small_and_amazon_games():
    _, report = read_dataset(SHARED / "movielens-small")
    assert not report.dropped
    lines = (SHARED / "amazon-games" / "histories.tsv").read_text().splitlines()[1:]
    histories = [(user, f"{items} {last}".split()) for user, items, last in (line.split("\t") for line in lines)]
    rows = [rating(user, item, None, None, "purchase") for user, items in histories for item in dict.fromkeys(items)]
    _, report = screened(rows)
    assert not report.dropped
    assert report.kept["users"] == 50_546
