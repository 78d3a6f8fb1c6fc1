"""Key phrases: found where a catalogue has no aspects, kept where enough items have them, with where they stand."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retriever.data import Aspect, AspectSource, Dataset, Item
from retriever.data.phrases import PhraseConfig, with_phrases
from tests.conftest import make_dataset, rating

CONFIG = PhraseConfig(min_items=5, max_share=0.5)
TITLE, TEXT = AspectSource.TITLE, AspectSource.TEXT


def dataset(titles, texts=(), behaviours=()):
    texts = [*texts, *[""] * (len(titles) - len(texts))]
    items = tuple(Item(str(n), title, text=text) for n, (title, text) in enumerate(zip(titles, texts, strict=True)))
    return Dataset("d", "shop", items, tuple(behaviours))


def phrases(titles, texts=(), behaviours=(), config=CONFIG):
    found = with_phrases(dataset(titles, texts, behaviours), config).items
    return {item.title: [p.term for p in item.phrases] for item in found}


FILLER = [
    f"Filler {word}" for word in ("ash", "birch", "cedar", "elm", "fir", "hazel", "larch", "maple", "oak", "pine")
]


def test_a_phrase_that_enough_items_have_is_written_as_most_write_it():
    found = phrases([*(f"Quest {n} - Xbox 360" for n in "ABCD"), "Saga - XBOX 360", "Racer (xbox 360)", *FILLER])
    assert found["Saga - XBOX 360"] == ["Xbox 360"]
    assert found["Racer (xbox 360)"] == ["Xbox 360"]
    assert found["Filler ash"] == []


def test_four_items_are_not_enough_so_no_single_seller_makes_an_aspect():
    hostile = "Visit cheap pills shop"
    assert not any(phrases([*(f"{hostile} {n}" for n in "ABCD"), *FILLER]).values())


def test_a_part_is_dropped_where_the_whole_occurs_about_as_often_and_kept_where_it_does_not():
    advance = [f"{n} - Game Boy Advance" for n in ("Ape", "Bee", "Cat", "Dog", "Elk")]
    assert phrases([*advance, *FILLER])["Ape - Game Boy Advance"] == ["Game Boy Advance"]
    plain = [f"{n} - Game Boy" for n in ("Fox", "Gnu", "Hen", "Ibis", "Jay")]
    found = phrases([*advance, *plain, *FILLER])
    assert found["Fox - Game Boy"] == ["Game Boy"]
    assert found["Ape - Game Boy Advance"] == ["Game Boy Advance"], "what it is, not the part that others are"


def test_no_phrase_crosses_punctuation_or_begins_with_a_small_word():
    found = phrases([*(f"Mario: {n} - Call of Duty, the sequel" for n in ("Ape", "Bee", "Cat", "Dog", "Elk")), *FILLER])
    terms = set(found["Mario: Ape - Call of Duty, the sequel"])
    assert "Call of Duty" in terms
    assert not [t for t in terms if t.startswith(("of", "the")) or t.endswith((" of", " the"))]
    assert not [t for t in terms if "Duty the" in t or "Mario Ape" in t]


def test_the_source_is_where_it_stands():
    titles = [*(f"Starter {n}" for n in "ABCDEF"), "Sourdough bread", *FILLER]
    texts = [*["All about sourdough bread."] * 6, ""]
    items = {item.title: item for item in with_phrases(dataset(titles, texts), CONFIG).items}
    assert Aspect("sourdough bread", TEXT) in items["Starter A"].phrases
    assert items["Sourdough bread"].phrases == (Aspect("sourdough bread", TITLE),)


def test_a_catalogue_with_aspects_is_left_alone():
    films = make_dataset()
    assert with_phrases(films, CONFIG) is films


def test_few_aspects_stay_and_the_other_items_get_phrases():
    titles = [f"Quest {n} - Xbox 360" for n in "ABCDEF"] + FILLER
    given_ = dataset(titles)
    first = Item("0", titles[0], ("shooter",))
    found = with_phrases(Dataset("d", "shop", (first, *given_.items[1:]), ()), CONFIG).items
    assert found[0] == first
    assert Aspect("Xbox 360", TITLE) in found[1].phrases


def test_a_word_that_says_nothing_about_taste_is_no_aspect():
    """Everybody meets black things at random; those who meet one robot meet the others."""
    rng = random.Random(1)
    titles = [f"{'Robot' if n < 20 else 'Thing'}: {'Black' if n % 2 else 'White'}" for n in range(80)]
    people = []
    for user in range(60):
        pool = range(20) if user % 4 == 0 else range(80)
        people += [rating(f"u{user}", str(n), None, None, "purchase") for n in rng.sample(pool, 8)]
    found = phrases(titles, behaviours=people)
    assert found["Robot: Black"] == ["Robot"]
    assert found["Thing: White"] == []


def test_the_hash_of_a_dataset_follows_its_phrases_and_stays_where_there_are_none():
    titles = [f"Quest {n} - Xbox 360" for n in "ABCDEF"] + FILLER
    plain = dataset(titles)
    assert with_phrases(plain, CONFIG).content_hash != plain.content_hash
    assert with_phrases(dataset(FILLER), CONFIG).content_hash == dataset(FILLER).content_hash


@pytest.mark.parametrize("titles", [[], ["One"], ["", "..."], ["the of and"] * 9])
def test_nothing_to_find_is_no_error(titles):
    assert not any(phrases(titles).values())


hostile = st.text(alphabet="aAbB \t'\u2019-_.,:<>{}&%$#\"\u202e\u05d0\u00e9\u4e2d1\u0661", max_size=40)


@settings(max_examples=60, deadline=None)
@given(st.lists(hostile, min_size=1, max_size=6))
def test_phrases_hold_letters_digits_hyphens_and_apostrophes_only(texts):
    found = with_phrases(
        dataset(texts * 6 + FILLER * 4), PhraseConfig(min_items=2, min_telling=-1, min_telling_word=-1)
    )
    for item in found.items:
        assert len(item.phrases) <= 5
        for phrase in item.phrases:
            assert re.fullmatch(r"[^\W_]+(?:['-][^\W_]+)*(?: [^\W_]+(?:['-][^\W_]+)*){0,3}", phrase.term), phrase.term
