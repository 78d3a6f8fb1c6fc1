"""Filling is one pass; titles stay titles, whatever is in them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.writing.slots import display_title, fill, named, rating_text


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_title_with_slots_in_it_is_not_filled_again(item, other):
    assert fill("{item}|{b1}", {"item": item, "b1": other}) == f"{item}|{other}"


def test_an_unknown_slot_is_an_error_not_a_blank():
    with pytest.raises(KeyError):
        fill("{b7}", {"b1": "x"})


@given(st.text(max_size=100))
def test_shown_titles_are_one_line_and_keep_their_direction_to_themselves(title):
    shown = display_title(title)
    assert not any(unicodedata.category(c) in {"Cc", "Zl", "Zp"} for c in shown)
    isolates = shown.count("\u2068"), shown.count("\u2069")
    assert isolates in {(0, 0), (1, 1)}
    assert not any(c in shown for c in "\u202a\u202b\u202d\u202e\u2066\u2067")


@pytest.mark.parametrize("title", ["流浪地球", "Rocket 🚀 Road", 'He Said "Now"', "<b>&</b>", "{b1}", "Amélie"])
def test_nothing_of_a_title_is_lost(title):
    assert display_title(title) == title


def test_right_to_left_titles_are_isolated():
    assert display_title("שלום") == "\u2068שלום\u2069"
    assert display_title("\u202egnihtemos") == "gnihtemos"


@pytest.mark.parametrize(
    ("value", "high", "locale", "text"),
    [
        (5.0, 5.0, "en", "5 stars"),
        (1.0, 5.0, "en", "1 star"),
        (4.5, 5.0, "en", "4.5 stars"),
        (4.5, 5.0, "zh", "4.5 星"),
        (8.0, 10.0, "en", "8/10"),
    ],
)
def test_ratings_in_words(value, high, locale, text):
    assert rating_text(value, high, locale) == text


@pytest.mark.parametrize(
    ("title", "domain", "shown"),
    [
        ("流浪地球2", "video", "《流浪地球2》"),
        ("《流浪地球》", "video", "《流浪地球》"),
        ("读《红楼梦》札记", "content", "《读〈红楼梦〉札记》"),
        ("《红楼梦》与《西厢记》", "content", "《〈红楼梦〉与〈西厢记〉》"),
        ("Dark City", "news", "《Dark City》"),
        ("手冲壶", "shop", "“手冲壶”"),
        ("周末骑行", "social", "“周末骑行”"),
    ],
)
def test_chinese_puts_works_in_book_title_marks_and_other_things_in_quotes(title, domain, shown):
    assert named(title, domain, "zh") == shown


def test_english_leaves_films_bare_whatever_is_in_their_titles():
    assert named("流浪地球", "video", "en") == "流浪地球"
    assert named("Kettle", "shop", "en") == "“Kettle”"


@pytest.mark.parametrize(
    ("draft", "text"),
    [
        ("您给{b1}打了{v}，而", "您给《A》打了 5 星，而"),
        ("出自{k}的", "出自 Ada Lovelace 的"),
        ("您{w}看过", "您 2 天前看过"),
        ("出自{z}的", "出自宫崎骏的"),
        ("占{s}，", "占 41.2%，"),
        ("You gave {b1} {v}.", "You gave 《A》 5 星."),
    ],
)
def test_numbers_and_latin_letters_stand_apart_from_chinese(draft, text):
    values = {"b1": "《A》", "v": "5 星", "k": "Ada Lovelace", "w": "2 天前", "z": "宫崎骏", "s": "41.2%"}
    assert fill(draft, values) == text
