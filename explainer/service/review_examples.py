"""A judged text as a line of the training corpus: its draft, and its facts without names, titles or numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from explainer.errors import CorpusError
from explainer.evidence import CloseInMeaning, CoOccurrence, Reason, SameCreator, SameSeries, SharedAspect
from explainer.storage.explanation_tables import EvidenceRow, ExplanationRow
from explainer.tuning.examples import Example, Link, lint
from explainer.writing.slots import SLOT, display_title
from retriever.data import AspectSource, BehaviourKind

_REMOVED = "[removed]"


def example_of(row: ExplanationRow, draft: str, slots: Mapping[str, Any], example_id: str, domain: str) -> Example:
    """Return the example that a text is.

    Args:
        row: The explanation, with its evidence.
        draft: The text with its slots.
        slots: What was put into them.
        example_id: Unique in the corpus.
        domain: Which wording fits.

    Raises:
        CorpusError: If the corpus cannot say it; the message says why, with no word of the text.
    """
    if any(_holds(draft, title) for title in titles_of(row)):
        raise CorpusError("a title stands in it word for word")
    links = tuple(_link(cited, draft, slots) for cited in row.evidence)
    if {aspect for link in links for aspect in link.shares} & set(titles_of(row)):
        raise CorpusError("an aspect is a whole title")
    popular = None if row.popularity is None else BehaviourKind(row.popularity["kind"])
    example = Example(
        id=example_id,
        domain=domain,
        text=draft,
        behaviours=links,
        audience=row.audience,
        source=_source(row.evidence),
        causal=True if row.verdict is None else bool(row.verdict["causal"]),
        popular=popular if not links else None,
        known=row.known_user,
        locale=row.locale,
    )
    if (verdict := lint([example]).get(example_id)) is not None:
        rules = ", ".join(sorted({failure.split(":")[0] for failure in verdict.failures}))
        raise CorpusError(f"it does not pass the gate on the facts that the corpus can state ({rules})")
    return example


def titles_of(row: ExplanationRow) -> list[str]:
    """Return the titles an explanation is about, as stored and as shown."""
    titles = [row.title, *(cited.title for cited in row.evidence)]
    return [title for title in dict.fromkeys([*titles, *map(display_title, titles)]) if title.strip()]


def anonymous(words: str, row: ExplanationRow) -> str:
    """Return what somebody wrote of an explanation without its user's id and its titles."""
    for name in sorted({row.user_id, *titles_of(row)}, key=len, reverse=True):
        words = _whole(name).sub(_REMOVED, words)
    return words


def anonymous_draft(draft: str, row: ExplanationRow) -> str:
    """Return a text with slots likewise; its slots stay."""
    between = SLOT.split(draft)
    return "".join(f"{{{piece}}}" if n % 2 else anonymous(piece, row) for n, piece in enumerate(between))


def _holds(text: str, title: str) -> bool:
    # "{item}" holds no title "Item", but a title may have braces itself.
    return _whole(title).search(text if "{" in title else SLOT.sub(" ", text)) is not None


def _whole(name: str) -> re.Pattern[str]:
    """Return a pattern of a name as whole words, where its script parts them."""
    before, after = (bool(re.match(r"\w", end, re.ASCII)) for end in (name[:1], name[-1:]))
    pattern = ("(?<![a-zA-Z0-9_])" if before else "") + re.escape(name) + ("(?![a-zA-Z0-9_])" if after else "")
    return re.compile(pattern, re.IGNORECASE)


def _link(cited: EvidenceRow, draft: str, slots: Mapping[str, Any]) -> Link:
    reasons = msgspec.convert(cited.reasons, list[Reason])

    def has(kind: type[Reason]) -> bool:
        return any(isinstance(reason, kind) for reason in reasons)

    return Link(
        kind=BehaviourKind(cited.kind),
        shares=tuple(reason.aspect for reason in reasons if isinstance(reason, SharedAspect)),
        people=has(CoOccurrence),
        close=has(CloseInMeaning),
        series=has(SameSeries),
        more=f"{cited.slot}.more" in slots,
        creator=has(SameCreator),
        # Half of the readers are not told when it was: it was a fact of this text if the text says it.
        when=f"{cited.slot}.when" in SLOT.findall(draft),
        low=cited.contribution < 0,
    )


def _source(evidence: Sequence[EvidenceRow]) -> AspectSource:
    reasons = [reason for cited in evidence for reason in msgspec.convert(cited.reasons, list[Reason])]
    found = {reason.source for reason in reasons if isinstance(reason, SharedAspect)}
    if len(found) > 1:
        raise CorpusError("its aspects stand in more than one kind of place")
    return found.pop() if found else AspectSource.CATALOGUE
