"""One gate for every language: which one judges a draft is decided by the reader's."""

from __future__ import annotations

from collections.abc import Sequence

from explainer.evidence import Evidence
from explainer.evidence.firewall import PrivateWords, shipped_words
from explainer.writing.gate.check import Verdict, Vocabulary
from explainer.writing.gate.check import check as english_check
from explainer.writing.gate.tokens import Token
from explainer.writing.gate.tokens import tokenize as english_tokens
from explainer.writing.glossary import spoken
from explainer.writing.style import Style

_CHINESE = "zh"


def check(
    draft: str,
    evidence: Evidence,
    vocabulary: Vocabulary,
    style: Style | None = None,
    private_words: PrivateWords | None = None,
) -> Verdict:
    """Return which rules the draft breaks.

    Args:
        draft: Text with slots, as an engine or a template wrote it.
        evidence: The facts it may use.
        vocabulary: Connective words allowed for this reader in this language, lower-case where there are cases.
        style: Reader and language; a customer in English by default.
        private_words: What no draft says; the shipped terms by default.
    """
    style, private_words = style or Style(), private_words or shipped_words()
    if style.locale == _CHINESE:
        # The segmenter reads its dictionary on import; nobody who speaks English should wait for that.
        from explainer.writing.gate import zh  # noqa: PLC0415

        return zh.check(draft, evidence, vocabulary, style, private_words)
    return english_check(draft, evidence, vocabulary, style, private_words)


def tokenize(draft: str, aspects: Sequence[str], locale: str) -> list[Token]:
    """Return the draft's tokens; a mention of one of ``aspects``, named as in evidence, becomes one aspect token."""
    if locale == _CHINESE:
        from explainer.writing.gate.zh.tokens import tokenize as chinese_tokens  # noqa: PLC0415

        return chinese_tokens(draft, tuple(dict.fromkeys(spoken(aspect, locale) for aspect in aspects)))
    return english_tokens(draft, aspects)
