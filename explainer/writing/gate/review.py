"""What happens to an engine's draft: the system spells its own words in it, then every rule is tried."""

from __future__ import annotations

from explainer.evidence import Evidence
from explainer.evidence.firewall import PrivateWords
from explainer.writing.gate.check import Verdict, Vocabulary
from explainer.writing.gate.languages import check
from explainer.writing.gate.tokens import as_written
from explainer.writing.glossary import told_in
from explainer.writing.names import spelled_out
from explainer.writing.nouns import with_nouns
from explainer.writing.phrasing import put_better
from explainer.writing.style import Style

# Every genre is one of films; what a shop's aspects are, nobody knows.
_NOUN = {"video": "film"}
# Here an aspect is what a thing is about: "another golf story", never "another golf".
_TOPICAL = {"news": "story", "content": "article", "social": "post"}


def review(
    draft: str,
    evidence: Evidence,
    vocabulary: Vocabulary,
    style: Style | None = None,
    private_words: PrivateWords | None = None,
) -> tuple[str, Verdict]:
    """Return the draft with names put in, aspects and their articles spelled as they should be, and the verdict on it.

    Args:
        draft: Text with slots, as an engine wrote it.
        evidence: The facts it may use.
        vocabulary: Lower-case connective words allowed for this reader in this language.
        style: Reader and language; a customer in English by default.
        private_words: What no draft says; the shipped terms by default.
    """
    style = style or Style()
    draft = spelled_out(draft, told_in(evidence, style.locale))
    # How English spells: other languages have neither articles nor capitals.
    spelled = _in_english(draft, evidence) if style.locale == "en" else draft
    return spelled, check(spelled, evidence, vocabulary, style, private_words)


def _in_english(draft: str, evidence: Evidence) -> str:
    genre, topical = _NOUN.get(evidence.domain, ""), _TOPICAL.get(evidence.domain, "")
    spelled = as_written(draft, evidence.aspects, genre or topical, every=bool(topical))
    return put_better(with_nouns(spelled, evidence.aspects, genre) if genre else spelled, evidence)
