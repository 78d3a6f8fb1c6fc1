"""What reviewers judged, for the next training: good texts as examples, the others beside them with what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from sqlalchemy.orm import Session

from explainer.errors import CorpusError
from explainer.paths import corpus_dir
from explainer.service.review_examples import anonymous, anonymous_draft, example_of
from explainer.service.reviews import Judgement, Text, texts_of
from explainer.storage.catalogue import dataset_row
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.explanations import get_explanation
from explainer.storage.reading_tables import ReviewRow
from explainer.storage.reviews import decided_reviews
from explainer.tuning.examples import REVIEWED, Example, read_corpus


class Rejected(msgspec.Struct, frozen=True):
    """A text that was judged not to be shown so again; nothing of whom it was shown to.

    Attributes:
        text: The text, with slots.
        source: ``model`` or ``template``.
        verdict: ``wrong``, ``offensive`` or ``stilted``.
        note: What the reviewer said to it, without titles and the user's id.
    """

    id: str
    domain: str
    locale: str
    audience: str
    source: str
    text: str
    verdict: str
    note: str
    gate_failures: list[str]


@dataclass(slots=True)
class Judged:
    """Everything that was judged.

    Attributes:
        examples: Good texts.
        rejected: The others.
        left_out: Good texts that cannot be examples, counted by why not.
        made_of: Id of an example or another → the explanation that it was made of, and its user.
    """

    examples: list[Example] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    made_of: dict[str, tuple[str, str]] = field(default_factory=dict)


def judged(session: Session) -> Judged:
    """Return what reviewers judged, in the order of their verdicts.

    Raises:
        NotReadyError: If nothing was ingested yet.
    """
    domain, found = dataset_row(session).domain, Judged()
    known = _CorpusTexts()
    for review in decided_reviews(session):
        row = get_explanation(session, review.explanation_id)
        text = texts_of(session, row, review.decided_at)[-1]
        found.made_of[_id_of(review)] = row.id, row.user_id
        if review.verdict != Judgement.GOOD:
            found.rejected.append(_rejected(review, row, text, domain))
            continue
        try:
            example = example_of(row, text.draft, text.slots, _id_of(review), domain)
            known.add(example)
        except CorpusError as error:
            found.left_out[str(error)] += 1
        else:
            found.examples.append(example)
    return found


def write_examples(path: Path, examples: list[Example]) -> None:
    """Write a file of the corpus and read it back as training would.

    Raises:
        CorpusError: If it does not read back as it was.
    """
    path.write_bytes(lines_of(examples))
    if examples and read_corpus(path) != examples:
        raise CorpusError(f"{path} does not read back as what was written.")


def write_rejected(path: Path, rejected: list[Rejected]) -> None:
    """Write the others, a JSON object a line."""
    path.write_bytes(lines_of(rejected))


def lines_of(records: Sequence[Example] | Sequence[Rejected]) -> bytes:
    """Return what a file of them holds: a JSON object a line."""
    return b"".join(msgspec.json.encode(record) + b"\n" for record in records)


def _id_of(review: ReviewRow) -> str:
    return f"{REVIEWED}{review.id}"


def _rejected(review: ReviewRow, row: ExplanationRow, text: Text, domain: str) -> Rejected:
    return Rejected(
        id=_id_of(review),
        domain=domain,
        locale=row.locale,
        audience=row.audience,
        source=text.source,
        text=anonymous_draft(text.draft, row),
        verdict=str(review.verdict),
        note=anonymous(review.note, row),
        gate_failures=[anonymous(failure, row) for failure in text.gate_failures],
    )


class _CorpusTexts:
    """The texts that the corpus has: an example whose text is among them would be refused by training."""

    def __init__(self) -> None:
        self._seen: dict[str, set[str]] = {}

    def add(self, example: Example) -> None:
        """Count an example in.

        Raises:
            CorpusError: If its text is there already.
        """
        if example.locale not in self._seen:
            self._seen[example.locale] = _shipped(example.locale)
        seen = self._seen[example.locale]
        if example.text.casefold() in seen:
            raise CorpusError("the corpus has the same text already")
        seen.add(example.text.casefold())


def _shipped(locale: str) -> set[str]:
    folder = corpus_dir(locale)
    return {example.text.casefold() for example in read_corpus(folder)} if folder.is_dir() else set()
