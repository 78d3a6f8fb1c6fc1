"""Prompts hold slots and aspects only; templates are strict, sandboxed and versioned by what they say."""

from __future__ import annotations

import shutil

import msgspec
import pytest

from explainer.errors import PromptError
from explainer.evidence import Evidence, Popularity, Standing
from explainer.paths import corpus_dir, resource_dir
from explainer.tuning.examples import read_corpus, vocabulary_of
from explainer.writing.gate import check
from explainer.writing.gate.tokens import TokenKind, tokenize
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import AUDIENCES, Style
from tests.unit.test_gate import evidence

DOMAINS = ("video", "shop", "content", "social", "news")


def with_titles(facts, domain="video"):

    cited = tuple(msgspec.structs.replace(b, title=f"Secret Title {b.slot}") for b in facts.behaviours)
    return msgspec.structs.replace(facts, title="Secret Item", behaviours=cited, domain=domain)


def test_no_title_and_no_number_reaches_the_model():
    prompt = PromptLibrary().prompt(with_titles(evidence("r noir people", "v drama", "p close")), "You gave")
    assert "Secret" not in prompt.system + prompt.user
    assert "{b1.value}" in prompt.user
    assert "{co1.n} of {co1.m}" in prompt.user


def test_equal_facts_give_equal_prompts_whoever_it_is_about():
    library = PromptLibrary()
    first = library.prompt(with_titles(evidence("r noir", "r drama")), "item")
    second = library.prompt(evidence("r noir", "r drama"), "item")
    assert first == second
    assert first.hash == second.hash
    assert first.hash != library.prompt(evidence("r drama", "r noir"), "item").hash


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_domain_and_reader_has_a_prompt_that_begins_with_the_cue(domain, audience):
    facts = with_titles(evidence("r noir people", "v drama", "p close"), domain)
    prompt = PromptLibrary().prompt(facts, "After {b1}", Style("en", audience))
    assert prompt.user.startswith("Begin: After {b1}\n")
    assert "Begin" not in PromptLibrary().prompt(facts, "", Style("en", audience)).user


def test_ranks_and_shares_are_not_for_customers():
    facts = msgspec.structs.replace(evidence("r noir"), standing=Standing(3, 90, "hybrid", "a method", 0.25, 8))
    prompts = {audience: PromptLibrary().prompt(facts, "", Style("en", audience)).user for audience in AUDIENCES}
    assert "{rank}" not in prompts["customer"]
    assert "{b1.share}" not in prompts["customer"]
    assert "Without {b1}: {cf.rank}" in prompts["support"]
    assert "Rank: {rank} of {n} by {model}" in prompts["auditor"]
    assert not any("hybrid" in prompt or "90" in prompt for prompt in prompts.values())


def template_words() -> frozenset[str]:
    """The words that only the fallback templates use; everything else in them must be in the gate's vocabulary."""
    text = (
        "filed under shelf shares with here of do not we know your taste yet try while learn came near top no one "
        "thing explains among popular most section sections tag tags tagged in its title mentions common topic theme "
        "description did saw about series more"
    )
    return frozenset(text.split())


def facts_of(examples, domain):
    """Return the different facts of a domain's examples, and of others in turn: all in all would be mostly the same."""
    others = [example for example in examples if example.domain != domain]
    chosen = [e for e in examples if e.domain == domain] + others[DOMAINS.index(domain) :: 2 * len(DOMAINS)]
    return list({msgspec.json.encode(facts): facts for facts in (one.evidence() for one in chosen)}.values())


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_fallback_passes_the_gate(domain):
    examples = read_corpus(corpus_dir("en"))
    vocabulary = frozenset(vocabulary_of(examples)) | template_words()
    library = PromptLibrary()
    for facts in facts_of([one for one in examples if one.causal and one.behaviours], domain):
        for causal in (True, False):
            titled = msgspec.structs.replace(with_titles(facts, domain), causal=causal)
            for draft in {library.fallback(titled, variant) for variant in range(6)}:
                assert check(draft, titled, vocabulary).failures == (), draft


@pytest.mark.parametrize("variant", range(6))
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("popularity", [Popularity(3, 9), None])
def test_without_evidence_no_text_says_because(variant, known, popularity):
    facts = Evidence("i", "T", "video", known_user=known, popularity=popularity)
    draft = PromptLibrary().fallback(facts, variant)
    words = {t.text for t in tokenize(draft, ()) if t.kind is TokenKind.WORD}
    assert not words & {"because", "since"}
    assert "{item}" in draft
    assert ("{pop.n}" in draft) is (popularity is not None)
    if not known:
        assert "new" in words


def test_the_version_changes_with_the_text_and_with_nothing_else(tmp_path):
    shutil.copytree(resource_dir("prompts"), tmp_path / "p")
    same = PromptLibrary(tmp_path / "p")
    assert same.version(Style()) == PromptLibrary().version(Style())
    file = tmp_path / "p" / "en" / "customer" / "fallback.j2"
    file.write_text(file.read_text() + " ")
    assert PromptLibrary(tmp_path / "p").version(Style()) != same.version(Style())
    assert same.version(Style()) == PromptLibrary().version(Style()), "a library is one snapshot"


@pytest.mark.parametrize(
    "template", ["{{ missing }}", "{{ evidence.behaviours.append(1) }}", "{{ ''.__class__.__mro__ }}", "{% if %}"]
)
def test_a_template_that_reaches_too_far_is_an_error(tmp_path, template):
    shutil.copytree(resource_dir("prompts"), tmp_path / "p")
    (tmp_path / "p" / "en" / "customer" / "prompt.j2").write_text(template)
    with pytest.raises(PromptError, match=r"prompt\.j2"):
        PromptLibrary(tmp_path / "p").prompt(evidence("r noir"))


def test_a_locale_without_templates_is_an_error_that_names_it():
    with pytest.raises(PromptError, match="xx"):
        PromptLibrary().version(Style("xx"))
