"""Texts that need no model: for all facts, in both languages, for all three readers, they pass the gate."""

from __future__ import annotations

import pytest

from explainer.tuning.shapes import DOMAINS, shapes, told
from explainer.writing.gate import check
from explainer.writing.prompts import VARIANTS, PromptLibrary
from explainer.writing.slots import fill, slot_values
from explainer.writing.style import AUDIENCES, CUSTOMER, LOCALES, Style
from explainer.writing.vocabularies import load_vocabulary

LIBRARY = PromptLibrary()
# Words that only English templates use; the corpus that the vocabulary is made from has the others.
_OFF = {"switched", "personal", "recommendations", "off", "excluded", "whole", "history", "they", "their", "have"}
TEMPLATE_WORDS = {
    "customer": {"sections", "general"} | _OFF,
    "support": {"about", "common"} | _OFF,
    "auditor": _OFF,
}
# Staff texts have three phrasings of everything and two of some.
_VARIANTS = {"customer": VARIANTS, "support": 6, "auditor": 3}


def words_for(style):
    extra = TEMPLATE_WORDS[style.audience] if style.locale == "en" else set()
    return load_vocabulary(style.locale, style.audience) | extra


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_of_the_templates_passes_the_gate_and_can_be_filled(locale, audience, domain):
    style = Style(locale, audience)
    vocabulary = words_for(style)
    for evidence in shapes(domain):
        facts = told(evidence, style)
        for draft in {LIBRARY.fallback(evidence, variant, style) for variant in range(_VARIANTS[audience])}:
            assert check(draft, facts, vocabulary, style).failures == (), draft
            assert "{" not in fill(draft, slot_values(facts, style, "template"))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_equal_facts_are_told_in_at_least_three_ways(locale, audience):
    style = Style(locale, audience)
    for evidence in shapes("video"):
        drafts = {LIBRARY.fallback(evidence, variant, style) for variant in range(VARIANTS // 2)}
        assert len(drafts) >= 3, drafts


@pytest.mark.parametrize("locale", LOCALES)
def test_without_a_proven_cause_no_text_names_one(locale):
    style = Style(locale, CUSTOMER)
    for evidence in shapes("shop"):
        if evidence.causal or not evidence.causes:
            continue
        for variant in range(VARIANTS):
            draft = LIBRARY.fallback(evidence, variant, style)
            assert not any(word in draft for word in ("ecause", "Since", "因为", "所以", "理由")), draft


@pytest.mark.parametrize("locale", LOCALES)
def test_a_low_rating_is_told_to_staff_as_low_and_not_told_to_customers(locale):
    low = {"en": "only", "zh": "只"}[locale]
    for evidence in shapes("video"):
        if evidence.causes == evidence.behaviours:
            continue
        slot = evidence.behaviours[-1].slot
        assert f"{{{slot}" not in LIBRARY.fallback(evidence, 0, Style(locale, "customer"))
        text = LIBRARY.fallback(evidence, 0, Style(locale, "support"))
        assert low in text
        assert f"{{{slot}.share}}" in text
