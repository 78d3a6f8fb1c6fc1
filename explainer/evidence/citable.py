"""Which aspects a text may name at all: short terms that describe an item, none that describes a person's private life.

Catalogues hold what people type: instructions to a machine, markup, whole descriptions. None of it is an aspect. And an
aspect that says something of health, sex life, belief or the like (GDPR, art. 9) is nobody's business on a shop's page.
"""

from __future__ import annotations

import re
import unicodedata

from explainer.evidence.firewall.words import PrivateWords

_LONGEST, _MOST_WORDS = 40, 5
# Letters, marks and digits of any script, and what names are written with: "sci-fi", "Children's", "R&B", "C++".
_SIGNS = frozenset(" '\u2019-&+./:,!\u00b7")
_RESIDUE = re.compile(
    r"\b(?:ignore|disregard|instructions?|prompts?|system|assistant|jailbreak|override|pretend|output|respond|"
    r"https?|www)\b|\.(?:com|org|net|io)\b|忽略|指令|提示词",
    re.IGNORECASE,
)


def is_citable(aspect: str, private_words: PrivateWords) -> bool:
    """Return whether a text may name the aspect."""
    if not aspect.strip() or len(aspect) > _LONGEST or len(aspect.split()) > _MOST_WORDS:
        return False
    if any(unicodedata.category(c)[0] not in "LMN" and c not in _SIGNS for c in aspect):
        return False
    return _RESIDUE.search(aspect) is None and not private_words.are_in(aspect)
