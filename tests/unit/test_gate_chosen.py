"""What a reader chose is said when it is so and only then, and nothing of their taste besides; in both languages."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from explainer.evidence import Evidence, Popularity, Standing
from explainer.tuning.shapes import DOMAINS, shapes
from explainer.writing.gate import check
from explainer.writing.prompts import VARIANTS, PromptLibrary
from explainer.writing.style import AUDIENCES, LOCALES, Style
from tests.unit.test_fallbacks import words_for
from tests.unit.test_gate import evidence

LIBRARY = PromptLibrary()
PLAIN = Evidence("i", "T", "video", popularity=Popularity(3, 9), standing=Standing(2, 90, "m", "a method", 1.0))
READERS = {
    "known": PLAIN,
    "new": replace(PLAIN, known_user=False),
    "off": replace(PLAIN, switched_off=True),
    "off and new": replace(PLAIN, switched_off=True, known_user=False),
    "excluded": replace(PLAIN, all_excluded=True),
    "withheld": replace(PLAIN, withheld=True),
}
OFF = "You have switched personal recommendations off"
OUT = "Your whole history here is left out, as you have excluded it"
HIDDEN = "{item} is here for an interest you have chosen not to show."
LISTED = f"{OFF}; {{item}} is popular here, as {{pop.n}} of {{pop.m}} people liked it."


def failures(draft, facts, locale="en", audience="customer"):
    style = Style(locale, audience)
    vocabulary = words_for(style) | {"so", "new", "taste", "learn", "your", "several", "things", "whole", "our"}
    return check(draft, facts, vocabulary, style).failures


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("popular", [True, False])
def test_the_text_of_one_reader_passes_for_no_other(locale, audience, popular):
    readers = READERS if popular else {name: replace(facts, popularity=None) for name, facts in READERS.items()}
    for of, facts in readers.items():
        for variant in range(VARIANTS):
            draft = LIBRARY.fallback(facts, variant, Style(locale, audience))
            for name, other in readers.items():
                found = failures(draft, other, locale, audience)
                if name.split()[0] == of.split()[0]:
                    assert found == (), (draft, name)
                elif {name, of} != {"known", "new"}:
                    assert found, (draft, of, name)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("locale", LOCALES)
def test_whoever_chose_is_told_so_and_not_that_they_are_new_or_what_they_like(locale, domain):
    said = {"en": ("switched personal recommendations off", "excluded"), "zh": ("已关闭个性化推荐", "已排除")}[locale]
    never = ("new", "taste", "for you", "you like", "know", "recommended because", "了解", "口味", "为您", "偏爱")
    kept_out = [facts for facts in shapes(domain) if facts.kept_out]
    assert {(facts.switched_off, facts.known_user) for facts in kept_out} == {
        (True, True),
        (True, False),
        (False, True),
    }
    for facts in kept_out:
        for variant in range(VARIANTS):
            draft = LIBRARY.fallback(facts, variant, Style(locale))
            assert (said[0] in draft, said[1] in draft) == (facts.switched_off, facts.all_excluded), draft
            assert not any(word in draft.lower() for word in never), draft
            assert ("{pop.n}" in draft) is (facts.popularity is not None)


@pytest.mark.parametrize(
    ("draft", "of", "failure"),
    [
        (LISTED, "known", "unfounded_claim: switched off"),
        (LISTED, "new", "unfounded_claim: switched off"),
        (LISTED, "excluded", "unsaid: excluded"),
        (f"{{pop.n}} of {{pop.m}} people liked {{item}}. {OUT}.", "known", "unfounded_claim: excluded"),
        (f"{{pop.n}} of {{pop.m}} people liked {{item}}. {OUT}.", "off", "unsaid: switched off"),
        ("{item} comes from the general list; it is popular here.", "known", "unfounded_claim: general list"),
        ("{item} is popular here, and your whole history is left out.", "known", "unfounded_claim: left out"),
        ("{item} is popular here: {pop.n} of {pop.m} people liked it.", "off", "unsaid: switched off"),
        ("{item} is popular here: {pop.n} of {pop.m} people liked it.", "excluded", "unsaid: excluded"),
        (f"{OFF}. You are new here, and {{item}} is a start.", "off and new", "unfounded_claim: new"),
        (f"{OFF}, and {{item}} is to your taste.", "off", "unfounded_claim: your"),
        (f"{OFF}, and we learn what you like from {{item}}.", "off", "unfounded_claim: you"),
        (f"{OFF}; for you, {{item}} came out near the top.", "off", "unfounded_claim: you"),
        (f"{OUT}; {{item}} goes with all that you do here.", "excluded", "unfounded_claim: you"),
        ("You switched {item} off; it is popular here.", "off", "misused: switched"),
        ("Personal: {item} is popular here.", "known", "misused: personal"),
        ("{item} is one of our recommendations, popular here.", "known", "misused: recommendations"),
        ("You have excluded {item}, so it is left out.", "excluded", "misused: excluded"),
        ("{item} is of general interest, popular here.", "off", "misused: general"),
        (HIDDEN, "known", "unfounded_claim: withheld"),
        (HIDDEN, "excluded", "unfounded_claim: withheld"),
        ("{item} is popular here: {pop.n} of {pop.m} people liked it.", "withheld", "unsaid: withheld"),
        ("{item} is here, as you have chosen not to show an interest.", "withheld", "negation: not"),
        ("{item} is here for an interest you have chosen not to shower.", "withheld", "unsaid: withheld"),
    ],
)  # fmt: skip
def test_english_lies_about_choices_are_named(draft, of, failure):
    assert failure in failures(draft, READERS[of])


@pytest.mark.parametrize(
    ("draft", "of", "failure"),
    [
        ("您已关闭个性化推荐，{item}来自通用榜单。", "known", "unfounded_claim: 已关闭个性化推荐"),
        ("您已关闭个性化推荐，{item}来自通用榜单。", "new", "unfounded_claim: 来自通用榜单"),
        ("您已关闭个性化推荐，{item}来自通用榜单。", "excluded", "unsaid: 已排除自己的全部行为"),
        ("您已排除自己的全部行为，{item}列在通用榜单里。", "off", "unsaid: 已关闭个性化推荐"),
        ("任何一项都不会用于推荐；{item}在这里。", "known", "unfounded_claim: 任何一项都不会用于推荐"),
        ("先为您推荐{item}：我们还不知道您偏爱什么。", "off and new", "unfounded_claim: 还不知道您偏爱什么"),
        ("没有哪一项行为能单独解释{item}。", "excluded", "unfounded_claim: 没有哪一项行为能单独解释"),
        ("您已关闭个性化推荐；为您推荐{item}。", "off", "unfounded_claim: 您"),
        ("{item}与您选择不显示的一项兴趣有关。", "known", "unfounded_claim: 选择不显示的一项兴趣有关"),
        ("没有哪一项行为能单独解释{item}。", "withheld", "unfounded_claim: 没有哪一项行为能单独解释"),
        ("为您推荐{item}：它排在您的推荐前列。", "withheld", "unsaid: 选择不显示的一项兴趣有关"),
    ],
)  # fmt: skip
def test_chinese_lies_about_choices_are_named(draft, of, failure):
    assert failure in failures(draft, READERS[of], "zh")


def test_a_text_that_cites_behaviours_says_nothing_of_choices():
    found = failures(f"You gave {{b1}} {{b1.value}}, and {{item}} is noir too. {OFF}.", evidence("r noir"))
    assert "unfounded_claim: switched off" in found
