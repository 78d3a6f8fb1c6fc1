"""Who gets which prompts: stable, in proportion, and with another percentage only as many change as must."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.errors import NotFoundError
from explainer.registry.proportions import difference
from explainer.storage.changes import InUse
from explainer.storage.lookup import find_version
from explainer.storage.prompts import version_for
from explainer.writing.choice import is_sent_over

NAMES = st.text(max_size=30)
PERCENT = st.integers(1, 99)


@given(user=NAMES, split=NAMES, percents=st.lists(PERCENT, min_size=2))
def test_a_higher_percentage_moves_users_one_way_only(user, split, percents):
    sent = [is_sent_over(user, split, percent) for percent in sorted(percents)]
    assert sent == sorted(sent), "once sent over, sent over at every higher percentage"


@given(user=NAMES, split=NAMES, percent=PERCENT)
def test_one_user_always_sees_one_version(user, split, percent):
    use = InUse("a", "b", percent, split)
    assert version_for(user, use) == version_for(user, use)
    assert version_for(user, use) == ("b" if is_sent_over(user, split, percent) else "a")
    assert not is_sent_over(user, split, 0)
    assert is_sent_over(user, split, 100)


@given(split=st.uuids(), percent=PERCENT)
def test_the_share_is_the_percentage(split, percent):
    users = 4000
    sent = sum(is_sent_over(f"user-{n}", str(split), percent) for n in range(users))
    spread = (percent * (100 - percent) * users) ** 0.5 / 100
    assert abs(sent - users * percent / 100) < 6 * spread, "six standard deviations of a fair draw"


def test_another_split_draws_other_users():
    first, second = ({n for n in range(2000) if is_sent_over(str(n), split, 50)} for split in ("x", "y"))
    assert 400 < len(first & second) < 600, "half of each half: the draws have nothing to do with each other"


def test_users_of_hostile_names_are_sent_somewhere():
    assert {is_sent_over(user, "s", 50) for user in ("\ud800", "", "a\x00b", "\u202e" * 500)} <= {True, False}


def test_the_interval_of_a_difference_is_newcombes():
    found = difference(48, 80, 56, 70)  # his table II, example a, method 10
    assert (round(found.difference, 4), round(found.low, 4), round(found.high, 4)) == (0.2, 0.0524, 0.3339)
    assert difference(0, 10, 0, 20).difference == 0
    assert (difference(0, 10, 10, 10).high, difference(10, 10, 0, 10).low) == (1, -1)
    assert difference(0, 0, 5, 10) is None


@given(data=st.data(), m1=st.integers(1, 500), m2=st.integers(1, 500))
def test_the_interval_holds_the_difference_and_stays_between_the_ends(data, m1, m2):
    n1, n2 = data.draw(st.integers(0, m1)), data.draw(st.integers(0, m2))
    found = difference(n1, m1, n2, m2)
    assert -1 - 1e-9 <= found.low <= found.difference + 1e-9
    assert found.difference - 1e-9 <= found.high <= 1 + 1e-9
    back = difference(n2, m2, n1, m1)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))


A, B, C = "a" * 64, "a" * 63 + "b", "cafe" * 16


def find(wanted):
    return find_version(wanted, [A, B, C], "prompt", "explainer prompts list")


@pytest.mark.parametrize("wanted", [C, "cafeca", " CAFECAFE ", "cafe" * 15])
def test_a_version_is_found_by_its_start(wanted):
    assert find(wanted) == C


def test_a_whole_version_is_found_though_others_are_like_it():
    assert (find(A), find(B)) == (A, B)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("aaaaaa", "several prompt versions.*aaaaaaaaaaaa, aaaaaaaaaaaa"),
        ("cafe", "too short.*6 characters.*cafecafecafe"),
        ("cafecafd", "no prompt version 'cafecafd'.*cafecafecafe.*explainer prompts list"),
        ("", "no prompt version ''"),
        ("%", "no prompt version '%'"),
        ("\x1b[31mred", r"\\x1b"),
        ("z" * 100_000, "no prompt version 'z{64}'"),
    ],
)
def test_what_names_no_version_is_answered_with_close_ones(wanted, said):
    with pytest.raises(NotFoundError, match=said) as caught:
        find(wanted)
    assert len(str(caught.value)) < 400
